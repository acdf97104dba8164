"""Licences from spreadsheets, such as those of Snipe-IT. Keys come in and never leave."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets.lookups import Categories, Products, Vendors
from assets.models import Product
from assets.resources.catalog import in_order
from config import amounts, cells
from config.lookups import Lookup, folded
from config.resources import BaseResource, column
from config.secrets import MASK, Undecipherable, sealed
from config.tables import Table
from config.widgets import Amount, Choice, Currency, Day, Flag, Reference, Text, Whole
from contracts import licences
from contracts.lookups import Contracts, SoftwareCategories
from contracts.models import Licence

METRICS = {
    "user": Licence.Metric.PERSON,
    "named user": Licence.Metric.PERSON,
    "computer": Licence.Metric.DEVICE,
    "per computer": Licence.Metric.DEVICE,
    "location": Licence.Metric.SITE,
}


class SealedText(Text):
    """Read as text; shown as nothing but that it is there."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return MASK if value else ""


class LicenceResource(BaseResource):
    """Known by number; without one by its key, else by product, plan and order number."""

    slug = "licences"
    headers: ClassVar = {
        "number": ["licence number", "license number", "licence no", "license id", "licence id"],
        "product": [
            "item name",
            "software",
            "software name",
            "license name",
            "licence name",
            "name",
            "tool",
        ],
        "maker": ["manufacturer", "publisher", "brand"],
        "category": ["software category"],
        "plan": ["edition", "plan level", "tier"],
        "metric": ["licence metric", "license metric", "licensed per"],
        "seats": ["quantity", "qty", "users licensed", "licensed seats", "total seats"],
        "contract": ["contract number", "agreement"],
        "supplier": ["vendor", "reseller"],
        "key": ["serial number", "serial", "licence key", "license key", "product key"],
        "licensed_to": ["licensed to name", "licensed to"],
        "licensed_email": ["licensed to email", "licensed to (e-mail)"],
        "is_reassignable": ["reassignable", "may be given to another"],
        "is_maintained": ["maintained", "maintenance"],
        "order_number": ["order no", "purchase order number"],
        "purchased_on": ["purchase date", "purchased", "date of purchase"],
        "cost": ["purchase cost", "price", "purchase price"],
        "annual_cost": ["cost a year", "yearly cost", "cost per year"],
        "currency": ["currency code"],
        "starts_on": ["start date", "start", "starts", "valid from"],
        "ends_on": ["expiration date", "expires", "end date", "end", "ends", "valid until"],
        "reported_in_use": ["users active", "active users", "in use", "seats in use"],
        "reported_on": ["reported", "report date", "as of"],
        "notes": ["comments", "comment"],
    }
    keys: ClassVar = ["number"]
    identified_by: ClassVar = ["number", "product"]
    required: ClassVar = ["product"]
    given_later: ClassVar = {"number"}
    secrets: ClassVar = {"key"}
    exported_beside: ClassVar = {
        "maker": "product.maker.name",
        "category": "product.category.name",
    }

    number = column("number", Text(identifies=True))
    product = column("product", Reference(Products))
    plan = column("plan", Text())
    metric = column("metric", Choice(Licence.Metric, METRICS))
    seats = column("seats", Whole())
    contract = column("contract", Reference(Contracts))
    supplier = column("supplier", Reference(Vendors))
    key = column("key", SealedText(identifies=True))
    licensed_to = column("licensed_to", Text())
    licensed_email = column("licensed_email", Text())
    is_reassignable = column("is_reassignable", Flag())
    is_maintained = column("is_maintained", Flag())
    order_number = column("order_number", Text(identifies=True))
    purchased_on = column("purchased_on", Day())
    cost = column("cost", Amount())
    annual_cost = column("annual_cost", Amount())
    currency = column("currency", Currency())
    starts_on = column("starts_on", Day())
    ends_on = column("ends_on", Day())
    reported_in_use = column("reported_in_use", Whole())
    reported_on = column("reported_on", Day())
    notes = column("notes", Text())

    class Meta:
        model = Licence
        fields: ClassVar = [
            "number",
            "product",
            "plan",
            "metric",
            "seats",
            "contract",
            "supplier",
            "key",
            "licensed_to",
            "licensed_email",
            "is_reassignable",
            "is_maintained",
            "order_number",
            "purchased_on",
            "cost",
            "annual_cost",
            "currency",
            "starts_on",
            "ends_on",
            "reported_in_use",
            "reported_on",
            "notes",
        ]

    def get_queryset(self) -> models.QuerySet[Licence]:
        related = ("product__maker", "product__category", "contract", "supplier")
        return Licence.objects.select_related(*related)

    def get_export_fields(self, selected_fields: Any = None) -> list[Any]:
        """All but the key: no file of ours has one in it."""
        fields = super().get_export_fields(selected_fields)
        return [field for field in fields if field.attribute != "key"]

    # --- Before the rows ---

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        self.lookups[Categories] = SoftwareCategories(self)
        super().before_import(dataset, **kwargs)

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        """All licences: which one a row without a number is about, its product and key tell."""
        rows = self.get_queryset().select_for_update(of=("self",)).order_by("pk")
        self.of_product: dict[int, list[Licence]] = {}
        for licence in rows:
            self.of_product.setdefault(licence.product_id, []).append(licence)
        self.all = {it.pk: it for group in self.of_product.values() for it in group}
        self.keys_given: dict[tuple[int, str], int] = {}
        return super().load_index()

    # --- One row ---

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside an amount."""
        for name in ("cost", "annual_cost"):
            if row.get(name) and not row.get("currency"):
                # A mark that is no currency is refused where the amount itself is read.
                with suppress(ValueError):
                    row["currency"] = amounts.currency(row[name])

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        if row.get("number"):
            number = self.key("number", row["number"])
            found = [it for it in self.all.values() if it.number.casefold() == number]
            return self.claim(found[0]) if found else None
        try:
            product, key = self._product(row), _text(row, "key")
        except ValueError:
            return None  # The row is refused for it where the field itself is read.
        self._check_key_is_new(product, key)
        same = self.of_product.get(product.pk or 0, []) if product else []
        found = [it for it in same if self._is_about(it, row, key)]
        return self.claim(found[0]) if found else None

    def _check_key_is_new(self, product: Product | None, key: str) -> None:
        if not product or not key:
            return
        first = self.keys_given.setdefault((product.pk or -id(product), key), self.row)
        if first != self.row:
            raise ValidationError({"key": f"row {first} has the same"})

    @staticmethod
    def _is_about(licence: Licence, row: dict[str, Any], key: str) -> bool:
        if key and licence.key:
            return _opened(licence) == key
        names = ("plan", "order_number")
        return all(folded(getattr(licence, it)) == folded(_text(row, it)) for it in names)

    def _product(self, row: dict[str, Any]) -> Product | None:
        names = ("product", "maker", "category")
        text, maker, category = (_text(row, name) for name in names)
        products = self.lookup(Products)
        return products.named(text, maker, category, "") if text else None

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        if field.attribute == "product" and row.get("product"):
            instance.product = self._product(row)
        elif field.attribute == "key" and row.get("key"):
            self._import_key(instance, row)
        else:
            super().import_field(field, instance, row, *args, **kwargs)

    @staticmethod
    def _import_key(licence: Licence, row: dict[str, Any]) -> None:
        """Sealed anew only where it is another: the history compares what is sealed."""
        key = _text(row, "key", identifies=True)
        if licence.key and _opened(licence) is None:
            raise ValueError("is there and cannot be read: what sealed it is not in FIELD_KEYS")
        if _opened(licence) != key:
            licence.key = key

    def check(self, instance: Licence) -> None:
        if "metric" in self.changed:
            licences.check_metric(instance)

    def create(self, instances: Sequence[Licence]) -> None:
        licences.enter(instances, by=self.by, reason=self.reason)

    def in_order(self) -> list[Lookup]:
        return in_order(self.lookups)


def _text(row: dict[str, Any], name: str, *, identifies: bool = False) -> str:
    return cells.text(row.get(name) or "", identifies=identifies)


def _opened(licence: Licence) -> str | None:
    """Its key; None where it cannot be read."""
    with suppress(Undecipherable):
        return sealed(licence.key).reveal()
    return None
