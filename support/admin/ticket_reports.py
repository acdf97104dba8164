"""Reports of the desk: what comes back again and again, and which promises were kept."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from assets.models import Asset, Product
from config.admin.reporting import Chart, Column, LinkFilter, Report
from config.money import Money
from support import kept, offenders
from support.admin.beside import COST
from support.admin.ticket import TicketAdmin
from support.kept import Kept
from support.models import Ticket
from support.offenders import Offender

VIEW, EXPORT = "support.view_ticket", "support.export_ticket"
PERIODS = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("all", "all time")]
DRAWN = 10
"""How many of the first a chart shows."""


def _since(days: str) -> date | None:
    return timezone.localdate() - timedelta(int(days)) if days.isdecimal() else None


class PeriodFilters(django_filters.FilterSet):
    period = django_filters.ChoiceFilter(
        label="Opened in the last", choices=PERIODS, initial="365", method="opened_in"
    )
    category = LinkFilter(Ticket.category, label="Category of ticket")

    class Meta:
        model = Ticket
        fields: Sequence[str] = []

    def opened_in(self, rows: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        if not value.isdecimal():
            return rows
        return rows.filter(opened_at__gte=timezone.now() - timedelta(int(value)))


class OffenderFilters(PeriodFilters):
    asset__product__category = LinkFilter(Product.category, label="Category of device")
    at_least = django_filters.ChoiceFilter(
        label="Tickets",
        choices=[(str(it), f"{it} or more") for it in (1, 2, 3, 5, 10)],
        initial="2",
        method="keep",
    )

    def keep(self, rows: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return rows  # what is counted is known only once the rows are grouped


def _rows(find: Callable[..., list[Offender]]) -> Callable[[Any], list[Offender]]:
    """The offenders under the filters; costs are left out for who may not see costs."""

    def rows(filters: Any) -> list[Offender]:
        asked = filters.form.cleaned_data
        found = find(
            filters.qs,
            at_least=int(asked.get("at_least") or 1),
            since=_since(asked.get("period") or "all"),
            on=timezone.localdate(),
        )
        if not filters.request.user.has_perm(COST):
            for it in found:
                it.costs = []
            found.sort(key=lambda it: it.order)
        return found

    return rows


def _cost(it: Offender) -> Money | str | None:
    """In its one currency; where there are several, each in words."""
    if len(it.costs) < 2:
        return it.costs[0] if it.costs else None
    return ", ".join(map(str, it.costs))


def _chart(rows: Sequence[Offender]) -> Chart:
    first = rows[:DRAWN]
    names = [it.record.tag if isinstance(it.record, Asset) else str(it.record) for it in first]
    series = [
        ("Tickets", [Decimal(it.tickets) for it in first]),
        ("Repairs", [Decimal(it.repairs) for it in first]),
    ]
    return Chart("Tickets and repairs of the first ten", names, series, "")


def _tickets_of(lookup: str) -> Callable[[Offender], str]:
    address = "admin:support_ticket_changelist"
    return lambda it: f"{reverse(address)}?{lookup}__id__exact={it.record.pk}"


def _page_of(name: str) -> Callable[[Offender], str]:
    return lambda it: reverse(f"admin:assets_{name}_change", args=[it.record.pk])


UPKEEP = [
    Column("Repairs", lambda it: it.repairs, amount=True),
    Column("Days out", lambda it: it.days_out, amount=True),
    Column("Cost of repairs and work", _cost, amount=True),
]
EMPTY = "Nothing comes back that often. Ask for fewer tickets, or for a longer time."
ASSETS = Report(
    slug="repeat-assets",
    title="Repeat offenders: assets",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Asset", lambda it: str(it.record), link=_page_of("asset")),
        Column("Serial number", lambda it: it.record.serial),
        Column("Tickets", lambda it: it.tickets, link=_tickets_of("asset"), amount=True),
        *UPKEEP,
        Column("% of its product’s tickets", lambda it: it.share, amount=True),
    ],
    filterset=OffenderFilters,
    rows=_rows(offenders.assets),
    chart=_chart,
    help="Devices by how many tickets they caused. Costs are shown to those who may see costs.",
    empty=EMPTY,
)
PRODUCTS = Report(
    slug="repeat-products",
    title="Repeat offenders: products",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Product", lambda it: str(it.record), link=_page_of("product")),
        Column("Tickets", lambda it: it.tickets, link=_tickets_of("asset__product"), amount=True),
        *UPKEEP,
        Column("In service", lambda it: it.in_service, amount=True),
        Column("Tickets per device in service", lambda it: it.per_device, amount=True),
    ],
    filterset=OffenderFilters,
    rows=_rows(offenders.products),
    chart=_chart,
    help="Products by how many tickets their devices caused. Costs are shown to those who may see"
    " costs.",
    empty=EMPTY,
)


def _promises(filters: Any) -> list[Kept]:
    return kept.by_month(filters.qs, timezone.now())


def _promises_chart(rows: Sequence[Kept]) -> Chart:
    """What was kept and missed by month, all priorities together, the oldest first."""
    months = sorted({it.month for it in rows})
    sums = [
        [sum((it.answered + it.solved).count(value) for it in rows if it.month == month)]
        for value in (True, False)
        for month in months
    ]
    values = [Decimal(it[0]) for it in sums]
    series = [("In time", values[: len(months)]), ("Missed", values[len(months) :])]
    return Chart("Promises", [f"{it:%b %Y}" for it in months], series, "", kind="stacked")


LEVELS = Report(
    slug="service-levels",
    title="Service levels",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Month from", lambda it: it.month),
        Column("Priority", lambda it: str(it.priority.label)),
        Column("Tickets", lambda it: it.tickets, amount=True),
        Column("Answered in time", lambda it: it.answered.count(True), amount=True),
        Column("Answered late", lambda it: it.answered.count(False), amount=True),
        Column("Solved in time", lambda it: it.solved.count(True), amount=True),
        Column("Solved late", lambda it: it.solved.count(False), amount=True),
        Column("Median minutes to an answer", lambda it: it.answer_minutes, amount=True),
        Column("Median minutes to a solution", lambda it: it.solution_minutes, amount=True),
    ],
    filterset=PeriodFilters,
    rows=_promises,
    chart=_promises_chart,
    help="Tickets by the month in which they were opened. Minutes are those of business hours,"
    " without the time in which a ticket waited for others. What is open and late counts as late.",
    empty="No ticket was opened in this time.",
)
TicketAdmin.reports = [*TicketAdmin.reports, ASSETS, PRODUCTS, LEVELS]
