"""Budgets, with what is left of them, and exchange rates in the back office."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_filters
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from config.admin import DateRangeFilter, InUseFilter
from config.admin.reporting import Chart, Column, Report, ReportsAdmin
from config.money import Money, by_currency
from contracts.budgets import Row, budgets
from contracts.models import Budget, ExchangeRate
from contracts.rates import Rates
from people.exchange import ExchangeAdmin


def this_year() -> int:
    return timezone.localdate().year


class BudgetFilters(django_filters.FilterSet):
    year = django_filters.NumberFilter(
        label="Year", initial=this_year, min_value=2000, max_value=2200, decimal_places=0
    )


@dataclass(frozen=True)
class Shown:
    """A budget as the report shows it, with the rates that all of them were converted by."""

    row: Row
    rates: Rates


def rows(filters: Any) -> list[Shown]:
    year, today = filters.form.cleaned_data["year"], timezone.localdate()
    rates = Rates(today)
    return [Shown(row, rates) for row in budgets(int(year or today.year), on=today, rates=rates)]


COLUMNS: list[tuple[str, Callable[[Row], Money | None]]] = [
    ("Budget", lambda row: row.budget),
    ("Spent", lambda row: row.spent),
    ("Committed", lambda row: row.committed),
    ("Undecided", lambda row: row.undecided),
    ("Left", lambda row: row.left),
    ("Left if all goes on", lambda row: row.left_if_renewed),
]


def totals(shown: Sequence[Shown]) -> list[tuple[str, str]]:
    """Each column in each currency; then the rates, and what none leads from."""
    said = []
    for header, value in COLUMNS:
        moneys = [money for it in shown if (money := value(it.row)) is not None]
        said += [(header, str(money)) for money in by_currency(moneys)]
    said += [("Converted at", note) for it in shown[:1] for note in it.rates.notes]
    apart = by_currency(money for it in shown for money in it.row.left_out)
    return said + [("No rate, not counted", str(money)) for money in apart]


def charts(shown: Sequence[Shown]) -> list[Chart]:
    """What is spent, committed and undecided beside the budget, for each currency."""
    found = [it.row for it in shown]
    return [
        Chart(
            f"Budgets in {currency}",
            [name_of(row) for row in found if row.spent.currency == currency],
            [
                (header, [_amount(value(row)) for row in found if row.spent.currency == currency])
                for header, value in COLUMNS[:4]
            ],
            currency,
        )
        for currency in sorted({row.spent.currency for row in found})
    ]


def _amount(money: Money | None) -> Decimal:
    return money.amount if money else Decimal(0)


def name_of(row: Row) -> str:
    return str(row.department or "no budget")


def page_of(shown: Shown) -> str:
    """The budgets of the department, or all where there is none."""
    own = f"?department__id__exact={shown.row.department.pk}" if shown.row.department else ""
    return reverse("admin:contracts_budget_changelist") + own


def _column(header: str, value: Callable[[Row], Money | None]) -> Column:
    return Column(header, lambda shown: value(shown.row), amount=True)


LEFT = Report(
    slug="left",
    title="Budgets and what is left",
    permission="assets.view_cost",
    export_permission="contracts.export_budget",
    columns=[
        Column("Department", lambda it: name_of(it.row), link=page_of),
        *(_column(header, value) for header, value in COLUMNS),
        Column("No rate", lambda it: ", ".join(map(str, it.row.left_out))),
        Column("Rates", lambda it: it.rates.short),
    ],
    filterset=BudgetFilters,
    rows=rows,
    totals=totals,
    chart=charts,
    help=(
        "A budget is also for the parts of its department that have none. Spent is the ledger up to"
        " its last line, what is to come the bills after that day to the end of the year."
    ),
    empty="There is no budget for this year. Add one, or import them.",
)


@admin.register(Budget)
class BudgetAdmin(ReportsAdmin, ExchangeAdmin):
    spreadsheet = "budgets"
    reports = (LEFT,)
    list_display = ["department", "year", "total"]
    list_filter = ["year", ("department", InUseFilter)]
    search_fields = ["department__name", "department__cost_centre", "notes"]
    fields = [("department", "year"), ("amount", "currency"), "notes"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return super().get_queryset(request).select_related("department")

    @display(description="budget", ordering="amount")
    def total(self, budget: Budget) -> str:
        return str(Money(budget.amount, budget.currency))


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ExchangeAdmin):
    spreadsheet = "exchange-rates"
    list_display = ["currency", "on", "worth", "source"]
    list_filter = ["currency", "base", ("on", DateRangeFilter)]
    search_fields = ["currency", "base", "source"]
    date_hierarchy = "on"
    fields = [("currency", "base"), ("on", "rate"), "source"]

    @display(description="one of it is", ordering="rate")
    def worth(self, rate: ExchangeRate) -> str:
        return f"{rate.rate.normalize():f} {rate.base}"
