"""The back office's screens for assets: the register itself."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assets import lifecycle
from assets.admin.moves import STEPS
from assets.models import Asset, Custody, Identifier
from config.admin import BaseInline, DateRangeFilter, ReadOnlyInline
from config.admin.screens import actor
from config.forms import LinkField, RecordForm
from people.exchange import ExchangeAdmin


class IdentifierInline(BaseInline):
    model = Identifier


class CustodyInline(ReadOnlyInline):
    model = Custody
    fk_name = "asset"
    fields = ["holder", "location", "since", "until", "due_back_on"]
    select_related = ["holder", "location"]
    verbose_name_plural = "who held it"
    show_change_link = False


class AssetForm(RecordForm):
    """A new asset says where it stands; afterwards only the moves change that."""

    STARTS = (Asset.State.PLANNED, Asset.State.ORDERED, Asset.State.IN_STOCK)

    starts_as = forms.ChoiceField(
        choices=[(state.value, state.label) for state in STARTS],
        initial=Asset.State.IN_STOCK,
        required=False,
    )
    place = LinkField(Asset.location, required=False, help_text="Where it lies in stock.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tag" in self.fields and self.instance.pk is None:
            self.fields["tag"].required = False
            self.fields["tag"].help_text = "Leave empty for the next number of its category."


@admin.register(Asset)
class AssetAdmin(ExchangeAdmin):
    spreadsheet = "assets"
    form = AssetForm
    steps = STEPS
    list_display = ["tag", "product", "serial", "state", "holder", "location", "warranty_ends_on"]
    list_filter = [
        "state",
        "product__category",
        ("warranty_ends_on", DateRangeFilter),
        ("purchased_on", DateRangeFilter),
    ]
    allowed_lookups = [
        "holder",
        "location",
        "product",
        "supplier",
        "holder__department",
        "custodies__until",
        "custodies__due_back_on",
    ]
    search_fields = [
        "tag",
        "serial",
        "hostname",
        "product__name",
        "holder__name",
        "holder__email",
        "identifiers__value",
    ]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        "cost": ("assets.view_cost", "assets.change_cost"),
        "currency": ("assets.view_cost", "assets.change_cost"),
    }
    readonly_fields = ["state", "holder", "location"]
    fieldsets = [
        (None, {"fields": [("tag", "serial"), "product", "hostname"]}),
        ("Where it is", {"fields": [("state", "holder", "location")]}),
        (
            "Purchase",
            {"fields": [("supplier", "order_number"), "purchased_on", ("cost", "currency")]},
        ),
        ("Warranty", {"fields": [("warranty_starts_on", "warranty_ends_on")]}),
        ("Notes", {"fields": ["notes"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["product", ("tag", "serial"), "hostname", ("starts_as", "place")]}),
        *fieldsets[2:],
    ]
    inlines: ClassVar[list[Any]] = [IdentifierInline, CustodyInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        related = ("product__maker", "holder", "location", "supplier")
        return super().get_queryset(request).select_related(*related)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.state = form.cleaned_data["starts_as"] or Asset.State.IN_STOCK
        obj.location = form.cleaned_data["place"]
        lifecycle.enter([obj], by=actor(request), reason=self.reason(form, change))
