"""Who answers for an asset's faults, from when to when."""

from datetime import date
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from assets.models.asset import Asset
from assets.models.catalog import Vendor
from config import periods
from config.fields import CurrencyField, MoneyField
from config.history import Record


class WarrantyQuerySet(models.QuerySet["Warranty"]):
    def running(self, on: date) -> Self:
        return self.filter(starts_on__lte=on, ends_on__gte=on)


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
    starts_on = models.DateField("starts")
    months = models.PositiveSmallIntegerField(
        "for (months)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
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
        return f"{self.get_kind_display()}, {self.starts_on} to {self.ends_on}"

    def derive(self) -> None:
        if self.starts_on and self.months:
            self.ends_on = periods.last_day(self.starts_on, self.months)
