"""Workers killed in the middle, and a broker that is away."""

import http.cookiejar
import re
import signal
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from people.models import Message
from tests.factories import MessageFactory, PersonFactory
from tests.faults.figures import figure, title
from tests.processes import BEAT, WORKER, mail_to
from tests.smtp import free_port

pytestmark = pytest.mark.django_db(transaction=True)


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
    end = time.monotonic() + 60
    while Message.objects.exclude(state="sent").exists() and time.monotonic() < end:
        time.sleep(0.1)

    identities = [mail["Message-ID"] for mail in postman.mails]
    owed = set(Message.objects.values_list("message_id", flat=True))
    title("30 mails, the one worker killed while it delivers")
    figure("mails taken before", killed_after, least=5, most=29)
    figure("mails lost", len(owed - set(identities)), most=0)
    figure("mails that came twice", len(identities) - len(set(identities)), most=1)
    assert set(identities) <= owed
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

    title(f"A request that queues mail while the broker is away ({dead_redis})")
    figure("seconds", time.monotonic() - begun, most=1)
    assert Message.objects.get().recipient.email == "ada@example.com"
