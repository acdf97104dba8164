"""What must be decided about which contract, by when and by whom, and what hangs on it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When, Window
from django.db.models.functions import Coalesce, RowNumber, TruncMonth

from config.money import Money
from config.periods import end_of_month, months_from
from contracts.models import Contract, Coverage, Licence, Seat, Term
from contracts.rollover import BY_ITSELF

USED_WITHIN = 90
"""Days within which a seat must have been used to count as used."""
DECIDED = ("renew", "cancel")
MONTHS = 12
SHOWN = 30
"""How many contracts of a month the board names; it counts the rest."""


def decide_by(on: date) -> Case:
    """The last day for notice while it is to come, else the day the term ends."""
    return Case(When(notice_by__gte=on, then="notice_by"), default="ends_on")


def to_decide(contracts: QuerySet[Contract], on: date) -> QuerySet[Contract]:
    """Those that run and of which something is still to be decided or done, most urgent first.

    What is to be renewed stays among them until its next term is agreed, unless it renews by
    itself. Adds `decide_by` and `renewal`, what its last term says happens when it ends.
    """
    last = Term.objects.filter(contract=OuterRef("pk")).order_by("-starts_on")
    running = contracts.filter(ends_on__gte=on).exclude(decision="cancel")
    known = running.annotate(decide_by=decide_by(on), renewal=Subquery(last.values("renewal")[:1]))
    done = Q(decision="renew", renewal__in=BY_ITSELF)
    return known.exclude(done).order_by("decide_by", "pk")


def with_use(contracts: QuerySet[Contract], on: date) -> QuerySet[Contract]:
    """Adds what a decision asks for, in the same query however many they are.

    `covered`: assets that it covers. `bought`, `taken`, `used`: the seats of its licences, those
    given out, and those used within USED_WITHIN days. `renewal_months`: how long the next term is,
    where it renews by itself.
    """
    last = Term.objects.filter(contract=OuterRef("pk")).order_by("-starts_on")
    seats = Seat.objects.taken()
    used = seats.filter(last_used_on__gte=on - timedelta(USED_WITHIN))
    bought = Licence.objects.filter(contract=OuterRef("pk")).order_by().values("contract")
    return contracts.annotate(
        covered=_count(Coverage.objects.all(), "contract"),
        bought=Subquery(bought.annotate(sum=Sum("seats")).values("sum")),
        taken=_count(seats, "licence__contract"),
        used=_count(used, "licence__contract"),
        renewal_months=Subquery(last.values("renewal_months")[:1]),
    )


def _count(rows: QuerySet[Any], path: str) -> Coalesce:
    counted = rows.filter(**{path: OuterRef("pk")}).order_by().values(path)
    return Coalesce(Subquery(counted.annotate(count=Count("pk")).values("count")), 0)


def if_nobody_decides(contract: Any) -> str:
    """What happens by itself, of a contract from `to_decide` and `with_use`."""
    if contract.renewal == Term.Renewal.OPEN:
        return "goes on until notice"
    if contract.renewal != Term.Renewal.TACIT or not contract.renewal_months:
        return "ends"
    months = contract.renewal_months
    for_long = f"renews for {months} month{'' if months == 1 else 's'}"
    if contract.annual_cost is None:
        return for_long
    cost = Money(contract.annual_cost * months / Decimal(12), contract.currency)
    return f"{for_long}: {cost}"


def use_in_words(contract: Any) -> str:
    """How much of it is used, of a contract from `with_use`; "" where nothing is counted."""
    parts = []
    if contract.covered:
        parts.append(f"{contract.covered:,} asset{'' if contract.covered == 1 else 's'} covered")
    if contract.bought or contract.taken:
        bought = f"of {contract.bought:,} " if contract.bought else ""
        parts.append(f"{contract.taken:,} {bought}seats taken, {contract.used:,} used")
    return "; ".join(parts)


def annual_costs(contracts: QuerySet[Contract]) -> list[Money]:
    """What the contracts cost a year, by currency."""
    sums = contracts.exclude(annual_cost=None).order_by().values("currency")
    rows = sums.annotate(cost=Sum("annual_cost")).order_by("currency")
    return [Money(row["cost"], row["currency"]) for row in rows]


# --- The board -----------------------------------------------------------------------------------


@dataclass
class Month:
    """What must be decided in one month; `contracts` are the first SHOWN of `count`."""

    first: date
    count: int = 0
    undecided: int = 0
    costs: list[Money] = field(default_factory=list)
    contracts: list[Any] = field(default_factory=list)

    @property
    def last(self) -> date:
        return end_of_month(self.first)

    @property
    def more(self) -> int:
        return self.count - len(self.contracts)


def board(contracts: QuerySet[Contract], on: date) -> list[Month]:
    """The next MONTHS months from that of `on`, each with what ends or must be decided in it.

    In two queries, however many contracts there are. What is decided is shown too, with what.
    """
    months = {first: Month(first) for first in months_from(on, MONTHS)}
    last = end_of_month(max(months))
    due = contracts.annotate(decide_by=decide_by(on)).filter(
        decide_by__range=(min(months), last), ends_on__gte=on
    )
    monthly = due.annotate(month=TruncMonth("decide_by"))
    _count_months(months, monthly)
    for contract in _first_of_each(monthly):
        months[contract.month].contracts.append(contract)
    return list(months.values())


def _count_months(months: dict[date, Month], monthly: QuerySet[Any]) -> None:
    rows = (
        monthly.order_by()
        .values("month", "currency")
        .annotate(
            count=Count("pk"),
            undecided=Count("pk", filter=~Q(decision__in=DECIDED)),
            cost=Sum("annual_cost"),
        )
        .order_by("month", "currency")
    )
    costs: defaultdict[date, list[Money]] = defaultdict(list)
    for row in rows:
        month = months[row["month"]]
        month.count += row["count"]
        month.undecided += row["undecided"]
        if row["cost"] is not None:
            costs[row["month"]].append(Money(row["cost"], row["currency"]))
    for first, found in costs.items():
        months[first].costs = found


def _first_of_each(monthly: QuerySet[Any]) -> QuerySet[Any]:
    place = Window(RowNumber(), partition_by=[F("month")], order_by=[F("decide_by"), F("pk")])
    placed = monthly.annotate(place=place).filter(place__lte=SHOWN)
    named: QuerySet[Any] = placed.select_related("vendor", "owner").order_by("decide_by", "pk")
    return named
