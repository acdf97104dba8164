"""The short way through matters of which nobody has said anything: nearly all of a register.

One person is concerned throughout; then the ledger's steps come to telling them at each lead,
and somebody above them in the end. A test holds `unfolding`, which knows every case, to the same.
"""

from datetime import date, timedelta

from support.models import Alert
from support.owed import LAPSED
from support.preview.people import People
from support.preview.telling import How, Matter, Telling, above_of

State = Alert.State


def plainly(
    matter: Matter, people: People, above: tuple[int, int], first: date, last: date
) -> list[Telling] | None:
    """What would be told of a plain matter; None for one that is not plain."""
    whom = _alone(matter)
    if matter.due_on is None or whom is None or matter.missed_on <= first:
        return None
    told = _ahead(matter, matter.due_on, whom, first, last)
    if not told and not matter.alerts and matter.due_on < first:
        told = [_telling(matter, first, LAPSED, whom, How.TOLD)]
        if matter.due_on < matter.since:
            return told  # it lapsed before it was watched, and is not escalated
    raised_on = told[-1].day if told else _open_since(matter)
    if raised_on is not None:
        day = max(matter.due_on, raised_on) + timedelta(matter.rule.grace + 1)
        higher = above_of(whom, max(day, first), people, above)
        if higher is not None and max(day, first) <= last:
            told.append(_telling(matter, max(day, first), LAPSED, higher, How.ESCALATED))
    return told


def _alone(matter: Matter) -> int | None:
    """The one person whom it concerns, where only they were told and nobody answered."""
    if len(matter.whom) != 1 or matter.woken:
        return None
    whom = matter.whom[0][1]
    for it in matter.alerts:
        plain = it.state in (State.OPEN, State.FOLLOWED) and not (it.is_assigned or it.escalates)
        if not plain or it.recipient != whom or it.is_escalated:
            return None
    open_ones = [it for it in matter.alerts if it.state == State.OPEN]
    nearest = min((it.lead for it in matter.alerts), default=None)
    return None if any(it.lead != nearest for it in open_ones) else whom


def _ahead(matter: Matter, due_on: date, whom: int, first: date, last: date) -> list[Telling]:
    """At each lead that is reached and not told yet, the most urgent of them on the first day."""
    nearest = min((it.lead for it in matter.alerts), default=None)
    left = (due_on - first).days
    told: list[Telling] = []
    for lead in sorted(matter.leads, reverse=True):
        if left < 0 or (nearest is not None and nearest <= lead):
            continue
        day = max(due_on - timedelta(lead), first)
        if day > last:
            break
        if told and told[-1].day == day:
            told.pop()
        told.append(_telling(matter, day, lead, whom, How.TOLD))
    return told


def _open_since(matter: Matter) -> date | None:
    return next((it.raised_on for it in matter.alerts if it.state == State.OPEN), None)


def _telling(matter: Matter, day: date, lead: int, whom: int, how: How) -> Telling:
    due_on = matter.due_on or day
    return Telling(day, matter.rule.kind, matter.record, due_on, lead, whom, how)
