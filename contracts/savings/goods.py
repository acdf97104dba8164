"""Assets: those that lie in stock, and warranties that outlast what they protect."""

from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Max, QuerySet
from django.utils import timezone

from assets.depreciation import book_value, rule_of
from assets.models import Asset, Order, OrderLine, Warranty
from assets.precaution import told
from config.forms import history_of
from config.money import Money
from config.periods import A_DAY
from contracts.savings.line import Kind, Line, counted, worth

STOCK_DAYS = 180
State = Asset.State
ENDED = (State.RETIRED, State.DISPOSED)
EXPECTED = (State.PLANNED, State.ORDERED)
OPEN = (Order.State.DRAFT, Order.State.ORDERED, Order.State.PARTLY_RECEIVED)

type Wanted = deque[tuple[str, Money | None]]
"""One for each asset that is to come: where that is written down, and its price if known."""


# --- Unused stock ---


def unused_stock(on: date) -> list[Line]:
    """Assets of known cost that have been in stock for more than STOCK_DAYS, each once.

    It lies there since its last custody ended, else since its purchase. While others of its model
    are on order or planned, it could take the place of one: the money is what that one costs, if
    known. Else it is what it is worth in the books, or its cost where nothing depreciates it.
    """
    idle = sorted(
        (since, asset.pk, asset)
        for asset in _in_stock()
        if (since := _idle_since(asset)) and (on - since).days > STOCK_DAYS
    )
    wanted = _wanted({asset.product_id for _, _, asset in idle})
    found = [_stock_line(asset, since, wanted[asset.product_id], on) for since, _, asset in idle]
    return [line for line in found if line.money]


def _in_stock() -> QuerySet[Asset]:
    return (
        Asset.objects.filter(state=State.IN_STOCK, cost__gt=0, installed_in=None)
        .annotate(given_back_at=Max("custodies__until"))
        .select_related("product__maker", "product__category", "order_line__order__department")
    )


def _idle_since(asset: Asset) -> date | None:
    returned: datetime | None = asset.given_back_at  # type: ignore[attr-defined]
    return timezone.localdate(returned) if returned else asset.purchased_on


def _wanted(products: Iterable[int]) -> defaultdict[int, Wanted]:
    """By product: what is on orders and has not come, then what is planned without an order."""
    wanted: defaultdict[int, Wanted] = defaultdict(deque)
    lines = OrderLine.objects.filter(product__in=products, order__state__in=OPEN)
    for line in lines.filter(received__lt=F("quantity")).select_related("order").order_by("pk"):
        price = None if line.unit_cost is None else Money(line.unit_cost, line.order.currency)
        wanted[line.product_id].extend([(f"order {line.order.number}", price)] * line.outstanding)
    planned = Asset.objects.filter(product__in=products, state__in=EXPECTED, order_line=None)
    for asset in planned.order_by("pk"):
        price = None if asset.cost is None else Money(asset.cost, asset.currency)
        words = f"{asset.tag} ({asset.get_state_display()})"
        wanted[asset.product_id].append((words, price))
    return wanted


def _stock_line(asset: Asset, since: date, wanted: Wanted, on: date) -> Line:
    """Takes one of the `wanted` for this asset, if any is left."""
    evidence = f"{asset.product}, in stock since {told(since)}, {counted((on - since).days, 'day')}"
    if wanted:
        place, price = wanted.popleft()
        money = price or Money(asset.cost or Decimal(0), asset.currency)
        evidence += f". Could be given out in place of {place}"
    else:
        money = _worth(asset, on)
        evidence += ". None of its model is awaited: could be reassigned or sold"
    line = asset.order_line
    return Line(
        Kind.UNUSED_STOCK,
        asset,
        str(asset),
        f"{evidence}.",
        worth(money.amount, money.currency),
        yearly=False,
        department=line.order.department if line else None,
    )


def _worth(asset: Asset, on: date) -> Money:
    rule, cost = rule_of(asset.product.category), asset.cost or Decimal(0)
    if rule is None or asset.placed_on is None:
        return Money(cost, asset.currency)
    value = book_value(rule, cost=cost, placed_on=asset.placed_on, on=on)
    return Money(value, asset.currency)


# --- Warranties past retirement ---


def retired_warranties(on: date) -> list[Line]:
    """Paid warranties that still run or will, of assets retired before they end.

    The money is the part of the cost for the days after the retirement, each day the same.
    """
    warranties = list(
        Warranty.objects.filter(cost__gt=0, asset__state__in=ENDED)
        .filter(starts_on__isnull=False, ends_on__gte=on)
        .select_related("asset__product__maker", "asset__disposal")
        .order_by("asset__tag", "pk")
    )
    retired = _retired_on({it.asset_id for it in warranties})
    found = [_warranty_line(it, retired[it.asset_id]) for it in warranties]
    return [line for line in found if line and line.money]


def _retired_on(assets: Iterable[int]) -> dict[int, date]:
    """When each went out of service for good, by its history."""
    moments: dict[int, datetime] = {}
    in_service: set[int] = set()
    versions = history_of(Asset).filter(id__in=assets).order_by("-history_date", "-history_id")
    for key, state, moment in versions.values_list("id", "state", "history_date"):
        if state not in ENDED:
            in_service.add(key)
        elif key not in in_service:
            moments[key] = moment
    return {key: timezone.localdate(moment) for key, moment in moments.items()}


def _warranty_line(warranty: Warranty, retired: date) -> Line | None:
    asset, last = warranty.asset, warranty.ends_on
    before = (warranty.starts_on or last) - A_DAY
    disposal = getattr(asset, "disposal", None)
    if disposal:
        retired = min(retired, disposal.disposed_on)
    days, left = (last - before).days, (last - max(retired, before)).days
    if left <= 0:
        return None
    evidence = (
        f"{asset.get_state_display().capitalize()} on {told(retired)}; the warranty"
        f" ({warranty.get_kind_display()}) was paid until {told(last)}:"
        f" {left} of its {counted(days, 'day')} are left"
    )
    share = (warranty.cost or Decimal(0)) * left / days
    return Line(
        Kind.RETIRED_WARRANTIES,
        asset,
        str(asset),
        f"{evidence}.",
        worth(share, warranty.currency),
        yearly=False,
        whole=left == days,
    )
