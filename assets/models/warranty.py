"""Who answers for an asset's faults, from when to when."""

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from assets.models.asset import Asset
from assets.models.catalog import Vendor
from config import periods
from config.fields import CurrencyField, MoneyField
from config.history import Record

LONGEST = 1200
"""So many months, a hundred years, no warranty is longer."""


class WarrantyQuerySet(models.QuerySet["Warranty"]):
    def running(self, on: date) -> Self:
        """Those that protect on that day; one whose start is not known has begun long ago."""
        return self.filter(self._begun(on), ends_on__gte=on)

    def ended(self, on: date) -> Self:
        return self.filter(ends_on__lt=on)

    def to_come(self, on: date) -> Self:
        return self.exclude(self._begun(on)).filter(ends_on__gte=on)

    @staticmethod
    def _begun(on: date) -> Q:
        return Q(starts_on=None) | Q(starts_on__lte=on)


class Warranty(Record):
    """One warranty of an asset; several may run at a time.

    Which one counts is stored on the asset by `assets.warranties`.
    """

    class Kind(models.TextChoices):
        STANDARD = "standard", "that it came with"
        EXTENSION = "extension", "extension"
        SUPPLIER = "supplier", "of the supplier"
        INSURANCE = "insurance", "insurance"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="warranties")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.STANDARD)
    starts_on = models.DateField(
        "starts", null=True, blank=True, help_text="The first day. Empty: not known."
    )
    months = models.PositiveSmallIntegerField(
        "for (months)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST)],
        help_text="Gives its last day, where that is not typed.",
    )
    ends_on = models.DateField("ends", blank=True, db_index=True, help_text="The last day.")
    provider = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="warranties"
    )
    reference = models.CharField(
        max_length=60, blank=True, help_text="The provider's number for it."
    )
    cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()

    derived = ("ends_on",)
    objects = WarrantyQuerySet.as_manager()

    class Meta:
        ordering = ["asset", "starts_on", "pk"]
        verbose_name_plural = "warranties"
        constraints = [
            models.CheckConstraint(
                name="warranty_period_ends_after_it_starts",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="The warranty ends before it starts.",
            ),
        ]

    def __str__(self) -> str:
        since = self.starts_on or "an unknown day"
        return f"{self.get_kind_display()}, {since} to {self.ends_on}"

    @property
    def named(self) -> str:
        """What it is in a sentence: "the extension by Dell"."""
        kind = self.Kind(self.kind)
        words = {
            kind.STANDARD: "the warranty that it came with",
            kind.EXTENSION: "the extension",
            kind.SUPPLIER: "the warranty of its supplier",
            kind.INSURANCE: "the insurance",
        }
        bare = kind in (kind.STANDARD, kind.SUPPLIER)
        by = f" ({self.provider})" if bare else f" by {self.provider}"
        return words[kind] + (by if self.provider else "")

    def derive(self) -> None:
        """Months count from the first day and give the last one; without it they say nothing."""
        if self.starts_on is None:
            self.months = None
        elif self.months:
            self.ends_on = periods.last_day(self.starts_on, self.months)

    def clean(self) -> None:
        try:
            super().clean()
        except ValueError as beyond:
            raise ValidationError({"months": "It ends beyond the year 9999."}) from beyond
        if self.ends_on is None:
            raise ValidationError(
                {"ends_on": "Give its last day, or its first day and for how many months."}
            )
