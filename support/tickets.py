"""Every way a ticket moves. Each move is atomic, under a lock, recorded, and refuses in words.

A move takes one ticket and returns it as it now is; `config.outcomes.each` runs a move on many.
"""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from assets.models import Asset
from config.history import Actor, save_as
from contracts.models import Contract, Licence
from people.models import Person
from support import approvals, conversation, service_levels, ticket_mail
from support.conversation import write
from support.models import CannedAnswer, Queue, Ticket, TicketCategory, TicketSequence
from support.moves import WAITING, enter, locked
from support.priorities import priority_of

State, Level, Priority = Ticket.State, Ticket.Level, Ticket.Priority


@transaction.atomic
def open_ticket(
    *,
    requester: Person,
    subject: str,
    description: str = "",
    on_behalf_of: Person | None = None,
    asset: Asset | None = None,
    licence: Licence | None = None,
    contract: Contract | None = None,
    category: TicketCategory | None = None,
    queue: Queue | None = None,
    kind: str = Ticket.Kind.INCIDENT,
    urgency: int = Level.MEDIUM,
    impact: int = Level.LOW,
    attachments: Sequence[File] = (),
    submission: UUID | None = None,
    by: Actor,
) -> Ticket:
    """Open a ticket, and tell the requester and the service desk of it.

    The same `submission` of the same requester opens one ticket only, however often it is sent.
    Raises ValidationError, by field, where something is missing, too long or not accepted.
    """
    ticket = Ticket(
        requester=requester,
        on_behalf_of=on_behalf_of if on_behalf_of != requester else None,
        subject=" ".join(subject.split()),
        description=description.strip(),
        asset=asset,
        licence=licence,
        contract=contract,
        category=category,
        queue=queue,
        kind=kind,
        urgency=urgency,
        impact=impact,
        submission=submission,
    )
    return enrol(ticket, attachments=attachments, by=by)


@transaction.atomic
def enrol(
    ticket: Ticket, *, attachments: Sequence[File] = (), by: Actor, reason: str = "opened"
) -> Ticket:
    """Give an unsaved ticket its number, priority and clocks, save it, and tell its two sides.

    One that its requester sent before by the same form is returned as it is.
    """
    sequence = _locked_sequence()
    if ticket.submission:
        same = Ticket.objects.filter(requester=ticket.requester, submission=ticket.submission)
        if sent_before := same.first():
            return sent_before
    ticket.priority = priority_of(ticket.urgency, ticket.impact)
    ticket.full_clean(exclude=["number"])
    ticket.number = _next_number(sequence)
    service_levels.start(ticket)
    save_as(ticket, by=by, reason=reason)
    conversation.attach(ticket, attachments, by=by)
    ticket_mail.opened(ticket, by=by)
    return ticket


@transaction.atomic
def answer(
    ticket: Ticket,
    *,
    body: str = "",
    canned: CannedAnswer | None = None,
    public: bool = True,
    attachments: Sequence[File] = (),
    by: Actor,
) -> Ticket:
    """Answer as the desk, a ready answer before what is said beside.

    What is not public only staff may read, and only staff are mailed it.
    """
    ticket = locked("answer", ticket)
    author = _at_the_desk(ticket, by)
    body = f"{conversation.filled(canned, ticket)}\n\n{body}" if canned else body
    comment = write(ticket, body, author=author, public=public, attachments=attachments, by=by)
    if public:
        service_levels.respond(ticket, at=comment.created_at)
        state = State.IN_PROGRESS if ticket.state == State.NEW else State(ticket.state)
        enter(ticket, state, by=by, reason="answered")
    ticket_mail.answered(comment, by=by)
    return ticket


@transaction.atomic
def reply(
    ticket: Ticket,
    *,
    body: str,
    author: Person | None = None,
    attachments: Sequence[File] = (),
    submission: UUID | None = None,
    by: Actor,
) -> Ticket:
    """Answer as the requester, or as `author` who may read it too.

    What waited for the requester, or was resolved, is in progress again.
    """
    ticket = locked("reply", ticket)
    if submission and ticket.comments.filter(submission=submission).exists():
        return ticket
    author = author or ticket.requester
    comment = write(
        ticket, body, author=author, attachments=attachments, submission=submission, by=by
    )
    if ticket.state == State.RESOLVED:
        enter(ticket, State.IN_PROGRESS, by=by, reason=f"reopened by an answer of {author}")
        approvals.ask_again(ticket, by=by)
    elif ticket.state == State.WAITING_REQUESTER:
        enter(ticket, State.IN_PROGRESS, by=by, reason=f"{author} has answered")
    ticket_mail.replied(comment, by=by)
    return ticket


@transaction.atomic
def assign(ticket: Ticket, *, to: Person, by: Actor) -> Ticket:
    """Make one person answer for it; a new ticket is then in progress.

    Raises ValidationError where that is nobody who may read what staff note on it.
    """
    if to.has_left(timezone.localdate()):
        raise ValidationError(f"{to} left on {to.leaves_on}: nothing can be assigned.")
    ticket = locked("assign", ticket)
    if not conversation.may_read_notes(to):
        raise ValidationError(
            f"{to} is not staff who may read notes: {ticket} cannot be assigned to them. Choose"
            " somebody who works on tickets, or the mailbox of a role."
        )
    if ticket.assignee == to:
        raise ValidationError(f"{ticket} is assigned to {to} already.")
    ticket.assignee = to
    state = State.IN_PROGRESS if ticket.state == State.NEW else State(ticket.state)
    enter(ticket, state, by=by, reason=f"assigned to {to}")
    ticket_mail.assigned(ticket, by=by)
    return ticket


