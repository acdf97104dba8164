"""A kit handed over in one step: assets from stock and pieces by quantity, all of it or nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum

from assets import lifecycle, stock
from assets.models import Asset, Kit, Order, OrderLine, Product, StockItem, StockMovement
from config.history import Actor
from people.models import Location, Person

TRIES = 10
"""How often the choice is made anew because somebody else was faster."""


@dataclass(frozen=True)
class HandedOver:
    """What the person got: assets, and the movements of the stock items."""

    kit: Kit
    to: Person
    assets: Sequence[Asset]
    movements: Sequence[StockMovement]

    def __str__(self) -> str:
        pieces = [f"{-it.quantity} × {it.item.name}" for it in self.movements]
        return f"{self.kit} to {self.to}: {', '.join([*map(str, self.assets), *pieces])}"


@transaction.atomic
def hand_over(
    kit: Kit, *, to: Person, location: Location | None = None, by: Actor, reason: str = ""
) -> HandedOver:
    """Give a person everything that the kit lists, with one mail about all of the assets.

    With `location` only from there and from the places inside it. Of each product those go that
    were bought first. Raises ValidationError with a sentence for each line that is short, where
    the kit lists nothing, and where the person has left.
    """
    reason = reason or f"kit {kit} handed over to {to}"
    for _ in range(TRIES):
        wanted = _wanted(kit, location)
        if refusals := _empty(kit, wanted) or _short(wanted):
            raise ValidationError(refusals)
        given = _give(wanted, to, by, reason)
        if len(given.done) == wanted.products.total():
            break
    else:
        raise ValidationError(given.refused or f"{kit}: others take the same now. Try once more.")
    # Always after the assets and in one order, so that no two clerks wait for each other.
    movements = [
        stock.issue(item, quantity=count, to=to, by=by, reason=reason)
        for item, count in sorted(wanted.items.items(), key=lambda pair: pair[0].pk)
    ]
    return HandedOver(kit, to, given.done, movements)


def shortages(kit: Kit, location: Location | None = None) -> list[str]:
    """A sentence for each thing that the kit needs and is not in stock now.

    With `location` only what lies there and in the places inside it counts.
    """
    return _short(_wanted(kit, location))


@dataclass
class Wanted:
    """How many are needed of each thing, and from where they are to come."""

    location: Location | None
    products: Counter[Product] = field(default_factory=Counter)
    items: Counter[StockItem] = field(default_factory=Counter)
    strange: Counter[StockItem] = field(default_factory=Counter)
    """The items that this place does not keep."""

    def assets(self) -> QuerySet[Asset]:
        """What may be given of the products: in stock and in no device."""
        free = Asset.objects.filter(state=Asset.State.IN_STOCK, installed_in=None)
        return free.filter(_inside(self.location), product__in=list(self.products))


def _wanted(kit: Kit, location: Location | None) -> Wanted:
    wanted = Wanted(location)
    lines = list(kit.lines.select_related("product__maker", "item__location"))
    for line in lines:
        if line.product:
            wanted.products[line.product] += line.quantity
    there = _kept([line.item for line in lines if line.item], location)
    for line in lines:
        if line.item and (item := there.get(line.item.pk)):
            wanted.items[item] += line.quantity
        elif line.item:
            wanted.strange[line.item] += line.quantity
    return wanted


def _kept(items: Sequence[StockItem], location: Location | None) -> dict[int, StockItem]:
    """By the key of each item the item itself, or the same as the place keeps it.

    The same is what has its name and part number; of several the one of which most lie there.
    """
    if location is None or not items:
        return {item.pk: item for item in items}
    same = Q()
    for item in items:
        same |= Q(name__iexact=item.name, part_number__iexact=item.part_number)
    rows = StockItem.objects.filter(same, _inside(location)).select_related("location")
    kept = list(rows.order_by("quantity", "-pk"))
    by_key = {item.pk: item for item in kept}
    by_name = {_name(item): item for item in kept}
    found = {item.pk: by_key.get(item.pk) or by_name.get(_name(item)) for item in items}
    return {key: item for key, item in found.items() if item}


def _name(item: StockItem) -> tuple[str, str]:
    return item.name.casefold(), item.part_number.casefold()


def _inside(location: Location | None) -> Q:
    """At the location and in all places inside it; anywhere where there is none."""
    if location is None:
        return Q()
    below = Q(location__path__startswith=location.path + Location.SEPARATOR)
    return Q(location=location) | below


def _empty(kit: Kit, wanted: Wanted) -> list[str]:
    lists = wanted.products or wanted.items or wanted.strange
    return [] if lists else [f"{kit} lists nothing: add its products and stock items first."]


def _short(wanted: Wanted) -> list[str]:
    place = f" at {wanted.location}" if wanted.location else ""
    in_stock = dict(wanted.assets().order_by().values_list("product").annotate(count=Count("pk")))
    short = {it: n for it, n in wanted.products.items() if n > in_stock.get(it.pk, 0)}
    coming = _on_order(short)
    sentences = [
        f"{product}: {count} needed, {in_stock.get(product.pk) or 'none'} in stock{place}"
        + (f"; {coming[product.pk]} on order." if coming[product.pk] else ".")
        for product, count in short.items()
    ]
    sentences += [
        f"{item}: {count} needed, {item.quantity or 'none'} in stock."
        for item, count in wanted.items.items()
        if count > item.quantity
    ]
    strange = wanted.strange.items()
    return sentences + [f"{item.name}: {count} needed, not kept{place}." for item, count in strange]


def _on_order(products: Iterable[Product]) -> Counter[int]:
    """By the key of the product how many were ordered and have not arrived."""
    on_order: Counter[int] = Counter()
    if not products:
        return on_order
    lines = OrderLine.objects.filter(order__in=Order.objects.awaited(), product__in=products)
    outstanding = Sum(F("quantity") - F("received"))
    on_order.update(dict(lines.order_by().values_list("product").annotate(count=outstanding)))
    # What came from a spreadsheet as ordered has no line.
    assets = Asset.objects.filter(
        state=Asset.State.ORDERED, order_line=None, product__in=products
    ).order_by()
    on_order.update(dict(assets.values_list("product").annotate(count=Count("pk"))))
    return on_order


def _give(wanted: Wanted, to: Person, by: Actor, reason: str) -> lifecycle.Outcome:
    """Hand over the oldest of each product; nothing, where somebody else has taken one of them.

    They may have done so before the choice, which finds too few, or after it, which is refused.
    """
    oldest = wanted.assets().order_by(F("purchased_on").asc(nulls_last=True), "pk")
    chosen = [
        asset
        for product, count in wanted.products.items()
        for asset in oldest.filter(product=product)[:count]
    ]
    if len(chosen) < wanted.products.total():
        return lifecycle.Outcome()
    with transaction.atomic():
        outcome = lifecycle.hand_over(chosen, to=to, by=by, reason=reason)
        transaction.set_rollback(len(outcome.done) < len(chosen))
    return outcome if not outcome.refused else lifecycle.Outcome(refused=outcome.refused)
