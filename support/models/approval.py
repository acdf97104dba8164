"""Who must agree to a request, who stands in for them, and what was given in the end."""

from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from assets.models import Handover, Order
from config.history import Record
from contracts.models import Seat
from people.models import Person
from support.models.ticket import Ticket


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting(self) -> Self:
        """Those that somebody has to answer now."""
        asked = self.filter(state=Approval.State.WAITING)
        return asked.exclude(ticket__state__in=Ticket.ENDED)

    def undecided(self) -> Self:
        return self.filter(state__in=[Approval.State.TO_COME, Approval.State.WAITING])

    def lacking(self) -> Self:
        """Those without which nothing may be given, for whatever reason they were not."""
        return self.exclude(state=Approval.State.APPROVED)


class Approval(Record):
    """One person asked to agree to one request; made and answered by `support.approvals`."""

    class Role(models.TextChoices):
        MANAGER = "manager", "manager"
        BUDGET = "budget", "budget owner"
        APPROVER = "approver", "approver"

    class State(models.TextChoices):
        TO_COME = "to_come", "not asked yet"
        WAITING = "waiting", "asked"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"
        DROPPED = "dropped", "no longer needed"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="approvals")
    position = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=10, choices=Role)
    approver = models.ForeignKey(Person, models.PROTECT, related_name="approvals")
    state = models.CharField(max_length=10, choices=State, default=State.TO_COME, db_index=True)
    asked_at = models.DateTimeField("asked", null=True)
    due_on = models.DateField("answer by", null=True)
    decided_at = models.DateTimeField("decided", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    for_whom = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        related_name="approvals_deputised",
        help_text="In whose place the approver is asked.",
    )
    reason = models.TextField(blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["ticket", "position", "pk"]
        permissions = [("decide_approval", "Can answer for the mailbox that is asked")]
        constraints = [
            models.CheckConstraint(
                name="approval_is_decided_when_it_says_when",
                condition=Q(state__in=["approved", "refused"], decided_at__isnull=False)
                | (~Q(state__in=["approved", "refused"]) & Q(decided_at=None)),
                violation_error_message="A decision has a moment.",
            ),
            models.CheckConstraint(
                name="approval_that_is_refused_says_why",
                condition=~Q(state="refused") | ~Q(reason=""),
                violation_error_message="Say why you refuse it.",
            ),
            models.UniqueConstraint(
                fields=["ticket", "position"],
                name="request_asks_one_person_at_a_time",
                condition=~Q(state="dropped"),
                violation_error_message="Somebody is asked at this place already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.approver}: {self.get_state_display()}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def on(self, day: date) -> Self:
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def not_over(self, day: date) -> Self:
        return self.filter(ends_on__gte=day)


class Absence(Record):
    """Days on which somebody else decides in a person's place."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="absences")
    deputy = models.ForeignKey(Person, models.PROTECT, related_name="deputises")
    starts_on = models.DateField("from")
    ends_on = models.DateField("until")

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_starts",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="It ends before it starts.",
            ),
            models.CheckConstraint(
                name="absence_has_another_as_deputy",
                condition=~Q(person=F("deputy")),
                violation_error_message="Nobody is their own deputy.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.person}, {self.starts_on} to {self.ends_on}"

    def clean(self) -> None:
        super().clean()
        if not (self.deputy_id and self.starts_on):
            return  # the form says so
        if self.deputy.has_left(self.starts_on) or not self.deputy.email:
            said = f"{self.deputy} cannot be asked: name somebody who is here and has mail."
            raise ValidationError({"deputy": said})


class Fulfilment(Record):
    """What was given for a request. One request has one: nothing is given twice."""

    class Way(models.TextChoices):
        HANDOVER = "handover", "handed over"
        SEAT = "seat", "seat given"
        KIT = "kit", "kit handed over"
        ORDER = "order", "ordered"
        OTHER = "other", "done"

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="fulfilment")
    way = models.CharField(max_length=10, choices=Way)
    handover = models.ForeignKey(Handover, models.PROTECT, null=True, related_name="fulfilments")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="fulfilments")
    seats = models.ManyToManyField(Seat, related_name="fulfilments")
    done_at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.get_way_display()} for {self.ticket_id}"
