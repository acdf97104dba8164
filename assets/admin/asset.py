"""The back office's screens for assets: the register itself."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from assets import health, lifecycle
from assets.admin import relations, upkeep, warranty
from assets.admin.depreciation import DepreciationAdmin
from assets.admin.extra import ExtraFieldsAdmin, ExtraFieldsForm
from assets.admin.labels import LABEL_STEP
from assets.admin.moves import STEPS
from assets.admin.relations import RelationsAdmin
from assets.admin.sim import SimsAdmin
from assets.admin.warranty import EXTEND, WarrantiesAdmin
from assets.costs import cost_of_ownership
from assets.identifiers import search_forms
from assets.models import Asset, Custody, Identifier
from config import cells
from config.admin import BaseInline, DateRangeFilter, InUseFilter, ReadOnlyInline
from config.admin.screens import actor
from config.forms import LinkField
from people.document_admin import DocumentInline
from people.exchange import ExchangeAdmin


class IdentifierInline(BaseInline):
    model = Identifier


class CustodyInline(ReadOnlyInline):
    model = Custody
    fk_name = "asset"
    fields = [
        "holder",
        "location",
        "device",
        "since",
        "until",
        "due_back_on",
        "handover",
        "condition",
    ]
    select_related = ["holder", "location", "device__product", "handover__to"]
    verbose_name_plural = "who held it"
    show_change_link = False


class PartInline(ReadOnlyInline):
    model = Asset
    fk_name = "installed_in"
    fields = ["tag", "product", "serial", "state"]
    select_related = ["product__maker"]
    verbose_name_plural = "installed in it"


class AssetForm(ExtraFieldsForm):
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

    def clean_serial(self) -> str:
        """What a spreadsheet destroyed is refused; what stands on the register so stops nothing."""
        serial: str = self.cleaned_data["serial"]
        sentence = cells.lost(serial) if "serial" in self.changed_data else ""
        if sentence:
            raise ValidationError(f"“{serial}” {sentence}.")
        return serial


@admin.register(Asset)
class AssetAdmin(
    DepreciationAdmin,
    ExtraFieldsAdmin,
    RelationsAdmin,
    SimsAdmin,
    WarrantiesAdmin,
    ExchangeAdmin,
):
    spreadsheet = "assets"
    form = AssetForm
    steps = [*STEPS, EXTEND, LABEL_STEP]
    list_display = [
        "tag",
        "product",
        "serial",
        "state",
        "label",
        "holder",
        "location",
        "warranty_ends_on",
    ]
    list_filter = [
        "state",
        ("label", InUseFilter),
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
        "installed_in",
        "order_line__order",
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
        "in_all": ("assets.view_cost", "assets.change_cost"),
    }
    readonly_fields = [
        "state",
        "label",
        "holder",
        "location",
        "installed_in",
        "order_line",
        "in_all",
        "worth",
        "failure",
        "warranty_starts_on",
        "warranty_ends_on",
        "protection",
    ]
    fieldsets = [
        (None, {"fields": [("tag", "serial"), "product", "hostname"]}),
        (
            "Where it is",
            {"fields": [("state", "label"), ("holder", "location"), "installed_in", "failure"]},
        ),
        (
            "Purchase",
            {
                "fields": [
                    ("supplier", "order_number"),
                    ("purchased_on", "in_service_on"),
                    "order_line",
                    ("cost", "currency"),
                    "in_all",
                    "worth",
                ]
            },
        ),
        ("Warranty", {"fields": [("warranty_starts_on", "warranty_ends_on"), "protection"]}),
        (
            "Health",
            {"fields": [("operating_system", "release"), ("patch_status", "last_seen_at")]},
        ),
        ("Notes", {"fields": ["notes"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["product", ("tag", "serial"), "hostname", ("starts_as", "place")]}),
        (
            "Purchase",
            {
                "fields": [
                    ("supplier", "order_number"),
                    ("purchased_on", "in_service_on"),
                    ("cost", "currency"),
                ]
            },
        ),
        *fieldsets[4:],
    ]
    inlines: ClassVar[list[Any]] = [
        IdentifierInline,
        *warranty.INLINES,
        *relations.INLINES,
        PartInline,
        CustodyInline,
        *upkeep.INLINES,
        DocumentInline,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        related = ("product__maker", "product__category", "holder", "location", "supplier")
        more = ("label", "installed_in__product", "order_line__product", "release")
        return super().get_queryset(request).select_related(*related, *more)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Asset], search_term: str
    ) -> tuple[QuerySet[Asset], bool]:
        """By the number of a SIM, a phone or a network card too, in any notation."""
        found, doubled = super().get_search_results(request, queryset, search_term)
        condition = Q()
        for form in search_forms(search_term):
            condition |= Q(value__icontains=form)
        if not condition:
            return found, doubled
        named = list(Identifier.objects.filter(condition).values_list("asset", flat=True)[:100])
        if not named:
            return found, doubled
        return queryset.filter(Q(pk__in=found.values("pk")) | Q(pk__in=named)), False

    @display(description="cost in all")
    def in_all(self, asset: Asset) -> str:
        """What it has cost so far: purchase, repairs, upgrades, warranties."""
        totals = [f"{amount:,.2f} {code}" for code, amount in cost_of_ownership(asset).items()]
        return ", ".join(totals) or "–"

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        if "operating_system" in form.changed_data and "release" not in form.changed_data:
            obj.release = health.match_release(obj.operating_system)
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.state = form.cleaned_data["starts_as"] or Asset.State.IN_STOCK
        obj.location = form.cleaned_data["place"]
        lifecycle.enter([obj], by=actor(request), reason=self.reason(form, change))
