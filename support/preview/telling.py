"""What is known of one matter, and what of it is told to whom on which day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from support.alerts import Rule
from support.lead_times import Leads
from support.preview.people import People

A_DAY = timedelta(1)

type Whom = list[tuple[date, int | None]]
"""Whom something concerns from which day on."""


class How(StrEnum):
    """Why somebody is told."""

    TOLD = "told"
    AGAIN = "told again"
    ESCALATED = "escalated"


class Telling(NamedTuple):
    """One person told of one date of one record, on one day."""

    day: date
    rule: str
    record: int
    due_on: date
    lead: int
    recipient: int
    how: How


@dataclass(slots=True)
class Told:
    """One alert as it stands on the day that is looked at.

    It is snoozed `until` a day, or was when it became moot.
    """

    due_on: date
    lead: int
    recipient: int
    state: str
    raised_on: date
    is_assigned: bool = False
    escalates: bool = False
    is_escalated: bool = False
    until: date | None = None


@dataclass(slots=True)
class Matter:
    """A row of a rule: whom it concerns from which day on, None where it is not true then.

    `alerts` are those of the ledger, the oldest first; `woken` the days until which it was snoozed.
    A condition has no `due_on`; its alerts have that of the day when it was first seen. What had
    passed before the day `since`, and was told to nobody, is only counted. From `missed_on` on the
    record has another date, and this one stays with whom it is.
    """

    rule: Rule
    record: int
    due_on: date | None
    leads: Leads
    whom: Whom
    since: date
    missed_on: date = date.max
    alerts: list[Told] = field(default_factory=list)
    woken: list[date] = field(default_factory=list)


def above_of(key: int, day: date, people: People, mailboxes: tuple[int, int]) -> int | None:
    """Who hears what this person does not answer: their manager, else the first other mailbox."""
    others = (it for it in mailboxes if it != key)
    return people.manager(key, day) or next(others, None)
