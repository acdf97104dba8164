"""Assets from spreadsheets."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets import lifecycle
from assets.lookups import Products, Vendors
from assets.models import Asset, Product
from assets.resources import checkout, identifiers
from assets.resources.catalog import in_order
from assets.resources.checkout import CheckoutColumns
from assets.resources.extra import ExtraColumns, ExtraValues
from assets.resources.health import PATCHED, HealthColumns, ReleaseNames
from assets.resources.identifiers import IdentifierColumns
from assets.resources.moves import Moves
from assets.resources.warranty import WarrantyColumns
from assets.serials import serial_key
from config import amounts, cells
from config.lookups import Lookup
from config.resources import column
from config.widgets import Amount, Choice, Currency, Day, Moment, Reference, Text
from people.lookups import Locations, People

State = Asset.State

# Words of other systems for the states of a new asset. What has a holder is in use, even where they
# call it stock.
STATES = {
    "deployed": State.IN_USE,
    "installed": State.IN_USE,
    "assigned": State.IN_USE,
    "active": State.IN_USE,
    "ready to deploy": State.IN_STOCK,
    "available": State.IN_STOCK,
    "stock": State.IN_STOCK,
    "on order": State.ORDERED,
    "pending": State.RECEIVED,
    "repair": State.IN_REPAIR,
    "in maintenance": State.IN_REPAIR,
    "out for repair": State.IN_REPAIR,
    "missing": State.LOST,
    "stolen": State.LOST,
    "lost/stolen": State.LOST,
    "archived": State.RETIRED,
    "broken": State.RETIRED,
    "decommissioned": State.RETIRED,
}


class AssetResource(
    Moves, CheckoutColumns, HealthColumns, WarrantyColumns, IdentifierColumns, ExtraColumns
):
    """One asset a row, known by its tag. State, holder and place go through `assets.lifecycle`."""

    slug = "assets"
    headers: ClassVar = {
        "tag": ["asset tag", "inventory number", "asset number", "asset id"],
        "serial": ["serial number", "serial no"],
        "product": ["display name", "model", "model name", "product name"],
        "maker": ["manufacturer", "brand"],
        "part_number": ["model number", "model no", "part no"],
        "category": ["model category", "asset category"],
        "hostname": ["host name", "computer name", "fqdn"],
        "state": ["status", "install status", "asset state", "status label"],
        "holder": [
            "assigned to",
            "checked out to: username",
            "checked out to: email",
            "checked out",
            "used by",
            "owner",
            "user",
        ],
        "location": ["site", "default location"],
        "supplier": ["vendor", "supplier name"],
        "order_number": ["order no", "po number", "purchase order"],
        "purchased_on": ["purchase date", "purchased", "date of purchase"],
        "in_service_on": ["in service from", "in service date", "delivery date"],
        "cost": ["purchase cost", "price", "purchase price"],
        "currency": ["currency code"],
        "warranty_starts_on": ["warranty start", "warranty starts"],
        "warranty_ends_on": ["warranty expiration", "warranty end", "warranty ends"],
        "operating_system": ["os", "os name", "operating system name"],
        "release": ["supported release"],
        "patch_status": ["patch state", "compliance", "update status"],
        "last_seen_at": ["last seen", "last check-in", "last discovered", "last inventory"],
        "notes": ["asset notes", "comments", "comment"],
        **identifiers.HEADERS,
        **checkout.HEADERS,
    }
    keys: ClassVar = ["tag"]
    identified_by: ClassVar = ["tag", "serial"]
    required: ClassVar = ["product"]
    given_later: ClassVar = {"tag", "serial_key"}
    owned: ClassVar = {"state": "it changes by the steps on the asset's page"}
    exported_beside: ClassVar = {
        "maker": "product.maker.name",
        "part_number": "product.part_number",
        "category": "product.category.name",
    }

    tag = column("tag", Text(identifies=True))
    serial = column("serial", Text(identifies=True))
    product = column("product", Reference(Products))
    hostname = column("hostname", Text())
    state = column("state", Choice(State, STATES))
    holder = column("holder", Reference(People))
    location = column("location", Reference(Locations))
    supplier = column("supplier", Reference(Vendors))
    order_number = column("order_number", Text(identifies=True))
    purchased_on = column("purchased_on", Day())
    in_service_on = column("in_service_on", Day())
    cost = column("cost", Amount())
    currency = column("currency", Currency())
    warranty_starts_on = column("warranty_starts_on", Day())
    warranty_ends_on = column("warranty_ends_on", Day())
    operating_system = column("operating_system", Text())
    release = column("release", Reference(ReleaseNames))
    patch_status = column("patch_status", Choice(Asset.PatchStatus, PATCHED))
    last_seen_at = column("last_seen_at", Moment())
    notes = column("notes", Text())
    extra = column("extra", ExtraValues())

    class Meta:
        model = Asset
        fields: ClassVar = [
            "tag",
            "serial",
            "product",
            "hostname",
            "state",
            "holder",
            "location",
            "supplier",
            "order_number",
            "purchased_on",
            "in_service_on",
            "cost",
            "currency",
            "warranty_starts_on",
            "warranty_ends_on",
            "operating_system",
            "release",
            "patch_status",
            "last_seen_at",
            "notes",
            "extra",
        ]

    def get_queryset(self) -> models.QuerySet[Asset]:
        related = Asset.objects.select_related(
            "product__maker", "product__category", "holder", "location", "supplier", "release"
        )
        return self.with_numbers(related)

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        """Also the assets by serial, for rows without a tag."""
        rows = Asset.objects.exclude(serial_key="").order_by().values_list("pk", "serial_key")
        self.by_serial = {serial: pk for pk, serial in rows.iterator()}
        return super().load_index()

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        super().prepare(row)
        if row.get("cost") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["cost"])

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        if row.get("tag"):
            return super().get_instance(instance_loader, row)
        serial = cells.text(row.get("serial") or "")
        if not serial_key(None, serial):
            raise ValidationError("give a tag or a serial number, or nobody knows what it is about")
        try:
            product = self._product(row)
        except ValueError:
            return None
        pk = self.by_serial.get(serial_key(product.maker_id, serial)) if product else None
        if pk is None:
            return None
        return self.claim(self.there.get(pk) or self.get_queryset().get(pk=pk))

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        if field.attribute == "product" and row.get("product"):
            instance.product = self._product(row)
        else:
            super().import_field(field, instance, row, *args, **kwargs)

    def _product(self, row: dict[str, Any]) -> Product | None:
        names = ("product", "maker", "category", "part_number")
        text, *more = (cells.text(row.get(name) or "") for name in names)
        return self.lookup(Products).named(text, *more) if text else None

    def clean_fields(self, record: Any) -> None:
        super().clean_fields(record)
        if (
            isinstance(record, Asset)
            and record.product.maker
            and record.product.maker._state.adding
        ):
            # Its key is not given yet; the serial is unique among this maker's all the same.
            bare = serial_key(None, record.serial)
            record.serial_key = bare and f"{id(record.product.maker)}{bare}"

    def check(self, instance: Asset) -> None:
        super().check(instance)
        if not self.new:
            self._check_cost()
        self.check_moves(instance)

    def _check_cost(self) -> None:
        if {"cost", "currency"} & set(self.changed) and not self.may("assets.change_cost"):
            name = "cost" if "cost" in self.changed else "currency"
            raise ValidationError({name: "you may not change what assets cost"})

    def create(self, instances: Sequence[Asset]) -> None:
        lifecycle.enter(instances, by=self.by, reason=self.reason)

    def derived(self, names: Any) -> list[str]:
        serial = ["serial_key"] if {"serial", "product"} & set(names) else []
        return [*super().derived(names), *serial]

    def in_order(self) -> list[Lookup]:
        return in_order(self.lookups)
