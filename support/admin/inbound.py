"""Mail that came in: what became of each, and what waits for the desk to decide."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from config.admin import AskingAdmin, ReadOnlyAdmin, Step
from config.forms import LinkField, StepForm
from config.outcomes import each
from people.documents import size_in_words
from support.mail_in import deciding
from support.models import InboundMail, Ticket, TicketLink

DECIDE = "support.decide_inboundmail"


class OpenAsForm(StepForm):
    requester = LinkField(Ticket.requester, label="Person", help_text="Whose ticket it becomes.")


class JoinForm(StepForm):
    ticket = LinkField(
        TicketLink.first,
        label="Ticket",
        help_text="Whoever takes part in it has answered; what anybody else wrote only staff read.",
    )


class ThrowAwayForm(StepForm):
    reason = forms.CharField(required=False, max_length=100, help_text="Kept with the mail.")


def _step(name: str, label: str, move: Any, form: type[forms.Form], help: str) -> Step:
    return Step(name, label, each(move), DECIDE, form, deciding.is_decidable, help)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin, AskingAdmin):
    list_display = ["shown_subject", "sender", "state", "reason", "ticket", "received_at"]
    list_select_related = ["ticket"]
    list_filter = ["state", "received_at"]
    allowed_lookups: ClassVar[Sequence[str]] = ["ticket", "person", "sender"]
    search_fields = ["subject", "sender", "sender_name", "text"]
    steps: ClassVar[Sequence[Step]] = [
        _step(
            "open",
            "Open as ticket of …",
            deciding.open_as,
            OpenAsForm,
            "They are told of the ticket.",
        ),
        _step("join", "Join to a ticket", deciding.join, JoinForm, "Its files come along."),
        _step(
            "reject", "Throw away", deciding.throw_away, ThrowAwayForm, "The mail stays to be read."
        ),
    ]
    fieldsets = [
        (None, {"fields": [("state", "reason"), ("ticket", "decided_by", "decided_at")]}),
        ("Mail", {"fields": ["sender_shown", "shown_subject", "text_shown", "link"]}),
        ("Arrival", {"fields": [("received_at", "taken_at"), "message_id", "mailbox"]}),
    ]
    readonly_fields = ["sender_shown", "shown_subject", "text_shown", "link"]

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["admin/outbox.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundMail]:
        mails: QuerySet[InboundMail] = super().get_queryset(request)
        return mails.select_related("ticket", "original", "person", "decided_by")

    @display(description="subject", ordering="subject")
    def shown_subject(self, mail: InboundMail) -> str:
        return str(mail)

    @display(description="from")
    def sender_shown(self, mail: InboundMail) -> str:
        known = f", known as {mail.person}" if mail.person else ", known to nobody"
        return f"{mail.sender_name} <{mail.sender}>{known}".strip()

    @display(description="text")
    def text_shown(self, mail: InboundMail) -> str:
        """Its words alone: what it was made up of as HTML is nowhere shown."""
        return format_html('<pre class="mail-text">{}</pre>', mail.text or "–")

    @display(description="original", empty_value="–")
    def link(self, mail: InboundMail) -> str | None:
        if mail.original is None:
            return None
        address = reverse("admin:people_document_open", args=[mail.original.pk])
        size = size_in_words(mail.original.size)
        return format_html('<a href="{}">Save the mail as it came</a> ({})', address, size)
