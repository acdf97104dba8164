"""What to know before an order is placed: unused stock, and orders that look like the same one."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from assets.models import Asset, Order, OrderLine, Product

DUPLICATE_DAYS = 60
"""How long an order that has arrived can still be the one that is now placed twice."""
SIMILAR = 0.75
"""Two quantities are similar where the smaller is at least this share of the larger."""
PLACES = 3
"""How many places a sentence names."""


def warnings(order: Order, on: date | None = None) -> list[str]:
    """What speaks against placing an order on the day `on`, in sentences; none is a good sign.

    Unused is what is in stock: of the same product, and of other products in its category. A
    duplicate is another order for a similar quantity of the same product that is awaited, or was
    placed in the last 60 days.
    """
    rows = order.lines.select_related("product__category", "product__maker")
    quantities: Counter[Product] = Counter()
    for line in rows:
        quantities[line.product] += line.quantity
    if not quantities:
        return []
    duplicates = _duplicates(order, quantities, on or timezone.localdate())
    return [*_unused(quantities), *duplicates]


def _unused(products: Iterable[Product]) -> list[str]:
    categories = {product.category for product in products}
    stock = Asset.objects.filter(
        state=Asset.State.IN_STOCK, installed_in=None, product__category__in=categories
    )
    rows = stock.order_by().values_list("product", "product__category", "location__name")
    same: defaultdict[int, Counter[str]] = defaultdict(Counter)
    others: Counter[int] = Counter()
    wanted = {product.pk for product in products}
    for product, category, place, count in rows.annotate(count=Count("pk")):
        if product in wanted:
            same[product][place or "no place"] += count
        else:
            others[category] += count
    sentences = [
        f"{same[it.pk].total()} {it} {_lie(same[it.pk].total())} in stock unused"
        f" ({_places(same[it.pk])})."
        for it in products
        if it.pk in same
    ]
    for category in sorted(categories, key=str):
        if count := others[category.pk]:
            what = "other" if count == 1 else "others"
            sentences.append(
                f"{count} {what} of the category {category} {_lie(count)} in stock unused."
            )
    return sentences


def _lie(count: int) -> str:
    return "lies" if count == 1 else "lie"


def _places(counts: Counter[str]) -> str:
    named = [f"{place} {count}" for place, count in counts.most_common(PLACES)]
    rest = counts.total() - sum(count for _, count in counts.most_common(PLACES))
    return ", ".join([*named, f"elsewhere {rest}"] if rest else named)


def _duplicates(order: Order, quantities: Counter[Product], on: date) -> list[str]:
    placed = Order.objects.awaited() | Order.objects.filter(
        state=Order.State.RECEIVED, ordered_on__gte=on - timedelta(DUPLICATE_DAYS)
    )
    lines = OrderLine.objects.filter(order__in=placed.order_by(), product__in=quantities)
    found = lines.exclude(order=order).order_by("order__ordered_on", "order")
    rows = found.values_list("product", "order__number", "order__ordered_on", "order")
    sentences = []
    by_key = {product.pk: product for product in quantities}
    for key, number, day, _, ordered in rows.annotate(ordered=Sum("quantity")):
        quantity = quantities[by_key[key]]
        if min(quantity, ordered) >= SIMILAR * max(quantity, ordered):
            same = "the same" if len(quantities) == 1 else f"the same {by_key[key]}"
            sentences.append(
                f"{number} of {told(day)} orders {ordered} of {same}; it looks like a duplicate."
            )
    return sentences


def told(day: date) -> str:
    """A day as a sentence says it: 3 November 2026."""
    return f"{day.day} {day:%B %Y}"
