"""What approvers and requesters are mailed: each question, each answer once."""

from functools import partial

from django.conf import settings
from django.urls import reverse

from config.history import Actor
from people.models import Person
from support.models import Approval, Comment, Ticket
from support.ticket_mail import (
    desk,
    quoted,
    request_link,
    summary,
    tell_followers,
    ticket_link,
    write,
)

# Answered by a button: an answer by mail would be none.
_write = partial(write, in_thread=False)


def asked(approval: Approval) -> None:
    """Keyed by the person and the moment: who is asked again after another is told again."""
    ticket = approval.ticket
    receiver = ticket.on_behalf_of or ticket.requester
    stand_in = f"You are asked in place of {approval.for_whom}." if approval.for_whom else ""
    _write(
        approval.approver,
        ticket,
        f"approval:{approval.pk}:{approval.approver_id}:{approval.asked_at:%Y%m%dT%H%M%S%f}",
        "Do you agree",
        f"Hello {approval.approver},",
        f"{receiver} needs your approval for this. {stand_in}".strip(),
        _facts(ticket),
        "Approve or refuse it here:\n" + approval_link(approval),
    )


def dropped(approval: Approval, why: str, *, by: Actor) -> None:
    """Who was asked need not answer any more, unless it was they who ended it."""
    if by is not None and approval.approver.user_id == by.pk:
        return
    ticket = approval.ticket
    _write(
        approval.approver,
        ticket,
        f"approval:{approval.pk}:dropped:{approval.history.latest().pk}",
        "No longer asked",
        f"Hello {approval.approver},",
        f"there is nothing left to decide about {ticket.number}, {ticket.subject}: {why}.",
    )


def agreed(ticket: Ticket, *, by: Actor) -> None:
    """All have agreed: the desk begins; who asked, whom it is for and who follows it know."""
    _write(
        desk(ticket),
        ticket,
        f"ticket:{ticket.pk}:approved:desk",
        "Approved",
        f"The request of {ticket.requester} is approved and can be fulfilled.",
        _facts(ticket),
        "Open it here:\n" + ticket_link(ticket),
    )
    _write(
        ticket.requester,
        ticket,
        f"ticket:{ticket.pk}:approved:requester",
        "Approved",
        f"Hello {ticket.requester},",
        f"your request {ticket.number} is approved. The service desk gets it for you.",
        "You can follow it here:\n" + request_link(ticket),
    )
    said = f"{ticket.number}, {ticket.subject}, is approved. The service desk gets it."
    tell_followers(ticket, f"ticket:{ticket.pk}:approved", "Approved", said, by=by)


def refused(comment: Comment, *, by: Actor) -> None:
    ticket = comment.ticket
    _write(
        ticket.requester,
        ticket,
        f"comment:{comment.pk}",
        "Refused",
        f"Hello {ticket.requester},",
        f"your request {ticket.number} was not approved:",
        quoted(comment.body),
        "You can read it here:\n" + request_link(ticket),
    )
    said = f"{ticket.number}, {ticket.subject}, was not approved:"
    tell_followers(ticket, f"comment:{comment.pk}", "Refused", said, comment.body, by=by)


def approval_link(approval: Approval) -> str:
    """Where it is answered: in the portal, of a shared mailbox in the back office."""
    if approval.approver.kind == Person.Kind.SHARED:
        address = reverse("admin:support_approval_change", args=[approval.pk])
    else:
        address = reverse("portal:approval", args=[approval.pk])
    return f"{settings.SITE_URL}{address}"


def _facts(ticket: Ticket) -> str:
    price = f"Price: {ticket.total}" if ticket.total else ""
    who = f"Asked by: {ticket.requester}"
    return "\n".join(filter(None, [f"{summary(ticket)}\n", price, who]))
