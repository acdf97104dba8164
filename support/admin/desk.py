"""What tickets are sorted by, what the desk has ready to say, and what was said."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from config.admin import BaseAdmin
from config.admin.screens import NeverByHand
from support.models import (
    CannedAnswer,
    Comment,
    PriorityCell,
    Queue,
    Ticket,
    TicketCategory,
    TicketTemplate,
)


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


@admin.register(CannedAnswer)
class CannedAnswerAdmin(BaseAdmin):
    list_display = ["title", "category"]
    list_filter = ["category"]
    list_select_related = ["category"]
    search_fields = ["title", "body"]
    fields = ["title", "category", "body"]


@admin.register(TicketTemplate)
class TicketTemplateAdmin(BaseAdmin):
    list_display = ["name", "subject", "category", "queue", "new_ticket"]
    list_select_related = ["category", "queue"]
    search_fields = ["name", "subject"]
    fields = [
        "name",
        "kind",
        "subject",
        "description",
        ("category", "queue"),
        ("urgency", "impact"),
    ]

    @display(description="use it")
    def new_ticket(self, template: TicketTemplate) -> str:
        address = reverse("admin:support_ticket_add")
        return format_html('<a href="{}?template={}">New ticket</a>', address, template.pk)


@admin.register(PriorityCell)
class PriorityCellAdmin(BaseAdmin):
    """Only what differs from the usual matrix needs a cell."""

    list_display = ["urgency", "impact", "priority"]
    list_display_links = ["urgency", "impact"]
    fields = [("urgency", "impact"), "priority"]


@admin.register(Comment)
class CommentAdmin(NeverByHand, BaseAdmin):
    """To search what was said; a ticket's own page tells the whole story."""

    list_display = ["created_at", "ticket", "author", "is_public", "body"]
    list_select_related = ["ticket", "author"]
    list_filter = ["is_public", "created_at"]
    search_fields = ["body", "ticket__number"]
    fields = ["ticket", "author", "created_at", "is_public", "body"]
