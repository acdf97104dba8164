"""What is done once a day, and what cannot wait for it.

`manage.py daily` does all of a day at once. The scheduler begins the day, and brings each
recipient his mail of the day at his own hour, see `support.digests.send_due_digests`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from contracts.rollover import roll_over
from people import documents, jobs
from support import approvals, staffing
from support.digests import send_at_once, send_digests
from support.ledger import raise_at_once, raise_due
from support.posts import queue_posts


@dataclass(frozen=True)
class Outcome:
    alerts: int
    messages: int

    def __str__(self) -> str:
        return f"{self.alerts} alerts, {self.messages} messages"


def begin_day(on: date) -> Outcome:
    """Raise what is due on the day `on`, and tell what cannot wait for the mail of the day.

    Contracts that renewed by themselves come first: their next dates are those to be told. So do
    people who join or leave soon, and approvals that nobody gave.
    """
    documents.tidy()
    jobs.tidy(timezone.now())
    roll_over(on)
    staffing.look_ahead(on)
    approvals.escalate_silent(on)
    return _raised_and_told(raise_due, on)


def run_day(on: date) -> Outcome:
    """Begin the day `on`, and owe each recipient his mail of it, whatever his hour."""
    try:
        begun = begin_day(on)
    finally:  # what could be raised is told, whatever could not
        messages = send_digests(on)
    return Outcome(begun.alerts, begun.messages + messages)


def tell_now(on: date) -> Outcome:
    """Raise and tell what cannot wait for the next day, as it stands now, on the day `on`."""
    return _raised_and_told(raise_at_once, on)


def _raised_and_told(enter: Callable[[date], int], on: date) -> Outcome:
    try:
        alerts = enter(on)
    finally:
        messages = send_at_once(on) + queue_posts(on)
    return Outcome(alerts, messages)
