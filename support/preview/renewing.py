"""Contracts that renew by themselves in the days to come, and have other dates from then on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from contracts.models import Term
from contracts.renewals import notice_by
from support.preview.telling import Matter, Whom

type Renewals = Sequence[tuple[date, Term]]

DATES: dict[str, Callable[[Term], date | None]] = {
    "notice_by": notice_by,
    "ends_on": lambda term: term.ends_on,
}
"""By the column that a rule watches what it will be after a renewal."""


def each(matter: Matter, renewals: Renewals, first: date) -> Iterator[Matter]:
    """The matter, and those that take its place from each renewal on.

    Looked at from the day `first`; of what follows each other before it only the last counts.
    """
    since, due_on = date.min, matter.due_on
    for day, term in renewals:
        if due_on and (since == date.min or day > first):
            yield _between(matter, due_on, since, day)
        since, due_on = day, DATES[matter.rule.due](term)
    if due_on:
        yield replace(matter, due_on=due_on, whom=_from(matter.whom, since))


def _between(matter: Matter, due_on: date, since: date, until: date) -> Matter:
    """That of one stretch: over when the next one is sure, or missed by then."""
    whom = _from(matter.whom, since)
    if due_on < until:
        return replace(matter, due_on=due_on, whom=whom, missed_on=until)
    before = [(day, who) for day, who in whom if day < until]
    return replace(matter, due_on=due_on, whom=[*before, (until, None)])


def _from(whom: Whom, since: date) -> Whom:
    """Whom it concerns from that day on; nobody before."""
    if since <= whom[0][0]:
        return whom
    current = [who for day, who in whom if day <= since][-1]
    return [(date.min, None), (since, current), *((day, who) for day, who in whom if day > since)]
