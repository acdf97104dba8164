"""Every way a ticket moves. Each move is atomic, under a lock, recorded, and refuses in words.

A move takes one ticket and returns it as it now is; `config.outcomes.each` runs a move on many.
"""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.models import Asset
from config.history import Actor, save_as
from people.models import Person
from support import ticket_mail
from support.models import Comment, Ticket, TicketCategory, TicketSequence

State, Level, Priority = Ticket.State, Ticket.Level, Ticket.Priority

WAITING = (State.WAITING_REQUESTER, State.WAITING_VENDOR, State.WAITING_APPROVAL)
OPEN = (State.NEW, State.IN_PROGRESS, *WAITING)

# ITIL 4, practice "incident management": priority follows from urgency (how soon it must be solved)
# and impact (how many it stops). The cells are those of the usual 3 x 3 matrix, where the two
# lowest of its five priorities are our "low".
MATRIX = {  # urgency: for high, medium and low impact
    Level.HIGH: (Priority.CRITICAL, Priority.HIGH, Priority.MODERATE),
    Level.MEDIUM: (Priority.HIGH, Priority.MODERATE, Priority.LOW),
    Level.LOW: (Priority.MODERATE, Priority.LOW, Priority.LOW),
}
PRIORITIES = {
    (urgency, impact): priority
    for urgency, row in MATRIX.items()
    for impact, priority in zip(Level, row, strict=True)
}


@dataclass(frozen=True)
class Move:
    """What a move is called once done, and from which states it is allowed."""

    done: str
    sources: tuple[Ticket.State, ...]

    def allows(self, ticket: Ticket) -> bool:
        return ticket.state in self.sources


MOVES = {
    "answer": Move("answered", (*OPEN, State.RESOLVED)),
    "reply": Move("answered", (*OPEN, State.RESOLVED)),
    "assign": Move("assigned", OPEN),
    "prioritise": Move("prioritised", OPEN),
    "wait": Move("set to waiting", OPEN),
    "resume": Move("taken up again", WAITING),
    "resolve": Move("resolved", OPEN),
    "close": Move("closed", (State.RESOLVED,)),
    "reopen": Move("reopened", (State.RESOLVED, State.CLOSED)),
}


@transaction.atomic
def open_ticket(
    *,
    requester: Person,
    subject: str,
    description: str = "",
    asset: Asset | None = None,
    category: TicketCategory | None = None,
    kind: str = Ticket.Kind.INCIDENT,
    urgency: int = Level.MEDIUM,
    impact: int = Level.LOW,
    submission: UUID | None = None,
    by: Actor,
) -> Ticket:
    """Open a ticket, and tell the requester and the service desk of it.

    The same `submission` of the same requester opens one ticket only, however often it is sent.
    Raises ValidationError, by field, where something is missing or too long.
    """
    sequence = _locked_sequence()
    sent_before = (
        submission and Ticket.objects.filter(requester=requester, submission=submission).first()
    )
    if sent_before:
        return sent_before
    ticket = Ticket(
        requester=requester,
        subject=" ".join(subject.split()),
        description=description.strip(),
        asset=asset,
        category=category,
        kind=kind,
        urgency=urgency,
        impact=impact,
        priority=PRIORITIES[Level(urgency), Level(impact)],
        submission=submission,
    )
    ticket.full_clean(exclude=["number"])
    ticket.number = _next_number(sequence)
    save_as(ticket, by=by, reason="opened")
    ticket_mail.opened(ticket)
    return ticket


@transaction.atomic
def answer(ticket: Ticket, *, body: str, public: bool = True, by: Actor) -> Ticket:
    """Answer as the desk; what is not public only staff may read, and nobody is mailed it."""
    ticket = _locked("answer", ticket)
    comment = _write(ticket, body, author=_at_the_desk(ticket, by), public=public, by=by)
    if public and ticket.state == State.NEW:
        _enter(ticket, State.IN_PROGRESS, by=by, reason="answered")
    if public:
        ticket_mail.answered(comment)
    return ticket


@transaction.atomic
def reply(ticket: Ticket, *, body: str, submission: UUID | None = None, by: Actor) -> Ticket:
    """Answer as the requester: what waited for him or was resolved is in progress again."""
    ticket = _locked("reply", ticket)
    if submission and ticket.comments.filter(submission=submission).exists():
        return ticket
    comment = _write(ticket, body, author=ticket.requester, submission=submission, by=by)
    if ticket.state == State.RESOLVED:
        _enter(ticket, State.IN_PROGRESS, by=by, reason="reopened by the requester's answer")
    elif ticket.state == State.WAITING_REQUESTER:
        _enter(ticket, State.IN_PROGRESS, by=by, reason="the requester has answered")
    ticket_mail.replied(comment)
    return ticket


