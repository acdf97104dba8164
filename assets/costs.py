"""What an asset has cost in all."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Sum

from assets.models import Asset


def cost_of_ownership(asset: Asset) -> dict[str, Decimal]:
    """Purchase, repairs and upgrades together, by currency: currencies are never added up."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    if asset.cost is not None:
        total[asset.currency] += asset.cost
    for rows in (asset.repairs.all(), asset.upgrades.all()):
        priced = rows.exclude(cost=None).order_by().values("currency")
        for row in priced.annotate(cost_in_all=Sum("cost")):
            total[row["currency"]] += row["cost_in_all"]
    return dict(sorted(total.items()))
