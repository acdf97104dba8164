"""What is bought: orders, their lines, and the inspection of what arrives."""

from datetime import date
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from assets.models.asset import Asset
from assets.models.catalog import Product, Vendor
from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Department


class OrderQuerySet(models.QuerySet["Order"]):
    def awaited(self) -> Self:
        """Ordered, and not everything has arrived."""
        return self.filter(state__in=[Order.State.ORDERED, Order.State.PARTLY_RECEIVED])

    def overdue(self, on: date) -> Self:
        return self.awaited().filter(expected_on__lt=on)


class Order(Record):
    """A purchase order. Its state changes only through `assets.procurement`."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ORDERED = "ordered", "ordered"
        PARTLY_RECEIVED = "partly", "partly received"
        RECEIVED = "received", "received"
        CANCELLED = "cancelled", "cancelled"

    number = models.CharField("order number", max_length=60)
    supplier = models.ForeignKey(Vendor, models.PROTECT, related_name="orders")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    ordered_on = models.DateField("ordered", null=True, blank=True, editable=False)
    expected_on = models.DateField("expected", null=True, blank=True)
    currency = CurrencyField()
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        help_text="Who pays for it.",
    )
    notes = models.TextField(blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("place_order", "Can place and cancel orders"),
            ("receive_order", "Can receive what was ordered"),
            ("export_order", "Can export orders"),
        ]
        constraints = [
            models.UniqueConstraint(
                "supplier",
                Lower("number"),
                name="order_number_is_unique_per_supplier",
                violation_error_message="This supplier has an order of this number already.",
            ),
            models.CheckConstraint(
                name="order_that_was_placed_has_its_day",
                condition=Q(state__in=["draft", "cancelled"]) | Q(ordered_on__isnull=False),
                violation_error_message="An order that was placed has the day it was.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.supplier})"

    @property
    def line_list(self) -> str:
        """Its lines in one cell: "20 × Dell Latitude; 2 × Dell Dock"."""
        return "; ".join(str(line) for line in self.lines.all())


class OrderLine(Record):
    """So many of one product at one price; `received` counts what has arrived."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    unit_cost = MoneyField(null=True, blank=True)
    warranty_months = models.PositiveSmallIntegerField(
        "warranty (months)", null=True, blank=True, help_text="Empty: what the product comes with."
    )
    received = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["pk"]
        verbose_name = "line"
        constraints = [
            models.CheckConstraint(
                name="order_line_is_for_something",
                condition=Q(quantity__gte=1),
                violation_error_message="Order at least one.",
            ),
            models.CheckConstraint(
                name="order_line_receives_no_more_than_was_ordered",
                condition=Q(received__lte=F("quantity")),
                violation_error_message="More has arrived than this line orders.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def outstanding(self) -> int:
        return self.quantity - self.received


class Inspection(Record):
    """What was found when an asset that arrived was looked at; made by `assets.lifecycle`."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="inspections")
    passed = models.BooleanField()
    inspected_at = models.DateTimeField()
    points = models.JSONField(
        default=list, help_text='What was checked: [{"point": "Screen", "passed": true}].'
    )
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ["-inspected_at", "-pk"]

    def __str__(self) -> str:
        return f"{'Passed' if self.passed else 'Failed'} on {self.inspected_at:%-d %B %Y}"
