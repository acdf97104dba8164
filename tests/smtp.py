"""A real SMTP server on loopback, whose every answer a test can script per address."""

import asyncio
import email
import email.policy
import socket
import time

import pytest
from aiosmtpd.controller import Controller


class Postman:
    """Takes mail. `refuse[address]` answers RCPT, `on_data[address]` is what DATA brings:
    "hang", "drop" after having taken it, or an answer such as "451 later"."""

    def __init__(self):
        self.received, self.refuse, self.on_data, self.connections = [], {}, {}, 0
        # Seconds before a mail is taken, and from then to the answer that says so.
        self.refuse_senders, self.slowness, self.dawdling = "", 0, 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.refuse_senders or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.slowness)
        fault = self.on_data.get(envelope.rcpt_tos[0])
        if fault == "hang":
            await asyncio.sleep(30)
        if fault in {None, "drop"}:
            self.received.append(envelope)
            await asyncio.sleep(self.dawdling)
        if fault == "drop":
            server.transport.abort()
        return fault if fault and fault[0].isdigit() else "250 Taken"

    @property
    def mails(self):
        return [
            email.message_from_bytes(envelope.content, policy=email.policy.default)
            for envelope in list(self.received)
        ]

    def wait(self, number, seconds=20):
        end = time.monotonic() + seconds
        while len(self.received) < number and time.monotonic() < end:
            time.sleep(0.05)
        return self.mails


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def postman():
    handler = Postman()
    handler.controller = Controller(
        handler, hostname="127.0.0.1", server_hostname="localhost", port=free_port()
    )
    handler.controller.start()
    handler.port = handler.controller.port
    yield handler
    handler.controller.stop(no_assert=True)


@pytest.fixture
def smtp(postman, settings):
    """The server, with Steward told to use it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", postman.port
    settings.EMAIL_TIMEOUT, settings.MAIL_IS_SENT = 1, True
    return postman
