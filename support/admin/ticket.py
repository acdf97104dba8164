"""Tickets as the service desk works on them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from config.admin import InUseFilter, Step
from config.admin.screens import actor
from config.forms import StepForm
from config.outcomes import each
from support import clock_words, conversation, merging, search, service_levels, tickets, work
from support.admin import forms
from support.admin.beside import WorkOfTicket, panels
from support.admin.board import BoardAdmin
from support.admin.ticket_filters import ClockFilter, WhoseFilter
from support.models import Ticket, TicketTemplate
from support.moves import MOVES

ANSWER = "support.answer_ticket"
OPENED_WITH = [
    "requester",
    "on_behalf_of",
    "subject",
    "description",
    "asset",
    "licence",
    "contract",
    "category",
    "queue",
    "kind",
    "urgency",
    "impact",
]

FILLED_IN = ["subject", "description", "category", "queue", "kind", "urgency", "impact"]


def _step(name: str, label: str, move: Any, form: Any = StepForm) -> Step:
    """One move of a ticket, for those who may answer."""
    allows = MOVES[{"take": "assign"}.get(name, name)].allows
    return Step(name, label, each(move), ANSWER, form, allows)


def _at_any_time(name: str, label: str, move: Any, form: Any) -> Step:
    """What may be done whatever state the ticket is in."""
    return Step(name, label, each(move), ANSWER, form)


@admin.register(Ticket)
class TicketAdmin(BoardAdmin):
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
        "queue",
        "due",
        "age",
    ]
    list_select_related = ["requester", "asset__product", "assignee", "queue"]
    list_filter = [
        WhoseFilter,
        ClockFilter,
        "state",
        "priority",
        "kind",
        "category",
        "queue",
        ("assignee", InUseFilter),
    ]
    allowed_lookups = [
        "offer",
        "requester",
        "on_behalf_of",
        "asset",
        "asset__product",
        "asset__product__maker",
        "contract",
        "contract__vendor",
        "licence",
        "opened_at",
    ]
    search_fields = search.FIELDS
    search_help_text = "Words of the ticket, of what was said in it, its requester or its device."
    change_form_outer_before_template = "admin/support/ticket_top.html"
    inlines: ClassVar[list[Any]] = [WorkOfTicket]
    fieldsets = [
        (None, {"fields": [("number", "state", "priority"), "subject", "description"]}),
        (
            "About",
            {
                "fields": [
                    ("requester", "on_behalf_of", "assignee"),
                    ("asset", "contract", "licence"),
                    "location",
                ]
            },
        ),
        ("Sorting", {"fields": [("kind", "category", "queue"), ("urgency", "impact")]}),
        (
            "Time",
            {
                "fields": [
                    ("opened_at", "respond_by", "resolve_by"),
                    ("responded_at", "resolved_at", "closed_at"),
                ]
            },
        ),
        ("Rating", {"fields": [("rating", "rating_comment")]}),
    ]
    readonly_fields = [
        "number",
        "state",
        "priority",
        "assignee",
        "opened_at",
        "resolved_at",
        "closed_at",
        "respond_by",
        "resolve_by",
        "responded_at",
        "rating",
        "rating_comment",
    ]
    steps: ClassVar[Sequence[Step]] = (
        _step("answer", "Answer", tickets.answer, forms.AnswerForm),
        _step("take", "Assign to me", tickets.take),
        _step("assign", "Assign", tickets.assign, forms.AssignForm),
        _step("prioritise", "Set the priority", tickets.prioritise, forms.PriorityForm),
        _step("queue", "Move to a queue", tickets.move_to, forms.QueueForm),
        _step("wait", "Wait", tickets.wait, forms.WaitForm),
        _step("resume", "Take up again", tickets.resume),
        _step("resolve", "Resolve", tickets.resolve, forms.ResolveForm),
        _step("close", "Close", tickets.close),
        _step("reopen", "Reopen", tickets.reopen, forms.ReopenForm),
        _step("merge", "Merge into another", merging.merge, forms.MergeForm),
        replace(_step("split", "Split", merging.split, forms.SplitForm), in_bulk=False),
        _at_any_time("link", "Link to another", merging.link, forms.LinkForm),
        _at_any_time("follow", "Let somebody follow", merging.follow, forms.FollowForm),
        _at_any_time("work", "Book time or cost", work.book, forms.WorkForm),
    )

    class Media:
        css: ClassVar = {"all": ["admin/ticket.css"]}

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        """With the way to what waits for whoever looks, the first that is due before the others."""
        due = self.list_display.index("due") + 1
        address = reverse("admin:support_ticket_changelist")
        mine = {"label": "Waits for me", "url": f"{address}?whose=me&o={due}"}
        return [mine, *super().exchange_links(request)]

    @display(description="due", ordering="due_by")
    def due(self, ticket: Ticket) -> str:
        return clock_words.short(ticket, timezone.now()) or "–"

    @display(description="age", ordering="-opened_at")
    def age(self, ticket: Ticket) -> str:
        return timesince(ticket.opened_at, ticket.closed_at or timezone.now(), depth=1)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ticket], search_term: str
    ) -> tuple[QuerySet[Ticket], bool]:
        """By what was said in it too, for whoever may read that."""
        words = self.searched_words(request, search_term)
        may = request.user.has_perm("support.view_comment")
        return search.matching(queryset, words, comments=may), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A new one is asked only what `tickets.open_ticket` is told."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": [*OPENED_WITH, "nonce"]})]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A new one has no work on it yet."""
        return super().get_inlines(request, obj) if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the steps change; whom a request is for stays as those knew who agreed to it."""
        readonly = [*super().get_readonly_fields(request, obj)]
        if obj is None:
            return readonly
        parties = ["requester", "on_behalf_of"] if obj.offer_id else []
        return [*readonly, "urgency", "impact", "queue", *parties]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new one may be filled in from a template: `?template=7`."""
        initial = super().get_changeform_initial_data(request)
        key = str(initial.pop("template", ""))
        template = TicketTemplate.objects.filter(pk=key).first() if key.isdecimal() else None
        if template:
            initial |= {name: getattr(template, name) for name in FILLED_IN}
        return initial

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the conversation, to which the step Answer alone adds."""
        ticket = context.get("original")
        if ticket and request.user.has_perm("support.view_comment"):
            context["turns"] = conversation.turns(ticket, public=False)
            context["files"] = conversation.files_at_the_opening(ticket)
            context["linked"] = merging.linked_to(ticket)
        if ticket:
            context |= panels(ticket, request)
        if ticket is None:
            context["templates"] = TicketTemplate.objects.all()
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Ticket, form: Any, change: bool) -> None:
        if change:
            if set(service_levels.PLACED_BY) & set(form.changed_data):
                service_levels.restart_all([obj])
            super().save_model(request, obj, form, change)
            return
        told = {name: form.cleaned_data[name] for name in OPENED_WITH}
        opened = tickets.open_ticket(by=actor(request), **told)
        vars(obj).update(vars(opened))
