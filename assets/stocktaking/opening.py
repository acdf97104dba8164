"""Opening a stocktake: what it expects is frozen, and who holds some of it is asked."""

from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from assets.models import Asset, Category, Count, Stocktake
from config.history import Actor, create_all_as, save_as
from people import outbox
from people import places as tree
from people.models import Location, Person

State = Asset.State
THERE = (State.RECEIVED, State.IN_STOCK, State.IN_USE)
"""The states in which an asset lies somewhere or is with somebody."""
BODILESS = (Category.Kind.CLOUD, Category.Kind.SERVICE)


@transaction.atomic
def open(stocktake: Stocktake, *, by: Actor, reason: str = "") -> Stocktake:
    """Freeze what the stocktake expects, and owe each holder of some of it one mail.

    Raises ValidationError where it was opened before, or names no place and no department.
    """
    stocktake = locked(stocktake)
    if stocktake.opened_at:
        raise ValidationError(f"{stocktake} is {stocktake.status}: it cannot be opened again.")
    scope = [*stocktake.locations.all(), *stocktake.departments.all()]
    if not scope:
        raise ValidationError(
            f"{stocktake} counts nothing yet: name at least one place or department first."
        )
    counts = [
        Count(
            stocktake=stocktake,
            asset_id=asset,
            expected_location_id=location,
            expected_holder_id=holder,
        )
        for asset, location, holder in expected(stocktake).values_list("pk", "location", "holder")
    ]
    reason = reason or f"opened for {', '.join(map(str, scope))}"[:250]
    stocktake.opened_at = timezone.now()
    save_as(stocktake, by=by, reason=reason)
    create_all_as(counts, by=by, reason=f"expected by {stocktake}")
    _ask_holders(stocktake)
    return stocktake


def locked(stocktake: Stocktake) -> Stocktake:
    """The row as it now is; whoever else counts, opens or closes it waits until this is done."""
    return Stocktake.objects.select_for_update().get(pk=stocktake.pk)


def expected(stocktake: Stocktake) -> QuerySet[Asset]:
    """The assets that should be at its places or with the people of its departments."""
    departments = tree.departments_within(stocktake.departments.all())
    there = Q(location__in=tree.within(stocktake.locations.all()).values("pk"))
    held = Q(holder__department__in=departments)
    standing = Asset.objects.filter(there | held, state__in=THERE, installed_in=None)
    return standing.exclude(product__category__kind__in=BODILESS).order_by("pk")


def places(stocktake: Stocktake) -> QuerySet[Location]:
    """Where its assets can be found: its places, or anywhere where it is of departments."""
    if stocktake.departments.exists():
        return Location.objects.all()
    return tree.within(stocktake.locations.all())


def _ask_holders(stocktake: Stocktake) -> None:
    awaited = stocktake.counts.exclude(expected_holder=None)
    rows = awaited.select_related("asset__product__maker", "expected_holder")
    held: defaultdict[Person, list[Asset]] = defaultdict(list)
    for count in rows.order_by("expected_holder", "asset__tag"):
        assert count.asset
        assert count.expected_holder
        held[count.expected_holder].append(count.asset)
    today = timezone.localdate()
    outbox.queue_all(
        [
            outbox.Mail(
                to=person,
                key=f"stocktake:{stocktake.pk}:{person.pk}",
                subject="Please confirm your equipment",
                text=_letter(stocktake, person, assets),
            )
            for person, assets in held.items()
            if not person.has_left(today)
        ]
    )


def _letter(stocktake: Stocktake, person: Person, assets: Iterable[Asset]) -> str:
    lines = [f"- {asset.product}, {asset.tag}" for asset in assets]
    opening = f"we are counting our equipment ({stocktake}). According to our list you have:"
    closing = "Please say for each of them whether you have it:"
    address = f"{settings.SITE_URL}/stocktake/"
    return "\n".join([f"Hello {person},", "", opening, "", *lines, "", closing, address, ""])
