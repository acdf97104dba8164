"""What a seat costs a year, and what is paid for seats that nobody has."""

from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from config.money import Money
from contracts.models import Contract, Licence


def with_costs(licences: QuerySet[Licence]) -> QuerySet[Licence]:
    """`licences` with what `cost_per_seat` reads, so that it asks the database nothing more."""
    return licences.select_related("product__maker", "contract").prefetch_related(
        "contract__licences"
    )


def cost_per_seat(licence: Licence) -> Money | None:
    """What one bought seat costs a year, not rounded; None where it cannot be told.

    The licence's own cost a year divided by its seats. Without one of its own, its contract's cost
    a year, less what the contract's licences with a cost of their own take of it, divided by the
    seats of all its others. Nothing is told of a licence that has ended or has no number of seats.
    """
    if not licence.seats or _has_ended(licence):
        return None
    if licence.annual_cost is not None:
        return Money(licence.annual_cost / licence.seats, licence.currency)
    return _share(licence.contract) if licence.contract else None


def cost_a_year(licence: Licence) -> Money | None:
    """What all bought seats cost a year."""
    each = cost_per_seat(licence)
    return each * licence.seats if each is not None and licence.seats else None


def unused_cost(licence: Licence, used: int) -> Money | None:
    """What is paid a year for bought seats beyond the `used` ones."""
    each = cost_per_seat(licence)
    return None if each is None else each * max(0, (licence.seats or 0) - used)


def _has_ended(licence: Licence) -> bool:
    last = licence.last_day
    return last is not None and last < timezone.localdate()


def _share(contract: Contract) -> Money | None:
    licences = list(contract.licences.all())
    own = [it for it in licences if it.annual_cost is not None]
    others = [it.seats for it in licences if it.annual_cost is None]
    if contract.annual_cost is None or any(it.currency != contract.currency for it in own):
        return None
    left = contract.annual_cost - sum((it.annual_cost or Decimal(0) for it in own), Decimal(0))
    seats = sum(count for count in others if count)
    if left < 0 or not seats or None in others:
        return None
    return Money(left / seats, contract.currency)
