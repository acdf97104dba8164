"""Reports of the ledger: what was bought outside IT, and what contracts were paid."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from config.admin.reporting import Chart, Column, DaysFilter, LinkFilter, Report
from config.money import by_currency
from contracts.admin.spellings import MATCH, REMEMBER
from contracts.admin.spend import SpendAdmin
from contracts.models import Contract, Spend
from contracts.spending import Outside, Paid, largest, outside, paid_against_contracted

DRAWN = 10
"""How many bars a chart has."""
VIEW, EXPORT = "contracts.view_spend", "contracts.export_spend"


# --- Bought outside IT ---------------------------------------------------------------------------


class OutsideFilters(django_filters.FilterSet):
    booked = DaysFilter(label="Booked", field_name="booked_on")
    vendor = LinkFilter(Spend.vendor, label="Vendor")
    department = LinkFilter(Spend.department, label="Department")
    currency = django_filters.CharFilter(label="Currency", lookup_expr="iexact", max_length=3)
    decided = django_filters.BooleanFilter(label="Decided by hand", method="by_decision")
    recurring = django_filters.BooleanFilter(label="Recurring", method="later")

    class Meta:
        model = Spend
        fields: list[str] = []

    def by_decision(self, rows: QuerySet[Spend], name: str, value: bool) -> QuerySet[Spend]:
        by_hand = {"matched": Spend.Matched.BY_HAND}
        return rows.filter(**by_hand) if value else rows.exclude(**by_hand)

    def later(self, rows: QuerySet[Spend], name: str, value: bool) -> QuerySet[Spend]:
        """Known only once the lines are added up."""
        return rows


def bought_outside(filters: Any) -> list[Outside]:
    """The rows of the report; what recurs is judged at the end of the days asked for."""
    asked = filters.form.cleaned_data
    on = (asked["booked"].stop if asked["booked"] else None) or timezone.localdate()
    rows = outside(filters.qs, min(on, timezone.localdate()))
    wanted = asked["recurring"]
    return [row for row in rows if wanted is None or row.recurring == wanted]


def _lines_of(row: Outside) -> str:
    """The lines of a row, but for its department, in the list."""
    vendor, key, currency = row.who
    who = {"vendor__id__exact": vendor} if row.is_known else {"supplier_key": key}
    query = urlencode({**who, "state": "outside", "currency": currency})
    return f"{reverse('admin:contracts_spend_changelist')}?{query}"


def _name_it(request: HttpRequest, row: Outside) -> list[tuple[str, str]]:
    if row.is_known or not request.user.has_perms([MATCH, REMEMBER]):
        return []
    page = reverse("admin:contracts_spend_suggestions_vendor")
    return [("Say who it is", f"{page}?{urlencode({'key': row.who[1]})}")]


def _sums(rows: Sequence[Outside]) -> list[tuple[str, str]]:
    regular = by_currency(row.money for row in rows if row.recurring)
    return [
        *(("All", str(money)) for money in by_currency(row.money for row in rows)),
        *(("Of which recurring", str(money)) for money in regular),
    ]


def _charts(rows: Sequence[Outside]) -> list[Chart]:
    return [
        Chart(
            f"Most was paid to, in {currency}",
            [name for name, _ in named],
            [("Paid", [amount for _, amount in named])],
            currency,
        )
        for currency, named in largest(rows, DRAWN).items()
    ]


OUTSIDE = Report(
    slug="outside",
    title="Bought outside IT",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Paid to", lambda row: row.name, link=_lines_of),
        Column("Known vendor", lambda row: "yes" if row.is_known else "no"),
        Column("Department", lambda row: row.department),
        Column("Lines", lambda row: row.lines, amount=True),
        Column("Paid", lambda row: row.money, amount=True),
        Column("First", lambda row: row.first),
        Column("Last", lambda row: row.last),
        Column("Recurring", lambda row: "yes" if row.recurring else "no"),
    ],
    filterset=OutsideFilters,
    rows=bought_outside,
    totals=_sums,
    chart=_charts,
    actions=_name_it,
    help="What belongs to no contract. Recurring: about the same, give or take a tenth, in three of"
    " the four months before the last day asked for.",
    empty="Nothing was bought outside a contract. Import the finance ledger and match it.",
)


# --- Paid against contracted ---------------------------------------------------------------------


def _this_year() -> int:
    return timezone.localdate().year


class PaidFilters(django_filters.FilterSet):
    year = django_filters.NumberFilter(
        label="Year", initial=_this_year, min_value=2000, max_value=2200, decimal_places=0
    )
    contract = LinkFilter(Spend.contract, label="Contract")
    vendor = LinkFilter(Contract.vendor, label="Vendor")
    department = LinkFilter(Contract.department, label="Department")
    differs = django_filters.BooleanFilter(label="Only differences")


def paid_rows(filters: Any) -> list[Paid]:
    """The months of the year until today."""
    asked = filters.form.cleaned_data
    year = int(asked["year"] or _this_year())
    contracts = Contract.objects.all()
    if asked["contract"]:
        contracts = contracts.filter(pk=asked["contract"].pk)
    for name in ("vendor", "department"):
        if asked[name]:
            contracts = contracts.filter(**{name: asked[name]})
    last = min(date(year, 12, 31), timezone.localdate())
    rows = paid_against_contracted(contracts, date(year, 1, 1), last)
    wanted = asked["differs"]
    return [row for row in rows if wanted is None or bool(row.difference) == wanted]


def _paid_sums(rows: Sequence[Paid]) -> list[tuple[str, str]]:
    return [
        (label, str(money))
        for label, read in (
            ("Contracted", lambda row: row.contracted),
            ("Paid", lambda row: row.paid),
            ("Difference", lambda row: row.difference),
        )
        for money in by_currency(map(read, rows))
    ]


def _paid_charts(rows: Sequence[Paid]) -> list[Chart]:
    """By month, for each currency."""
    sums: defaultdict[tuple[str, date], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for row in rows:
        at = row.paid.currency, row.month
        both = sums[at]
        sums[at] = [both[0] + row.contracted.amount, both[1] + row.paid.amount]
    charts = []
    for currency in sorted({currency for currency, _ in sums}):
        months = sorted(month for code, month in sums if code == currency)
        series = [
            (label, [sums[currency, month][place] for month in months])
            for place, label in enumerate(("Contracted", "Paid"))
        ]
        title = f"Paid against contracted in {currency}"
        charts.append(Chart(title, [f"{month:%b %Y}" for month in months], series, currency))
    return charts


PAID = Report(
    slug="paid",
    title="Paid against contracted",
    permission="contracts.view_contract",
    export_permission=EXPORT,
    columns=[
        Column(
            "Contract",
            lambda row: str(row.contract),
            link=lambda row: reverse("admin:contracts_contract_change", args=[row.contract.pk]),
        ),
        Column("Vendor", lambda row: str(row.contract.vendor)),
        Column("Department", lambda row: str(row.contract.department or "")),
        Column("Month", lambda row: row.month),
        Column("Contracted", lambda row: row.contracted, amount=True),
        Column("Paid", lambda row: row.paid, amount=True),
        Column("Difference", lambda row: row.difference, amount=True),
        Column("Lines", lambda row: row.lines, amount=True),
    ],
    filterset=PaidFilters,
    rows=paid_rows,
    totals=_paid_sums,
    chart=_paid_charts,
    help="What fell due by the terms of each contract in a month, and what was booked for it then,"
    " until today. A bill that was paid a month late is a difference in both months.",
    empty="Nothing fell due and nothing was paid in this year. Give contracts their terms, and"
    " import the finance ledger.",
)

SpendAdmin.reports = [*SpendAdmin.reports, OUTSIDE, PAID]
