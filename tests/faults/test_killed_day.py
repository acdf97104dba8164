"""The daily run killed at any moment, and run again: everybody is told of everything once."""

import random
import time
from collections import Counter
from datetime import date, timedelta

import pytest

from config.history import create_all_as
from contracts.models import Contract
from people.models import Message
from support.models import Alert
from tests.factories import PersonFactory, VendorFactory
from tests.faults.clerks import clerk, kill
from tests.faults.figures import figure, title

pytestmark = pytest.mark.django_db(transaction=True)

SEED, DAYS, KILLS_A_DAY, PEOPLE, CONTRACTS = 20261125, 6, 8, 150, 2
FIRST = date(2027, 2, 1)


def write_contracts(people, vendor, on):
    """Some that reach a lead of theirs on that day, for each of the people."""
    contracts = [
        Contract(
            number=f"{on}/{owner.pk}/{number}",
            title=f"[{on}/{owner.pk}/{number}]",
            vendor=vendor,
            owner=owner,
            notice_by=on + timedelta(7),
        )
        for owner in people
        for number in range(CONTRACTS)
    ]
    create_all_as(contracts, by=None, reason="bought")


def kill_some(zygote, on, chance, seconds):
    """How many of the runs that were to be killed were still at work."""
    killed = 0
    for _ in range(KILLS_A_DAY):
        [run] = zygote.order(1, "day", on)
        time.sleep(0.02 + chance.uniform(0, seconds))  # they begin after so long
        killed += kill(run)
    return killed


def mentions():
    """How many mails tell of each contract."""
    return Counter(
        word
        for text in Message.objects.values_list("text", flat=True)
        for word in set(text.split())
        if word.startswith("[2027-")
    )


def test_a_daily_run_killed_at_any_moment_and_run_again_tells_each_alert_once(processes):
    people, vendor = PersonFactory.create_batch(PEOPLE), VendorFactory()
    chance, killed = random.Random(SEED), 0
    with clerk(processes()) as zygote:
        zygote.do(1, "day", FIRST - timedelta(1))
        write_contracts(people, vendor, FIRST)
        began = time.monotonic()
        zygote.do(1, "day", FIRST)
        seconds = time.monotonic() - began
        for number in range(1, DAYS):
            on = FIRST + timedelta(number)
            write_contracts(people, vendor, on)
            killed += kill_some(zygote, on, chance, seconds)
            zygote.do(1, "day", on)

    told = mentions()
    title(f"{DAYS * PEOPLE * CONTRACTS} alerts, the daily run killed (seed {SEED})")
    figure("kills in the middle of a run", killed, least=10)
    figure("alerts", Alert.objects.count(), least=DAYS * PEOPLE * CONTRACTS)
    figure("alerts that no mail tells of", Alert.objects.filter(message=None).count(), most=0)
    figure("contracts no mail tells of", DAYS * PEOPLE * CONTRACTS - len(told), most=0)
    figure("contracts told of twice", sum(count > 1 for count in told.values()), most=0)
    figure("mails", Message.objects.count(), most=DAYS * PEOPLE, least=DAYS * PEOPLE)
