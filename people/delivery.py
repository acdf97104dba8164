"""Sends what the outbox owes, one row at a time.

A worker claims a row by a conditional update with a lease, sends it, and marks it. A worker that
dies between the two leaves one mail in doubt: it is sent again when the lease has run out, under
the same Message-ID. Any number of workers may run at once.
"""

import logging
import random
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, formataddr
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.history import Actor
from people.models import Message
from people.outbox import one_line

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than the slowest attempt: each of its steps may take 20 s
RUN_SECONDS = 9.0  # a run ends before the scheduler starts the next
PER_CONNECTION = 100  # many servers close a connection that brings more
MOST_ATTEMPTS = 25  # with the delays below: about three days
FIRST_DELAY, LONGEST_DELAY = 60.0, 4 * 3600.0
State = Message.State


class Unreachable(Exception):
    """The server takes no mail at all now, whomever it is for."""


def deliver(seconds: float = RUN_SECONDS) -> int:
    """Send what is owed until nothing is due or the time is over; return how many were sent.

    Without a mail server nothing is sent: the outbox keeps it.
    """
    if not settings.MAIL_IS_SENT:
        return 0
    courier, sent = Courier(), 0
    try:
        for message in _claimed(until=monotonic() + seconds):
            sent += courier.carry(message)
    except Unreachable as error:
        logger.warning("The mail server cannot be used: %s", error)
    finally:
        courier.hang_up()
    if sent:
        logger.info("%s mails sent.", sent)
    return sent


class Courier:
    """One connection to the mail server, opened when it is needed and used for many mails."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.carried = 0

    def carry(self, message: Message) -> bool:
        """Try to send one claimed message, and mark what became of it; True when it was sent.

        Raises Unreachable, with the message back in the queue, where no other would fare better.
        """
        if message.attempts > MOST_ATTEMPTS:
            return _fail(message, f"Its delivery was interrupted {MOST_ATTEMPTS} times.")
        try:
            mail = compose(message)
            mail.message().as_bytes()
        except Exception as error:  # whatever is wrong with this row must not stop the others
            return _fail(message, f"It cannot be written as a mail: {error}")
        self._reach(message)
        return self._send(message, mail)

    def _reach(self, message: Message) -> None:
        if self.carried >= PER_CONNECTION:
            self.hang_up()
        try:
            self.connection.open()
        except (smtplib.SMTPException, OSError) as error:
            self._put_back(message, error)

    def _send(self, message: Message, mail: EmailMultiAlternatives) -> bool:
        self.carried += 1
        try:
            self.connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, reply = next(iter(refusal.recipients.values()))
            return _refused(message, code, reply)
        except smtplib.SMTPSenderRefused as refusal:
            self._put_back(message, refusal)
        except smtplib.SMTPResponseException as refusal:
            return _refused(message, refusal.smtp_code, refusal.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()
            return _postpone(message, _said(error))
        except Exception as error:
            self.hang_up()
            return _fail(message, f"It cannot be sent: {error}")
        return _sent(message)

    def _put_back(self, message: Message, error: Exception) -> None:
        """The server is at fault, not the message: it is not an attempt, and soon tried again."""
        age = (timezone.now() - message.created_at).total_seconds()
        again = timezone.now() + _spread(min(max(age / 4, 10), 40))
        _mark(
            message,
            state=State.QUEUED,
            attempts=F("attempts") - 1,
            next_attempt_at=again,
            error=_said(error),
        )
        self.hang_up()
        raise Unreachable(_said(error)) from error

    def hang_up(self) -> None:
        self.carried = 0
        with suppress(smtplib.SMTPException, OSError):
            self.connection.close()


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail of a row: the same at every attempt, so that a twin is known for one."""
    recipient = message.recipient
    if recipient is None or not recipient.email:
        raise ValueError(f"{recipient} has no e-mail address")
    mail = EmailMultiAlternatives(
        subject=one_line(message.subject),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((one_line(recipient.name), recipient.email))],
        headers={
            "Message-ID": message.message_id,
            "Date": format_datetime(timezone.localtime(message.created_at)),
            "Auto-Submitted": "auto-generated",
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


# --- Claiming and marking -----------------------------------------------------------------------


def _claimed(until: float) -> Iterator[Message]:
    """What is due, oldest first, each claimed at the moment it is asked for."""
    while monotonic() < until:
        due = Message.objects.deliverable(timezone.now()).order_by("next_attempt_at", "pk")
        keys = list(due.values_list("pk", flat=True)[:20])
        if not keys:
            return
        for key in keys:
            if monotonic() < until and (message := _claim(key)):
                yield message


def _claim(key: int) -> Message | None:
    """The row, if nobody else took it first."""
    now = timezone.now()
    won = (
        Message.objects.deliverable(now)
        .filter(pk=key)
        .update(state=State.SENDING, leased_until=now + LEASE, attempts=F("attempts") + 1)
    )
    return Message.objects.select_related("recipient").get(pk=key) if won else None


def _mark(message: Message, **fields: Any) -> None:
    """Write what became of a claimed row, unless the lease ran out and another has it now."""
    Message.objects.filter(
        pk=message.pk, state=State.SENDING, leased_until=message.leased_until
    ).update(leased_until=None, **fields)


def _sent(message: Message) -> bool:
    now = timezone.now()
    _mark(message, state=State.SENT, sent_at=now, error="", **_without_secrets(message))
    return True


def _refused(message: Message, code: int, reply: bytes | str) -> bool:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    said = f"The mail server answered {code} {text}"
    return _fail(message, said) if code >= 500 else _postpone(message, said)


def _postpone(message: Message, error: str) -> bool:
    if message.attempts >= MOST_ATTEMPTS:
        return _fail(message, f"Given up after {message.attempts} attempts. {error}")
    again = timezone.now() + delay(message.attempts)
    _mark(message, state=State.QUEUED, next_attempt_at=again, error=error)
    return False


def _fail(message: Message, error: str) -> bool:
    _mark(message, state=State.FAILED, error=error, **_without_secrets(message))
    return False


def _without_secrets(message: Message) -> dict[str, str]:
    return {"text": "", "html": ""} if message.is_confidential else {}


def delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, up to four hours.

    Spread by a fifth either way, so that what failed together is not tried together.
    """
    return _spread(min(FIRST_DELAY * 2 ** min(attempts - 1, 16), LONGEST_DELAY))


def _spread(seconds: float) -> timedelta:
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


# --- Trying again -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Retried:
    done: list[Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@transaction.atomic
def retry(messages: Sequence[Message], *, by: Actor, reason: str = "") -> Retried:
    """Queue failed messages again, at once; says of each other one why it is not."""
    result, now = Retried(), timezone.now()
    keys = [message.pk for message in messages]
    for message in Message.objects.select_for_update().filter(pk__in=keys):
        if message.state != State.FAILED:
            state = message.get_state_display()
            result.refused.append(f"“{message}” is {state}: only what failed is sent again.")
        elif message.is_confidential:
            result.refused.append(f"“{message}” held a secret, which is gone: ask for a new one.")
        else:
            _requeue(message, now, f"Queued again by {by or 'Steward'}. {reason}".strip())
            result.done.append(message)
    return result


def _requeue(message: Message, now: datetime, note: str) -> None:
    message.state, message.attempts, message.next_attempt_at = State.QUEUED, 0, now
    message.error = f"{message.error}\n{note}"
    message.save(update_fields=["state", "attempts", "next_attempt_at", "error"])
