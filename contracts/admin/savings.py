"""Savings for finance: each line with its money, its evidence, and the button that acts on it."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from config.admin.reporting import Chart, Column, LinkFilter, Report
from config.money import by_currency
from contracts.admin.contract import ContractAdmin
from contracts.models import Contract
from contracts.savings import KINDS, Kind, Line, lines

SEEN = {
    Kind.IDLE_SEATS: "contracts.view_seat",
    Kind.UNUSED_STOCK: "assets.view_asset",
    Kind.DUPLICATE_TOOLS: "contracts.view_seat",
    Kind.GONE_ASSETS: "contracts.view_coverage",
    Kind.TWICE_COVERED: "contracts.view_coverage",
    Kind.RETIRED_WARRANTIES: "assets.view_warranty",
}
"""What a line tells of beside contracts and costs, and so asks for."""


class SavingFilters(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(label="Kind", choices=Kind.choices)
    department = LinkFilter(Contract.department, label="Department")
    currency = django_filters.CharFilter(label="Currency", max_length=3)
    least = django_filters.NumberFilter(label="Saves at least", min_value=0)


def found(filters: Any) -> list[Line]:
    """The lines that this user may see and the filters ask for."""
    asked, user = filters.form.cleaned_data, filters.request.user
    kinds = [
        kind
        for kind in KINDS
        if user.has_perm(SEEN[kind]) and (not asked["kind"] or kind in asked["kind"])
    ]
    currency = asked["currency"].upper()
    return [
        line
        for line in lines(timezone.localdate(), kinds)
        if (not asked["department"] or line.department == asked["department"])
        and (not currency or line.money.currency == currency)
        and (asked["least"] is None or line.money.amount >= asked["least"])
    ]


def totals(rows: Sequence[Line]) -> list[tuple[str, str]]:
    """What comes back every year apart from what does once."""
    yearly, once = (
        by_currency(line.money for line in rows if line.yearly is every) for every in (True, False)
    )
    return [("A year", str(money)) for money in yearly] + [("Once", str(money)) for money in once]


def charts(rows: Sequence[Line]) -> list[Chart]:
    """By kind, one for each currency."""
    sums: defaultdict[tuple[str, Kind, bool], Decimal] = defaultdict(Decimal)
    for line in rows:
        sums[line.money.currency, line.kind, line.yearly] += line.money.amount
    found = []
    for currency in sorted({currency for currency, _, _ in sums}):
        kinds = [
            kind for kind in KINDS if any((currency, kind, it) in sums for it in (True, False))
        ]
        series = [
            (words, [sums[currency, kind, yearly] for kind in kinds])
            for words, yearly in (("A year", True), ("Once", False))
        ]
        labels = [str(kind.label).capitalize() for kind in kinds]
        found.append(Chart(f"Possible savings in {currency}", labels, series, currency, "stacked"))
    return found


# --- What can be done about a line ---


def page_of(line: Line) -> str:
    """The page of what has to be changed."""
    return _page(line.record, "change", line.record.pk)


def actions(request: HttpRequest, line: Line) -> list[tuple[str, str]]:
    """The button that acts, for who may take the step it leads to."""
    button = {
        Kind.IDLE_SEATS: _reclaim,
        Kind.UNUSED_STOCK: _hand_over,
        Kind.DUPLICATE_TOOLS: _cancel_tool,
        Kind.GONE_ASSETS: _let_go,
        Kind.TWICE_COVERED: _let_go,
        Kind.RETIRED_WARRANTIES: _claim_back,
    }[line.kind](request, line)
    return [button] if button and button[1] else []


def _reclaim(request: HttpRequest, line: Line) -> tuple[str, str] | None:
    return _step(request, line.record, "reclaim")


def _hand_over(request: HttpRequest, line: Line) -> tuple[str, str] | None:
    return _step(request, line.record, "hand_over")


def _cancel_tool(request: HttpRequest, line: Line) -> tuple[str, str] | None:
    contract = getattr(line.record, "contract", None)
    return _step(request, contract, "cancel") if contract else None


def _let_go(request: HttpRequest, line: Line) -> tuple[str, str] | None:
    """Cancel what covers nothing that is needed, else take away what it need not cover."""
    if line.whole:
        return _step(request, line.record, "cancel")
    may = request.user.has_perm("contracts.delete_coverage")
    return ("Uncover", page_of(line)) if may else None


def _claim_back(request: HttpRequest, line: Line) -> tuple[str, str] | None:
    may = request.user.has_perm("assets.change_warranty")
    return ("Claim back", page_of(line)) if may else None


def _step(request: HttpRequest, record: Model, name: str) -> tuple[str, str] | None:
    screens: Any = admin.site._registry.get(type(record))
    for step in screens.permitted_steps(request) if screens else []:
        if step.name == name:
            return step.label, _page(record, "step", record.pk, name)
    return None


def _page(record: Model, page: str, *args: object) -> str:
    if type(record) not in admin.site._registry:
        return ""
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


SAVINGS = Report(
    slug="savings",
    title="Savings",
    permission="assets.view_cost",
    export_permission="contracts.export_contract",
    columns=[
        Column("What", lambda it: it.what, link=page_of),
        Column("Kind", lambda it: str(it.kind.label)),
        Column("Evidence", lambda it: it.evidence),
        Column("Department", lambda it: str(it.department or "")),
        Column("Saves", lambda it: it.money, amount=True),
        Column("How often", lambda it: "a year" if it.yearly else "once"),
    ],
    filterset=SavingFilters,
    rows=found,
    totals=totals,
    chart=charts,
    actions=actions,
    help=(
        "What is paid for and not used. One thing may stand in two lines: whoever cancels a"
        " contract no longer needs to take its seats back."
    ),
    empty=(
        "Nothing is wasted, as far as is known. Idle seats show after an import of their use,"
        " unused stock after half a year, if its cost is known."
    ),
)
ContractAdmin.reports = [*ContractAdmin.reports, SAVINGS]
