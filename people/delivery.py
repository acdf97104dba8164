"""Sends what the outbox owes, one row at a time.

A worker claims a row by a conditional update with a lease, sends it, and marks it. A worker that
dies between the two leaves one mail in doubt: it is sent again when the lease has run out, under
the same Message-ID. Any number of workers may run at once.
"""

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.history import Actor
from people import webhooks
from people.answers import Failed, Postponed, Unreachable
from people.courier import Courier
from people.crowding import Crowding
from people.models import Message
from people.models.message import MessageQuerySet

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than the slowest attempt: each of its steps may take 20 s
RUN_SECONDS = 9.0  # a run ends before the scheduler starts the next
TOGETHER = 20  # rows read at once; each is claimed by itself
MOST_ATTEMPTS = 25  # with the delays below: about three days
FIRST_DELAY, LONGEST_DELAY = 60.0, 4 * 3600.0
State = Message.State

type Carrier = Callable[[Message], None]


@dataclass
class Delivery:
    """How many messages one run sent, and what ended it before its time."""

    sent: int = 0
    obstacle: str = ""


def deliver(seconds: float = RUN_SECONDS) -> int:
    """Send the mails that are owed until none is due or the time is over; return how many."""
    return deliver_mails(seconds).sent


def deliver_mails(seconds: float = RUN_SECONDS) -> Delivery:
    """The same, saying also why the mail server could not be used.

    Without a mail server nothing is sent: the outbox keeps it.
    """
    if not settings.MAIL_IS_SENT:
        return Delivery()
    courier = Courier()
    try:
        return _deliver(Message.objects.mails(), courier.carry, seconds)
    finally:
        courier.hang_up()


def deliver_posts(seconds: float = RUN_SECONDS) -> int:
    """Send the posts that are owed to webhooks, which no mail waits for; return how many."""
    return _deliver(Message.objects.posts(), webhooks.carry, seconds).sent


def _deliver(rows: MessageQuerySet, carry: Carrier, seconds: float) -> Delivery:
    run = Delivery()
    try:
        for message in _claimed(rows, until=monotonic() + seconds):
            run.sent += _carried(message, carry)
    except Unreachable as error:
        run.obstacle = f"The mail server cannot be used: {error}"
        logger.warning("%s", run.obstacle)
    if run.sent:
        logger.info("%s messages sent.", run.sent)
    return run


def _carried(message: Message, carry: Carrier) -> bool:
    """Try to send one claimed message, and mark what became of it; True when it was sent.

    Raises Unreachable, with the message back in the queue, where no other would fare better.
    """
    if message.attempts > MOST_ATTEMPTS:
        return _fail(message, f"Its delivery was interrupted {MOST_ATTEMPTS} times.")
    try:
        carry(message)
    except Failed as error:
        return _fail(message, str(error))
    except Postponed as error:
        return _postpone(message, str(error), error.wait)
    except Unreachable as error:
        _put_back(message, str(error))
        raise
    return _sent(message)


# --- Claiming and marking -----------------------------------------------------------------------


def _claimed(rows: MessageQuerySet, until: float) -> Iterator[Message]:
    """What of `rows` is due, oldest first, each claimed at the moment it is asked for."""
    crowding = Crowding()
    while monotonic() < until:
        due = rows.deliverable(timezone.now()).select_related("recipient", "webhook")
        some = list(due.order_by("next_attempt_at", "pk")[:TOGETHER])
        if not some:
            return
        crowding.look_at(some)
        for message in some:
            if monotonic() >= until or crowding.holds_back(message):
                continue
            if claimed := _claim(message):
                yield claimed


def _claim(message: Message) -> Message | None:
    """The row, now ours, if nobody else took it since it was read."""
    now, attempts = timezone.now(), message.attempts
    ours = {"state": State.SENDING, "leased_until": now + LEASE, "attempts": attempts + 1}
    rows = Message.objects.deliverable(now).filter(pk=message.pk, attempts=attempts)
    if not rows.update(**ours):
        return None
    for name, value in ours.items():
        setattr(message, name, value)
    return message


def _mark(message: Message, **fields: Any) -> None:
    """Write what became of a claimed row, unless the lease ran out and another has it now."""
    Message.objects.filter(
        pk=message.pk, state=State.SENDING, leased_until=message.leased_until
    ).update(leased_until=None, **fields)


def _sent(message: Message) -> bool:
    now = timezone.now()
    _mark(message, state=State.SENT, sent_at=now, error="", **_without_secrets(message))
    return True


def _postpone(message: Message, error: str, wait: timedelta) -> bool:
    if message.attempts >= MOST_ATTEMPTS:
        return _fail(message, f"Given up after {message.attempts} attempts. {error}")
    again = timezone.now() + max(delay(message.attempts), wait)
    _mark(message, state=State.QUEUED, next_attempt_at=again, error=error)
    return False


def _put_back(message: Message, error: str) -> None:
    """The server is at fault, not the message: it is not an attempt, and soon tried again."""
    age = (timezone.now() - message.created_at).total_seconds()
    again = timezone.now() + _spread(min(max(age / 4, 10), 40))
    _mark(
        message,
        state=State.QUEUED,
        attempts=F("attempts") - 1,
        next_attempt_at=again,
        error=error,
    )


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
