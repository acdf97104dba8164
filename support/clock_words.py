"""The clocks of a service level in words: what is left, what is missed, since when they stand."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.timezone import localtime

from support.models import Ticket
from support.service_levels import STANDING


def sentences(ticket: Ticket, at: datetime) -> list[str]:
    """Everything that is to be said of the clocks of a ticket at the moment `at`."""
    if ticket.state in Ticket.ENDED:
        said = [_first_answer(ticket), _solution(ticket)]
    elif ticket.state in STANDING:
        said = [_first_answer(ticket), _standing(ticket)]
    else:
        said = [_first_answer(ticket) or _due("Answer", ticket.respond_by, at)]
        said.append(_due("Solve", ticket.resolve_by, at))
    return [*filter(None, said)] or ["No service level promises anything for it."]


def short(ticket: Ticket, at: datetime) -> str:
    """The next of them, as a list shows it: "2 hours left", "late by 3 hours"."""
    if ticket.state in Ticket.ENDED:
        return ""
    if ticket.due_by is None:
        return "stands still" if ticket.state in STANDING else ""
    if ticket.due_by <= at:
        return f"late by {_long(ticket.due_by, at, 1)}"
    return f"{_long(at, ticket.due_by, 1)} left"


def _due(verb: str, moment: datetime | None, at: datetime) -> str:
    if moment is None:
        return ""
    if moment <= at:
        return f"{verb} by {_when(moment)}: missed by {_long(moment, at)}."
    return f"{verb} by {_when(moment)}: {_long(at, moment)} left."


def _first_answer(ticket: Ticket) -> str:
    if ticket.responded_at is None:
        return ""
    kept = _kept(ticket.respond_by, ticket.responded_at)
    return f"First answered on {_when(ticket.responded_at)}{kept}."


def _standing(ticket: Ticket) -> str:
    since = f" since {_when(ticket.waiting_since)}" if ticket.waiting_since else ""
    return f"The clock stands still{since}: {ticket.get_state_display()}."


def _solution(ticket: Ticket) -> str:
    if ticket.resolved_at is None:
        return ""
    stopped = ticket.waiting_since or ticket.resolved_at
    kept = _kept(ticket.resolve_by, min(stopped, ticket.resolved_at))
    return f"Solved on {_when(ticket.resolved_at)}{kept}."


def _kept(promised: datetime | None, done: datetime) -> str:
    if promised is None:
        return ""
    return ", in time" if done <= promised else f", late by {_long(promised, done)}"


def _when(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y, H:i")


def _long(start: datetime, end: datetime, depth: int = 2) -> str:
    return timesince(start, end, depth=depth).replace("\xa0", " ")
