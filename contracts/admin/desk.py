"""The renewal desk: what must be decided, the notices on their way, and the next twelve months."""

from datetime import timedelta
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.admin.reporting import Column, DaysFilter, LinkFilter, Report, ReportsAdmin
from config.money import Money
from contracts import desk
from contracts.admin.letters import DECIDE
from contracts.models import Contract, Decision

VIEW, EXPORT = "contracts.view_contract", "contracts.export_contract"
COST = "assets.view_cost"
WITHIN = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("180", "180 days"),
    ("365", "a year"),
    ("36500", "ever"),
]


def contract_page(contract: Contract) -> str:
    return reverse("admin:contracts_contract_change", args=[contract.pk])


def step_page(contract: Contract, step: str) -> str:
    return reverse("admin:contracts_contract_step", args=[contract.pk, step])


def cost_of(contract: Contract) -> Money | None:
    cost = contract.annual_cost
    return None if cost is None else Money(cost, contract.currency)


class DeskFilters(django_filters.FilterSet):
    within = django_filters.ChoiceFilter(
        label="To decide within",
        choices=WITHIN,
        initial="180",
        empty_label=None,
        method="due_within",
    )
    by = DaysFilter(label="Decide by", field_name="decide_by")
    state = django_filters.ChoiceFilter(
        label="State",
        choices=[("undecided", "undecided"), ("renegotiate", "renegotiate")],
        method="in_state",
    )
    vendor = LinkFilter(Contract.vendor, label="Vendor")
    owner = LinkFilter(Contract.owner, label="Who decides")
    department = LinkFilter(Contract.department, label="Department")
    kind = django_filters.ChoiceFilter(label="Kind", choices=Contract.Kind.choices)

    class Meta:
        model = Contract
        fields: list[str] = []

    def due_within(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(decide_by__lte=timezone.localdate() + timedelta(int(value)))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(decision="" if value == "undecided" else value)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        rows = super().filter_queryset(desk.to_decide(queryset, today))
        return desk.with_use(rows, today).select_related("vendor", "owner", "department__head")


def _who(contract: Contract) -> str:
    head = contract.department.head if contract.department else None
    return str(contract.owner or head or "nobody")


def _buttons(request: HttpRequest, contract: Contract) -> list[tuple[str, str]]:
    if not request.user.has_perm(DECIDE):
        return []
    return [
        ("Renew", step_page(contract, "renew")),
        ("Renegotiate", step_page(contract, "decide")),
        ("Cancel", step_page(contract, "cancel")),
    ]


DESK = Report(
    slug="desk",
    title="Renewal desk",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Decide by", lambda row: row.decide_by, order="decide_by"),
        Column("Contract", str, link=contract_page, order="number"),
        Column("Vendor", lambda row: str(row.vendor), order="vendor__name"),
        Column("Who decides", _who, order="owner__name"),
        Column("Cost a year", cost_of, amount=True, order="annual_cost"),
        Column("If nobody decides", desk.if_nobody_decides, order="renewal"),
        Column("Used", desk.use_in_words, order="used"),
        Column("State", lambda row: row.get_decision_display(), order="decision"),
    ],
    filterset=DeskFilters,
    rows=lambda filters: filters.qs,
    totals=lambda rows: [("Cost a year", str(money)) for money in desk.annual_costs(rows)],
    actions=_buttons,
    help="What must be decided, the most urgent first: before its last day for notice, or before it"
    " ends where no notice is needed. Renewing or cancelling takes a contract off the desk.",
    empty="Nothing is to be decided in this time. Look further ahead, or at the board.",
)


# --- Notices that were decided on ----------------------------------------------------------------


class NoticeFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="State",
        choices=[("unsent", "not sent"), ("sent", "sent, not confirmed"), ("done", "confirmed")],
        method="in_state",
    )
    ends = DaysFilter(label="Ends", field_name="ends_on")
    vendor = LinkFilter(Contract.vendor, field_name="contract__vendor", label="Vendor")

    class Meta:
        model = Decision
        fields: list[str] = []

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        states: dict[str, dict[str, Any]] = {
            "unsent": {"sent_on": None},
            "sent": {"sent_on__isnull": False, "confirmed_on": None},
            "done": {"confirmed_on__isnull": False},
        }
        return rows.filter(**states[value])

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        cancelled = queryset.filter(kind=Decision.Kind.CANCEL, withdrawn_on=None)
        related = cancelled.select_related("contract__vendor", "decided_by")
        return super().filter_queryset(related).order_by("ends_on", "pk")


def _notice_buttons(request: HttpRequest, decision: Decision) -> list[tuple[str, str]]:
    if not request.user.has_perm(DECIDE) or decision.confirmed_on:
        return []
    contract = decision.contract
    letter = reverse("admin:contracts_contract_notice", args=[contract.pk, "pdf"])
    sent = ("Sent", step_page(contract, "send_notice"))
    if decision.sent_on is None:
        return [("Letter", letter), sent]
    return [("Confirmed", step_page(contract, "confirm")), sent]


NOTICES = Report(
    slug="notices",
    title="Notices",
    permission=VIEW,
    export_permission=EXPORT,
    columns=[
        Column("Ends", lambda row: row.ends_on, order="ends_on"),
        Column(
            "Contract",
            lambda row: str(row.contract),
            link=lambda row: contract_page(row.contract),
            order="contract__number",
        ),
        Column("Vendor", lambda row: str(row.contract.vendor), order="contract__vendor__name"),
        Column("Decided", lambda row: row.decided_on, order="decided_on"),
        Column("By", lambda row: str(row.decided_by or ""), order="decided_by__name"),
        Column("Why", lambda row: row.reason, order="reason"),
        Column("Sent", lambda row: row.sent_on, order="sent_on"),
        Column("How", lambda row: row.get_sent_by_display() or "", order="sent_by"),
        Column("Confirmed", lambda row: row.confirmed_on, order="confirmed_on"),
    ],
    filterset=NoticeFilters,
    rows=lambda filters: filters.qs,
    actions=_notice_buttons,
    help="Contracts that were cancelled: whether notice went out, and whether the vendor confirmed"
    " it. A notice that nobody confirmed is a contract that may go on.",
    empty="No contract is cancelled. The renewal desk lists what is to be decided.",
)


# --- The board -----------------------------------------------------------------------------------


class DeskAdmin(ReportsAdmin):
    """The desk, its notices and the board above the list of contracts."""

    reports = [DESK, NOTICES]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.board_view))
        return [path("board/", view, name="contracts_contract_board"), *super().get_urls()]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if not self.has_view_permission(request):
            return links
        return [*links, {"label": "Renewals by month", "url": self.address("board")}]

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """The next twelve months, with what must be decided in each."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        months = desk.board(self.get_queryset(request), today)
        context = {
            **self.admin_site.each_context(request),
            "title": "Renewals by month",
            "opts": self.opts,
            "months": months,
            "any": any(month.count for month in months),
            "today": today,
            "list": self.address("changelist"),
            "desk": self.address("report", DESK.slug),
        }
        return TemplateResponse(request, "admin/contracts/board.html", context)
