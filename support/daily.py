"""What is done once a day, and what cannot wait for it.

`manage.py daily` does all of a day at once. The scheduler begins the day, and brings each
recipient the mail of the day at their own hour, see `support.digests.send_due_digests`. A step that
fails stops no other: alerts depend on nothing but the database.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone

from contracts.rollover import roll_over
from people import documents, jobs
from people.answers import said
from support import approvals, staffing
from support.digests import send_at_once, send_digests
from support.ledger import RulesFailed, raise_at_once, raise_due
from support.posts import queue_posts

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    alerts: int
    messages: int

    def __str__(self) -> str:
        return f"{self.alerts} alerts, {self.messages} messages"


class StepsFailed(Exception):
    """Some steps failed; the others were done, with this outcome."""

    def __init__(self, steps: Sequence[str], outcome: Outcome) -> None:
        super().__init__(f"Not all was done. {' '.join(steps)}")
        self.outcome = outcome


@dataclass
class _Steps:
    """What is done of the day `on`, step by step, and what of it failed, in sentences."""

    on: date
    failed: list[str] = field(default_factory=list)

    def take(self, name: str, step: Callable[[date], int]) -> int:
        """What the step counts; 0 where it fails, which is logged."""
        try:
            return step(self.on)
        except Exception as error:
            logger.exception("%s of %s: it could not be done.", name, self.on)
            self.failed.append(f"{name}: {said(error).rstrip('.')}.")
            return error.raised if isinstance(error, RulesFailed) else 0

    def outcome(self, alerts: int, messages: int) -> Outcome:
        """Raises StepsFailed where a step failed."""
        outcome = Outcome(alerts, messages)
        if self.failed:
            raise StepsFailed(self.failed, outcome)
        return outcome


def begin_day(on: date) -> Outcome:
    """Raise what is due on the day `on`, and tell what cannot wait for the mail of the day.

    Contracts that renewed by themselves come first: their next dates are those to be told. So do
    people who join or leave soon, and approvals whose approver is away or silent. Raises
    StepsFailed in the end where not all of it could be done.
    """
    steps = _Steps(on)
    return steps.outcome(*_begin(steps))


def run_day(on: date) -> Outcome:
    """Begin the day `on`, and owe each recipient the mail of it, whatever their hour.

    Raises StepsFailed in the end where not all of it could be done.
    """
    steps = _Steps(on)
    alerts, messages = _begin(steps)
    return steps.outcome(alerts, messages + steps.take("Mails of the day", send_digests))


def tell_now(on: date) -> Outcome:
    """Raise and tell what cannot wait for the next day, as it stands now, on the day `on`.

    Raises StepsFailed in the end where not all of it could be done.
    """
    steps = _Steps(on)
    return steps.outcome(*_raise_and_tell(steps, raise_at_once))


def _begin(steps: _Steps) -> tuple[int, int]:
    """How many alerts were raised, and how many messages were owed."""
    steps.take("Contracts that renew by themselves", roll_over)
    steps.take("People who join or leave", staffing.look_ahead)
    steps.take("Approvals of people who are away", approvals.ask_deputies)
    steps.take("Approvals that nobody gave", approvals.escalate_silent)
    told = _raise_and_tell(steps, raise_due)
    steps.take("Files that no document has", lambda on: documents.tidy())
    steps.take("Runs of jobs of long ago", lambda on: jobs.tidy(timezone.now()))
    return told


def _raise_and_tell(steps: _Steps, enter: Callable[[date], int]) -> tuple[int, int]:
    alerts = steps.take("Alerts", enter)
    messages = steps.take("Mails at once", send_at_once) + steps.take("Posts", queue_posts)
    return alerts, messages
