"""One mail per recipient and day with all he must know; what it says is `support.digest_lines`."""

from collections.abc import Sequence
from datetime import date
from itertools import batched

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from people.models import Message, Person
from people.outbox import queue_all
from support.digest_lines import Digest
from support.models import Alert

BATCH = 100
PARAMETERS = 500  # of one statement


def send_digests(on: date) -> int:
    """Owe everybody with unsent alerts his one mail of the day, and return how many are new.

    What is raised after somebody's digest of the day waits for the next day's.
    """
    return sum(_send(on, recipients) for recipients in batched(_waiting(on), BATCH))


def _unsent(on: date) -> QuerySet[Alert]:
    return Alert.objects.unsent().filter(raised_on__lte=on)


def _waiting(on: date) -> list[int]:
    """Keys of the people with unsent alerts and no digest of the day yet."""
    alerts = _unsent(on).filter(~Exists(Message.objects.filter(key=_key_of_recipient(on))))
    return list(alerts.order_by("recipient").values_list("recipient", flat=True).distinct())


def _key(on: date, recipient: int) -> str:
    return f"digest:{on}:{recipient}"


def _key_of_recipient(on: date) -> Concat:
    return Concat(Value(f"digest:{on}:"), Cast(OuterRef("recipient"), CharField()))


@transaction.atomic
def _send(on: date, recipients: Sequence[int]) -> int:
    unsent = _unsent(on).filter(recipient__in=recipients)
    lapsed = unsent.filter(state=Alert.State.LAPSED)
    # Locked, so that the digests of two days sent at once do not tell the same.
    alerts = list(unsent.filter(state=Alert.State.OPEN).select_for_update().order_by("due_on"))
    people = Person.objects.filter(pk__in=recipients).select_related("user")
    digest = Digest(on, alerts, lapsed)
    owed = queue_all([digest.mail(person, _key(on, person.pk)) for person in people])
    for some in batched(alerts, PARAMETERS):
        _tell(Alert.objects.filter(pk__in=[alert.pk for alert in some]), on, owed)
    _tell(lapsed, on, owed)
    return owed.count()


def _tell(alerts: QuerySet[Alert], on: date, owed: QuerySet[Message]) -> None:
    """Note on the alerts in which mail they were told. A mail that was owed before told others."""
    told = owed.filter(key=_key_of_recipient(on))
    alerts.filter(Exists(told)).update(message=Subquery(told.values("pk")))
