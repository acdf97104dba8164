"""What is said of tickets and approvals where somebody is told of them."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from support.models import Approval, Ticket


def tickets(on: date) -> QuerySet[Ticket]:
    return Ticket.objects.select_related("requester", "assignee", "queue", "asset__product")


def of_ticket(ticket: Ticket, costs: bool) -> Iterable[str]:
    yield f"{ticket.get_priority_display()} priority"
    due = ticket.due_by and date_format(timezone.localtime(ticket.due_by), "j F Y, H:i")
    word = "solve" if ticket.responded_at else "answer"
    yield f"to {word} by {due}" if due else ""
    yield f"asked by {ticket.requester}"
    yield f"about {ticket.asset}" if ticket.asset else ""
    yield f"with {ticket.assignee}" if ticket.assignee else "nobody works on it"


def approvals(on: date) -> QuerySet[Approval]:
    return Approval.objects.select_related("ticket__requester", "ticket__on_behalf_of", "for_whom")


def of_approval(approval: Approval, costs: bool) -> Iterable[str]:
    ticket = approval.ticket
    yield f"asked by {ticket.requester}"
    yield f"for {ticket.on_behalf_of}" if ticket.on_behalf_of else ""
    # Whoever approves must know the price, whatever else they may see.
    yield f"price {ticket.total}" if ticket.total else ""
    yield f"in place of {approval.for_whom}" if approval.for_whom else ""
