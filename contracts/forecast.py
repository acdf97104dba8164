"""What contracts and licences will cost, month by month: what is committed, what is undecided.

Cash is the bills by the month in which they are due; accrued is what each month costs, whenever it
is billed (`contracts.charges`). What is committed and what would follow says `contracts.outlook`.
A licence that no contract with terms stands behind counts with its own cost a year.

Amounts of two currencies are never added: `forecast` gives each currency for itself, `converted`
brings them into one and says by the rates of which days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import add, sub

from django.db import models
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from config.money import Money, by_currency
from config.periods import end_of_month, month_of, months_from
from contracts.charges import accruals_in_cents, bills_in_cents
from contracts.models import Contract, Licence
from contracts.outlook import Stretch, costing_by_themselves, of_licence, outlooks
from contracts.rates import MissingRate, Rates

MONTHS = 24


class Method(models.TextChoices):
    CASH = "cash", "when it is billed"
    ACCRUAL = "accrual", "month by month"


class By(models.TextChoices):
    VENDOR = "vendor", "vendor"
    DEPARTMENT = "department", "department"
    KIND = "kind", "kind of contract"
    MONTH = "month", "month alone"


@dataclass(frozen=True, slots=True)
class Line:
    """What one group costs in one month, agreed or not, in one currency; never nothing."""

    group: str
    month: date
    is_committed: bool
    money: Money


@dataclass(frozen=True)
class Forecast:
    """Sorted lines; `undated` are costs a year of licences that no day says the beginning of."""

    by: str
    method: str
    on: date
    months: list[date]
    lines: list[Line]
    undated: list[Money]

    def totals(self, *, committed: bool | None = None) -> list[Money]:
        """The sum of each currency; only of what is committed, or is not, if asked."""
        chosen = [it for it in self.lines if committed in (None, it.is_committed)]
        return by_currency(it.money for it in chosen)


@dataclass(frozen=True)
class Converted:
    """A forecast in one currency; `apart` are the lines that no rate leads from, as they are."""

    forecast: Forecast
    currency: str
    apart: list[Line]
    rates: Rates

    @property
    def left_out(self) -> list[Money]:
        """What is not in the forecast, by currency."""
        return by_currency(line.money for line in self.apart)


def forecast(
    contracts: QuerySet[Contract],
    *,
    first_month: date,
    months: int = MONTHS,
    method: str,
    on: date,
    by: str = By.VENDOR,
    licences: QuerySet[Licence] | None = None,
) -> Forecast:
    """What `contracts` cost in `months` calendar months from that of `first_month`, as of `on`.

    Of `licences`, all where none are given, those count that cost by themselves. Four queries,
    however many contracts there are.
    """
    window = Window(month_of(first_month), months, method)
    sums: Sums = defaultdict(lambda: [0] * months)
    groups = dict(contracts.order_by().values_list("pk", OF_CONTRACT[By(by)]))
    for key, stretches in outlooks(contracts, on=on, until=window.last).items():
        _add(sums, groups[key], stretches, window)
    own = costing_by_themselves(Licence.objects.all() if licences is None else licences)
    undated = []
    for licence in own.order_by().annotate(group=OF_LICENCE[By(by)]):
        _add(sums, licence.group, of_licence(licence, on=on, until=window.last), window)
        if not (licence.starts_on or licence.purchased_on) and licence.annual_cost:
            undated.append(Money(licence.annual_cost, licence.currency))
    return Forecast(by, method, on, window.months, _lines(sums, window), by_currency(undated))


def converted(found: Forecast, rates: Rates, to: str) -> Converted:
    """A forecast in the currency `to`. Each line is converted to the cent, so that what is added
    up adds up; what no rate leads from stands apart.
    """
    sums: dict[tuple[str, date, bool], Money] = {}
    apart = []
    for line in found.lines:
        key = line.group, line.month, line.is_committed
        try:
            money = rates.convert(line.money, to)
        except MissingRate:
            apart.append(line)
        else:
            sums[key] = sums[key] + money if key in sums else money
    lines = sorted((Line(*key, money) for key, money in sums.items()), key=_order)
    return Converted(replace(found, lines=lines), to, apart, rates)


# --- One stretch after the other -----------------------------------------------------------------

NOWHERE = Value("")
OF_CONTRACT: dict[By, Combinable] = {
    By.VENDOR: F("vendor__name"),
    By.DEPARTMENT: Coalesce("department__name", NOWHERE),
    By.KIND: F("kind"),
    By.MONTH: NOWHERE,
}
OF_LICENCE: dict[By, Combinable] = {
    By.VENDOR: Coalesce("supplier__name", "product__maker__name"),
    By.DEPARTMENT: Coalesce("contract__department__name", NOWHERE),
    By.KIND: Value(Contract.Kind.LICENCE),
    By.MONTH: NOWHERE,
}
Sums = defaultdict[tuple[str, bool, str], list[int]]
"""By group, whether it is committed, and currency: cents for each month."""


class Window:
    """The months that are looked at, and what a stretch costs in each."""

    def __init__(self, first: date, count: int, method: str) -> None:
        self.first, self.method = first, method
        self.months = months_from(first, count)
        self.last = end_of_month(self.months[-1])

    def cents(self, stretch: Stretch, until: date | None = None) -> list[int]:
        """Month by month; with `until` only the part that is for the days up to it."""
        if self.method == Method.ACCRUAL:
            return accruals_in_cents(stretch, self.first, len(self.months), until)
        found = [0] * len(self.months)
        for due, cents in bills_in_cents(stretch, self.first, self.last, until):
            found[(due.year - self.first.year) * 12 + due.month - self.first.month] += cents
        return found


def _add(sums: Sums, group: str, stretches: Sequence[Stretch], window: Window) -> None:
    for stretch in stretches:
        end = stretch.ends_on or date.max
        if stretch.starts_on > window.last or end < window.first:
            continue
        whole = window.cents(stretch)
        if stretch.sure_until >= end:
            _add_up(sums[group, True, stretch.currency], whole)
        elif stretch.sure_until < stretch.starts_on:
            _add_up(sums[group, False, stretch.currency], whole)
        else:
            sure = window.cents(stretch, stretch.sure_until)
            _add_up(sums[group, True, stretch.currency], sure)
            _add_up(sums[group, False, stretch.currency], map(sub, whole, sure))


def _add_up(sums: list[int], amounts: Iterable[int]) -> None:
    sums[:] = map(add, sums, amounts)


def _lines(sums: Sums, window: Window) -> list[Line]:
    lines = [
        Line(group, month, is_committed, Money(Decimal(cents).scaleb(-2), currency))
        for (group, is_committed, currency), amounts in sums.items()
        for month, cents in zip(window.months, amounts, strict=True)
        if cents
    ]
    return sorted(lines, key=_order)


def _order(line: Line) -> tuple[bool, str, date, bool, str]:
    """By group, what belongs to none last; by month; what is committed before what is not."""
    unnamed = not line.group
    return unnamed, line.group, line.month, not line.is_committed, line.money.currency
