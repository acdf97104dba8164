"""Warranties: on the page of their asset, in a list of their own, and the step to extend them."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from assets import protection, warranties
from assets.admin.moves import cost_field
from assets.models import Asset, Warranty
from assets.models.warranty import LONGEST
from config.admin import BaseAdmin, BaseInline, DateRangeFilter, InUseFilter, Step
from config.admin.screens import actor
from config.forms import (
    LinkField,
    RecordForm,
    StepForm,
    VersionedForm,
    currency_field,
    reason_field,
)

COST = dict.fromkeys(("cost", "currency"), "assets.view_cost")


class WarrantyDays(VersionedForm):
    """The last day is typed or follows from the months; what was typed last counts."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        months, ends = self.cleaned_data.get("months"), self.cleaned_data.get("ends_on")
        typed = "ends_on" in self.changed_data and ends
        if typed and months and "months" in self.changed_data:
            self._compare(months, ends)
        elif typed:
            self.cleaned_data["months"] = None
        return cleaned

    def _compare(self, months: int, ends: Any) -> None:
        warranty = Warranty(months=months, starts_on=self.cleaned_data.get("starts_on"))
        if warranty.starts_on is None:
            self.cleaned_data["months"] = None
            return
        warranty.clean()
        if warranty.ends_on != ends:
            self.add_error("ends_on", warranties.contradiction(warranty))


class WarrantyForm(WarrantyDays, RecordForm):
    pass


class WarrantyInline(BaseInline):
    """The warranties there are; the provider of one is corrected on a page of its own."""

    model = Warranty
    form = WarrantyDays
    show_title = show_change_link = True
    fields = [
        "kind",
        "provider",
        "starts_on",
        "months",
        "ends_on",
        "reference",
        "cost",
        "currency",
    ]
    # Each row would look up its choices.
    readonly_fields: ClassVar[Sequence[str]] = ["provider"]
    select_related = ["provider"]
    restricted: ClassVar[dict[str, str]] = COST

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewWarrantyInline(WarrantyInline):
    """Adds warranties."""

    show_title = show_change_link = False
    readonly_fields: ClassVar[Sequence[str]] = ()
    verbose_name_plural = "new warranties"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Warranty]:
        rows: QuerySet[Warranty] = super().get_queryset(request).none()
        return rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return BaseInline.has_add_permission(self, request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


INLINES = [WarrantyInline, NewWarrantyInline]


class ExtendForm(StepForm):
    months = forms.IntegerField(
        label="By (months)",
        min_value=1,
        max_value=LONGEST,
        help_text="They begin the day after the warranty of each ends.",
    )
    provider = LinkField(Warranty.provider, required=False, help_text="Who answers for it.")
    reference = forms.CharField(
        required=False, max_length=60, help_text="The provider's number for it."
    )
    cost = cost_field("Cost of each")
    currency = currency_field()
    reason = reason_field()


EXTEND = Step(
    name="extend_warranty",
    label="Extend warranty",
    run=warranties.extend,
    permission="assets.add_warranty",
    form=ExtendForm,
    allows=lambda asset: asset.state not in Asset.ENDED and asset.warranty_ends_on is not None,
)


class WarrantiesAdmin(BaseAdmin):
    """An asset's page says which warranty counts, and settles that where they change."""

    def hidden_fields(self, request: HttpRequest) -> set[str]:
        may = request.user.has_perm("assets.view_warranty")
        return super().hidden_fields(request) | (set() if may else {"protection"})

    @display(description="what protects it")
    def protection(self, asset: Asset) -> SafeString:
        known = list(asset.warranties.select_related("provider"))
        said = protection.sentences(known, timezone.localdate())
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in said))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        changed = formset.model is Warranty and formset.has_changed()
        super().save_formset(request, form, formset, change)
        if changed:
            reason = self.reason(form, change)
            warranties.settle([form.instance], by=actor(request), reason=reason)


class RunningFilter(admin.SimpleListFilter):
    title = "today"
    parameter_name = "today"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("runs", "runs"), ("ended", "has ended"), ("begins", "begins later")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        today = timezone.localdate()
        chosen = {"runs": "running", "ended": "ended", "begins": "to_come"}.get(self.value() or "")
        return getattr(queryset, chosen)(today) if chosen else queryset


@admin.register(Warranty)
class WarrantyAdmin(BaseAdmin):
    form = WarrantyForm
    list_display = [
        "asset",
        "kind",
        "provider",
        "starts_on",
        "ends_on",
        "reference",
        "cost",
        "currency",
    ]
    list_filter = [
        RunningFilter,
        "kind",
        ("ends_on", DateRangeFilter),
        ("provider", InUseFilter),
    ]
    list_select_related = ["asset__product__maker", "provider"]
    search_fields = ["asset__tag", "asset__serial", "reference", "provider__name"]
    fieldsets = [
        (None, {"fields": ["asset", ("kind", "provider"), "reference"]}),
        ("Days", {"fields": [("starts_on", "months", "ends_on")]}),
        ("Cost", {"fields": [("cost", "currency")]}),
    ]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        name: (view, "assets.change_warranty") for name, view in COST.items()
    }

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> list[str] | tuple[Any, ...]:
        readonly = super().get_readonly_fields(request, obj)
        return readonly if obj is None else [*dict.fromkeys([*readonly, "asset"])]

    def save_model(self, request: HttpRequest, obj: Warranty, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._settle(request, [obj.asset], self.reason(form, change))

    def delete_model(self, request: HttpRequest, obj: Warranty) -> None:
        super().delete_model(request, obj)
        self._settle(request, [obj.asset], "a warranty was deleted")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Warranty]) -> None:
        assets = list(Asset.objects.filter(warranties__in=queryset).distinct())
        super().delete_queryset(request, queryset)
        self._settle(request, assets, "a warranty was deleted")

    def _settle(self, request: HttpRequest, assets: Iterable[Asset], reason: str) -> None:
        warranties.settle(assets, by=actor(request), reason=reason)
