"""Two delivery workers killed again and again while they send: what is lost, what comes twice."""

import random
import signal
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from people.models import Message
from support.daily import run_day
from support.models import Alert
from tests.factories import ContractFactory, PersonFactory, VendorFactory
from tests.faults.clerks import clerk, kill
from tests.faults.figures import figure, title
from tests.processes import BEAT, WORKER, mail_to

pytestmark = pytest.mark.django_db(transaction=True)

ALERTS, SEED = 500, 20261124
LEASE = 4  # seconds; else five minutes, which nobody waits for here


def owe_digests(count):
    """So many people with one alert each, and one digest each that tells of it."""
    today, vendor = timezone.localdate(), VendorFactory()
    for _ in range(count):
        ContractFactory(
            vendor=vendor, owner=PersonFactory(), notice_by=today + timedelta(7), annual_cost=100
        )
    run_day(today)
    assert Alert.objects.exclude(message=None).count() == Message.objects.count() == count


def kill_couriers(steward, postman, kills, settle):
    """Two processes that deliver for ever, as a worker does; the number killed while they sent."""
    chance, killed = random.Random(SEED), 0
    with clerk(steward) as zygote:
        couriers = zygote.order(2, "deliver_for_ever")
        postman.wait(1)
        while killed < kills and Message.objects.waiting().exists():
            time.sleep(chance.uniform(0.02, 0.35))
            place = chance.randrange(2)
            killed += kill(couriers[place])
            couriers[place] = zygote.order(1, "deliver_for_ever")[0]
        settle()
    return killed


def kill_workers(steward, postman, kills, settle):
    """Two workers of Celery and its beat, a worker killed with all its processes each time."""

    def hire():
        name = f"--hostname=worker{len(steward.running)}@here"
        return steward.start("celery", "--app=tests.faults.app", *WORKER, name)

    chance, killed, workers = random.Random(SEED), 0, [hire(), hire()]
    steward.start("celery", "--app=tests.faults.app", *BEAT)
    postman.wait(1)
    while killed < kills and Message.objects.waiting().exists():
        time.sleep(chance.uniform(0.2, 1.5))
        place = chance.randrange(2)
        steward.end(workers[place], signal.SIGKILL)
        workers[place], killed = hire(), killed + 1
    settle()
    return killed


def sent_to_the_last(seconds=90):
    end = time.monotonic() + seconds
    while Message.objects.waiting().exists() and time.monotonic() < end:
        time.sleep(0.1)


def at_once():
    """What is lost is lost when the last has been killed."""


def massacre(
    processes, broker, postman, killing=kill_couriers, kills=25, settle=at_once, **variables
):
    """What 500 alerts came to: how many kills, how many mails lost, how many that came twice.

    Lost is what the outbox says was sent, and no server has seen.
    """
    owe_digests(ALERTS)
    postman.slowness = postman.dawdling = 0.03
    steward = processes(
        CELERY_BROKER_URL=broker,
        EMAIL_URL=mail_to(postman),
        FAULT_TASKS="deliver mail",
        **{"FAULT_LEASE": str(LEASE), **variables},
    )
    killed = killing(steward, postman, kills, settle)
    identities = [mail["Message-ID"] for mail in postman.mails]
    sent = Message.objects.filter(state="sent").values_list("message_id", flat=True)
    owed = set(Message.objects.values_list("message_id", flat=True))
    title(f"{ALERTS} alerts, two workers killed (seed {SEED}), {variables or killing.__name__}")
    figure("kills while they delivered", killed, least=20)
    assert set(identities) <= owed, steward.logs()
    return killed, len(set(sent) - set(identities)), len(identities) - len(set(identities))


@pytest.mark.parametrize(("killing", "kills"), [(kill_couriers, 40), (kill_workers, 20)])
def test_workers_killed_at_any_moment_lose_nothing_and_send_no_more_twins_than_they_died(
    processes, broker, postman, killing, kills
):
    killed, lost, twins = massacre(processes, broker, postman, killing, kills, sent_to_the_last)

    figure("mails lost", lost, most=0)
    figure("mails that came twice, with the Message-ID of their twin", twins, most=killed)
    figure("twins that differ", different(postman.mails), most=0)
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def different(mails):
    """How many say something else than the first of the same Message-ID."""
    first = {}
    return sum(said(mail) != said(first.setdefault(mail["Message-ID"], mail)) for mail in mails)


def said(mail):
    """All but the lines between its parts, which a mail draws anew."""
    headers = [(name, value) for name, value in mail.items() if name != "Content-Type"]
    return headers, [part.get_content() for part in mail.walk() if not part.is_multipart()]


def test_marked_before_they_are_sent_mails_would_be_lost(processes, broker, postman):
    _, lost, _ = massacre(processes, broker, postman, FAULT_BREAK="mark before sending")

    figure("mails lost", lost, least=1)


def test_without_a_lease_more_mails_would_come_twice_than_workers_died(processes, broker, postman):
    def settle():
        postman.wait(300)

    killed, _, twins = massacre(processes, broker, postman, settle=settle, FAULT_BREAK="no lease")

    figure("mails that came twice", twins, least=killed + 1)
