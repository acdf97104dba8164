"""What was expected where, and what was found."""

from typing import Self

from django.db import models
from django.db.models import Q

from assets.models.asset import Asset
from config.history import Record
from people.models import Department, Location, Person


class StocktakeQuerySet(models.QuerySet["Stocktake"]):
    def open(self) -> Self:
        """Begun and not ended: what is in them can be counted."""
        return self.filter(opened_at__isnull=False, closed_at=None)


class Stocktake(Record):
    """A count of places and departments. What it expects is frozen when it is opened."""

    name = models.CharField(max_length=150)
    locations = models.ManyToManyField(
        Location, blank=True, related_name="stocktakes", help_text="With everything below them."
    )
    departments = models.ManyToManyField(
        Department,
        blank=True,
        related_name="stocktakes",
        help_text="What their people hold, with everything below them.",
    )
    opened_at = models.DateTimeField("opened", null=True, blank=True, editable=False)
    closed_at = models.DateTimeField("closed", null=True, blank=True, editable=False)

    objects = StocktakeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("open_stocktake", "Can open and close stocktakes"),
            ("count_stocktake", "Can count assets in a stocktake"),
        ]
        constraints = [
            models.CheckConstraint(
                name="stocktake_is_opened_before_it_is_closed",
                condition=Q(closed_at=None) | Q(opened_at__isnull=False),
                violation_error_message="Open it before you close it.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None

    @property
    def status(self) -> str:
        """Being prepared, open or closed, as a word."""
        if self.closed_at:
            return "closed"
        return "open" if self.opened_at else "being prepared"


class CountQuerySet(models.QuerySet["Count"]):
    def awaited_of(self, person: Person) -> Self:
        """What a person holds, now too, that an open stocktake still waits for."""
        return self.filter(
            expected_holder=person,
            asset__holder=person,
            result=Count.Result.AWAITED,
            stocktake__opened_at__isnull=False,
            stocktake__closed_at=None,
        )


class Count(Record):
    """One asset in one stocktake: where it was expected, and what became of that."""

    class Result(models.TextChoices):
        AWAITED = "awaited", "not counted yet"
        FOUND = "found", "found"
        MISPLACED = "misplaced", "in another place"
        UNEXPECTED = "unexpected", "not expected here"
        MISSING = "missing", "missing"

    class Source(models.TextChoices):
        NONE = "", "nobody"
        SCAN = "scan", "scanned"
        UPLOAD = "upload", "uploaded"
        PORTAL = "portal", "confirmed by its holder"

    stocktake = models.ForeignKey(Stocktake, models.CASCADE, related_name="counts")
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="counts", editable=False
    )
    code = models.CharField(
        "what was read", max_length=120, blank=True, help_text="Where no asset has this tag."
    )
    expected_location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    expected_holder = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    result = models.CharField(max_length=10, choices=Result, default=Result.AWAITED, editable=False)
    source = models.CharField(
        max_length=10, choices=Source, default=Source.NONE, blank=True, editable=False
    )
    found_at = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    counted_at = models.DateTimeField("counted", null=True, blank=True, editable=False)
    denied_at = models.DateTimeField(
        "holder says no", null=True, blank=True, editable=False, help_text="Said not to have it."
    )

    objects = CountQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["stocktake", "asset"],
                name="asset_is_counted_once_per_stocktake",
                condition=Q(asset__isnull=False),
                violation_error_message="This asset is in this stocktake already.",
            ),
            models.UniqueConstraint(
                fields=["stocktake", "code"],
                name="unknown_code_is_noted_once_per_stocktake",
                condition=Q(asset=None),
                violation_error_message="This code is noted in this stocktake already.",
            ),
            models.CheckConstraint(
                name="count_is_of_an_asset_or_of_a_code",
                condition=Q(asset__isnull=False) | ~Q(code=""),
                violation_error_message="Say what was read.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset or self.code}: {self.get_result_display()}"
