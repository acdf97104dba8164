"""Charges back to cost centres, as a report of contracts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.urls import reverse
from django.utils import timezone

from config.admin.reporting import Chart, Column, DaysFilter, Report
from config.money import Money, by_currency
from config.periods import A_DAY, month_of
from contracts.admin.contract import ContractAdmin
from contracts.chargeback import Charge, by_cost_centre, charge_back
from contracts.models import Licence

NOWHERE = "no cost centre"
LONGEST = 24
"""How many months at once; each is divided for itself."""


class ChargeForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        days = asked.get("months")
        if days and days.start and days.stop and _count(days.start, days.stop) > LONGEST:
            self.add_error("months", f"At most {LONGEST} months at once.")
        return asked


class ChargeFilters(django_filters.FilterSet):
    months = DaysFilter(label="Months")
    rows = django_filters.ChoiceFilter(
        label="For each",
        choices=[("what", "contract and licence"), ("centre", "cost centre alone")],
        initial="what",
        empty_label=None,
    )
    cost_centre = django_filters.CharFilter(label="Cost centre", max_length=150)
    currency = django_filters.CharFilter(label="Currency", max_length=3)

    class Meta:
        form = ChargeForm


@dataclass(frozen=True)
class Row:
    """A charge, or all of a cost centre in one currency, for the months that `months` says."""

    cost_centre: str
    money: Money
    months: str
    charge: Charge | None = None


def rows(filters: Any) -> list[Row]:
    asked, today = filters.form.cleaned_data, timezone.localdate()
    first, last = _months(asked["months"], today)
    wanted, currency = asked["cost_centre"].casefold(), asked["currency"].upper()
    charges = [
        charge
        for charge in charge_back(first, _count(first, last), on=today)
        if (not wanted or (charge.cost_centre or NOWHERE).casefold() == wanted)
        and currency in ("", charge.money.currency)
    ]
    said = f"{first:%Y-%m}" if _count(first, last) == 1 else f"{first:%Y-%m} to {last:%Y-%m}"
    if asked["rows"] == "centre":
        return [Row(centre or NOWHERE, money, said) for centre, money in by_cost_centre(charges)]
    return [Row(it.cost_centre or NOWHERE, it.money, said, it) for it in charges]


def _months(days: slice | None, today: date) -> tuple[date, date]:
    """The first days of the first and the last month; without any it is the month before."""
    before = month_of(month_of(today) - A_DAY)
    start, stop = (days.start, days.stop) if days else (None, None)
    first = month_of(start or stop or before)
    return first, month_of(stop or start or before)


def _count(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def totals(shown: Sequence[Row]) -> list[tuple[str, str]]:
    return [("All", str(money)) for money in by_currency(row.money for row in shown)]


def charts(shown: Sequence[Row]) -> list[Chart]:
    """What each cost centre is charged, for each currency."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in shown:
        sums[row.money.currency][row.cost_centre] += row.money.amount
    return [
        Chart(f"Charged in {currency}", list(found), [("Charged", list(found.values()))], currency)
        for currency, found in sorted(sums.items())
    ]


def what(row: Row) -> str:
    return str(row.charge.what) if row.charge else "everything"


def page_of(row: Row) -> str:
    if row.charge is None:
        return ""
    kind = "licence" if isinstance(row.charge.what, Licence) else "contract"
    return reverse(f"admin:contracts_{kind}_change", args=[row.charge.what.pk])


CHARGE_BACK = Report(
    slug="charge-back",
    title="Charge-back",
    permission="assets.view_cost",
    export_permission="contracts.export_contract",
    columns=[
        Column("Cost centre", lambda row: row.cost_centre),
        Column("What", what, link=page_of),
        Column("Because of", lambda row: row.charge.basis.value if row.charge else ""),
        Column("Months", lambda row: row.months),
        Column("Charged", lambda row: row.money, amount=True),
    ],
    filterset=ChargeFilters,
    rows=rows,
    totals=totals,
    chart=charts,
    help=(
        "What each month costs, charged to whoever held the seats and covered assets at its close."
        " Without months it is the month before this one."
    ),
    empty="These months cost nothing. Contracts cost something once they have terms.",
)
ContractAdmin.reports = [*ContractAdmin.reports, CHARGE_BACK]
