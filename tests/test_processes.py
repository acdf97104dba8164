"""Worker and beat as real processes, with a real broker, database and mail server."""

import datetime
import time

import pytest
from django.utils import timezone

from config.celery import app
from tests.factories import ContractFactory, DigestTimeFactory, PersonFactory
from tests.processes import BEAT, WORKER, emptied, mail_to

pytestmark = [
    pytest.mark.real,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=["filesystem", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request):
    """The address of each kind of broker, empty."""
    if request.param == "filesystem":
        return "filesystem://"
    return emptied(request.getfixturevalue("redis_url"))


def test_the_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_beat_and_worker_bring_one_digest_by_mail(processes, postman, broker):
    ada = PersonFactory(email="ada@example.com")
    DigestTimeFactory(person=ada, at=datetime.time(0))  # whatever hour it is now has come
    ContractFactory(owner=ada, notice_by=timezone.localdate(), title="Cloud", annual_cost=12)
    steward = processes(CELERY_BROKER_URL=broker, EMAIL_URL=mail_to(postman))

    steward.celery(*WORKER)
    steward.celery(*BEAT)
    mails = postman.wait(1, seconds=60)
    time.sleep(2.5)  # beat fires all three tasks again, twice

    assert len(postman.mails) == 1, steward.logs()
    assert "Cloud" in mails[0]["Subject"]
    assert "12.00 EUR a year" in mails[0].get_body(("plain",)).get_content()
    assert "Traceback" not in steward.logs()
