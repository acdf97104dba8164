"""What a monitor is told, with dead sockets where a server should be."""

import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from config.schedule import SCHEDULE
from people import health
from people.jobs import run
from people.models import Job
from tests.factories import MessageFactory
from tests.smtp import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def well(db):
    for name in SCHEDULE:
        run(name, lambda: None)


@pytest.fixture
def asked(client):
    def ask(status):
        response = client.get("/health/")
        assert response.status_code == status, response.text
        return response.json()

    return ask


def test_all_is_well(asked, well):
    day = Job.objects.get(name="daily").succeeded_at

    assert asked(200) == {
        "status": "ok",
        "database": "ok",
        "broker": "ok",
        "queue_age_seconds": 0,
        "last_daily_run": day.isoformat(timespec="seconds"),
        "late_jobs": [],
    }


def test_nobody_keeps_the_answer_and_nobody_signs_in_for_it(client, well):
    response = client.get("/health/")

    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Type"] == "application/json"
    assert not response.cookies
    assert client.head("/health/").status_code == 200
    assert client.post("/health/").status_code == 405


def test_a_late_job_is_named(asked, well):
    Job.objects.filter(name="daily").update(succeeded_at=timezone.now() - timedelta(hours=27))

    answer = asked(503)

    assert (answer["status"], answer["late_jobs"]) == ("failing", ["daily"])


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 503)])
def test_the_age_of_the_queue_counts(asked, well, smtp, minutes, status):
    MessageFactory(next_attempt_at=timezone.now() - timedelta(minutes=minutes))

    assert minutes * 60 <= asked(status)["queue_age_seconds"] <= minutes * 60 + 30


def test_without_a_mail_server_mails_that_stay_are_no_backlog(asked, well):
    MessageFactory(next_attempt_at=timezone.now() - timedelta(days=9))

    assert asked(200)["queue_age_seconds"] == 0


def test_before_anything_ran_it_is_not_well(asked):
    answer = asked(503)

    assert answer["last_daily_run"] is None
    assert set(answer["late_jobs"]) == set(SCHEDULE)


def test_a_database_that_is_away_is_said_without_its_words(asked, monkeypatch):
    class Away:
        def cursor(self):
            raise OperationalError("password authentication failed for user steward")

    monkeypatch.setattr(health, "connection", Away())

    assert asked(503) == {
        "status": "failing",
        "database": "failing",
        "broker": "ok",
        "queue_age_seconds": None,
        "last_daily_run": None,
        "late_jobs": None,
    }


def test_what_fails_reveals_no_words_of_the_error(asked, well):
    Job.objects.filter(name="match").update(failures=1, error="PermissionError: /srv/secret")

    assert "secret" not in json.dumps(asked(503))


# --- The broker ---


@pytest.fixture(params=["refused", "black hole", "drips", "no redis"])
def dead_redis(request):
    """A port at which no Redis answers, each in a way of its own."""
    if request.param == "refused":
        yield free_port()
        return
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        if request.param == "no redis":

            def answer():
                while True:
                    try:
                        server.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    except OSError:
                        return

            threading.Thread(target=answer, daemon=True).start()
        if request.param == "drips":

            def drip():
                try:
                    peer = server.accept()[0]
                    for _ in range(50):
                        peer.sendall(b"+")
                        time.sleep(0.2)
                except OSError:
                    return

            threading.Thread(target=drip, daemon=True).start()
        yield server.getsockname()[1]


def test_a_broker_that_is_away_is_said_within_two_seconds(asked, well, settings, dead_redis):
    settings.CELERY_BROKER_URL = f"redis://:hunter2@127.0.0.1:{dead_redis}/0"
    begun = time.monotonic()

    answer = asked(503)

    assert time.monotonic() - begun < 2
    assert (answer["database"], answer["broker"]) == ("ok", "failing")
    assert "hunter2" not in json.dumps(answer)


@pytest.mark.redis
def test_a_broker_that_answers_is_said(asked, well, settings, redis_url):
    settings.CELERY_BROKER_URL = redis_url

    assert asked(200)["broker"] == "ok"


def test_a_folder_that_is_gone_is_a_broker_that_is_away(asked, well, settings, tmp_path):
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": tmp_path / "gone"}

    assert asked(503)["broker"] == "failing"


def test_it_costs_a_few_queries_however_much_waits(client, well, smtp):
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in (1, 20):
        for _ in range(number):
            MessageFactory()
        with CaptureQueriesContext(connection) as queries:
            client.get("/health/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 4
