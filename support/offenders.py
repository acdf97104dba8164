"""Which devices and products come back again and again: tickets, repairs, days out, cost."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from assets.models import Asset, Product, Repair
from config.money import Money, by_currency
from support.models import Ticket, Work

IN_SERVICE = (Asset.State.IN_USE, Asset.State.IN_REPAIR)


@dataclass
class Offender:
    """One device, or one product with all of its devices, in a stretch of time.

    `of_product` are the tickets of its product, `in_service` the devices of it that are in use or
    in repair today.
    """

    record: Asset | Product
    tickets: int = 0
    repairs: int = 0
    days_out: int = 0
    costs: list[Money] = field(default_factory=list)
    of_product: int = 0
    in_service: int = 0

    @property
    def share(self) -> Decimal | None:
        """Its tickets in percent of those of its product."""
        return _ratio(100 * self.tickets, self.of_product)

    @property
    def per_device(self) -> Decimal | None:
        """Tickets for each device of it that is in service."""
        return _ratio(self.tickets, self.in_service)

    @property
    def order(self) -> tuple[int, Decimal, str]:
        """The most tickets first, then the highest cost, whatever its currency."""
        highest = max((it.amount for it in self.costs), default=Decimal(0))
        return -self.tickets, -highest, str(self.record)


def _ratio(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.01")) if whole else None


def assets(
    tickets: QuerySet[Ticket], *, at_least: int, since: date | None, on: date
) -> list[Offender]:
    """The devices with so many of `tickets` or more; repairs and work are those since a day."""
    counts = _counts(tickets, "asset", at_least)
    rows = Asset.objects.select_related("product__maker").in_bulk(list(counts))
    found = {key: Offender(rows[key], tickets=count) for key, count in counts.items()}
    products = {rows[key].product_id for key in counts}
    of_products = _counts(tickets.filter(asset__product__in=products), "asset__product", 1)
    for key, it in found.items():
        it.of_product = of_products.get(rows[key].product_id, 0)
    _add_upkeep(found, {key: key for key in found}, since, on)
    return sorted(found.values(), key=lambda it: it.order)


def products(
    tickets: QuerySet[Ticket], *, at_least: int, since: date | None, on: date
) -> list[Offender]:
    """The same of products, each with all of its devices."""
    counts = _counts(tickets, "asset__product", at_least)
    rows = Product.objects.select_related("maker").in_bulk(list(counts))
    found = {key: Offender(rows[key], tickets=count) for key, count in counts.items()}
    devices = Asset.objects.filter(product__in=list(counts))
    serving = devices.filter(state__in=IN_SERVICE).order_by().values_list("product")
    for key, count in serving.annotate(all=Count("pk")):
        found[key].in_service = count
    _add_upkeep(found, dict(devices.order_by().values_list("pk", "product")), since, on)
    return sorted(found.values(), key=lambda it: it.order)


def _counts(tickets: QuerySet[Ticket], path: str, at_least: int) -> dict[int, int]:
    rows = tickets.exclude(asset=None).order_by().values_list(path)
    return dict(rows.annotate(all=Count("pk")).filter(all__gte=at_least))


def _add_upkeep(
    found: dict[int, Offender], owner: dict[int, int], since: date | None, on: date
) -> None:
    """Repairs and costs of devices, each to the offender whose key `owner` gives for it."""
    costs: defaultdict[int, list[Money]] = defaultdict(list)
    for repair in _repairs(owner, since):
        key = owner[repair.asset_id]
        found[key].repairs += 1
        found[key].days_out += repair.days_out(on)
        if repair.cost is not None:
            costs[key].append(Money(repair.cost, repair.currency))
    for asset, cost in _work(owner, since):
        costs[owner[asset]].append(cost)
    for key, paid in costs.items():
        found[key].costs = by_currency(paid)


def _repairs(assets: Iterable[int], since: date | None) -> QuerySet[Repair]:
    rows = Repair.objects.filter(asset__in=list(assets))
    return rows.filter(sent_on__gte=since) if since else rows


def _work(assets: Iterable[int], since: date | None) -> Sequence[tuple[int, Money]]:
    rows = Work.objects.filter(ticket__asset__in=list(assets)).exclude(cost=None)
    rows = rows.filter(done_on__gte=since) if since else rows
    grouped = rows.order_by().values_list("ticket__asset", "currency").annotate(all=Sum("cost"))
    return [(asset, Money(cost, currency)) for asset, currency, cost in grouped]
