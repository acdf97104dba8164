"""Mails about alerts: one per recipient and day, and one at once for what cannot wait for it.

What a mail says is `support.digest_lines`. A mail first claims its alerts, by a conditional
update, and is then written from what it claimed: of two who run at once each alert is told by one.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from itertools import batched
from uuid import UUID, uuid4

from django.db import OperationalError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.timezone import localdate

from people.models import Message, Person
from people.outbox import Mail, queue_all
from support.alert_delivery import for_a_mail_at_once, for_the_digest
from support.digest_lines import Digest, Words
from support.digest_times import clock
from support.models import Alert

logger = logging.getLogger(__name__)

BATCH = 100  # recipients in one transaction
SERIES = "alerts"  # as mail programs file them
WORDS = [field.name for field in fields(Words)]

type Key = Callable[[int], str]


def send_digests(on: date) -> int:
    """Owe everybody with untold alerts their one mail of the day, and return how many are new.

    What is raised after somebody's mail of the day waits for the next day's.
    """
    alerts = for_the_digest().filter(raised_on__lte=on)
    return _send_all(on, _recipients(alerts), alerts, partial(_key, on))


def send_due_digests(now: datetime) -> int:
    """Owe those whose hour has come by `now` the mail of their day, and return how many are new.

    The day and the hour are those of the recipient's own clock, see `support.digest_times`.
    """
    alerts = for_the_digest().filter(raised_on__lte=localdate(now))
    due, days = clock(now), defaultdict(list)
    hours = "recipient__digest_time__at", "recipient__digest_time__time_zone"
    rows = alerts.order_by("recipient").values_list("recipient", *hours).distinct()
    for person, at, zone in rows.iterator():
        if day := due(at, zone):
            days[day].append(person)
    return sum(_send_all(day, people, alerts, partial(_key, day)) for day, people in days.items())


def send_at_once(on: date) -> int:
    """Owe a mail for what cannot wait for that of the day, and return how many are new.

    All that a recipient must know now is one mail.
    """
    alerts = for_a_mail_at_once().filter(raised_on__lte=on)
    return _send_all(on, _recipients(alerts), alerts, partial(_key_of_a_run, uuid4()))


def _recipients(alerts: QuerySet[Alert]) -> list[int]:
    return list(alerts.order_by("recipient").values_list("recipient", flat=True).distinct())


def _key(on: date, recipient: int) -> str:
    return f"digest:{on}:{recipient}"


def _key_of_a_run(run: UUID, recipient: int) -> str:
    return f"alerts:{run}:{recipient}"


def _send_all(on: date, people: Sequence[int], alerts: QuerySet[Alert], key: Key) -> int:
    new = 0
    for some in batched(people, BATCH):
        owed = Message.objects.filter(key__in=[key(person) for person in some])
        has_his = set(owed.values_list("key", flat=True))
        new += _send_some(on, [it for it in some if key(it) not in has_his], alerts, key)
    return new


def _send_some(on: date, people: Sequence[int], alerts: QuerySet[Alert], key: Key) -> int:
    """`_send`, and where that fails for several at once, each alone."""
    try:
        return _send(on, people, alerts, key) if people else 0
    except OperationalError:
        raise  # the database is at fault, and nobody would fare better
    except Exception:
        if len(people) == 1:
            logger.exception("The mail to person %s of %s cannot be written.", people[0], on)
            return 0
        return sum(_send_some(on, [person], alerts, key) for person in people)


@transaction.atomic
def _send(on: date, people: Sequence[int], alerts: QuerySet[Alert], key: Key) -> int:
    """One mail each to some people, with what of `alerts` is theirs; returns how many are new."""
    to = {it.pk: it for it in Person.objects.filter(pk__in=people).select_related("user")}
    blank = [Mail(it, key(it.pk), "", "", list_name=SERIES) for it in to.values()]
    owed = queue_all(blank)
    messages = {message.recipient_id: message for message in owed if message.recipient_id}
    _claim(alerts, list(messages.values()))
    digest = Digest(on, list(to.values()), Alert.objects.filter(message__in=messages.values()))
    told = {person: it for person, it in messages.items() if person in digest.recipients}
    for person, message in told.items():
        words = digest.words(to[person], at_once=message.key.startswith(SERIES))
        for name in WORDS:
            setattr(message, name, getattr(words, name))
    Message.objects.bulk_update(told.values(), WORDS, batch_size=BATCH)
    # What another mail told of meanwhile needs no second one.
    idle = [it.pk for person, it in messages.items() if person not in told]
    Message.objects.filter(pk__in=idle).delete()
    return len(told)


def _claim(alerts: QuerySet[Alert], messages: Sequence[Message]) -> None:
    """Note on each alert that is still untold in which of the messages it is told."""
    mine = alerts.filter(recipient__in=[message.recipient_id for message in messages])
    # In the order in which answers lock them too, so that nobody waits in a circle.
    list(mine.order_by("pk").select_for_update().values_list("pk", flat=True))
    of_recipient = Message.objects.filter(
        pk__in=[message.pk for message in messages], recipient=OuterRef("recipient")
    )
    # Said once more outside the subquery, where the database asks it again of a row it waited for.
    untold = Alert.objects.unsent().filter(pk__in=mine.values("pk"))
    untold.update(message=Subquery(of_recipient.values("pk")))
