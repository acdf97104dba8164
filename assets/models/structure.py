"""What assets are to each other, what else is known of them, and what supports them."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from assets.models.asset import Asset
from assets.models.catalog import Category
from config.fields import WebAddressField
from config.history import Record


class Relation(Record):
    """`source` runs on, depends on, connects to or backs up `target`."""

    class Kind(models.TextChoices):
        RUNS_ON = "runs_on", "runs on"
        DEPENDS_ON = "depends_on", "depends on"
        CONNECTS_TO = "connects_to", "connects to"
        BACKS_UP = "backs_up", "backs up"

    source = models.ForeignKey(Asset, models.CASCADE, related_name="relations")
    kind = models.CharField(max_length=12, choices=Kind)
    target = models.ForeignKey(Asset, models.CASCADE, related_name="related_by")

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "target"],
                name="relation_is_recorded_once",
                violation_error_message="This relation is recorded already.",
            ),
            models.CheckConstraint(
                name="asset_is_not_related_to_itself",
                condition=~Q(source=F("target")),
                violation_error_message="An asset has no relation to itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.get_kind_display()} {self.target_id}"


class ExtraField(Record):
    """Something more that is known of each asset of a category; values are in `Asset.extra`."""

    class Kind(models.TextChoices):
        TEXT = "text", "text"
        NUMBER = "number", "number"
        DATE = "date", "date"
        CHOICE = "choice", "choice"
        BOOLEAN = "boolean", "yes or no"
        URL = "url", "web address"
        IP = "ip", "IP address"

    category = models.ForeignKey(Category, models.CASCADE, related_name="extra_fields")
    name = models.CharField(max_length=60)
    key = models.SlugField(
        max_length=60,
        editable=False,
        help_text="What its values are stored under; it stays when the name changes.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    choices = models.TextField(blank=True, help_text="For a choice: one a line.")
    is_required = models.BooleanField("required", default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["category", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                "category",
                Lower("name"),
                name="extra_field_name_is_unique_per_category",
                violation_error_message="This category has a field of this name already.",
            ),
            models.UniqueConstraint(
                fields=["category", "key"],
                name="extra_field_key_is_unique_per_category",
                violation_error_message="This category has a field of this name already.",
            ),
            models.CheckConstraint(
                name="extra_field_of_choices_lists_them",
                condition=~Q(kind="choice") | ~Q(choices=""),
                violation_error_message="List what can be chosen, one a line.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReleaseQuerySet(models.QuerySet["Release"]):
    def out_of_support(self, on: date) -> Self:
        """Its maker's support ended before `on`, or ended on a day that is not known."""
        return self.filter(Q(ends_on__lt=on) | Q(has_ended=True))


class Release(Record):
    """A release of an operating system or other product, and when its support ends."""

    product = models.CharField(max_length=120)
    cycle = models.CharField(max_length=60)
    ends_on = models.DateField("support ends", null=True, blank=True, db_index=True)
    has_ended = models.BooleanField(
        "support has ended", default=False, help_text="On a day that is not known."
    )
    link = WebAddressField(blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["product", "cycle"]
        permissions = [
            ("import_release", "Can import releases"),
            ("export_release", "Can export releases"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("product"),
                Lower("cycle"),
                name="release_is_unique_per_product_and_cycle",
                violation_error_message="This release is there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.cycle}"
