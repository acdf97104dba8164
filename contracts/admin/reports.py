"""What contracts cost, by kind, vendor, department and owner."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from config.admin.reporting import Chart, Column, DaysFilter, LinkFilter, Report
from config.money import Money, by_currency
from contracts.admin.contract import ContractAdmin
from contracts.models import Contract
from contracts.models.contract import DECISIONS

Kind = Contract.Kind
UNDECIDED = "undecided"
COSTLIEST_FIRST = F("annual_cost").desc(nulls_last=True)


class CostFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="State",
        choices=[("running", "running"), ("ended", "ended"), ("to-come", "yet to begin")],
        empty_label="all",
        initial="running",
        method="in_state",
    )
    kind = django_filters.MultipleChoiceFilter(label="Kind", choices=Kind.choices)
    vendor = LinkFilter(Contract.vendor, label="Vendor")
    department = LinkFilter(Contract.department, label="Department")
    owner = LinkFilter(Contract.owner, label="Owner")
    decision = django_filters.ChoiceFilter(
        label="Decision",
        choices=[(value or UNDECIDED, words) for value, words in DECISIONS.items()],
        method="decided",
    )
    ends = DaysFilter("ends_on", label="Ends")

    class Meta:
        model = Contract
        fields: Sequence[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> QuerySet[Contract]:
        today = timezone.localdate()
        chosen = {
            "running": rows.running(today),
            "ended": rows.ended(today),
            "to-come": rows.filter(starts_on__gt=today),
        }
        return chosen[value]

    def decided(self, rows: Any, name: str, value: str) -> QuerySet[Contract]:
        return rows.filter(decision="" if value == UNDECIDED else value)


def found(filters: Any) -> QuerySet[Contract]:
    return filters.qs.order_by("currency", COSTLIEST_FIRST, "number")


def cost_of(contract: Contract) -> Money | None:
    cost = contract.annual_cost
    return None if cost is None else Money(cost, contract.currency)


def totals(rows: Sequence[Contract]) -> list[tuple[str, str]]:
    return [("A year", str(money)) for money in by_currency(filter(None, map(cost_of, rows)))]


def charts(rows: Sequence[Contract]) -> list[Chart]:
    """The cost a year of each kind, in a chart for each currency."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for contract in rows:
        sums[contract.currency][contract.kind] += contract.annual_cost or Decimal(0)
    return [_chart(currency, by_kind) for currency, by_kind in sorted(sums.items())]


def _chart(currency: str, by_kind: dict[str, Decimal]) -> Chart:
    kinds = [kind for kind in Kind if by_kind.get(kind)]
    labels = [kind.label.capitalize() for kind in kinds]
    values = [by_kind[kind] for kind in kinds]
    return Chart(f"Cost a year by kind, in {currency}", labels, [("A year", values)], currency)


COSTS = Report(
    slug="costs",
    title="Costs by kind",
    permission="contracts.view_contract",
    export_permission="contracts.export_contract",
    columns=[
        Column(
            "Number",
            lambda it: it.number,
            link=lambda it: reverse("admin:contracts_contract_change", args=[it.pk]),
            order="number",
        ),
        Column("Title", lambda it: it.title, order="title"),
        Column("Kind", lambda it: it.get_kind_display()),
        Column("Vendor", lambda it: str(it.vendor), order="vendor__name"),
        Column("Department", lambda it: str(it.department or ""), order="department__name"),
        Column("Owner", lambda it: str(it.owner or ""), order="owner__name"),
        Column("Starts", lambda it: it.starts_on, order="starts_on"),
        Column("Ends", lambda it: it.ends_on, order="ends_on"),
        Column("Notice by", lambda it: it.notice_by, order="notice_by"),
        Column("Decision", lambda it: it.get_decision_display()),
        Column("Cost a year", cost_of, amount=True, order="annual_cost"),
    ],
    filterset=CostFilters,
    rows=found,
    totals=totals,
    chart=charts,
    help="What each contract costs a year, as its last term has it. Currencies stand apart.",
    empty="No contract is running. Add one, or import them.",
)
ContractAdmin.reports = [*ContractAdmin.reports, COSTS]
