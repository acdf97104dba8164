"""Nobody looked for a day, for ten, for four hundred: what was missed is told once, in one mail."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from people.delivery import deliver
from support import tasks
from support.models import Alert
from tests.factories import ContractFactory, PersonFactory
from tests.faults.figures import figure, title

pytestmark = pytest.mark.django_db

LEADS = (90, 60, 30, 14, 7, 1)
BEGAN = datetime(2026, 11, 24, 8, tzinfo=ZoneInfo("UTC"))
OFFSETS = [1, 2, 6, 8, 11, 15, 31, 40, 61, 88, 92, 101, 395, 401, 407, 420, 489, 495]
PEOPLE = 3


def tick(days):
    """What beat starts on that day, when it is there."""
    with time_machine.travel(BEGAN + timedelta(days), tick=False):
        tasks.daily()
        tasks.digests()
        deliver()


def reached(left):
    return 0 if left < 0 else min((lead for lead in LEADS if left <= lead), default=None)


def owed(offset, days):
    """The leads to be told of one date by looking on these days, in the slow and simple way."""
    told = []
    for day in days:
        lead = reached(offset - day)
        last = 1 if offset < day else lead
        if lead is not None and min(told, default=999) > last:
            told.append(lead)
    return told


@pytest.mark.parametrize("silence", [1, 10, 400])
def test_after_a_silence_each_date_is_told_once_at_its_most_urgent_and_in_one_mail(smtp, silence):
    people = PersonFactory.create_batch(PEOPLE)
    contracts = {
        ContractFactory(
            owner=person, notice_by=(BEGAN + timedelta(offset)).date(), title=f"<{offset}>"
        ).pk: offset
        for person in people
        for offset in OFFSETS
    }
    tick(0)
    before = len(smtp.mails)
    tick(silence)

    mails = smtp.mails[before:]
    wrong = [
        contract
        for contract, offset in contracts.items()
        if leads_of(contract) != owed(offset, [0, silence])
    ]
    per_person = [sum(person.email in mail["To"] for mail in mails) for person in people]
    title(f"Nobody looked for {silence} days, {len(contracts)} dates, {PEOPLE} people")
    figure("dates told too often, too rarely or at the wrong lead", len(wrong), most=0)
    figure("mails to one person", max(per_person), most=1)
    figure("alerts that no mail tells of", Alert.objects.filter(message=None).count(), most=0)
    if silence > 1:
        assert min(per_person) == 1
    before = len(smtp.mails)
    tick(silence)
    figure("mails of a second look on the same day", len(smtp.mails) - before, most=0)


def leads_of(contract):
    alerts = Alert.objects.filter(rule="contract_notice", object_id=contract, escalates=None)
    return list(alerts.order_by("raised_on", "pk").values_list("lead", flat=True))
