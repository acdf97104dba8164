"""What the two sides of a ticket, and who follows it, are mailed: each change once."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from config.history import Actor
from people import outbox
from people.mailboxes import mailbox
from people.models import Person
from people.outbox import Mail
from support.conversation import may_read_notes
from support.models import Comment, Ticket


def opened(ticket: Ticket, *, by: Actor) -> None:
    write(
        ticket.requester,
        ticket,
        f"ticket:{ticket.pk}:opened:requester",
        "We have your request",
        f"Hello {ticket.requester},",
        f"your request is with the service desk. Its number is {ticket.number}.",
        summary(ticket),
        "You can follow it, and add to it, here:\n" + request_link(ticket),
    )
    write(
        desk(ticket),
        ticket,
        f"ticket:{ticket.pk}:opened:desk",
        "New ticket",
        f"{ticket.requester} has a new ticket, of {ticket.get_priority_display()} priority.",
        summary(ticket),
        "Open it here:\n" + ticket_link(ticket),
    )
    if ticket.on_behalf_of:
        said = f"{ticket.requester} has asked for you. The number is {ticket.number}."
        _tell([ticket.on_behalf_of], ticket, f"ticket:{ticket.pk}:opened", "For you", said)


def answered(comment: Comment, *, by: Actor) -> None:
    """The requester is told of what is public; staff who follow it of everything."""
    ticket, who = comment.ticket, comment.author or "The service desk"
    said = f"{who} has noted, for staff only:"
    if comment.is_public:
        said = f"{who} has answered {ticket.number}:"
        write(
            ticket.requester,
            ticket,
            f"comment:{comment.pk}",
            "Answer",
            f"Hello {ticket.requester},",
            f"{comment.author or 'the service desk'} has answered your request {ticket.number}:",
            quoted(comment.body),
            "You can answer here:\n" + request_link(ticket),
        )
    told = _told_of(comment, by)
    _tell(told, ticket, f"comment:{comment.pk}", "Answer", said, comment.body)


def _told_of(comment: Comment, by: Actor) -> list[Person]:
    """Who reads it beside the requester; of a note of nobody's at the desk somebody does there."""
    ticket = comment.ticket
    told = _followers(ticket, by)
    if ticket.assignee and (by is None or by != ticket.assignee.user):
        told.append(ticket.assignee)
    if comment.is_public:
        return told
    told = [it for it in told if may_read_notes(it)]
    return told or ([mailbox("service_desk")] if by is None else [])


def resolved(comment: Comment, *, by: Actor) -> None:
    ticket = comment.ticket
    write(
        ticket.requester,
        ticket,
        f"comment:{comment.pk}",
        "Solved",
        f"Hello {ticket.requester},",
        f"your request {ticket.number} is solved:",
        quoted(comment.body),
        "If it is not, answer here, and we take it up again:\n" + request_link(ticket),
    )
    said = f"{ticket.number} is solved:"
    _tell(_followers(ticket, by), ticket, f"comment:{comment.pk}", "Solved", said, comment.body)


def replied(comment: Comment, *, by: Actor) -> None:
    ticket = comment.ticket
    write(
        desk(ticket),
        ticket,
        f"comment:{comment.pk}",
        f"{comment.author} has answered",
        f"{comment.author} has answered in {ticket.number}, {ticket.subject}:",
        quoted(comment.body),
        "Open it here:\n" + ticket_link(ticket),
    )
    told = [it for it in _followers(ticket, by) if it != comment.author]
    if comment.author != ticket.requester:
        told.append(ticket.requester)
    said = f"{comment.author} has answered in {ticket.number}:"
    _tell(told, ticket, f"comment:{comment.pk}", "Answer", said, comment.body)


def assigned(ticket: Ticket, *, by: Actor) -> None:
    """Keyed by the version of the ticket: assigned away and back is told twice."""
    if ticket.assignee and (by is None or ticket.assignee.user_id != by.pk):
        write(
            desk(ticket),
            ticket,
            f"ticket:{ticket.pk}:assigned:{ticket.history.latest().pk}",
            "Assigned to you",
            f"Hello {ticket.assignee},",
            f"this ticket of {ticket.requester} is now yours.",
            summary(ticket),
            "Open it here:\n" + ticket_link(ticket),
        )
    changed(ticket, f"{ticket.assignee} looks after it now.", by=by, but=ticket.assignee)


