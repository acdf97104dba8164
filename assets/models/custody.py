"""Who answered for what, and when."""

from datetime import date, datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from assets.models.asset import Asset
from config.history import Record
from people.models import Document, Location, Person


class HandoverQuerySet(models.QuerySet["Handover"]):
    def waiting(self) -> Self:
        """The person has not said yet whether they received it, and still has some of it."""
        held = Custody.objects.open().filter(handover=OuterRef("pk"))
        return self.filter(Exists(held), needs_acceptance=True, answered_at=None)

    def answer_due_by(self, last: date, *, days: int) -> Self:
        """Those to be answered by the day `last`, with that day as `answer_due_on`.

        That is so many days after the day on which it was handed over, in the site's time zone.
        """
        day = TruncDate("handed_over_at", tzinfo=timezone.get_default_timezone())
        due = ExpressionWrapper(day + timedelta(days), DateField())
        dated = self.annotate(answer_due_on=Cast(due, DateField()))
        return dated.filter(answer_due_on__lte=last)

    def disputed(self) -> Self:
        return self.filter(answer=Handover.Answer.DISPUTED)


class Handover(Record):
    """Everything that was handed to a person in one go, to accept or dispute as a whole."""

    class Answer(models.TextChoices):
        NONE = "", "not answered"
        ACCEPTED = "accepted", "accepted"
        DISPUTED = "disputed", "disputed"

    to = models.ForeignKey(Person, models.PROTECT, related_name="handovers")
    handed_over_at = models.DateTimeField()
    due_back_on = models.DateField("due back", null=True, blank=True)
    needs_acceptance = models.BooleanField(default=False)
    answer = models.CharField(max_length=10, choices=Answer, default=Answer.NONE, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    signed_name = models.CharField("name as typed", max_length=150, blank=True)
    dispute = models.TextField("what is wrong", blank=True)
    note = models.OneToOneField(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        help_text="The note as it was when the person accepted.",
    )

    objects = HandoverQuerySet.as_manager()

    class Meta:
        ordering = ["-handed_over_at", "-pk"]
        permissions = [("settle_handover", "Can settle disputed handovers")]
        constraints = [
            models.CheckConstraint(
                name="handover_answer_is_signed_and_dated",
                condition=Q(answer="", answered_at=None)
                | (~Q(answer="") & Q(answered_at__isnull=False) & ~Q(signed_name="")),
                violation_error_message="An answer carries a name and a moment.",
            ),
            models.CheckConstraint(
                name="handover_dispute_says_what_is_wrong",
                condition=~Q(answer="disputed") | ~Q(dispute=""),
                violation_error_message="Say what is wrong.",
            ),
        ]

    def __str__(self) -> str:
        return f"Handover {self.pk} to {self.to}"


class CustodyQuerySet(models.QuerySet["Custody"]):
    def open(self) -> Self:
        return self.filter(until=None)

    def overdue(self, on: date) -> Self:
        return self.open().filter(due_back_on__lt=on)

    def held_on(self, day: date) -> Self:
        """Those that covered some moment of `day`, in the site's time zone."""
        midnight = timezone.make_aware(datetime.combine(day, time.min))
        next_midnight = timezone.make_aware(datetime.combine(day + timedelta(1), time.min))
        return self.filter(Q(until=None) | Q(until__gte=midnight), since__lt=next_midnight)


class Custody(Record):
    """From one handover to its return: a person, a place or a device that has the asset."""

    class Condition(models.TextChoices):
        UNKNOWN = "", "not recorded"
        GOOD = "good", "good"
        WORN = "worn", "worn"
        DAMAGED = "damaged", "damaged"
        INCOMPLETE = "incomplete", "incomplete"

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="custodies")
    handover = models.ForeignKey(Handover, models.PROTECT, null=True, related_name="custodies")
    holder = models.ForeignKey(Person, models.PROTECT, null=True, related_name="custodies")
    location = models.ForeignKey(Location, models.PROTECT, null=True, related_name="custodies")
    device = models.ForeignKey(Asset, models.PROTECT, null=True, related_name="part_custodies")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    due_back_on = models.DateField("due back", null=True)
    accepted_at = models.DateTimeField(null=True)
    condition = models.CharField(
        "condition on return", max_length=10, choices=Condition, default=Condition.UNKNOWN
    )

    objects = CustodyQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        verbose_name_plural = "custodies"
        constraints = [
            models.UniqueConstraint(
                fields=["asset"],
                name="asset_has_at_most_one_open_custody",
                condition=Q(until=None),
                violation_error_message="Somebody holds this asset already.",
            ),
            models.CheckConstraint(
                name="custody_is_with_a_person_or_a_place",
                condition=Q(holder__isnull=False)
                | Q(location__isnull=False)
                | Q(device__isnull=False),
                violation_error_message="Somebody, some place or some device has it.",
            ),
            models.CheckConstraint(
                name="custody_ends_after_it_begins",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message="It was returned before it was handed over.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} with {self.holder or self.location or self.device}"
