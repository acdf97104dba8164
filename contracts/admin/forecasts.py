"""The forecast, as a report of contracts: by month, vendor, department or kind."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Q
from django.utils import timezone

from config.admin.reporting import Chart, Column, LinkFilter, Report
from config.fields import default_currency
from config.money import Money, by_currency
from config.periods import month_of
from contracts.admin.contract import ContractAdmin
from contracts.forecast import By, Converted, Forecast, Line, Method, converted, forecast
from contracts.models import Contract, Licence
from contracts.rates import Rates

NOBODY = {By.VENDOR: "no vendor", By.DEPARTMENT: "no department", By.MONTH: "all"}


def this_month() -> date:
    return month_of(timezone.localdate())


class ForecastFilters(django_filters.FilterSet):
    method = django_filters.ChoiceFilter(
        label="Counted", choices=Method.choices, initial=Method.CASH, empty_label=None
    )
    by = django_filters.ChoiceFilter(
        label="By", choices=By.choices, initial=By.MONTH, empty_label=None
    )
    months = django_filters.ChoiceFilter(
        label="Months",
        choices=[("apart", "one by one"), ("together", "together")],
        initial="apart",
        empty_label=None,
    )
    start = django_filters.DateFilter(label="24 months from", initial=this_month)
    currency = django_filters.CharFilter(
        label="In the currency", max_length=3, initial=default_currency
    )
    vendor = LinkFilter(Contract.vendor, label="Vendor")
    department = LinkFilter(Contract.department, label="Department")
    kind = django_filters.MultipleChoiceFilter(label="Kind", choices=Contract.Kind.choices)


@dataclass(frozen=True)
class Row:
    """One line of the page; `found` is the forecast that it is of, `month` "" for all together."""

    group: str
    month: str
    committed: Money
    undecided: Money
    found: Converted

    @property
    def total(self) -> Money:
        return self.committed + self.undecided


def rows(filters: Any) -> list[Row]:
    asked, today = filters.form.cleaned_data, timezone.localdate()
    contracts, licences = _chosen(asked)
    found = forecast(
        contracts,
        first_month=asked["start"] or today,
        method=asked["method"],
        on=today,
        by=asked["by"],
        licences=licences,
    )
    currency = asked["currency"].upper()
    in_one = converted(found, Rates(today), currency) if currency else _as_is(found, today)
    return list(_rows(in_one, apart=asked["months"] == "apart"))


def _as_is(found: Forecast, today: date) -> Converted:
    """Every currency for itself."""
    return Converted(found, "", [], Rates(today))


def _chosen(asked: dict[str, Any]) -> tuple[Any, Any]:
    """The contracts that are asked for, and the licences to look through beside them."""
    contracts, licences = Contract.objects.all(), Licence.objects.all()
    if vendor := asked["vendor"]:
        made = Q(supplier=None, product__maker=vendor)
        contracts = contracts.filter(vendor=vendor)
        licences = licences.filter(Q(supplier=vendor) | made)
    if department := asked["department"]:
        contracts = contracts.filter(department=department)
        licences = licences.filter(contract__department=department)
    if kinds := asked["kind"]:
        contracts = contracts.filter(kind__in=kinds)
        licences = licences if Contract.Kind.LICENCE in kinds else licences.none()
    return contracts, licences


def _rows(found: Converted, *, apart: bool) -> Iterator[Row]:
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for line in [*found.forecast.lines, *found.apart]:
        month = f"{line.month:%Y-%m}" if apart else ""
        key = line.money.currency, line.group, month
        both = sums.setdefault(key, [Decimal(0), Decimal(0)])
        both[0 if line.is_committed else 1] += line.money.amount
    for (currency, group, month), amounts in sums.items():
        committed, undecided = (Money(amount, currency) for amount in amounts)
        yield Row(_told(group, found.forecast.by), month, committed, undecided, found)


def _told(group: str, by: str) -> str:
    if by == By.KIND:
        return str(Contract.Kind(group).label)
    return group or NOBODY[By(by)]


def totals(shown: Sequence[Row]) -> list[tuple[str, str]]:
    """What is committed, undecided and both in each currency, and the rates with their days."""
    if not shown:
        return []
    found = shown[0].found
    said = []
    for words, part in (("Committed", "committed"), ("Undecided", "undecided"), ("All", "total")):
        said += [(words, str(money)) for money in by_currency(getattr(it, part) for it in shown)]
    said += [("Converted at", note) for note in found.rates.notes]
    said += [("No rate, not converted", str(money)) for money in found.left_out]
    undated = found.forecast.undated
    return said + [("A year, first day not known, not counted", str(money)) for money in undated]


def charts(shown: Sequence[Row]) -> list[Chart]:
    """Each month, committed and undecided on top of each other, for each currency."""
    if not shown:
        return []
    found = shown[0].found
    lines = [*found.forecast.lines, *found.apart]
    currencies = sorted({line.money.currency for line in lines})
    return [_chart(lines, currency, found.forecast.months) for currency in currencies]


def _chart(lines: Sequence[Line], currency: str, months: Sequence[date]) -> Chart:
    sums: defaultdict[tuple[date, bool], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.money.currency == currency:
            sums[line.month, line.is_committed] += line.money.amount
    series = [
        (words, [sums[month, is_committed] for month in months])
        for words, is_committed in (("Committed", True), ("Undecided", False))
    ]
    labels = [f"{month:%b %Y}" for month in months]
    return Chart(f"Costs by month in {currency}", labels, series, currency, "stacked")


FORECAST = Report(
    slug="forecast",
    title="Forecast",
    permission="assets.view_cost",
    export_permission="contracts.export_contract",
    columns=[
        Column("For", lambda row: row.group),
        Column("Month", lambda row: row.month or "all"),
        Column("Committed", lambda row: row.committed, amount=True),
        Column("Undecided", lambda row: row.undecided, amount=True),
        Column("All", lambda row: row.total, amount=True),
        Column("Rates", lambda row: row.found.rates.short),
    ],
    filterset=ForecastFilters,
    rows=rows,
    totals=totals,
    chart=charts,
    help=(
        "Committed is what is agreed and can no longer be stopped; undecided is what follows at the"
        " same price if contracts go on. Without a currency each is shown for itself."
    ),
    empty="Nothing lies ahead. Contracts cost something once they have terms.",
)
ContractAdmin.reports = [*ContractAdmin.reports, FORECAST]
