"""The broker taken away from running processes: requests succeed, and mail goes when it is back.

So does the day, whose one tick fell into the time without it.
"""

import re
import signal
import subprocess
import time
from datetime import timedelta

import pytest
import redis
from django.core.management import call_command
from django.utils import timezone

from people.models import Job, Message
from support.models import Alert
from tests.factories import ContractFactory, PersonFactory
from tests.faults.figures import figure, title
from tests.faults.test_processes import Visitor
from tests.processes import BEAT, WORKER, mail_to, wait_for
from tests.services import executable
from tests.smtp import free_port

pytestmark = pytest.mark.django_db(transaction=True)


class Redis:
    """A server of our own, to be ended, frozen and started again on one port."""

    def __init__(self, folder):
        self.binary = executable(["redis-server"], "No redis-server is installed.")
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis.from_url(self.url) as client:
            for _ in range(100):
                try:
                    return client.ping()
                except redis.ConnectionError:
                    time.sleep(0.05)
        raise AssertionError("Redis does not start.")

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def own_redis(tmp_path):
    server = Redis(tmp_path)
    yield server
    server.end()


def refused(server):
    server.end()
    return server.start


def frozen(server):
    """The kernel still takes connections for it; nothing ever answers."""
    server.process.send_signal(signal.SIGSTOP)
    return lambda: server.process.send_signal(signal.SIGCONT)


def ask_for_code(port, address):
    """How many seconds the request took that owes somebody a mail."""
    visitor = Visitor(port)
    visitor.wait("/accounts/login/code/")
    began = time.monotonic()
    visitor.post("/accounts/login/code/", email=address)
    return time.monotonic() - began


@pytest.mark.parametrize("fault", [refused, frozen])
def test_what_a_request_owes_is_sent_when_redis_is_back(processes, postman, own_redis, fault):
    for name in ("before", "during"):
        PersonFactory(email=f"{name}@example.com")
    call_command("createcachetable", "cache")  # the suite's own cache is memory
    port = free_port()
    steward = processes(
        CELERY_BROKER_URL=own_redis.url,
        EMAIL_URL=mail_to(postman),
        SITE_URL=f"http://127.0.0.1:{port}",
    )
    steward.start("gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}", "--no-control-socket")
    steward.celery(*WORKER)
    steward.celery(*BEAT)
    ask_for_code(port, "before@example.com")
    assert len(postman.wait(1)) == 1, steward.logs()

    come_back = fault(own_redis)
    time.sleep(2.5)  # what was begun is over, and beat has tried in vain
    seconds = ask_for_code(port, "during@example.com")
    time.sleep(5)
    meanwhile = Message.objects.get(recipient__email="during@example.com").state
    come_back()
    began = time.monotonic()
    postman.wait(2, seconds=60)
    waited = time.monotonic() - began

    title(f"Redis {fault.__name__} while web, worker and beat run")
    figure("seconds of a request that owes a mail", seconds, most=1)
    figure("seconds until the mail came, once Redis was back", waited, most=60)
    figure("mails", len(postman.mails), least=2, most=2)
    print(f"  the outbox said meanwhile: {meanwhile}")


# --- The day ---

REFUSED = re.compile(r"Sending due task daily .*?Message Error", re.DOTALL)


def has_ended_well(name, since):
    return Job.objects.filter(name=name, succeeded_at__gte=since).exists()


def test_a_day_whose_tick_redis_refused_is_made_up_when_it_is_back(processes, own_redis):
    began = timezone.now()
    ContractFactory(owner=PersonFactory(), notice_by=timezone.localdate() + timedelta(days=1))
    at = began + timedelta(seconds=105)  # in the minute that begins in 45 to 105 seconds
    steward = processes(
        CELERY_BROKER_URL=own_redis.url,
        FAULT_TASKS="daily,make up a day",
        FAULT_DAY_AT=f"{at:%H:%M}",
    )
    for command in (WORKER, BEAT):
        steward.start("celery", "--app=tests.faults.app", *command)
    wait_for(lambda: has_ended_well("make up a day", began), seconds=40)

    own_redis.end()
    time.sleep(1)  # whoever looks has looked
    Job.objects.filter(name="daily").update(succeeded_at=began - timedelta(days=2))
    wait_for(lambda: REFUSED.search(steward.logs()), seconds=130)
    before = Alert.objects.count()
    own_redis.start()
    back = time.monotonic()
    wait_for(lambda: has_ended_well("daily", began), seconds=60)
    waited = time.monotonic() - back

    title("Redis refuses the one tick of the day")
    figure("alerts raised while it is away", before, most=0)
    figure("times beat sent the day", steward.logs().count("Sending due task daily "), most=1)
    figure("seconds until the day was begun, once Redis was back", waited, most=60)
    figure("alerts raised", Alert.objects.count(), least=1, most=1)
