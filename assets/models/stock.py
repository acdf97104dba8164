"""What is kept by quantity, and the sets that are handed over together."""

from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Sum
from django.db.models.functions import Lower

from assets.models.catalog import Category, Product, Vendor
from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Location, Person


class StockItemQuerySet(models.QuerySet["StockItem"]):
    def low(self) -> Self:
        """At or below its minimum."""
        return self.filter(minimum__gt=0, quantity__lte=F("minimum"))

    def held_by(self, person: Person | OuterRef) -> Self:
        """Those handed to a person that have not all come back; `held` says how many are out."""
        kinds = (StockMovement.Kind.ISSUE, StockMovement.Kind.RETURN)
        moved = self.filter(movements__person=person, movements__kind__in=kinds)
        return moved.annotate(held=-Sum("movements__quantity")).filter(held__gt=0)


class StockItem(Record):
    """Accessories and consumables in one place. Its quantity changes only by `assets.stock`."""

    name = models.CharField(max_length=150)
    part_number = models.CharField(max_length=100, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="stock_items"
    )
    location = models.ForeignKey(Location, models.PROTECT, related_name="stock_items")
    supplier = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="stock_items"
    )
    quantity = models.PositiveIntegerField(default=0, editable=False)
    minimum = models.PositiveIntegerField(
        default=0, help_text="At this number it is time to order more. 0: no warning."
    )
    reorder_quantity = models.PositiveIntegerField("order so many", null=True, blank=True)
    unit_cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()

    objects = StockItemQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        permissions = [
            ("move_stockitem", "Can book stock in, out and to people"),
            ("import_stockitem", "Can import stock items"),
            ("export_stockitem", "Can export stock items"),
        ]
        constraints = [
            models.UniqueConstraint(
                "location",
                Lower("name"),
                Lower("part_number"),
                name="stock_item_is_unique_per_place",
                violation_error_message="This place keeps this item already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.location})"

    @property
    def is_low(self) -> bool:
        """At or below its minimum, as `low` of the query set has it."""
        return self.minimum > 0 and self.quantity <= self.minimum


class StockMovement(Record):
    """So many in (above zero) or out (below zero), when, to whom and why."""

    class Kind(models.TextChoices):
        DELIVERY = "delivery", "delivery"
        ISSUE = "issue", "handed out"
        RETURN = "return", "returned"
        CORRECTION = "correction", "correction"

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    quantity = models.IntegerField()
    balance = models.PositiveIntegerField(help_text="What lay there after it.")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="stock_movements"
    )
    moved_at = models.DateTimeField()
    note = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ["-moved_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="stock_movement_moves_something",
                condition=~Q(quantity=0),
                violation_error_message="Nothing moves: give a number.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+} {self.get_kind_display()}"


class Kit(Record):
    """What somebody in a role gets on the first day, handed over in one step."""

    name = models.CharField(max_length=100)
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        permissions = [("hand_over_kit", "Can hand over kits")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="kit_name_is_unique_in_any_case",
                violation_error_message="There is a kit of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class KitLine(Record):
    """So many of one product, or of one stock item."""

    kit = models.ForeignKey(Kit, models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="kit_lines"
    )
    item = models.ForeignKey(
        StockItem, models.PROTECT, null=True, blank=True, related_name="kit_lines"
    )
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["pk"]
        verbose_name = "line"
        constraints = [
            models.CheckConstraint(
                name="kit_line_is_a_product_or_a_stock_item",
                condition=Q(product__isnull=False, item=None) | Q(product=None, item__isnull=False),
                violation_error_message="Choose either a product or a stock item.",
            ),
            models.CheckConstraint(
                name="kit_line_is_for_something",
                condition=Q(quantity__gte=1),
                violation_error_message="Give at least one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product or self.item}"
