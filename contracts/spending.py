"""What the ledger says of what was bought outside any contract, and of what contracts were paid.

No function adds up two currencies: each row of a result is of one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from statistics import median

from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncMonth

from config.money import Money
from config.periods import end_of_month, month_of
from contracts.charges import bills
from contracts.models import Contract, Spend, Term

MONTHS, LEAST = 4, 3
"""Who was paid in so many of the last months, the present one among them, is paid regularly."""
ABOUT = Decimal("0.1")
"""What was paid in a month may differ by so much of what is usual and still be about the same."""

type Who = tuple[int | None, str, str]
"""A vendor, or a spelling that is no vendor's, and a currency."""

# Whoever was paid: the vendor under all its spellings, else whoever is written so.
WHO = ("vendor", "key", "currency")
KEY = Case(When(vendor=None, then=F("supplier_key")), default=Value(""), output_field=CharField())


@dataclass(frozen=True)
class Outside:
    """What a department paid somebody outside any contract."""

    who: Who
    name: str
    is_known: bool
    department: str
    lines: int
    money: Money
    first: date
    last: date
    recurring: bool


@dataclass(frozen=True)
class Paid:
    """What a contract billed in a month by its terms, and what was booked for it."""

    contract: Contract
    month: date
    contracted: Money
    paid: Money
    lines: int

    @property
    def difference(self) -> Money:
        """Above zero where more was paid than agreed."""
        return self.paid - self.contracted


def outside(lines: QuerySet[Spend], on: date) -> list[Outside]:
    """Those of the `lines` that belong to no contract, by who was paid, department and currency.

    In two queries. Whether it recurs is judged by all lines of the months before `on`, not only by
    those asked for.
    """
    regular = recurring(Spend.objects.outside_it(), on)
    groups = (
        lines.filter(contract=None)
        .order_by()
        .annotate(key=KEY)
        .values(*WHO, "vendor__name", "department__name")
        .annotate(
            count=Count("pk"),
            total=Sum("amount"),
            written=Min("supplier"),
            first=Min("booked_on"),
            last=Max("booked_on"),
        )
        .order_by("currency", "-total", *WHO)
    )
    return [
        Outside(
            who := (row["vendor"], row["key"], row["currency"]),
            row["vendor__name"] or row["written"],
            row["vendor"] is not None,
            row["department__name"] or "",
            row["count"],
            Money(row["total"], row["currency"]),
            row["first"],
            row["last"],
            who in regular,
        )
        for row in groups
    ]


def recurring(lines: QuerySet[Spend], on: date) -> set[Who]:
    """Who was paid about the same, month after month, until the month of `on`.

    In three at least of the four calendar months that end with it (the latest is seldom booked
    whole), more than nothing was paid, and no more than a tenth from the median of those months.
    One query, of a row a month at most for each who was paid.
    """
    since, until = _months_before(on, MONTHS - 1), end_of_month(on)
    sums = (
        lines.filter(booked_on__range=(since, until))
        .order_by()
        .annotate(key=KEY, month=TruncMonth("booked_on"))
        .values_list(*WHO, "month")
        .annotate(total=Sum("amount"))
        .order_by(*WHO)
    )
    found = set()
    for who, months in groupby(sums, key=lambda row: tuple(row[:3])):
        if _is_steady([total for *_, total in months if total > 0]):
            found.add(who)
    return found


def _is_steady(totals: Sequence[Decimal]) -> bool:
    if len(totals) < LEAST:
        return False
    usual = median(totals)
    return sum(abs(total - usual) <= usual * ABOUT for total in totals) >= LEAST


def _months_before(day: date, count: int) -> date:
    at = day.year * 12 + day.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def paid_against_contracted(contracts: QuerySet[Contract], first: date, last: date) -> list[Paid]:
    """By contract, month and currency what fell due and what was booked from `first` to `last`.

    A bill counts in the month in which it falls due, a payment in that in which it was booked, both
    as they are: a bill that was paid late is a difference in two months. Three queries.
    """
    contracted = _contracted(contracts, first, last)
    paid = _paid(contracts, first, last)
    keys = sorted({*contracted, *paid})
    known = {it.pk: it for it in contracts.select_related("vendor", "department")}
    nothing = (Decimal(0), 0)
    return [
        Paid(
            known[contract],
            month,
            Money(contracted.get((contract, month, currency), Decimal(0)), currency),
            Money(paid.get((contract, month, currency), nothing)[0], currency),
            paid.get((contract, month, currency), nothing)[1],
        )
        for contract, month, currency in keys
        if contract in known
    ]


type Month = tuple[int, date, str]
"""A contract, the first day of a month, and a currency."""


def _contracted(contracts: QuerySet[Contract], first: date, last: date) -> dict[Month, Decimal]:
    terms = Term.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=first),
        contract__in=contracts.order_by().values("pk"),
        starts_on__lte=last,
    )
    found: defaultdict[Month, Decimal] = defaultdict(Decimal)
    for term in terms.order_by():
        for due, amount in bills(term, first, last):
            found[term.contract_id, month_of(due), term.currency] += amount
    return found


def _paid(
    contracts: QuerySet[Contract], first: date, last: date
) -> dict[Month, tuple[Decimal, int]]:
    lines = Spend.objects.filter(
        contract__in=contracts.order_by().values("pk"), booked_on__range=(first, last)
    )
    sums = (
        lines.order_by()
        .annotate(month=TruncMonth("booked_on"))
        .values_list("contract", "month", "currency")
        .annotate(total=Sum("amount"), count=Count("pk"))
        .order_by()
    )
    return {
        (contract, month, currency): (total, count)
        for contract, month, currency, total, count in sums
    }


def largest(rows: Iterable[Outside], count: int) -> dict[str, list[tuple[str, Decimal]]]:
    """By currency who was paid most, all departments together, the most first."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        sums[row.money.currency][row.name] += row.money.amount
    return {
        currency: sorted(named.items(), key=lambda it: (-it[1], it[0]))[:count]
        for currency, named in sorted(sums.items())
    }
