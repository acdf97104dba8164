"""What would be told to whom in the days to come, if nothing changes and nobody answers.

The rows, their days and whom they concern come from the functions that the ledger itself asks
(`support.alerts`, `support.lead_times`); `unfolding` then takes the ledger's steps for each matter,
on the days on which one of them can change anything. Nothing is written, and the number of queries
depends on the rules and the days asked for, never on the records.
"""

from datetime import date, timedelta

from people.mailboxes import last_resort, mailbox, remembering_mailboxes
from support.alerts import RULES
from support.preview import matters
from support.preview.entries import Ledger
from support.preview.people import People
from support.preview.plain import plainly
from support.preview.telling import How, Telling
from support.preview.unfolding import Unfolding

__all__ = ["FORESEEN", "How", "LONGEST", "Telling", "coming"]

FORESEEN = [rule for rule in RULES if not rule.at_once]
"""Rules that go by days. What is told at once goes by hours and minutes, and is in no preview."""
LONGEST = 365
"""The most days that can be looked ahead."""


def coming(on: date, until: date) -> list[Telling]:
    """All that would be told from the day `on` to `until`, by day, then as the rules stand.

    What was told, acknowledged or snoozed until later is left out, what was raised on the day `on`
    already too. Raises ValueError for more than LONGEST days.
    """
    if not on <= until <= on + timedelta(LONGEST):
        raise ValueError(f"{until} is not within {LONGEST} days of {on}.")
    with remembering_mailboxes():
        found = _foreseen(on, until)
    place = {rule.kind: number for number, rule in enumerate(FORESEEN)}
    found.sort(key=lambda it: (it.day, place[it.rule], it.due_on, it.record, it.lead))
    return found


def _foreseen(on: date, until: date) -> list[Telling]:
    people = People.read()
    ledger = Ledger.read(on, until, people)
    found: list[Telling] = []
    for rule in FORESEEN:
        above = (mailbox(rule.role).pk, last_resort().pk)
        for matter in matters.of_rule(rule, ledger, on, until, people):
            told = plainly(matter, people, above, on, until)
            if told is None:
                told = Unfolding(matter, people, above, on, until).tellings()
            found += told
    return found
