"""The open tickets by when they are due, as the desk works them off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from support.models import Ticket
from support.service_levels import STANDING

SHOWN = 25
"""How many of a column are named; the rest is counted and linked."""


@dataclass(frozen=True)
class Column:
    """One column of the board: what stands in it, how much there is, and the first of it."""

    title: str
    slug: str
    count: int
    tickets: Sequence[Ticket]

    @property
    def more(self) -> int:
        return self.count - len(self.tickets)


def columns(tickets: QuerySet[Ticket], at: datetime) -> list[Column]:
    """The open ones among `tickets` at the moment `at`, in a constant number of queries."""
    rows = tickets.exclude(state__in=Ticket.ENDED)
    running = rows.exclude(due_by=None)
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(1)
    risky = {"at_risk_at__lte": at}
    ahead = running.filter(due_by__gt=at)
    return [
        _column("Missed", "missed", running.filter(due_by__lte=at)),
        _column("At risk", "risk", ahead.filter(**risky)),
        _column("Due today", "today", ahead.exclude(**risky).filter(due_by__lt=tomorrow)),
        _column("Later", "later", ahead.exclude(**risky).filter(due_by__gte=tomorrow)),
        _column("Waiting for others", "waiting", rows.filter(state__in=STANDING)),
        _column("No promise", "none", rows.filter(due_by=None).exclude(state__in=STANDING)),
    ]


def _column(title: str, slug: str, rows: QuerySet[Ticket]) -> Column:
    ordered = rows.order_by("due_by", "priority", "opened_at", "pk")
    first = ordered.select_related("requester", "assignee", "queue")[:SHOWN]
    return Column(title, slug, rows.count(), list(first))
