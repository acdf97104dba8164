"""What was agreed with whom, until when, for how much, and what it covers."""

from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from assets.models import Asset, Vendor
from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Department, Person

DECISIONS = {
    "": "undecided",
    "renew": "renew",
    "renegotiate": "renegotiate",
    "cancel": "cancel",
}


class ContractQuerySet(models.QuerySet["Contract"]):
    def ending(self, within: int, on: date) -> Self:
        """The last agreed day is 0 to `within` days from `on`."""
        return self.filter(ends_on__range=(on, on + timedelta(within)))

    def ended(self, on: date) -> Self:
        """The last agreed day was before `on`.

        None of those that renew by themselves, once `contracts.rollover` has run that day: it adds
        their next term, and the day they end moves with it.
        """
        return self.filter(ends_on__lt=on)

    def notice_due(self, within: int, on: date) -> Self:
        """The last day to give notice is 0 to `within` days from `on`; none that is cancelled."""
        return self.filter(notice_by__range=(on, on + timedelta(within)))

    def notice_passed(self, on: date) -> Self:
        """The last day to give notice was before `on`."""
        return self.filter(notice_by__lt=on)

    def running(self, on: date) -> Self:
        """It has begun and the last agreed day has not passed, or there is none."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)


class Contract(Record):
    """One agreement with a vendor; when and for how much stands in its terms.

    `starts_on`, `ends_on`, `notice_by`, `annual_cost`, `currency` and `decision`, which stands for
    its last term, follow from the terms and the decisions. `contracts.renewals.settle` stores
    them, so that lists can filter and sort by them.
    """

    class Kind(models.TextChoices):
        WARRANTY = "warranty", "warranty"
        MAINTENANCE = "maintenance", "maintenance"
        LEASE = "lease", "lease"
        SUBSCRIPTION = "subscription", "subscription"
        LICENCE = "licence", "licence agreement"
        TELECOM = "telecom", "telecom"
        CLOUD = "cloud", "cloud"
        SERVICE = "service", "services"

    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.SUBSCRIPTION)
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="contracts")
    reference = models.CharField(
        max_length=60, blank=True, help_text="The vendor's own or an original contract number."
    )
    owner = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts_owned",
        help_text="Decides about it, and is mailed before its dates.",
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="contracts"
    )
    notes = models.TextField(blank=True)
    assets = models.ManyToManyField(Asset, through="Coverage", related_name="contracts")
    starts_on = models.DateField("starts", null=True, editable=False)
    ends_on = models.DateField("ends", null=True, editable=False, db_index=True)
    notice_by = models.DateField(null=True, editable=False, db_index=True)
    annual_cost = MoneyField(null=True, editable=False)
    currency = CurrencyField(editable=False)
    decision = models.CharField(
        max_length=12, choices=DECISIONS, default="", blank=True, editable=False, db_index=True
    )

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        permissions = [
            ("import_contract", "Can import contracts"),
            ("export_contract", "Can export contracts"),
            ("decide_contract", "Can decide on contracts, renew and cancel them"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("number"),
                name="contract_number_is_unique_in_any_case",
                violation_error_message="There is a contract of this number already.",
            ),
            models.CheckConstraint(
                name="contract_has_a_number",
                condition=~Q(number=""),
                violation_error_message="Give the contract a number.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Term(Record):
    """One agreed stretch of a contract. Renewing adds a term; the old one keeps its price."""

    class Billing(models.TextChoices):
        ONCE = "once", "once for the term"
        MONTHLY = "monthly", "monthly"
        QUARTERLY = "quarterly", "quarterly"
        YEARLY = "yearly", "yearly"

    class Renewal(models.TextChoices):
        NONE = "none", "ends"
        EXPRESS = "express", "only when renewed"
        TACIT = "tacit", "by itself"
        OPEN = "open", "by itself, until notice"

    class Unit(models.TextChoices):
        DAYS = "days", "days"
        WEEKS = "weeks", "weeks"
        MONTHS = "months", "months"

    class NoticeTo(models.TextChoices):
        TERM = "term", "the end of the term"
        MONTH = "month", "the end of a month"
        QUARTER = "quarter", "the end of a quarter"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="terms")
    starts_on = models.DateField("starts")
    ends_on = models.DateField(
        "ends", null=True, blank=True, help_text="The last day. Empty: until notice is given."
    )
    amount = MoneyField(help_text="Per billing period.")
    currency = CurrencyField()
    billing = models.CharField(max_length=10, choices=Billing, default=Billing.YEARLY)
    notice = models.PositiveSmallIntegerField(
        default=0, help_text="How long before the end notice must have been given; 0: none needed."
    )
    notice_unit = models.CharField(max_length=6, choices=Unit, default=Unit.DAYS)
    notice_to = models.CharField(
        "notice to",
        max_length=7,
        choices=NoticeTo,
        default=NoticeTo.TERM,
        help_text="When a contract that runs until notice may end.",
    )
    renewal = models.CharField("renews", max_length=7, choices=Renewal, default=Renewal.EXPRESS)
    renewal_months = models.PositiveSmallIntegerField(
        "renews for (months)", null=True, blank=True, help_text="The length of the next term."
    )
    rolled_over = models.BooleanField(
        default=False, editable=False, help_text="It began by itself; nobody had decided."
    )

    class Meta:
        ordering = ["contract", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "starts_on"],
                name="contract_has_one_term_per_start",
                violation_error_message="This contract has a term that starts on this day.",
            ),
            models.CheckConstraint(
                name="term_ends_after_it_starts",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="The term ends before it starts.",
            ),
            models.CheckConstraint(
                name="term_amount_is_not_negative",
                condition=Q(amount__gte=0),
                violation_error_message="The amount is below zero.",
            ),
            models.CheckConstraint(
                name="term_that_renews_by_itself_says_for_how_long",
                # Compared with NULL a comparison alone would be neither true nor false, and pass.
                condition=~Q(renewal="tacit")
                | Q(renewal_months__isnull=False, renewal_months__gte=1)
                | Q(ends_on=None),
                violation_error_message="Say for how many months it renews by itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} to {self.ends_on or 'notice'}"


class Coverage(Record):
    """A contract covers an asset."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="coverages")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="coverages")

    class Meta:
        ordering = ["contract", "asset"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "asset"],
                name="contract_covers_an_asset_once",
                violation_error_message="The contract covers this asset already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contract} covers {self.asset}"