@transaction.atomic
def assign(ticket: Ticket, *, to: Person, by: Actor) -> Ticket:
    """Make one person answer for it; a new ticket is then in progress."""
    if to.has_left(timezone.localdate()):
        raise ValidationError(f"{to} left on {to.leaves_on}: nothing can be assigned.")
    ticket = _locked("assign", ticket)
    if ticket.assignee == to:
        raise ValidationError(f"{ticket} is assigned to {to} already.")
    ticket.assignee = to
    state = State.IN_PROGRESS if ticket.state == State.NEW else State(ticket.state)
    _enter(ticket, state, by=by, reason=f"assigned to {to}")
    if to != _person(by):
        ticket_mail.assigned(ticket)
    return ticket


def take(ticket: Ticket, *, by: Actor) -> Ticket:
    """Assign it to oneself."""
    person = _person(by)
    if person is None:
        raise ValidationError("Your login belongs to no person: nothing can be assigned to you.")
    return assign(ticket, to=person, by=by)


@transaction.atomic
def prioritise(ticket: Ticket, *, urgency: int, impact: int, by: Actor) -> Ticket:
    """Say how urgent it is and how many it stops; the priority follows."""
    ticket = _locked("prioritise", ticket)
    ticket.urgency, ticket.impact = urgency, impact
    ticket.priority = PRIORITIES[Level(urgency), Level(impact)]
    save_as(ticket, by=by, reason=f"priority is {ticket.get_priority_display()}")
    return ticket


@transaction.atomic
def wait(ticket: Ticket, *, state: str, by: Actor) -> Ticket:
    """Wait for the requester, a vendor or an approval: `state` is one of WAITING."""
    if state not in WAITING:
        raise ValidationError(f"A ticket cannot wait in the state {state!r}.")
    ticket = _locked("wait", ticket)
    _enter(ticket, State(state), by=by, reason=str(State(state).label))
    return ticket


@transaction.atomic
def resume(ticket: Ticket, *, by: Actor) -> Ticket:
    """What it waited for has come."""
    ticket = _locked("resume", ticket)
    _enter(ticket, State.IN_PROGRESS, by=by, reason="taken up again")
    return ticket


@transaction.atomic
def resolve(ticket: Ticket, *, solution: str, by: Actor) -> Ticket:
    """Say what solved it; the requester is mailed it, and reopens the ticket by answering."""
    ticket = _locked("resolve", ticket)
    comment = _write(ticket, solution, author=_at_the_desk(ticket, by), by=by)
    _enter(ticket, State.RESOLVED, by=by, reason="resolved")
    ticket_mail.resolved(comment)
    return ticket


@transaction.atomic
def close(ticket: Ticket, *, by: Actor) -> Ticket:
    """Nothing more is to be said: the requester cannot answer it any longer."""
    ticket = _locked("close", ticket)
    _enter(ticket, State.CLOSED, by=by, reason="closed")
    return ticket


@transaction.atomic
def reopen(ticket: Ticket, *, reason: str, by: Actor) -> Ticket:
    ticket = _locked("reopen", ticket)
    _enter(ticket, State.IN_PROGRESS, by=by, reason=f"reopened: {reason}")
    return ticket


def refusal(move: str, ticket: Ticket) -> str:
    """Why not: "T-000012 Screen is closed: it cannot be answered."."""
    return f"{ticket} is {ticket.get_state_display()}: it cannot be {MOVES[move].done}."


def _locked(move: str, ticket: Ticket) -> Ticket:
    """Re-read the row under a lock, so that two at the desk cannot both win."""
    rows = Ticket.objects.select_for_update(of=("self",)).select_related("requester", "assignee")
    ticket = rows.get(pk=ticket.pk)
    if not MOVES[move].allows(ticket):
        raise ValidationError(refusal(move, ticket))
    return ticket


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


def _enter(ticket: Ticket, state: Ticket.State, *, by: Actor, reason: str) -> None:
    now = timezone.now()
    ticket.state = state
    ticket.resolved_at = (ticket.resolved_at or now) if state in Ticket.ENDED else None
    ticket.closed_at = now if state == State.CLOSED else None
    save_as(ticket, by=by, reason=reason)


def _write(
    ticket: Ticket,
    body: str,
    *,
    author: Person | None,
    public: bool = True,
    submission: UUID | None = None,
    by: Actor,
) -> Comment:
    if not body.strip():
        raise ValidationError("Write something before you send it.")
    comment = Comment(
        ticket=ticket, author=author, body=body.strip(), is_public=public, submission=submission
    )
    save_as(comment, by=by, reason="answered" if public else "noted")
    return comment


def _person(by: Actor) -> Person | None:
    return Person.objects.filter(user=by.pk).first() if by else None


def _at_the_desk(ticket: Ticket, by: Actor) -> Person | None:
    """Who speaks for the desk; none where he is the requester too, so that the two differ."""
    person = _person(by)
    return None if person == ticket.requester else person
