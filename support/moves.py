"""Which moves of a ticket are allowed in which state, and how each of them is written."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone

from config.history import Actor, save_as
from support import approval_mail, service_levels
from support.models import Approval, Ticket

State = Ticket.State

WAITING = (State.WAITING_REQUESTER, State.WAITING_VENDOR, State.WAITING_APPROVAL)
OPEN = (State.NEW, State.IN_PROGRESS, *WAITING)


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
    "queue": Move("moved to another queue", OPEN),
    "wait": Move("set to waiting", OPEN),
    "resume": Move("taken up again", WAITING),
    "resolve": Move("resolved", OPEN),
    "close": Move("closed", (State.RESOLVED,)),
    "reopen": Move("reopened", (State.RESOLVED, State.CLOSED)),
    "merge": Move("merged into another", (*OPEN, State.RESOLVED)),
    "split": Move("split", OPEN),
    "rate": Move("rated", (State.RESOLVED, State.CLOSED)),
}


def locked(move: str, ticket: Ticket) -> Ticket:
    """The row re-read under a lock, so that two at the desk cannot both win.

    Raises ValidationError where its state does not allow the move, or where it would no longer
    wait for somebody who still has to agree.
    """
    rows = Ticket.objects.select_for_update(of=("self",))
    ticket = rows.select_related("requester", "on_behalf_of", "assignee", "location").get(
        pk=ticket.pk
    )
    if not MOVES[move].allows(ticket):
        raise ValidationError(refusal(move, ticket))
    if move == "reopen" and ticket.merged_into_id:
        raise ValidationError(f"{ticket} went into {ticket.merged_into}: reopen that one.")
    if move == "rate" and not ticket.is_solved:
        raise ValidationError(f"{ticket} was closed without a solution: it cannot be rated.")
    if move in ("wait", "resume"):
        _refuse_while_asked(move, ticket)
    return ticket


def _refuse_while_asked(move: str, ticket: Ticket) -> None:
    asked = ticket.approvals.waiting().select_related("approver").first()
    if asked:
        done = MOVES[move].done
        raise ValidationError(f"{ticket} waits for {asked.approver} to agree: it cannot be {done}.")


def refusal(move: str, ticket: Ticket) -> str:
    """Why not: "T-000012 Screen is closed: it cannot be answered."."""
    return f"{ticket} is {ticket.get_state_display()}: it cannot be {MOVES[move].done}."


def enter(ticket: Ticket, state: Ticket.State, *, by: Actor, reason: str) -> None:
    """Write a ticket in its next state, its clocks with it; about what ends nobody is asked."""
    now = timezone.now()
    service_levels.enter(ticket, state, at=now)
    ticket.state = state
    ticket.resolved_at = (ticket.resolved_at or now) if state in Ticket.ENDED else None
    ticket.closed_at = now if state == State.CLOSED else None
    save_as(ticket, by=by, reason=reason)
    if state in Ticket.ENDED:
        _drop_approvals(ticket, by=by, reason=reason)


def _drop_approvals(ticket: Ticket, *, by: Actor, reason: str) -> None:
    for approval in ticket.approvals.undecided().select_related("approver"):
        was_asked = approval.state == Approval.State.WAITING
        approval.state = Approval.State.DROPPED
        save_as(approval, by=by, reason=reason)
        if was_asked:
            approval_mail.dropped(approval, reason, by=by)


def listing() -> str:
    """The moves and the states they are allowed in, as a Markdown table."""
    lines = ["| Move | Allowed while it is |", "|---|---|"]
    for name, move in MOVES.items():
        sources = ", ".join(str(it.label) for it in move.sources)
        lines.append(f"| {name}: {move.done} | {sources} |")
    return "\n".join(lines)
