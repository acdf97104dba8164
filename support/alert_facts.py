"""What must be known of a record to act on an alert about it: short facts, the money among them.

Each kind of record is read with all that its facts need, so that many take as many queries as one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.template.defaultfilters import truncatechars
from django.utils.formats import date_format
from django.utils.timezone import localdate

from assets.models import Asset, Custody, Handover, Order, Product, Release, Repair, StockItem
from config.history import Record
from config.money import Money
from contracts.models import Contract, Decision, Licence, Seat, Term
from contracts.savings.tools import IDLE_DAYS
from contracts.seat_costs import cost_per_seat, with_costs
from people.models import Person
from support import ticket_facts
from support.cost_facts import cost
from support.models import Approval, Ticket

NAMED = 3  # of many things so many are named, the others counted


@dataclass(frozen=True)
class Kind:
    """How one kind of record is read, and what is said of it.

    `says` takes the record and whether its reader may see what assets cost. Facts that are empty
    are left out.
    """

    rows: Callable[[date], QuerySet[Any]]
    says: Callable[[Any, bool], Iterable[str]]


def with_details(model: type[Record], on: date) -> QuerySet[Any]:
    """All records of a kind, read with what their names and `facts` need, as of the day `on`."""
    if model in KINDS:
        return KINDS[model].rows(on)
    rows: QuerySet[Any] = model._default_manager.all()
    return rows


def facts(record: Record, *, costs: bool) -> list[str]:
    """What is worth knowing of a record that `with_details` read.

    What contracts and licences cost is always among it, since whoever is told answers for them;
    what assets cost only with `costs`.
    """
    kind = KINDS.get(type(record))
    return [fact for fact in kind.says(record, costs) if fact] if kind else []


# --- Contracts and licences ---


def _contracts(on: date) -> QuerySet[Contract]:
    rows = Contract.objects.select_related("vendor", "owner")
    return rows.prefetch_related(Prefetch("terms", Term.objects.order_by("starts_on")))


def _of_contract(contract: Contract, costs: bool) -> Iterable[str]:
    yield contract.vendor.name
    yield _a_year(contract.annual_cost, contract.currency)
    yield "" if contract.decision == Decision.Kind.CANCEL else _afterwards(contract)
    yield f"decided: {contract.get_decision_display()}" if contract.decision else ""
    yield f"owner: {contract.owner}" if contract.owner else "nobody owns it"


def _afterwards(contract: Contract) -> str:
    last = list(contract.terms.all())[-1:]
    if not last or last[0].renewal != Term.Renewal.TACIT:
        return ""
    length = last[0].renewal_months
    return f"renews by itself for {length} months" if length else "renews by itself"


def _decisions(on: date) -> QuerySet[Decision]:
    return Decision.objects.select_related("contract__vendor", "decided_by")


def _of_decision(decision: Decision, costs: bool) -> Iterable[str]:
    yield decision.contract.vendor.name
    yield _a_year(decision.contract.annual_cost, decision.contract.currency)
    yield f"ends on {_day(decision.ends_on)}" if decision.ends_on else ""
    sent = f"notice sent on {_day(decision.sent_on)}" if decision.sent_on else "notice not sent yet"
    by = f" by {decision.get_sent_by_display()}" if decision.sent_on and decision.sent_by else ""
    yield f"{sent}{by}" if decision.kind == Decision.Kind.CANCEL else ""


def _licences(on: date) -> QuerySet[Licence]:
    idle = Seat.objects.idle(IDLE_DAYS, on).filter(licence=OuterRef("pk"))
    rows = Licence.objects.with_taken().annotate(idle=_count(idle, "licence"))
    return with_costs(rows)


def _of_licence(licence: Any, costs: bool) -> Iterable[str]:
    each = cost_per_seat(licence)
    used = max(licence.taken, licence.reported_in_use or 0)
    if licence.seats is None:
        yield f"{_counted(used, 'seat')} taken"
    else:
        yield f"{used} of {_counted(licence.seats, 'seat')} taken"
        yield _over(used - licence.seats, each)
    yield _idle(licence, each)
    total = _total(licence, each)
    yield f"all seats cost {total} a year" if total else ""
    yield f"contract {licence.contract}" if licence.contract else "no contract"


def _over(seats: int, each: Money | None) -> str:
    if seats <= 0:
        return ""
    worth = f", worth {each * seats} a year" if each else ""
    return f"{seats} more than were bought{worth}"


def _idle(licence: Any, each: Money | None) -> str:
    """What nobody uses, at the cost of what would become free: no more than was bought."""
    if not licence.idle:
        return ""
    bought, taken = licence.seats or 0, licence.taken
    freed = max(0, bought - taken + licence.idle) - max(0, bought - taken)
    cost = f", which cost {each * freed} a year" if each and freed else ""
    return f"{_counted(licence.idle, 'seat')} not used for {IDLE_DAYS} days{cost}"


def _total(licence: Licence, each: Money | None) -> Money | None:
    if licence.annual_cost is not None:
        return Money(licence.annual_cost, licence.currency)
    return each * licence.seats if each and licence.seats else None


# --- Assets, and what happens to them ---


def _assets(on: date) -> QuerySet[Asset]:
    return Asset.objects.select_related("product__maker", "holder", "location")


def _of_asset(asset: Asset, costs: bool) -> Iterable[str]:
    yield f"serial number {asset.serial}" if asset.serial else ""
    yield f"with {asset.holder}" if asset.holder else ""
    yield f"at {asset.location}" if asset.location else ""
    yield cost("cost", asset.cost, asset.currency, costs)


def _loans(on: date) -> QuerySet[Custody]:
    return Custody.objects.select_related(
        "asset__product__maker", "holder__manager", "location", "device__product"
    )


def _of_loan(loan: Custody, costs: bool) -> Iterable[str]:
    yield f"serial number {loan.asset.serial}" if loan.asset.serial else ""
    yield f"lent on {_day(localdate(loan.since))}"
    yield cost("cost", loan.asset.cost, loan.asset.currency, costs)


def _repairs(on: date) -> QuerySet[Repair]:
    return Repair.objects.select_related("asset__product__maker", "asset__holder", "vendor")


def _of_repair(repair: Repair, costs: bool) -> Iterable[str]:
    yield f"at {repair.vendor}" if repair.vendor else "at no vendor that is known"
    yield f"vendor’s number {repair.reference}" if repair.reference else ""
    yield truncatechars(" ".join(repair.fault.split()).rstrip("."), 80)
    yield f"sent on {_day(repair.sent_on)}"
    yield "on warranty" if repair.on_warranty else ""
    yield f"{repair.asset.holder} is waiting for it" if repair.asset.holder else ""
    yield cost("costs", repair.cost, repair.currency, costs)


def _handovers(on: date) -> QuerySet[Handover]:
    return Handover.objects.select_related("to").prefetch_related(
        Prefetch("custodies", Custody.objects.select_related("asset__product").order_by("pk"))
    )


def _of_handover(handover: Handover, costs: bool) -> Iterable[str]:
    yield f"handed over on {_day(localdate(handover.handed_over_at))}"
    yield _named([str(custody.asset) for custody in handover.custodies.all()])


def _leavers(on: date) -> QuerySet[Person]:
    seats = Seat.objects.taken().filter(person=OuterRef("pk"))
    held = Prefetch("assets", Asset.objects.select_related("product").order_by("tag"))
    rows = Person.objects.select_related("department", "manager").prefetch_related(held)
    return rows.annotate(seats_taken=_count(seats, "person"))


def _of_leaver(person: Any, costs: bool) -> Iterable[str]:
    held = [str(asset) for asset in person.assets.all()]
    yield f"holds {_named(held)}" if held else ""
    yield f"has {_counted(person.seats_taken, 'licence seat')}" if person.seats_taken else ""
    yield str(person.department or "")
    yield f"manager: {person.manager}" if person.manager else ""


# --- Products, orders and stock ---


def _products(on: date) -> QuerySet[Product]:
    assets = Asset.objects.in_service().filter(product=OuterRef("pk"))
    rows = Product.objects.select_related("maker", "category")
    return rows.annotate(in_service=_count(assets, "product"))


def _releases(on: date) -> QuerySet[Release]:
    assets = Asset.objects.in_service().filter(release=OuterRef("pk"))
    return Release.objects.annotate(in_service=_count(assets, "release"))


def _of_product(product: Any, costs: bool) -> Iterable[str]:
    yield product.category.name
    yield from _of_release(product, costs)


def _of_release(release: Any, costs: bool) -> Iterable[str]:
    yield f"{_counted(release.in_service, 'asset')} in service"


def _orders(on: date) -> QuerySet[Order]:
    rows = Order.objects.select_related("supplier", "department")
    return rows.prefetch_related("lines__product__maker")


def _of_order(order: Order, costs: bool) -> Iterable[str]:
    awaited = [line for line in order.lines.all() if line.outstanding]
    yield f"awaited: {_named([f'{line.outstanding} × {line.product}' for line in awaited])}"
    yield f"ordered on {_day(order.ordered_on)}" if order.ordered_on else ""
    yield f"for {order.department}" if order.department else ""
    known = [line.unit_cost * line.outstanding for line in awaited if line.unit_cost is not None]
    yield cost("worth", sum(known, Decimal(0)) if known else None, order.currency, costs)


def _stock(on: date) -> QuerySet[StockItem]:
    return StockItem.objects.select_related("location", "supplier")


def _of_stock(item: StockItem, costs: bool) -> Iterable[str]:
    yield f"{item.quantity} left, minimum {item.minimum}"
    yield f"order {item.reorder_quantity}" if item.reorder_quantity else ""
    yield f"from {item.supplier}" if item.supplier else ""
    yield cost("each", item.unit_cost, item.currency, costs)


KINDS: dict[type[Record], Kind] = {
    Approval: Kind(ticket_facts.approvals, ticket_facts.of_approval),
    Asset: Kind(_assets, _of_asset),
    Contract: Kind(_contracts, _of_contract),
    Custody: Kind(_loans, _of_loan),
    Decision: Kind(_decisions, _of_decision),
    Handover: Kind(_handovers, _of_handover),
    Licence: Kind(_licences, _of_licence),
    Order: Kind(_orders, _of_order),
    Person: Kind(_leavers, _of_leaver),
    Product: Kind(_products, _of_product),
    Release: Kind(_releases, _of_release),
    Repair: Kind(_repairs, _of_repair),
    StockItem: Kind(_stock, _of_stock),
    Ticket: Kind(ticket_facts.tickets, ticket_facts.of_ticket),
}


# --- Words and numbers ---


def _count(rows: QuerySet[Any], of: str) -> Coalesce:
    """How many of `rows` there are for each record of a query, by their column `of`."""
    counts = rows.order_by().values(of).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _a_year(amount: Decimal | None, currency: str) -> str:
    return f"{Money(amount, currency)} a year" if amount is not None else ""


def _day(day: date | None) -> str:
    return date_format(day, "j F Y") if day else ""
