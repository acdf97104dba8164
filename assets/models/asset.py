"""The things themselves."""

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from assets import identifiers
from assets.models.catalog import Product, Vendor
from assets.serials import serial_key
from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Location, Person


class AssetQuerySet(models.QuerySet["Asset"]):
    def in_service(self) -> Self:
        """What is neither retired, disposed of nor rejected."""
        return self.exclude(state__in=Asset.ENDED)


class Asset(Record):
    """One tagged thing. Its state, holder and place change only through `assets.lifecycle`."""

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        ORDERED = "ordered", "ordered"
        RECEIVED = "received", "received"
        REJECTED = "rejected", "rejected"
        IN_STOCK = "in_stock", "in stock"
        IN_USE = "in_use", "in use"
        IN_REPAIR = "in_repair", "in repair"
        LOST = "lost", "lost"
        RETIRED = "retired", "retired"
        DISPOSED = "disposed", "disposed of"

    ENDED = (State.REJECTED, State.RETIRED, State.DISPOSED)
    # Somebody answers for it in these, even while it is away.
    HELD = (State.IN_USE, State.IN_REPAIR, State.LOST)

    class PatchStatus(models.TextChoices):
        UNKNOWN = "", "unknown"
        CURRENT = "current", "up to date"
        BEHIND = "behind", "updates missing"

    tag = models.CharField(
        "asset tag",
        max_length=60,
        unique=True,
        error_messages={"unique": "Another asset has this tag already."},
    )
    serial = models.CharField("serial number", max_length=120, blank=True)
    serial_key = models.CharField(max_length=150, blank=True, editable=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="assets")
    hostname = models.CharField(max_length=255, blank=True)
    state = models.CharField(
        max_length=10, choices=State, default=State.PLANNED, editable=False, db_index=True
    )
    holder = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="assets", editable=False
    )
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="assets", editable=False
    )
    label = models.ForeignKey(
        "StateLabel",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assets",
        editable=False,
        help_text="What your organisation calls this state.",
    )
    installed_in = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", editable=False
    )
    supplier = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="supplied_assets"
    )
    order_number = models.CharField(max_length=60, blank=True)
    order_line = models.ForeignKey(
        "OrderLine", models.PROTECT, null=True, blank=True, related_name="assets", editable=False
    )
    purchased_on = models.DateField("purchased", null=True, blank=True)
    in_service_on = models.DateField(
        "in service from",
        null=True,
        blank=True,
        help_text="The day it was received, from which it is depreciated. Empty: its purchase.",
    )
    cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()
    # Stored by `assets.warranties`: the last stretch in which a warranty protects it every day.
    warranty_starts_on = models.DateField("warranty starts", null=True, blank=True, editable=False)
    warranty_ends_on = models.DateField(
        "warranty ends", null=True, blank=True, db_index=True, editable=False
    )
    operating_system = models.CharField(max_length=120, blank=True, db_index=True)
    release = models.ForeignKey(
        "Release",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name="supported release",
        help_text="The release of its operating system, which knows when support ends.",
    )
    patch_status = models.CharField(
        max_length=10, choices=PatchStatus, default=PatchStatus.UNKNOWN, blank=True
    )
    last_seen_at = models.DateTimeField("last seen", null=True, blank=True, db_index=True)
    notes = models.TextField(blank=True)
    extra = models.JSONField(
        "extra fields", default=dict, blank=True, encoder=DjangoJSONEncoder, editable=False
    )

    derived = ("serial_key",)
    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["tag"]
        permissions = [
            ("plan_asset", "Can plan assets"),
            ("order_asset", "Can put planned assets on an order"),
            ("receive_asset", "Can receive assets"),
            ("inspect_asset", "Can inspect assets"),
            ("stock_asset", "Can put received assets into stock"),
            ("hand_over_asset", "Can hand assets over"),
            ("lend_asset", "Can lend assets"),
            ("take_back_asset", "Can take assets back"),
            ("move_asset", "Can move assets"),
            ("pair_asset", "Can pair a SIM or part with its device, and take it out"),
            ("relabel_asset", "Can label the state of assets"),
            ("repair_asset", "Can send assets to repair and book them back"),
            ("upgrade_asset", "Can record upgrades"),
            ("report_lost_asset", "Can report assets lost, and found"),
            ("retire_asset", "Can retire assets"),
            ("wipe_asset", "Can record that assets were wiped"),
            ("dispose_asset", "Can dispose of assets"),
            ("view_cost", "Can see what assets cost"),
            ("change_cost", "Can change what assets cost"),
            ("import_asset", "Can import assets"),
            ("export_asset", "Can export assets"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["serial_key"],
                name="serial_is_unique_per_maker",
                condition=~Q(serial_key=""),
                violation_error_message="Another asset of this maker has this serial number.",
            ),
            models.CheckConstraint(
                name="asset_is_held_only_while_somebody_answers_for_it",
                condition=Q(state__in=["in_use", "in_repair", "lost"]) | Q(holder=None),
                violation_error_message="Only what is in use, in repair or lost has a holder.",
            ),
            models.CheckConstraint(
                name="asset_in_use_is_somewhere",
                condition=~Q(state="in_use")
                | Q(holder__isnull=False)
                | Q(location__isnull=False)
                | Q(installed_in__isnull=False),
                violation_error_message="What is in use has a holder or a place.",
            ),
            models.CheckConstraint(
                name="asset_is_not_installed_in_itself",
                condition=Q(installed_in=None) | ~Q(installed_in=F("id")),
                violation_error_message="An asset cannot be installed in itself.",
            ),
            models.CheckConstraint(
                name="asset_waiting_for_delivery_is_nowhere_installed",
                condition=~Q(state__in=["planned", "ordered"]) | Q(installed_in=None),
                violation_error_message="What has not arrived cannot be installed.",
            ),
            models.CheckConstraint(
                name="asset_has_a_tag", condition=~Q(tag=""), violation_error_message="Give a tag."
            ),
            models.CheckConstraint(
                name="asset_cost_is_not_negative",
                condition=Q(cost=None) | Q(cost__gte=0),
                violation_error_message="The cost is below zero.",
            ),
            models.CheckConstraint(
                name="warranty_ends_after_it_starts",
                condition=Q(warranty_starts_on=None)
                | Q(warranty_ends_on=None)
                | Q(warranty_ends_on__gte=F("warranty_starts_on")),
                violation_error_message="The warranty ends before it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.product.name}"

    @property
    def placed_on(self) -> date | None:
        """The day from which it is depreciated (IAS 16, paragraph 55)."""
        return self.in_service_on or self.purchased_on

    def derive(self) -> None:
        self.tag = self.tag.strip()
        self.serial = self.serial.strip()
        if self.product_id:
            self.serial_key = serial_key(self.product.maker_id, self.serial)


class StateLabel(Record):
    """What an organisation calls a state more precisely: in stock, "ready for dispatch"."""

    state = models.CharField(max_length=10, choices=Asset.State)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["state", "name"]
        verbose_name = "label of a state"
        verbose_name_plural = "labels of states"
        constraints = [
            models.UniqueConstraint(
                "state",
                Lower("name"),
                name="label_is_unique_per_state",
                violation_error_message="This state has a label of this name already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.name}"


class TagSequence(models.Model):
    """The last number given behind a prefix; taken under a lock by `assets.lifecycle`."""

    prefix = models.CharField(max_length=8, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:06}"


class Identifier(Record):
    """A number that names an asset in somebody else's world: an IMEI, a MAC address, a phone."""

    class Kind(models.TextChoices):
        IMEI = "imei", "IMEI"
        ICCID = "iccid", "ICCID"
        EID = "eid", "EID"
        PHONE = "phone", "phone number"
        MAC = "mac", "MAC address"
        UUID = "uuid", "UUID"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=60)

    class Meta:
        ordering = ["kind", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="identifier_is_unique_per_kind",
                violation_error_message="Another asset has this number already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"

    def derive(self) -> None:
        self.value = identifiers.stored(self.kind, self.value)

    def clean(self) -> None:
        """Refuse a value that is none of its kind, unless it stands in the register already.

        Otherwise one old mistake would stop every other change on the page of its asset.
        """
        try:
            if self.kind in self.Kind and self.value:
                self.value = identifiers.normalise(self.kind, self.value)
        except ValidationError as refused:
            kept = Identifier.objects.filter(pk=self.pk, kind=self.kind, value=self.value)
            if self.pk is None or not kept.exists():
                raise ValidationError({"value": refused.messages}) from refused
        super().clean()