def take(ticket: Ticket, *, by: Actor) -> Ticket:
    """Assign it to oneself."""
    person = person_of(by)
    if person is None:
        raise ValidationError("Your login belongs to no person: nothing can be assigned to you.")
    return assign(ticket, to=person, by=by)


@transaction.atomic
def prioritise(ticket: Ticket, *, urgency: int, impact: int, by: Actor) -> Ticket:
    """Say how urgent it is and how many it stops; priority and clocks follow."""
    ticket = locked("prioritise", ticket)
    ticket.urgency, ticket.impact = urgency, impact
    ticket.priority = priority_of(urgency, impact)
    service_levels.restart(ticket)
    save_as(ticket, by=by, reason=f"priority is {ticket.get_priority_display()}")
    ticket_mail.changed(ticket, f"Its priority is {ticket.get_priority_display()}.", by=by)
    return ticket


@transaction.atomic
def move_to(ticket: Ticket, *, queue: Queue, by: Actor) -> Ticket:
    """Put it on the pile of another team."""
    ticket = locked("queue", ticket)
    if ticket.queue == queue:
        raise ValidationError(f"{ticket} is in the queue {queue} already.")
    ticket.queue = queue
    save_as(ticket, by=by, reason=f"moved to {queue}")
    ticket_mail.changed(ticket, f"It is with {queue} now.", by=by)
    return ticket


@transaction.atomic
def wait(ticket: Ticket, *, state: str, by: Actor) -> Ticket:
    """Wait for the requester, a vendor or an approval: `state` is one of WAITING."""
    if state not in WAITING:
        raise ValidationError(f"A ticket cannot wait in the state {state!r}.")
    ticket = locked("wait", ticket)
    enter(ticket, State(state), by=by, reason=str(State(state).label))
    ticket_mail.changed(ticket, f"It is {State(state).label} now.", by=by)
    return ticket


@transaction.atomic
def resume(ticket: Ticket, *, by: Actor) -> Ticket:
    """What it waited for has come."""
    ticket = locked("resume", ticket)
    enter(ticket, State.IN_PROGRESS, by=by, reason="taken up again")
    ticket_mail.changed(ticket, "It has been taken up again.", by=by)
    return ticket


@transaction.atomic
def resolve(
    ticket: Ticket, *, solution: str, attachments: Sequence[File] = (), by: Actor
) -> Ticket:
    """Say what solved it; the requester is mailed it, and reopens the ticket by answering."""
    ticket = locked("resolve", ticket)
    comment = write(
        ticket, solution, author=_at_the_desk(ticket, by), attachments=attachments, by=by
    )
    service_levels.respond(ticket, at=comment.created_at)
    enter(ticket, State.RESOLVED, by=by, reason="resolved")
    ticket_mail.resolved(comment, by=by)
    return ticket


@transaction.atomic
def close(ticket: Ticket, *, by: Actor) -> Ticket:
    """Nothing more is to be said: the requester cannot answer it any longer."""
    ticket = locked("close", ticket)
    enter(ticket, State.CLOSED, by=by, reason="closed")
    ticket_mail.changed(ticket, "It is closed.", by=by)
    return ticket


@transaction.atomic
def reopen(ticket: Ticket, *, reason: str, by: Actor) -> Ticket:
    """Take up again what had ended; who has not agreed to it is asked anew."""
    ticket = locked("reopen", ticket)
    enter(ticket, State.IN_PROGRESS, by=by, reason=f"reopened: {reason}")
    approvals.ask_again(ticket, by=by)
    ticket_mail.changed(ticket, f"It is open again: {reason}", by=by)
    return ticket


@transaction.atomic
def rate(ticket: Ticket, *, rating: int, comment: str = "", by: Actor) -> Ticket:
    """Say, as the requester, how well it was solved; the last word counts."""
    ticket = locked("rate", ticket)
    ticket.rating, ticket.rating_comment = rating, comment.strip()
    ticket.full_clean(exclude=["number"])
    save_as(ticket, by=by, reason=f"rated: {ticket.get_rating_display()}")
    return ticket


def person_of(by: Actor) -> Person | None:
    return Person.objects.filter(user=by.pk).first() if by else None


def _locked_sequence() -> TicketSequence:
    TicketSequence.objects.get_or_create(pk=1)
    # The row's lock is the queue: two reports get different numbers, one form one ticket.
    return TicketSequence.objects.select_for_update().get(pk=1)


def _next_number(sequence: TicketSequence) -> str:
    sequence.last += 1
    # A number of this form may have come in with an import.
    while Ticket.objects.filter(number=str(sequence)).exists():
        sequence.last += 1
    sequence.save()
    return str(sequence)


def _at_the_desk(ticket: Ticket, by: Actor) -> Person | None:
    """Who speaks for the desk; none where that is the requester too, so that the two differ."""
    person = person_of(by)
    return None if person == ticket.requester else person
