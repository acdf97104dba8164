"""What holders say of their own equipment."""

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.models import Count, Stocktake
from assets.stocktaking.counting import WRITTEN
from config.history import Actor, update_all_as
from people import outbox
from people.mailboxes import mailbox
from people.models import Person


@transaction.atomic
def confirm(counts: Iterable[Count], *, person: Person, by: Actor) -> list[Count]:
    """Note that a person has what a stocktake awaits of them; returns what was awaited still.

    Raises ValidationError where one is not theirs, or none is awaited any more.
    """
    awaited = _awaited(counts, person)
    for count in awaited:
        count.result, count.source = Count.Result.FOUND, Count.Source.PORTAL
        count.counted_at, count.denied_at = timezone.now(), None
    update_all_as(awaited, WRITTEN, by=by, reason=f"confirmed by {person}"[:250])
    return awaited


@transaction.atomic
def deny(count: Count, *, person: Person, by: Actor) -> Count:
    """Note that a person says they do not have it, and tell IT once; it stays awaited.

    Raises ValidationError where it is not theirs, or not awaited any more.
    """
    (count,) = _awaited([count], person)
    count.denied_at = timezone.now()
    update_all_as([count], ["denied_at"], by=by, reason=f"{person} does not have it"[:250])
    outbox.queue(
        mailbox("it"),
        key=f"stocktake-denied:{count.pk}",
        subject=f"{person} does not have {count.asset}",
        text=_notice(count, person),
    )
    return count


def _awaited(counts: Iterable[Count], person: Person) -> list[Count]:
    """Re-read under a lock, after the lock of their stocktakes: nobody closes these meanwhile."""
    keys = [count.pk for count in counts]
    stocktakes = Stocktake.objects.filter(counts__in=keys).values("pk")
    list(Stocktake.objects.select_for_update().filter(pk__in=stocktakes).order_by("pk"))
    rows = Count.objects.select_for_update(of=("self",)).select_related("asset__product")
    mine = rows.filter(pk__in=keys, expected_holder=person).order_by("pk")
    if mine.count() < len(set(keys)):
        raise ValidationError("That is not among what is recorded as yours. Open the page again.")
    awaited = list(rows.awaited_of(person).filter(pk__in=keys).order_by("pk"))
    if not awaited:
        raise ValidationError("That was counted already, or the stocktake is closed. Thank you.")
    return awaited


def _notice(count: Count, person: Person) -> str:
    address = f"{settings.SITE_URL}/admin/assets/count/{count.pk}/change/"
    return "\n".join(
        [
            f"In the stocktake {count.stocktake} {person} says that they do not have"
            f" {count.asset}, which the register has with this person.",
            "",
            "Look for it, then say what was found:",
            address,
            "",
        ]
    )
