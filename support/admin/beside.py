"""What stands beside the conversation on a ticket's page, for whoever may see it."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from config.admin import ReadOnlyInline
from support import clock_words, in_context, work
from support.models import Ticket, Work

COST = "assets.view_cost"


def panels(ticket: Ticket, request: HttpRequest) -> dict[str, Any]:
    """The context of the template `admin/support/beside.html`, in a constant number of queries."""
    found: dict[str, Any] = {
        "beside": in_context.of(ticket, timezone.localdate()),
        "clocks": clock_words.sentences(ticket, timezone.now()),
        "followers": [it.person for it in ticket.followers.select_related("person")],
    }
    if request.user.has_perm("support.view_work"):
        minutes, paid = work.booked(ticket)
        found["minutes"] = minutes
        found["paid"] = paid if request.user.has_perm(COST) else []
    return found


class WorkOfTicket(ReadOnlyInline):
    model = Work
    fields = ["done_on", "person", "minutes", "cost", "currency", "note"]
    select_related = ["person"]
    restricted = {"cost": COST, "currency": COST}
    verbose_name_plural = "work"
    show_change_link = False
