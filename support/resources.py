"""Tickets from spreadsheets."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db import models

from assets.lookups import Assets
from config.lookups import Lookup
from config.resources import BaseResource, column
from config.widgets import Choice, Moment, Reference, Text
from people.lookups import Locations, People
from support import service_levels
from support.models import Queue, Ticket, TicketCategory
from support.priorities import USUAL

State, Priority = Ticket.State, Ticket.Priority

# Words of other systems for the state of a new ticket. What is on hold there has no reason here: it
# is in progress.
STATES = {
    "open": State.NEW,
    "assigned": State.IN_PROGRESS,
    "active": State.IN_PROGRESS,
    "work in progress": State.IN_PROGRESS,
    "on hold": State.IN_PROGRESS,
    "pending": State.IN_PROGRESS,
    "awaiting user info": State.WAITING_REQUESTER,
    "awaiting caller": State.WAITING_REQUESTER,
    "awaiting vendor": State.WAITING_VENDOR,
    "solved": State.RESOLVED,
    "canceled": State.CLOSED,
    "cancelled": State.CLOSED,
    "complete": State.CLOSED,
    "closed complete": State.CLOSED,
}
PRIORITY_WORDS = {
    f"{number}{sign}{word}": priority
    for word, number, priority in [
        ("critical", 1, Priority.CRITICAL),
        ("high", 2, Priority.HIGH),
        ("moderate", 3, Priority.MODERATE),
        ("low", 4, Priority.LOW),
        ("planning", 5, Priority.LOW),
    ]
    for sign in ("-",)
} | {"urgent": Priority.CRITICAL, "medium": Priority.MODERATE, "normal": Priority.MODERATE}


class TicketCategories(Lookup):
    model = TicketCategory
    accepts = "the name of a ticket category that is there"


class Queues(Lookup):
    model = Queue
    accepts = "the name of a queue that is there"


class TicketResource(BaseResource):
    """Known by number. What the steps of a ticket that is there change is theirs."""

    slug = "tickets"
    headers: ClassVar = {
        "number": ["ticket number", "ticket", "ticket id", "incident number", "incident"],
        "kind": ["type", "ticket type"],
        "subject": ["short description", "summary", "title"],
        "description": ["details", "long description"],
        "requester": ["caller id", "caller", "opened for", "requested by", "requested for"],
        "asset": ["asset tag", "cmdb ci", "configuration item"],
        "category": ["category name"],
        "queue": ["assignment group", "team", "group"],
        "location": ["site"],
        "priority": [],
        "state": ["status", "incident state"],
        "assignee": ["assigned to", "technician", "agent"],
        "opened_at": ["opened", "created", "created at", "open time"],
        "resolved_at": ["resolved", "solved at"],
        "closed_at": ["closed", "closed time"],
    }
    keys: ClassVar = ["number"]
    identified_by: ClassVar = ["number"]
    required: ClassVar = ["number", "subject", "requester"]
    owned: ClassVar = dict.fromkeys(
        ["state", "assignee", "priority", "queue", "opened_at", "resolved_at", "closed_at"],
        "it changes by the steps on the ticket's page",
    ) | {"requester": "what was asked for in the catalogue stays with whoever asked"}

    number = column("number", Text(identifies=True))
    kind = column("kind", Choice(Ticket.Kind))
    subject = column("subject", Text())
    description = column("description", Text())
    requester = column("requester", Reference(People))
    asset = column("asset", Reference(Assets))
    category = column("category", Reference(TicketCategories))
    queue = column("queue", Reference(Queues))
    location = column("location", Reference(Locations))
    priority = column("priority", Choice(Priority, PRIORITY_WORDS))
    state = column("state", Choice(State, STATES))
    assignee = column("assignee", Reference(People))
    opened_at = column("opened_at", Moment())
    resolved_at = column("resolved_at", Moment())
    closed_at = column("closed_at", Moment())

    class Meta:
        model = Ticket
        fields: ClassVar = [
            "number",
            "kind",
            "subject",
            "description",
            "requester",
            "asset",
            "category",
            "queue",
            "location",
            "priority",
            "state",
            "assignee",
            "opened_at",
            "resolved_at",
            "closed_at",
        ]

    def is_owned(self, name: str, instance: Ticket) -> bool:
        return name != "requester" or instance.offer_id is not None

    def get_queryset(self) -> models.QuerySet[Ticket]:
        return Ticket.objects.select_related(
            "requester", "on_behalf_of", "asset", "category", "queue", "location", "assignee"
        )

    def prepare(self, row: dict[str, Any]) -> None:
        """Other systems give one time of the end: it is when a resolved ticket was resolved."""
        ended = row.get("closed_at") or row.get("resolved_at")
        try:
            state = self.fields["state"].clean(row) if row.get("state") else State.NEW
        except ValueError:
            return
        row["resolved_at"] = (row.get("resolved_at") or ended) if state in Ticket.ENDED else None
        row["closed_at"] = ended if state == State.CLOSED else None

    def import_instance(self, instance: Ticket, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        if self.new and row.get("priority"):
            # The first pair that gives this priority, so that the next triage starts from it.
            instance.urgency, instance.impact = next(
                pair for pair, priority in USUAL.items() if priority == instance.priority
            )

    def create(self, instances: Sequence[Ticket]) -> None:
        service_levels.begin(instances)
        super().create(instances)

    def update(self, instances: Sequence[Any]) -> None:
        """What moves to other hours is due by other moments."""
        placed = set(service_levels.PLACED_BY)
        service_levels.restart_all(it for it in instances if placed & set(it.import_changed))
        super().update(instances)

    def derived(self, names: Collection[str]) -> list[str]:
        placed = set(service_levels.PLACED_BY) & set(names)
        return [*super().derived(names), *(service_levels.CLOCKS if placed else ())]

    def in_order(self) -> list[Lookup]:
        order: list[type[Lookup]] = [Locations, People, TicketCategories, Queues]
        return [self.lookups[kind] for kind in order if kind in self.lookups]
