"""Vendors and products from spreadsheets."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets import products
from assets.lookups import Categories, Products, Vendors
from assets.models import Product, Vendor
from config import cells
from config.lookups import Lookup, folded
from config.resources import BaseResource, column
from config.widgets import Day, Flag, Reference, Text, Whole
from people.lookups import Locations, People


class VendorResource(BaseResource):
    """One vendor a row, known by name or by another spelling of it."""

    slug = "vendors"
    headers: ClassVar = {
        "name": ["vendor", "vendor name", "manufacturer", "supplier", "company"],
        "is_maker": ["maker"],
        "is_supplier": ["is vendor"],
        "is_reseller": ["reseller"],
        "is_carrier": ["carrier"],
        "email": ["e-mail", "contact email", "support email"],
        "phone": ["phone number", "support phone"],
        "website": ["url", "web site", "support url"],
        "customer_number": ["customer no", "account number"],
        "address": ["postal address", "street address"],
    }
    keys: ClassVar = ["name"]
    identified_by: ClassVar = ["name"]
    required: ClassVar = ["name"]

    name = column("name", Text())
    is_maker = column("is_maker", Flag())
    is_supplier = column("is_supplier", Flag())
    is_reseller = column("is_reseller", Flag())
    is_carrier = column("is_carrier", Flag())
    email = column("email", Text())
    phone = column("phone", Text(identifies=True))
    website = column("website", Text())
    customer_number = column("customer_number", Text(identifies=True))
    address = column("address", Text())

    class Meta:
        model = Vendor
        fields: ClassVar = [
            "name",
            "is_maker",
            "is_supplier",
            "is_reseller",
            "is_carrier",
            "email",
            "phone",
            "website",
            "customer_number",
            "address",
        ]

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        index = super().load_index()
        aliases = Vendor.objects.exclude(aliases=None).values_list("pk", "aliases__name")
        for pk, alias in aliases.order_by():
            index["name"].setdefault(self.key("name", alias), []).append(pk)
        return index

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        # Another spelling of a vendor names it; it does not rename it.
        if (
            self.new
            or field.attribute != "name"
            or self.key("name", instance.name) == self.key("name", row["name"])
        ):
            super().import_field(field, instance, row, *args, **kwargs)


class ProductResource(BaseResource):
    """One product a row, known by maker, model and part number."""

    slug = "products"
    headers: ClassVar = {
        "name": ["model", "model name", "product", "product name", "display name"],
        "maker": ["manufacturer", "vendor", "brand"],
        "part_number": ["part no", "model number", "model no", "sku"],
        "category": ["model category", "category name", "asset category"],
        "end_of_life_on": ["end of life", "eol", "eol date"],
        "warranty_months": ["warranty", "warranty (months)"],
    }
    identified_by: ClassVar = ["name"]
    required: ClassVar = ["name", "category"]

    name = column("name", Text())
    maker = column("maker", Reference(Vendors))
    part_number = column("part_number", Text(identifies=True))
    category = column("category", Reference(Categories))
    end_of_life_on = column("end_of_life_on", Day())
    warranty_months = column("warranty_months", Whole())

    class Meta:
        model = Product
        fields: ClassVar = [
            "name",
            "maker",
            "part_number",
            "category",
            "end_of_life_on",
            "warranty_months",
        ]

    def get_queryset(self) -> models.QuerySet[Product]:
        return Product.objects.select_related("maker", "category")

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        self.products: dict[tuple[int | None, str, str], Product] = {
            (it.maker_id, folded(it.name), folded(it.part_number)): it for it in self.get_queryset()
        }
        return {}

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        texts = [cells.text(row.get(name) or "") for name in ("maker", "name", "part_number")]
        makers = self.lookup(Vendors).find(texts[0]) if texts[0] else [None]
        pk = makers[0].pk if len(makers) == 1 and makers[0] else None
        if texts[0] and pk is None:
            return None
        product = self.products.get((pk, folded(texts[1]), folded(texts[2])))
        return self.claim(product) if product else None

    def check(self, instance: Product) -> None:
        super().check(instance)
        if not self.new and "category" in self.changed:
            lost = products.losing(instance, instance.category)
            if lost:
                sentence = (
                    f"has no fields that take {', '.join(lost)}: its assets would lose these"
                    " values; change it on the product's page, which asks why"
                )
                raise ValidationError({"category": sentence})

    def update(self, instances: Sequence[Any]) -> None:
        """The assets of what is in another category follow it. No row changes a maker: it tells
        which product the row is about.
        """
        super().update(instances)
        for product in instances:
            if "category" in product.import_changed:
                products.refit(product, by=self.by, reason=self.reason)

    def in_order(self) -> list[Lookup]:
        return in_order(self.lookups)


def in_order(lookups: dict[type[Lookup], Lookup]) -> list[Lookup]:
    """What others refer to before what refers to it."""
    order: list[type[Lookup]] = [Locations, People, Vendors, Categories, Products]
    return [lookups[kind] for kind in order if kind in lookups]
