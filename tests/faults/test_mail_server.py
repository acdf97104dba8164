"""A mail server that refuses, hangs and drops: nothing is lost, nobody waits for others."""

import socket
import time
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from people.models import Message
from tests.factories import MessageFactory, PersonFactory
from tests.faults.figures import figure, title
from tests.processes import BEAT, WORKER, mail_to
from tests.smtp import Postman, free_port

pytestmark = pytest.mark.django_db(transaction=True)

MAILS, OUTAGE = 100, 8
PATIENCE, DELAY = 2, 3  # seconds, where Steward's own are 20 and 60


def owed(name, count, **fields):
    return [
        MessageFactory(
            recipient=PersonFactory(email=f"{name}{number}@example.com"),
            text=f"Hello {name}{number}",
            **fields,
        )
        for number in range(count)
    ]


def started(processes, broker, address, **variables):
    """A worker and beat that deliver every second, all their delays those of production."""
    steward = processes(
        CELERY_BROKER_URL=broker, EMAIL_URL=address, FAULT_TASKS="deliver mail", **variables
    )
    steward.start("celery", "--app=tests.faults.app", *WORKER)
    steward.start("celery", "--app=tests.faults.app", *BEAT)
    return steward


def wait_until(condition, seconds):
    """How many seconds it took."""
    began = time.monotonic()
    while not condition() and time.monotonic() - began < seconds:
        time.sleep(0.1)
    return time.monotonic() - began


def in_state(state):
    return Message.objects.filter(state=state).count()


# --- A server that is away ---


class Refusing:
    """Nobody listens."""

    def __init__(self, port):
        pass

    def end(self):
        pass


class Silent:
    """It takes the connection and says nothing."""

    def __init__(self, port):
        self.server = socket.create_server(("127.0.0.1", port), backlog=50)

    def end(self):
        self.server.close()


class Busy:
    """It answers whatever it is asked that it has no time now."""

    def __init__(self, port):
        handler = Postman()
        handler.refuse_senders = "451 Too busy"
        self.controller = Controller(
            handler, hostname="127.0.0.1", server_hostname="localhost", port=port
        )
        self.controller.start()

    def end(self):
        self.controller.stop(no_assert=True)


@pytest.mark.parametrize(("outage", "hours"), [(Refusing, 5), (Silent, 0), (Busy, 0)])
def test_after_an_outage_nearly_all_mails_are_sent_within_a_minute(
    processes, broker, outage, hours
):
    owed("p", MAILS)
    # What has waited for long is tried less often.
    Message.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    port = free_port()
    away = outage(port)
    steward = started(processes, broker, f"smtp://127.0.0.1:{port}", FAULT_TIMEOUT=str(PATIENCE))
    wait_until(lambda: Message.objects.exclude(error="").exists(), 30)
    time.sleep(OUTAGE)
    refused = Message.objects.exclude(error="").count()
    away.end()
    handler = Postman()
    controller = Controller(handler, hostname="127.0.0.1", server_hostname="localhost", port=port)
    controller.start()
    try:
        seconds = wait_until(lambda: in_state("sent") >= MAILS * 0.95, 90)
        rest = wait_until(lambda: in_state("sent") == MAILS, 90)
    finally:
        controller.stop(no_assert=True)

    identities = [mail["Message-ID"] for mail in handler.mails]
    title(
        f"{MAILS} mails that have waited {hours} hours, the mail server {outage.__name__.lower()}"
    )
    figure("mails that were tried meanwhile", refused, least=1)
    figure("seconds until 95 % were sent", seconds, most=60)
    figure("seconds until all were", seconds + rest, most=90)
    figure("mails lost", MAILS - len(set(identities)), most=0)
    figure("mails that came twice", len(identities) - len(set(identities)), most=0)
    assert "Traceback" not in steward.logs()


# --- A server that treats each of its recipients differently ---


class Moody(Postman):
    """`later` is answered by 451 the first time, and taken the second."""

    def __init__(self):
        super().__init__()
        self.put_off, self.dropped = set(), set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return "451 Come back later"
        if address.startswith("never"):
            return "550 No such user"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):
        [address] = envelope.rcpt_tos
        self.on_data.pop(address, None)
        name = address[:4]
        if name in {"drop", "hang"} and address not in self.dropped:
            self.dropped.add(address)
            self.on_data[address] = name
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def moody():
    handler = Moody()
    handler.controller = Controller(
        handler, hostname="127.0.0.1", server_hostname="localhost", port=free_port()
    )
    handler.controller.start()
    handler.port = handler.controller.port
    yield handler
    handler.controller.stop(no_assert=True)


def test_bad_recipients_delay_no_other_and_lose_nothing(processes, broker, moody):
    owed("hang", 2), owed("drop", 3), owed("later", 3), owed("never", 3)
    owed("good", 90)
    began = time.monotonic()
    started(processes, broker, mail_to(moody), FAULT_TIMEOUT=str(PATIENCE), FAULT_DELAY=str(DELAY))
    good = Message.objects.filter(recipient__email__startswith="good")
    wait_until(lambda: not good.exclude(state="sent").exists(), 40)
    others = time.monotonic() - began
    wait_until(lambda: not Message.objects.waiting().exists(), 60)
    count = len({mail["Message-ID"] for mail in moody.mails})

    title("101 mails, eleven of them to recipients the server hangs on, drops, puts off or refuses")
    figure("seconds until the 90 others were sent, with the start", others, most=30)
    figure("mails lost", 98 - count, most=0)
    figure("mails that came twice, of three dropped after DATA", len(moody.mails) - count, most=3)
    figure("mails refused for good, tried once", in_state("failed"), least=3, most=3)
    assert set(Message.objects.filter(state="failed").values_list("attempts", flat=True)) == {1}
    assert set(Message.objects.exclude(state="failed").values_list("state", flat=True)) == {"sent"}


def test_of_ten_recipients_of_a_digest_one_bad_delays_the_nine_by_nothing(
    processes, broker, postman
):
    people = [message.recipient for message in owed("p", 10)]
    postman.refuse[people[0].email] = "550 No such user"
    started(processes, broker, mail_to(postman))
    wait_until(lambda: not Message.objects.waiting().exists(), 30)

    title("One bad recipient of ten")
    figure("mails taken", len(postman.mails), least=9, most=9)
    figure("mails failed", in_state("failed"), least=1, most=1)
    assert "550 No such user" in Message.objects.get(state="failed").error
