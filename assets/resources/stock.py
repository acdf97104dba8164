"""Stock items from spreadsheets."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets import stock
from assets.lookups import Categories, Vendors
from assets.models import StockItem
from assets.resources.catalog import in_order
from config import amounts, cells
from config.lookups import Lookup, folded
from config.resources import BaseResource, column
from config.widgets import Amount, Currency, Reference, Text, Whole
from people.lookups import Locations


class StockItemResource(BaseResource):
    """One item of one place a row, known by place, name and part number.

    The quantity of a new item is its first movement. That of an item which is there is left alone:
    a spreadsheet is older than the shelf, and what was counted is booked with *Correct*.
    """

    slug = "stock"
    headers: ClassVar = {
        "name": ["item", "item name", "accessory", "accessory name", "consumable"],
        "part_number": ["part no", "model number", "model no", "sku", "item number"],
        "category": ["category name"],
        "location": ["place", "store", "warehouse"],
        "supplier": ["vendor", "supplier name"],
        "quantity": ["qty", "in stock", "stock", "total"],
        "minimum": ["min", "min. qty", "minimum quantity", "reorder level"],
        "reorder_quantity": ["order so many", "reorder qty"],
        "unit_cost": ["cost", "price", "unit price", "purchase cost"],
        "currency": ["currency code"],
    }
    identified_by: ClassVar = ["name"]
    required: ClassVar = ["name", "location"]
    owned: ClassVar = {"quantity": "it changes by the steps on the item's page"}

    name = column("name", Text())
    part_number = column("part_number", Text(identifies=True))
    category = column("category", Reference(Categories))
    location = column("location", Reference(Locations))
    supplier = column("supplier", Reference(Vendors))
    quantity = column("quantity", Whole())
    minimum = column("minimum", Whole())
    reorder_quantity = column("reorder_quantity", Whole())
    unit_cost = column("unit_cost", Amount())
    currency = column("currency", Currency())

    class Meta:
        model = StockItem
        fields: ClassVar = [
            "name",
            "part_number",
            "category",
            "location",
            "supplier",
            "quantity",
            "minimum",
            "reorder_quantity",
            "unit_cost",
            "currency",
        ]

    def get_queryset(self) -> models.QuerySet[StockItem]:
        return StockItem.objects.select_related("category", "location", "supplier")

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        self.items: dict[tuple[int, str, str], StockItem] = {
            (it.location_id, folded(it.name), folded(it.part_number)): it
            for it in self.get_queryset().select_for_update(of=("self",)).order_by("pk")
        }
        return {}

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        names = ("location", "name", "part_number")
        place, name, part_number = (cells.text(row.get(it) or "") for it in names)
        places = self.lookup(Locations).find(place) if place else []
        if len(places) != 1:
            return None
        item = self.items.get((places[0].pk, folded(name), folded(part_number)))
        return self.claim(item) if item else None

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        if row.get("unit_cost") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["unit_cost"])

    def check(self, instance: StockItem) -> None:
        if self.new:
            self._check_quantity(instance)
        elif {"unit_cost", "currency"} & set(self.changed) and not self.may("assets.change_cost"):
            name = "unit_cost" if "unit_cost" in self.changed else "currency"
            raise ValidationError({name: "you may not change what things cost"})

    def _check_quantity(self, item: StockItem) -> None:
        if not 0 <= item.quantity <= stock.MOST:
            raise ValidationError({"quantity": f"is not accepted: give 0 to {stock.MOST:,}"})
        if item.quantity and not self.may("assets.move_stockitem"):
            raise ValidationError({"quantity": "you may not book stock"})

    def create(self, instances: Sequence[StockItem]) -> None:
        stock.enter(instances, by=self.by, reason=self.reason)

    def in_order(self) -> list[Lookup]:
        return in_order(self.lookups)
