"""Time and money that went into a ticket."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from assets.models import Asset
from config.history import Actor, save_as
from config.money import Money, by_currency
from support.models import Ticket, Work
from support.tickets import person_of


@transaction.atomic
def book(
    ticket: Ticket,
    *,
    minutes: int | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    done_on: date | None = None,
    note: str = "",
    by: Actor,
) -> Ticket:
    """Book minutes, and what was paid beside; the cost of owning its asset grows by it.

    Raises ValidationError where neither is given, or the day is still to come.
    """
    ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
    work = Work(
        ticket=ticket,
        person=person_of(by),
        minutes=minutes or 0,
        cost=cost,
        currency=currency or settings.DEFAULT_CURRENCY,
        done_on=done_on or timezone.localdate(),
        note=note.strip(),
    )
    work.full_clean()
    save_as(work, by=by, reason=note or "booked")
    return ticket


def booked(ticket: Ticket) -> tuple[int, list[Money]]:
    """What went into a ticket so far: minutes, and what was paid beside by currency."""
    rows = list(ticket.work.all())
    paid = [Money(it.cost, it.currency) for it in rows if it.cost is not None]
    return sum(it.minutes for it in rows), by_currency(paid)


def cost_of(asset: Asset) -> Iterator[tuple[str, Decimal]]:
    """What work on the tickets of an asset has cost beside time, by currency."""
    rows = Work.objects.filter(ticket__asset=asset).exclude(cost=None)
    for row in rows.order_by().values("currency").annotate(all=Sum("cost")):
        yield row["currency"], row["all"]
