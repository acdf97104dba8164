"""What people report and ask for, tied to the very device it is about."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone

from assets.models import Asset
from config.fields import CurrencyField, MoneyField
from config.history import Record
from config.money import Money
from contracts.models import Contract, Licence
from people.models import Location, Person
from support.models import desk
from support.models.catalogue import Offer
from support.models.desk import Queue, TicketCategory


class TicketQuerySet(models.QuerySet["Ticket"]):
    def open(self) -> Self:
        return self.exclude(state__in=Ticket.ENDED)

    def waiting_for_us(self) -> Self:
        return self.filter(state__in=[Ticket.State.NEW, Ticket.State.IN_PROGRESS])

    def at_risk(self, at: datetime) -> Self:
        """Not missed yet, but most of the time is over."""
        return self.filter(at_risk_at__lte=at, due_by__gt=at)

    def missed(self, at: datetime) -> Self:
        """Still not answered, or solved, at the moment by which it should have been."""
        return self.filter(due_by__lte=at)

    def visible_to(self, person: Person) -> Self:
        """What they may read in the portal: asked by them, for them, or followed by them."""
        followed = Follower.objects.filter(person=person).values("ticket")
        return self.filter(Q(requester=person) | Q(on_behalf_of=person) | Q(pk__in=followed))

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

    Level = desk.Level
    Priority = desk.Priority

    class Rating(models.IntegerChoices):
        POOR = 1, "not solved"
        FAIR = 2, "solved, with trouble"
        GOOD = 3, "solved well"

    ENDED = (State.RESOLVED, State.CLOSED)

    number = models.CharField(max_length=40, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.INCIDENT)
    subject = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    requester = models.ForeignKey(Person, models.PROTECT, related_name="tickets")
    on_behalf_of = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets_for_him",
        help_text="Whom it is for, where that is somebody else.",
    )
    asset = models.ForeignKey(Asset, models.PROTECT, null=True, blank=True, related_name="tickets")
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    licence = models.ForeignKey(
        Licence, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    category = models.ForeignKey(
        TicketCategory, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="tickets")
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="tickets"
    )
    urgency = models.PositiveSmallIntegerField(choices=desk.Level, default=desk.Level.MEDIUM)
    impact = models.PositiveSmallIntegerField(choices=desk.Level, default=desk.Level.LOW)
    priority = models.PositiveSmallIntegerField(
        choices=desk.Priority, default=desk.Priority.MODERATE, db_index=True
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
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates", editable=False
    )
    split_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", editable=False
    )
    # The clocks of the service level, kept by `support.service_levels`; see `ServiceLevel`.
    respond_by = models.DateTimeField(null=True, editable=False, db_index=True)
    resolve_by = models.DateTimeField(null=True, editable=False, db_index=True)
    due_by = models.DateTimeField(
        null=True,
        editable=False,
        db_index=True,
        help_text="The next of the two; none while no clock runs.",
    )
    at_risk_at = models.DateTimeField(null=True, editable=False)
    responded_at = models.DateTimeField(null=True, editable=False)
    waiting_since = models.DateTimeField(null=True, editable=False)
    waited_seconds = models.PositiveIntegerField(
        default=0, editable=False, help_text="Business time in which it waited for others."
    )
    # What was asked for, where it is a request from the catalogue; the price as it then was.
    offer = models.ForeignKey(
        Offer, models.PROTECT, null=True, blank=True, related_name="tickets", editable=False
    )
    quantity = models.PositiveSmallIntegerField(default=1, editable=False)
    price = MoneyField("price of one", null=True, editable=False)
    currency = CurrencyField(editable=False)
    rating = models.PositiveSmallIntegerField(choices=Rating, null=True, editable=False)
    rating_comment = models.TextField(blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        permissions = [
            ("answer_ticket", "Can answer, assign and resolve tickets"),
            ("import_ticket", "Can import tickets"),
            ("export_ticket", "Can export tickets"),
            ("fulfil_ticket", "Can give what was asked for"),
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
            models.CheckConstraint(
                name="ticket_is_not_merged_into_itself",
                condition=Q(merged_into=None) | (~Q(merged_into=F("id")) & Q(state="closed")),
                violation_error_message="What is merged into another ticket is closed.",
            ),
            models.CheckConstraint(
                name="ticket_asks_for_at_least_one",
                condition=Q(quantity__gte=1),
                violation_error_message="Ask for at least one.",
            ),
            models.UniqueConstraint(
                fields=["requester", "submission"],
                name="ticket_is_opened_once_per_form",
                violation_error_message="This form was sent already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def is_solved(self) -> bool:
        """Whether it was resolved, and not merged, refused or taken back, each closed at once."""
        if self.state == self.State.RESOLVED:
            return True
        closed_later = self.closed_at and self.resolved_at and self.closed_at > self.resolved_at
        return bool(closed_later) and self.merged_into_id is None

    @property
    def total(self) -> Money | None:
        """What all that is asked for costs together; None where it costs nothing."""
        return None if self.price is None else Money(self.price * self.quantity, self.currency)


class TicketSequence(models.Model):
    """The one row with the last number given; taken under a lock by `support.tickets`."""

    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"T-{self.last:06}"


class TicketLink(Record):
    """Two tickets that have to do with each other; the older one comes first."""

    first = models.ForeignKey(Ticket, models.CASCADE, related_name="links")
    second = models.ForeignKey(Ticket, models.CASCADE, related_name="links_back")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                name="tickets_are_linked_once",
                violation_error_message="They are linked already.",
            ),
            models.CheckConstraint(
                name="ticket_link_begins_with_the_older_one",
                condition=Q(first__lt=F("second")),
                violation_error_message="A ticket cannot be linked to itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class Follower(Record):
    """Somebody who is mailed what happens on a ticket, beside its requester and assignee."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="followers")
    person = models.ForeignKey(Person, models.PROTECT, related_name="followed")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "person"],
                name="ticket_is_followed_once_by_a_person",
                violation_error_message="They follow it already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} follows {self.ticket_id}"