def changed(ticket: Ticket, said: str, *, by: Actor, but: Person | None = None) -> None:
    """Tell those who follow it; the requester hears of what is said to them, not of each step.

    Who was told otherwise is left out, as `but`.
    """
    told = _followers(ticket, by)
    if ticket.assignee and (by is None or ticket.assignee.user_id != by.pk):
        told.append(ticket.assignee)
    told = [person for person in told if person != but]
    key = f"ticket:{ticket.pk}:changed:{ticket.history.latest().pk}"
    _tell(told, ticket, key, "Changed", f"{ticket.number}, {ticket.subject}. {said}")


def merged(ticket: Ticket, *, by: Actor) -> None:
    """Who asked twice is told where the story goes on."""
    into = ticket.merged_into
    assert into is not None
    said = f"{ticket.number} is about the same as {into.number}, {into.subject}. It goes on there."
    told = [ticket.requester, *_followers(ticket, by)]
    _tell(told, into, f"ticket:{ticket.pk}:merged", "Goes on here", said)


def tell_followers(
    ticket: Ticket, key: str, what: str, said: str, body: str = "", *, by: Actor
) -> None:
    """Mail those who follow it and whom it is for, but not who did it themselves."""
    _tell(_followers(ticket, by), ticket, key, what, said, body)


def _tell(
    people: Iterable[Person], ticket: Ticket, key: str, what: str, said: str, body: str = ""
) -> None:
    """One mail each to those who only follow it, whose link is where they may read it."""
    mails = []
    for person in dict.fromkeys(people):
        link = ticket_link(ticket) if may_read_notes(person) else request_link(ticket)
        paragraphs = [f"Hello {person},", said, quoted(body), "Open it here:\n" + link]
        text = letter(*filter(None, paragraphs))
        subject = subject_of(ticket, what)
        mails.append(Mail(person, f"{key}:{person.pk}", subject, text, thread=thread_of(ticket)))
    outbox.queue_all(mails)


def _followers(ticket: Ticket, by: Actor) -> list[Person]:
    """Those who follow it and whom it is for, but for whoever did it."""
    rows = ticket.followers.select_related("person__user")
    people = [*(it.person for it in rows), *filter(None, [ticket.on_behalf_of])]
    today = timezone.localdate()
    return [
        person
        for person in people
        if not person.has_left(today) and (by is None or person.user_id != by.pk)
    ]


def write(
    to: Person, ticket: Ticket, key: str, what: str, *paragraphs: str, in_thread: bool = True
) -> None:
    """Owe one mail about a ticket; what is answered by a button, not by mail, is in no thread."""
    outbox.queue(
        to,
        key=key,
        thread=thread_of(ticket) if in_thread else "",
        subject=subject_of(ticket, what),
        text=letter(*paragraphs),
    )


def thread_of(ticket: Ticket) -> str:
    """What all mails on a ticket are about; `support.mail_in` knows the ticket by it."""
    return f"ticket-{ticket.pk}"


def request_link(ticket: Ticket) -> str:
    """Where the requester reads it."""
    return f"{settings.SITE_URL}{reverse('portal:request', args=[ticket.pk])}"


def ticket_link(ticket: Ticket) -> str:
    """Where the desk works on it."""
    return f"{settings.SITE_URL}{reverse('admin:support_ticket_change', args=[ticket.pk])}"


def desk(ticket: Ticket) -> Person:
    """Who answers for it: the assignee, else the service desk's mailbox."""
    assignee = ticket.assignee
    if assignee and assignee.email and not assignee.has_left(timezone.localdate()):
        return assignee
    return mailbox("service_desk")


def subject_of(ticket: Ticket, what: str) -> str:
    return f"[{ticket.number}] {what}: {ticket.subject}"


def summary(ticket: Ticket) -> str:
    lines = [ticket.subject]
    if ticket.asset:
        lines += [f"Device: {ticket.asset.product}, {ticket.asset.tag}"]
    if ticket.description:
        lines += ["", ticket.description]
    return quoted("\n".join(lines))


def quoted(text: str) -> str:
    """Somebody else's words, each line marked, so that they are not taken for ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def letter(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"
