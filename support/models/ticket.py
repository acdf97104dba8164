"""What people report and ask for, tied to the very device it is about."""

from typing import Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower
from django.utils import timezone

from assets.models import Asset
from config.history import Record
from contracts.models import Contract
from people.models import Location, Person


class TicketCategory(Record):
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "ticket categories"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="ticket_category_name_is_unique_in_any_case",
                violation_error_message="There is a category of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Queue(Record):
    """A team's pile of tickets."""

    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="queue_name_is_unique_in_any_case",
                violation_error_message="There is a queue of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TicketQuerySet(models.QuerySet["Ticket"]):
    def open(self) -> Self:
        return self.exclude(state__in=Ticket.ENDED)

    def waiting_for_us(self) -> Self:
        return self.filter(state__in=[Ticket.State.NEW, Ticket.State.IN_PROGRESS])

    def unassigned(self) -> Self:
        return self.open().filter(assignee=None)

    def open_first(self) -> Self:
        """The open ones before the ended ones, the newest of each first."""
        ended = Case(When(state__in=Ticket.ENDED, then=1), default=0)
        return self.order_by(ended, "-opened_at", "-pk")


class Ticket(Record):
    """One report or request. Its state and assignee change only through `support.tickets`."""

    class Kind(models.TextChoices):
        INCIDENT = "incident", "incident"
        REQUEST = "request", "request"
        REPAIR = "repair", "repair"
        RETURN = "return", "return"
        ACCESS = "access", "access"

    class State(models.TextChoices):
        NEW = "new", "new"
        IN_PROGRESS = "in_progress", "in progress"
        WAITING_REQUESTER = "waiting_requester", "waiting for requester"
        WAITING_VENDOR = "waiting_vendor", "waiting for vendor"
        WAITING_APPROVAL = "waiting_approval", "waiting for approval"
        RESOLVED = "resolved", "resolved"
        CLOSED = "closed", "closed"

    class Priority(models.IntegerChoices):
        CRITICAL = 1, "critical"
        HIGH = 2, "high"
        MODERATE = 3, "moderate"
        LOW = 4, "low"

    class Level(models.IntegerChoices):
        HIGH = 1, "high"
        MEDIUM = 2, "medium"
        LOW = 3, "low"

    ENDED = (State.RESOLVED, State.CLOSED)

    number = models.CharField(max_length=40, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.INCIDENT)
    subject = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    requester = models.ForeignKey(Person, models.PROTECT, related_name="tickets")
    asset = models.ForeignKey(Asset, models.PROTECT, null=True, blank=True, related_name="tickets")
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    category = models.ForeignKey(
        TicketCategory, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="tickets")
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    urgency = models.PositiveSmallIntegerField(choices=Level, default=Level.MEDIUM)
    impact = models.PositiveSmallIntegerField(choices=Level, default=Level.LOW)
    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.MODERATE, db_index=True
    )
    state = models.CharField(
        max_length=20, choices=State, default=State.NEW, editable=False, db_index=True
    )
    assignee = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="work", editable=False
    )
    opened_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    resolved_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    submission = models.UUIDField(
        null=True, editable=False, help_text="The form it came in by, so that one form counts once."
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        permissions = [
            ("answer_ticket", "Can answer, assign and resolve tickets"),
            ("import_ticket", "Can import tickets"),
            ("export_ticket", "Can export tickets"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ticket_is_closed_when_it_says_when",
                condition=(Q(state="closed") & Q(closed_at__isnull=False))
                | (~Q(state="closed") & Q(closed_at=None)),
                violation_error_message="A closed ticket, and no other, says when it was closed.",
            ),
            models.CheckConstraint(
                name="ticket_is_resolved_when_it_says_when",
                condition=(Q(state__in=["resolved", "closed"]) & Q(resolved_at__isnull=False))
                | (~Q(state__in=["resolved", "closed"]) & Q(resolved_at=None)),
                violation_error_message="What is resolved, and nothing else, says when.",
            ),
            models.CheckConstraint(
                name="ticket_ends_after_it_was_opened",
                condition=(Q(resolved_at=None) | Q(resolved_at__gte=F("opened_at")))
                & (Q(closed_at=None) | Q(closed_at__gte=F("opened_at"))),
                violation_error_message="The ticket ended before it was opened.",
            ),
            models.UniqueConstraint(
                fields=["requester", "submission"],
                name="ticket_is_opened_once_per_form",
                violation_error_message="This form was sent already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class TicketSequence(models.Model):
    """The one row with the last number given; taken under a lock by `support.tickets`."""

    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"T-{self.last:06}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def public(self) -> Self:
        """What the requester may read."""
        return self.filter(is_public=True)


class Comment(Record):
    """One turn of the conversation. What is not public only staff may read."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="comments")
    author = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="comments", help_text="None: the desk."
    )
    body = models.TextField()
    is_public = models.BooleanField("public", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    submission = models.UUIDField(
        null=True, editable=False, help_text="The form it came in by, so that one form counts once."
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "submission"],
                name="comment_is_written_once_per_form",
                violation_error_message="This form was sent already.",
            )
        ]

    def __str__(self) -> str:
        return self.body[:60]
