"""What finance has paid, and which of it belongs to a vendor and a contract that IT knows."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from assets.lookups import bare
from assets.models import Vendor
from config.fields import CurrencyField
from config.history import Record
from contracts.models.contract import Contract
from people.models import Department


class SpendQuerySet(models.QuerySet["Spend"]):
    def outside_it(self) -> Self:
        """Matched to no contract: bought past IT, or not matched yet."""
        return self.filter(contract=None)


class Spend(Record):
    """A line of the finance ledger as finance wrote it; only what it is matched to changes."""

    class Matched(models.TextChoices):
        NOT = "", "not matched"
        BY_RULE = "rule", "by vendor, amount and period"
        BY_HAND = "hand", "by hand"

    reference = models.CharField(
        max_length=100, help_text="Finance's own number of the line, which makes it known again."
    )
    booked_on = models.DateField("booked", db_index=True)
    supplier = models.CharField(max_length=200, help_text="As finance spells it.")
    supplier_key = models.CharField(max_length=200, editable=False, db_index=True)
    text = models.CharField(max_length=250, blank=True)
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, help_text="Below zero for a credit note."
    )
    currency = CurrencyField()
    account = models.CharField(max_length=60, blank=True)
    cost_centre = models.CharField(max_length=40, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="spend"
    )
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="spend", editable=False
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="spend", editable=False
    )
    matched = models.CharField(
        max_length=4, choices=Matched, default=Matched.NOT, blank=True, editable=False
    )

    derived = ("supplier_key",)
    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-pk"]
        verbose_name_plural = "spend"
        permissions = [
            ("import_spend", "Can import the finance ledger"),
            ("export_spend", "Can export spend"),
            ("match_spend", "Can match spend to vendors and contracts"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                name="spend_reference_is_unique",
                violation_error_message="This line of the ledger is there already.",
            ),
            models.CheckConstraint(
                name="spend_of_a_contract_says_how_it_was_matched",
                condition=Q(contract=None) | ~Q(matched=""),
                violation_error_message="Say how it was matched.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.supplier}"

    def derive(self) -> None:
        self.supplier_key = bare(self.supplier)[:200]


class Distinction(Record):
    """A ledger's spelling that looks like a vendor's name and was confirmed not to be it."""

    supplier_key = models.CharField("spelling", max_length=200)
    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="distinctions")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["supplier_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier_key", "vendor"],
                name="spelling_is_told_from_a_vendor_once",
                violation_error_message="This was decided already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier_key} is not {self.vendor}"


class MatchRun(models.Model):
    """One asking for the rules to be run over the whole ledger, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for the background worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "broken off"

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    vendors = models.PositiveIntegerField(default=0, help_text="Lines that were given a vendor.")
    contracts = models.PositiveIntegerField(
        default=0, help_text="Lines that were matched to a contract."
    )
    left = models.PositiveIntegerField(default=0, help_text="Lines that belong to no contract.")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="waiting"),
                name="match_run_waits_once",
                violation_error_message="The rules are about to run already.",
            )
        ]

    def __str__(self) -> str:
        return f"matching of {self.asked_at:%Y-%m-%d %H:%M}"
