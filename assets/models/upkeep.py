"""What happens to an asset in service and at its end: repairs, upgrades, wiping, disposal."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q

from assets.models.asset import Asset
from assets.models.catalog import Vendor
from config.fields import CurrencyField, MoneyField
from config.history import Record


class RepairQuerySet(models.QuerySet["Repair"]):
    def open(self) -> Self:
        return self.filter(returned_on=None)

    def overdue(self, on: date) -> Self:
        return self.open().filter(due_back_on__lt=on)


class Repair(Record):
    """From the day an asset went to repair to the day it came back; made by `assets.lifecycle`."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="repairs", editable=False)
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="repairs"
    )
    fault = models.TextField()
    reference = models.CharField(
        max_length=60, blank=True, help_text="The vendor's number for it, such as an RMA."
    )
    on_warranty = models.BooleanField("claimed on warranty", default=False)
    sent_on = models.DateField("sent", editable=False)
    due_back_on = models.DateField("due back", null=True, blank=True)
    returned_on = models.DateField("back", null=True, blank=True, editable=False)
    cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()
    outcome = models.TextField(blank=True)

    objects = RepairQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"],
                name="asset_has_at_most_one_open_repair",
                condition=Q(returned_on=None),
                violation_error_message="This asset is in repair already.",
            ),
            models.CheckConstraint(
                name="repair_ends_after_it_begins",
                condition=Q(returned_on=None) | Q(returned_on__gte=F("sent_on")),
                violation_error_message="It came back before it was sent.",
            ),
        ]

    def __str__(self) -> str:
        return f"Repair of {self.asset_id} on {self.sent_on:%-d %B %Y}"

    def days_out(self, on: date) -> int:
        """Whole days between sending and return, or `on` while it is out."""
        return ((self.returned_on or on) - self.sent_on).days


class Upgrade(Record):
    """Something that was done to an asset and adds to what it costs."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="upgrades")
    done_on = models.DateField("done")
    what = models.CharField("what was done", max_length=250)
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="upgrades"
    )
    cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()

    class Meta:
        ordering = ["-done_on", "-pk"]

    def __str__(self) -> str:
        return self.what


class Wipe(Record):
    """That the data on an asset was destroyed, how and by whom (NIST SP 800-88)."""

    class Method(models.TextChoices):
        CLEAR = "clear", "clear: overwritten or reset"
        PURGE = "purge", "purge: secure erase or key destroyed"
        DESTROY = "destroy", "destroy: shredded or melted"

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="wipes")
    method = models.CharField(max_length=10, choices=Method)
    wiped_on = models.DateField("wiped")
    wiped_by = models.CharField("by whom", max_length=150)
    certificate = models.CharField("certificate number", max_length=100, blank=True)

    class Meta:
        ordering = ["-wiped_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="wipe_says_by_whom",
                condition=~Q(wiped_by=""),
                violation_error_message="Say who wiped it.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()}, {self.wiped_on:%-d %B %Y}"


class Disposal(Record):
    """How an asset left the organisation for good."""

    class Method(models.TextChoices):
        SOLD = "sold", "sold"
        DONATED = "donated", "donated"
        RECYCLED = "recycled", "recycled"
        DESTROYED = "destroyed", "destroyed"

    asset = models.OneToOneField(Asset, models.PROTECT, related_name="disposal")
    method = models.CharField(max_length=10, choices=Method)
    disposed_on = models.DateField("disposed of")
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="disposals"
    )
    recipient = models.CharField(
        max_length=150, blank=True, help_text="Who got it, where that is no vendor."
    )
    certificate = models.CharField("certificate number", max_length=100, blank=True)
    proceeds = MoneyField(null=True, blank=True)
    currency = CurrencyField()

    class Meta:
        ordering = ["-disposed_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_method_display()} on {self.disposed_on:%-d %B %Y}"
