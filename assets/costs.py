"""What an asset has cost in all."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from django.db.models import Sum

from assets.models import Asset

type Further = Callable[[Asset], Iterable[tuple[str, Decimal]]]

FURTHER: list[Further] = []
"""What else an asset has cost, by currency, as apps above this one know it."""


def cost_of_ownership(asset: Asset) -> dict[str, Decimal]:
    """Purchase, repairs, upgrades, warranties and more, by currency: never added up across them."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    if asset.cost is not None:
        total[asset.currency] += asset.cost
    for rows in (asset.repairs.all(), asset.upgrades.all(), asset.warranties.all()):
        priced = rows.exclude(cost=None).order_by().values("currency")
        for row in priced.annotate(cost_in_all=Sum("cost")):
            total[row["currency"]] += row["cost_in_all"]
    for further in FURTHER:
        for currency, amount in further(asset):
            total[currency] += amount
    return dict(sorted(total.items()))
