"""Worker, beat and web as real processes, with a real broker, database and mail server."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config.celery import app
from people.models import Message
from tests.factories import ContractFactory, MessageFactory, PersonFactory
from tests.services import ROOT
from tests.smtp import free_port

pytestmark = [
    pytest.mark.real,
    pytest.mark.django_db(transaction=True),
]
WORKER = ["worker", "--concurrency=1", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
BEAT = ["beat", "--loglevel=INFO"]


class Processes:
    """Starts processes of Steward, each in a group of its own, and ends them all."""

    def __init__(self, folder, **variables):
        self.folder, self.running = folder, []
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "PYTHONPATH": str(ROOT),
            **variables,
        }

    def start(self, *command):
        log = (self.folder / f"{len(self.running)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment,
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.running.append(process)
        return process

    def celery(self, *arguments):
        return self.start("celery", "--app=tests.quick", *arguments)

    def end(self, process, number=signal.SIGTERM):
        if process.poll() is None:
            os.killpg(process.pid, number)
        process.wait(15)

    def end_all(self):
        for process in self.running:
            self.end(process, signal.SIGKILL)

    def logs(self):
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user, host, port = database["USER"], database["HOST"], database["PORT"]
    return f"postgres://{user}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"


@pytest.fixture
def processes(tmp_path):
    """Makes the processes of one environment."""
    made = []

    def make(**variables):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Processes(folder, **variables))
        return made[-1]

    yield make
    for one in made:
        one.end_all()


@pytest.fixture(params=["filesystem", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request):
    """The address of each kind of broker, empty."""
    if request.param == "filesystem":
        return "filesystem://"
    import redis

    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as server:
        server.flushdb()
    return url


def mail_to(postman):
    return f"smtp://127.0.0.1:{postman.port}"


def test_the_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_beat_and_worker_bring_one_digest_by_mail(processes, postman, broker):
    ada = PersonFactory(email="ada@example.com")
    ContractFactory(owner=ada, notice_by=timezone.localdate(), title="Cloud", annual_cost=12)
    steward = processes(CELERY_BROKER_URL=broker, EMAIL_URL=mail_to(postman))

    steward.celery(*WORKER)
    steward.celery(*BEAT)
    mails = postman.wait(1)
    time.sleep(2.5)  # beat fires all three tasks again, twice

    assert len(postman.mails) == 1, steward.logs()
    assert "Cloud" in mails[0]["Subject"]
    assert "12.00 EUR a year" in mails[0].get_body(("plain",)).get_content()
    assert "Traceback" not in steward.logs()


def test_a_restart_over_what_killed_processes_left_behind_works(processes, postman):
    steward = processes(CELERY_BROKER_URL="filesystem://", EMAIL_URL=mail_to(postman))
    first = [steward.celery(*WORKER), steward.celery(*BEAT)]
    MessageFactory()
    postman.wait(1)
    for process in first:
        steward.end(process, signal.SIGKILL)
    (Path(steward.folder) / "queue/control/celery.exchange").write_bytes(b"")

    MessageFactory()
    steward.celery(*WORKER)
    steward.celery(*BEAT)

    assert len(postman.wait(2)) == 2, steward.logs()
    assert "JSONDecodeError" not in steward.logs()


def test_a_worker_killed_while_it_delivers_loses_nothing(processes, postman, smtp):
    """At most the mail in its hands comes twice, under the same Message-ID."""
    for number in range(30):
        MessageFactory(recipient=PersonFactory(email=f"p{number}@example.com"))
    postman.slowness = 0.05
    steward = processes(CELERY_BROKER_URL="filesystem://", EMAIL_URL=mail_to(postman))
    worker = steward.celery(*WORKER)
    beat = steward.celery(*BEAT)
    postman.wait(5)

    steward.end(worker, signal.SIGKILL)
    steward.end(beat, signal.SIGKILL)
    killed_after = len(postman.mails)
    Message.objects.filter(state="sending").update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    steward.start("celery", "--app=tests.quick", *WORKER)
    steward.celery(*BEAT)
    end = time.monotonic() + 15
    while Message.objects.exclude(state="sent").exists() and time.monotonic() < end:
        time.sleep(0.1)

    identities = [mail["Message-ID"] for mail in postman.mails]
    assert killed_after < 30
    assert set(identities) == set(Message.objects.values_list("message_id", flat=True))
    assert len(identities) <= 31
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


# --- A broker that is away ---


@pytest.fixture
def black_hole():
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=["refused", "black hole"])
def dead_redis(request):
    port = free_port() if request.param == "refused" else request.getfixturevalue("black_hole")
    return f"redis://127.0.0.1:{port}/0"


class Visitor:
    """A browser without pictures or scripts."""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, path):
        return self.opener.open(self.base + path, timeout=20).read().decode()

    def post(self, path, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))[1]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        try:
            return self.opener.open(self.base + path, body, timeout=20).read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def wait(self, path, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                return self.get(path)
            except urllib.error.HTTPError:
                raise
            except OSError:
                time.sleep(0.1)
        raise AssertionError("The web server did not start.")


def test_a_request_that_queues_mail_takes_no_longer_when_the_broker_is_away(processes, dead_redis):
    PersonFactory(email="ada@example.com")
    call_command("createcachetable", "cache")  # the suite's own cache is memory
    port = free_port()
    steward = processes(CELERY_BROKER_URL=dead_redis, SITE_URL=f"http://127.0.0.1:{port}")
    steward.start("gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}", "--no-control-socket")
    visitor = Visitor(port)
    visitor.wait("/accounts/login/code/")
    begun = time.monotonic()

    visitor.post("/accounts/login/code/", email="ada@example.com")

    assert time.monotonic() - begun < 1, steward.logs()
    assert Message.objects.get().recipient.email == "ada@example.com"
