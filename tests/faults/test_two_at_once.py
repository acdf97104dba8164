"""Two beats and two workers by mistake: there is still one set of mails."""

import time
from collections import Counter
from datetime import date, timedelta
from datetime import time as hour

import pytest
from django.utils import timezone

from people.models import Message
from support.models import Alert
from tests.factories import ContractFactory, DigestTimeFactory, PersonFactory, VendorFactory
from tests.faults.clerks import clerk
from tests.faults.figures import figure, title
from tests.processes import BEAT, WORKER, mail_to

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, PEOPLE = 50, 6
FIRST = date(2027, 2, 1)


def test_two_daily_runs_and_two_deliveries_at_the_same_moment_bring_one_set_of_mails(
    processes, postman
):
    people, vendor = PersonFactory.create_batch(PEOPLE), VendorFactory()
    days = [FIRST + timedelta(number) for number in range(ROUNDS)]
    for on in days:  # its first lead is reached on that day
        for owner in people:
            ContractFactory(vendor=vendor, owner=owner, notice_by=on + timedelta(90))
    with clerk(processes(EMAIL_URL=mail_to(postman))) as zygote:
        zygote.do(2, "rounds", FIRST, ROUNDS, seconds=300)

    raised = Counter(Alert.objects.values_list("raised_on", flat=True))
    mails = Counter(key.split(":")[1] for key in Message.objects.values_list("key", flat=True))
    wrong = [
        on
        for number, on in enumerate(days)
        if (raised[on], mails[str(on)]) != (owed(number), PEOPLE)
    ]
    title(f"{ROUNDS} rounds of two daily runs and two deliveries at once")
    figure("rounds with another number of mails or alerts", len(wrong), most=0)
    figure("mails", len(postman.received), least=ROUNDS * PEOPLE, most=ROUNDS * PEOPLE)
    identities = {mail["Message-ID"] for mail in postman.mails}
    figure("mails that came twice", len(postman.received) - len(identities), most=0)


def owed(number):
    """The new contracts', and those of the contracts that reach their second lead."""
    return PEOPLE * (2 if number >= 30 else 1)


def test_two_beats_and_two_workers_bring_one_set_of_mails(processes, broker, postman):
    today, people = timezone.localdate(), PersonFactory.create_batch(20)
    for owner in people:
        DigestTimeFactory(person=owner, at=hour(0))
        ContractFactory(owner=owner, notice_by=today + timedelta(7))
    steward = processes(CELERY_BROKER_URL=broker, EMAIL_URL=mail_to(postman))
    for number in range(2):
        steward.celery(*WORKER, f"--hostname=worker{number}@here")
    for number in range(2):
        steward.celery(*BEAT, f"--schedule={steward.folder / f'beat{number}'}")

    postman.wait(20, seconds=40)
    time.sleep(4)  # all that is scheduled begins some times more

    title("Two beats and two workers, every task of the schedule each second from both")
    figure("mails to 20 people", len(postman.mails), least=20, most=20)
    figure("digests owed", Message.objects.count(), least=20, most=20)
    figure("failures in the logs", steward.logs().count("Traceback"), most=0)
