"""Tickets as the service desk works on them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timesince import timesince

from assets.admin.asset import AssetAdmin
from config.admin import BaseAdmin, InUseFilter, ReadOnlyInline, Step
from config.admin.screens import actor
from config.forms import StepForm
from config.outcomes import each
from people.exchange import ExchangeAdmin
from support import tickets
from support.admin import forms
from support.models import Queue, Ticket, TicketCategory

ANSWER = "support.answer_ticket"
OPENED_WITH = [
    "requester",
    "subject",
    "description",
    "asset",
    "category",
    "kind",
    "urgency",
    "impact",
]


def _step(name: str, label: str, move: Any, form: Any = StepForm) -> Step:
    """One move of a ticket, for those who may answer."""
    allows = tickets.MOVES[{"take": "assign"}.get(name, name)].allows
    return Step(name, label, each(move), ANSWER, form, allows)


@admin.register(Ticket)
class TicketAdmin(ExchangeAdmin):
    spreadsheet = "tickets"
    form = forms.TicketForm
    list_display = [
        "number",
        "subject",
        "priority",
        "state",
        "requester",
        "asset",
        "assignee",
        "age",
    ]
    list_select_related = ["requester", "asset__product", "assignee"]
    list_filter = ["state", "priority", "kind", "category", "queue", ("assignee", InUseFilter)]
    allowed_lookups = ["requester", "asset", "opened_at"]
    search_fields = [
        "number",
        "subject",
        "requester__name",
        "requester__email",
        "asset__tag",
        "asset__serial",
    ]
    change_form_outer_before_template = "admin/support/ticket_top.html"
    fieldsets = [
        (None, {"fields": [("number", "state", "priority"), "subject", "description"]}),
        ("About", {"fields": [("requester", "assignee"), ("asset", "contract"), "location"]}),
        ("Sorting", {"fields": [("kind", "category", "queue"), ("urgency", "impact")]}),
        ("Time", {"fields": [("opened_at", "resolved_at", "closed_at")]}),
    ]
    readonly_fields = [
        "number",
        "state",
        "priority",
        "assignee",
        "opened_at",
        "resolved_at",
        "closed_at",
    ]
    steps = (
        _step("answer", "Answer", tickets.answer, forms.AnswerForm),
        _step("take", "Assign to me", tickets.take),
        _step("assign", "Assign", tickets.assign, forms.AssignForm),
        _step("prioritise", "Set the priority", tickets.prioritise, forms.PriorityForm),
        _step("wait", "Wait", tickets.wait, forms.WaitForm),
        _step("resume", "Take up again", tickets.resume),
        _step("resolve", "Resolve", tickets.resolve, forms.ResolveForm),
        _step("close", "Close", tickets.close),
        _step("reopen", "Reopen", tickets.reopen, forms.ReopenForm),
    )

    class Media:
        css: ClassVar = {"all": ["admin/ticket.css"]}

    @display(description="age", ordering="-opened_at")
    def age(self, ticket: Ticket) -> str:
        return timesince(ticket.opened_at, ticket.closed_at or timezone.now(), depth=1)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A new one is asked only what `tickets.open_ticket` is told."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": [*OPENED_WITH, "nonce"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = [*super().get_readonly_fields(request, obj)]
        return [*readonly, "urgency", "impact"] if obj else readonly

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the conversation, to which the step Answer alone adds."""
        ticket = context.get("original")
        if ticket and request.user.has_perm("support.view_comment"):
            context["turns"] = ticket.comments.select_related("author")
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Ticket, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        told = {name: form.cleaned_data[name] for name in OPENED_WITH}
        opened = tickets.open_ticket(by=actor(request), **told)
        vars(obj).update(vars(opened))


class NameAdmin(BaseAdmin):
    """A list of names that tickets are sorted by."""

    list_display = ["name", "open_tickets"]
    search_fields = ["name"]
    fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        is_open = ~Q(tickets__state__in=Ticket.ENDED)
        return super().get_queryset(request).annotate(open_count=Count("tickets", filter=is_open))

    @display(description="open tickets", ordering="open_count")
    def open_tickets(self, row: Any) -> int:
        return int(row.open_count)


admin.site.register([Queue, TicketCategory], NameAdmin)


class TicketsOfAsset(ReadOnlyInline):
    model = Ticket
    fields = ["number", "subject", "state", "priority", "requester", "opened_at"]
    readonly_fields = ["number", "state", "opened_at"]
    verbose_name_plural = "tickets"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return super().get_queryset(request).select_related("requester", "asset__product")


AssetAdmin.inlines = [*AssetAdmin.inlines, TicketsOfAsset]
