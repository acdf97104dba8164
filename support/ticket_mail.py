"""What the two sides of a ticket are mailed: each opening, answer and solution once."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from people import outbox, roles
from people.models import Person
from support.models import Comment, Ticket


def opened(ticket: Ticket) -> None:
    outbox.queue(
        ticket.requester,
        key=f"ticket:{ticket.pk}:opened:requester",
        subject=_subject(ticket, "We have your request"),
        text=_letter(
            f"Hello {ticket.requester},",
            f"your request is with the service desk. Its number is {ticket.number}.",
            _summary(ticket),
            "You can follow it, and add to it, here:\n" + request_link(ticket),
        ),
    )
    outbox.queue(
        _desk(ticket),
        key=f"ticket:{ticket.pk}:opened:desk",
        subject=_subject(ticket, "New ticket"),
        text=_letter(
            f"{ticket.requester} has a new ticket, of {ticket.get_priority_display()} priority.",
            _summary(ticket),
            "Open it here:\n" + ticket_link(ticket),
        ),
    )


def answered(comment: Comment) -> None:
    ticket = comment.ticket
    outbox.queue(
        ticket.requester,
        key=f"comment:{comment.pk}",
        subject=_subject(ticket, "Answer"),
        text=_letter(
            f"Hello {ticket.requester},",
            f"{comment.author or 'the service desk'} has answered your request {ticket.number}:",
            _quoted(comment.body),
            "You can answer here:\n" + request_link(ticket),
        ),
    )


def resolved(comment: Comment) -> None:
    ticket = comment.ticket
    outbox.queue(
        ticket.requester,
        key=f"comment:{comment.pk}",
        subject=_subject(ticket, "Solved"),
        text=_letter(
            f"Hello {ticket.requester},",
            f"your request {ticket.number} is solved:",
            _quoted(comment.body),
            "If it is not, answer here, and we take it up again:\n" + request_link(ticket),
        ),
    )


def replied(comment: Comment) -> None:
    ticket = comment.ticket
    outbox.queue(
        _desk(ticket),
        key=f"comment:{comment.pk}",
        subject=_subject(ticket, f"{ticket.requester} has answered"),
        text=_letter(
            f"{ticket.requester} has answered in {ticket.number}, {ticket.subject}:",
            _quoted(comment.body),
            "Open it here:\n" + ticket_link(ticket),
        ),
    )


def assigned(ticket: Ticket) -> None:
    """Keyed by the version of the ticket: assigned away and back is told twice."""
    outbox.queue(
        _desk(ticket),
        key=f"ticket:{ticket.pk}:assigned:{ticket.history.latest().pk}",
        subject=_subject(ticket, "Assigned to you"),
        text=_letter(
            f"Hello {ticket.assignee},",
            f"this ticket of {ticket.requester} is now yours.",
            _summary(ticket),
            "Open it here:\n" + ticket_link(ticket),
        ),
    )


def request_link(ticket: Ticket) -> str:
    """Where the requester reads it."""
    return f"{settings.SITE_URL}{reverse('portal:request', args=[ticket.pk])}"


def ticket_link(ticket: Ticket) -> str:
    """Where the desk works on it."""
    return f"{settings.SITE_URL}{reverse('admin:support_ticket_change', args=[ticket.pk])}"


def _desk(ticket: Ticket) -> Person:
    """Who answers for it: the assignee, else the service desk's mailbox."""
    assignee = ticket.assignee
    if assignee and assignee.email and not assignee.has_left(timezone.localdate()):
        return assignee
    return roles.mailbox("service_desk")


def _subject(ticket: Ticket, what: str) -> str:
    return f"[{ticket.number}] {what}: {ticket.subject}"


def _summary(ticket: Ticket) -> str:
    lines = [ticket.subject]
    if ticket.asset:
        lines += [f"Device: {ticket.asset.product}, {ticket.asset.tag}"]
    if ticket.description:
        lines += ["", ticket.description]
    return _quoted("\n".join(lines))


def _quoted(text: str) -> str:
    """Somebody else's words, each line marked, so that they are not taken for ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _letter(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"
