"""Who answered for what, and when."""

from datetime import date, datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from assets.models.asset import Asset
from config.history import Record
from people.models import Location, Person


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
    """From one handover to its return: a person who holds the asset, or a place it serves."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="custodies")
    holder = models.ForeignKey(Person, models.PROTECT, null=True, related_name="custodies")
    location = models.ForeignKey(Location, models.PROTECT, null=True, related_name="custodies")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    due_back_on = models.DateField("due back", null=True)
    accepted_at = models.DateTimeField(null=True)

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
                condition=Q(holder__isnull=False) | Q(location__isnull=False),
                violation_error_message="Somebody or some place holds it.",
            ),
            models.CheckConstraint(
                name="custody_ends_after_it_begins",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message="It was returned before it was handed over.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.holder or self.location}"
