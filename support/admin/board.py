"""The board of the desk: all open tickets, the most urgent first."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.admin.reporting import ReportsAdmin
from people.exchange import ExchangeAdmin
from people.models import User
from support import board
from support.models import Queue, Ticket


class BoardForm(forms.Form):
    whose = forms.ChoiceField(
        required=False,
        choices=[("", "everybody’s"), ("mine", "mine"), ("nobody", "nobody’s")],
        label="Whose",
    )
    queue = forms.ModelChoiceField(
        Queue.objects.all(), required=False, empty_label="all queues", label="Queue"
    )


class BoardAdmin(ReportsAdmin, ExchangeAdmin):
    """A list of tickets with the board above it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.board_view))
        return [path("board/", view, name="support_ticket_board"), *super().get_urls()]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links: list[dict[str, str]] = super().exchange_links(request)
        return [{"label": "Board", "url": reverse("admin:support_ticket_board")}, *links]

    def board_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = BoardForm(request.GET)
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "title": "Board",
            "opts": self.opts,
            "form": form,
            "now": now,
            "columns": board.columns(_chosen(self.get_queryset(request), form, request.user), now),
        }
        return TemplateResponse(request, "admin/support/board.html", context)


def _chosen(
    tickets: QuerySet[Ticket], form: BoardForm, user: User | AnonymousUser
) -> QuerySet[Ticket]:
    """What the form asks for; what it does not understand asks for everything."""
    told: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    if told.get("whose") == "mine":
        tickets = tickets.filter(assignee__user=user.pk)
    elif told.get("whose") == "nobody":
        tickets = tickets.filter(assignee=None)
    return tickets.filter(queue=told["queue"]) if told.get("queue") else tickets
