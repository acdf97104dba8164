"""How many mails a minute one worker delivers to a mail server on the same machine."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from people.models import Message
from people.outbox import Mail, queue_all
from support.daily import run_day
from support.models import Alert
from tests.factories import ContractFactory, PersonFactory, VendorFactory
from tests.processes import BEAT, WORKER, mail_to

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

MAILS, A_MINUTE = 1_200, 1_200


def owe_digests():
    """One real digest, written to as many people as there are mails."""
    ContractFactory(
        vendor=VendorFactory(),
        owner=PersonFactory(),
        notice_by=timezone.localdate() + timedelta(7),
        annual_cost=100,
    )
    run_day(timezone.localdate())
    one = Message.objects.get()
    Alert.objects.update(message=None)
    Message.objects.all().delete()
    people = PersonFactory.create_batch(100)
    queue_all(
        [
            Mail(people[at % 100], f"bench:{at}", one.subject, one.text, one.html)
            for at in range(MAILS)
        ]
    )


def test_one_worker_delivers_twelve_hundred_mails_a_minute(processes, postman, broker):
    owe_digests()
    steward = processes(
        CELERY_BROKER_URL=broker,
        EMAIL_URL=mail_to(postman),
        FAULT_TASKS="deliver mail",
    )
    steward.start("celery", "--app=tests.faults.app", *WORKER)
    steward.start("celery", "--app=tests.faults.app", *BEAT)
    postman.wait(1)
    began = time.monotonic()
    taken = len(postman.received)
    while len(postman.received) < MAILS and time.monotonic() - began < 120:
        time.sleep(0.02)
    seconds = time.monotonic() - began
    rate = (len(postman.received) - taken) / seconds * 60

    print(f"\n{MAILS} digests on {connection.vendor}, delivered by one worker:")
    print(f"  {rate:.0f} mails a minute (at least {A_MINUTE})")
    assert len({mail["Message-ID"] for mail in postman.mails}) == MAILS
    assert len(postman.received) == MAILS
    assert rate >= A_MINUTE
