"""The back office's screens for vendors, categories and products."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from assets import products
from assets.admin.moves import PLAN
from assets.admin.structure import ExtraFieldInline, ExtraFieldsOfCategory
from assets.models import Category, Product, Vendor, VendorAlias, VendorContact
from config.admin import BaseInline, DateRangeFilter
from config.admin.screens import actor
from config.forms import RecordForm
from people.exchange import ExchangeAdmin


class AliasInline(BaseInline):
    model = VendorAlias
    verbose_name_plural = "also spelled"


class ContactInline(BaseInline):
    model = VendorContact
    fields = ["name", "role", "email", "phone", "takes_notices"]
    verbose_name_plural = "who to talk to"


@admin.register(Vendor)
class VendorAdmin(ExchangeAdmin):
    spreadsheet = "vendors"
    list_display = ["name", "is_maker", "is_supplier", "is_reseller", "is_carrier", "product_count"]
    list_filter = ["is_maker", "is_supplier", "is_reseller", "is_carrier"]
    search_fields = [
        "name",
        "aliases__name",
        "customer_number",
        "contacts__name",
        "contacts__email",
        "contacts__phone",
    ]
    fieldsets = [
        (None, {"fields": ["name", ("is_maker", "is_supplier", "is_reseller", "is_carrier")]}),
        ("Contact", {"fields": ["email", "phone", "website", "customer_number", "address"]}),
    ]
    inlines = [ContactInline, AliasInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vendor]:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @display(description="products", ordering="product_count")
    def product_count(self, vendor: Any) -> int:
        return vendor.product_count


@admin.register(Category)
class CategoryAdmin(ExtraFieldsOfCategory):
    list_display = ["name", "kind", "tag_prefix", "needs_acceptance", "holds_data"]
    list_filter = ["kind"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", ("kind", "tag_prefix"), "slots"]}),
        ("Rules", {"fields": ["needs_acceptance", "holds_data"]}),
        ("Inspection", {"fields": ["needs_inspection", "checklist"]}),
        (
            "Depreciation",
            {
                "fields": [
                    ("depreciation", "useful_months"),
                    ("residual_percent", "declining_percent"),
                ]
            },
        ),
    ]
    inlines = [ExtraFieldInline]


class ProductForm(RecordForm):
    """Says before anything is written what its assets would clash in, and what they would lose."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and not self.errors:
            for name in {"maker", "category"} & set(self.changed_data):
                getattr(self, f"_check_{name}")(self.cleaned_data[name])
        return cleaned

    def _check_maker(self, maker: Vendor | None) -> None:
        try:
            products.refuse_clashes(self.instance, maker)
        except ValidationError as refused:
            self.add_error("maker", refused)

    def _check_category(self, category: Category) -> None:
        """Values are lost only to who says why, as where their field is deleted."""
        lost = products.losing(self.instance, category)
        if lost and not self.cleaned_data["reason"].strip():
            sentence = (
                f"{category} has no fields that take {', '.join(lost)}: its assets would lose these"
                " values, only their history keeps them. To change it all the same, give the reason"
                " below."
            )
            self.add_error("category", sentence)


@admin.register(Product)
class ProductAdmin(ExchangeAdmin):
    spreadsheet = "products"
    form = ProductForm
    steps = [PLAN]
    list_display = ["name", "maker", "category", "part_number", "end_of_life_on", "asset_count"]
    list_filter = ["category", ("end_of_life_on", DateRangeFilter)]
    allowed_lookups = ["maker"]
    search_fields = ["name", "part_number", "maker__name"]
    fields = [
        "name",
        "maker",
        "category",
        "part_number",
        ("warranty_months", "end_of_life_on"),
        "slots",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows = super().get_queryset(request).select_related("maker", "category")
        return rows.annotate(asset_count=Count("assets"))

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if change:
            products.change(obj, by=actor(request), reason=self.reason(form, change))
        else:
            super().save_model(request, obj, form, change)

    @display(description="assets", ordering="asset_count")
    def asset_count(self, product: Any) -> int:
        return product.asset_count
