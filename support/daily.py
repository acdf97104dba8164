"""What is done once a day; the scheduler and `manage.py daily` call the same."""

from dataclasses import dataclass
from datetime import date

from contracts.rollover import roll_over
from people import documents
from support.digests import send_digests
from support.ledger import raise_due


@dataclass(frozen=True)
class Outcome:
    alerts: int
    messages: int

    def __str__(self) -> str:
        return f"{self.alerts} alerts, {self.messages} messages"


def run_day(on: date) -> Outcome:
    """Raise what is due on the day `on` and owe each recipient his digest of it.

    Contracts that renewed by themselves come first: their next dates are those to be told.
    """
    documents.tidy()
    roll_over(on)
    return Outcome(raise_due(on), send_digests(on))
