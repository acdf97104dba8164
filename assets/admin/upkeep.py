"""The back office's screens for what happens to an asset: inspections, repairs, its end."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone

from assets import protection
from assets.models import Disposal, Inspection, Repair, Upgrade, Wipe
from config.admin import BaseAdmin, DateRangeFilter, InUseFilter, ReadOnlyAdmin, ReadOnlyInline
from config.forms import RecordForm
from people.document_admin import DocumentInline


class InspectionInline(ReadOnlyInline):
    model = Inspection
    fields = ["inspected_at", "verdict", "failed_points", "remark"]
    readonly_fields = ["verdict", "failed_points"]

    @display(description="passed", boolean=True)
    def verdict(self, inspection: Inspection) -> bool:
        return inspection.passed

    @display(description="not in order", empty_value="–")
    def failed_points(self, inspection: Inspection) -> str:
        return ", ".join(it["point"] for it in inspection.points if not it["passed"])


class RepairInline(ReadOnlyInline):
    model = Repair
    fields = ["sent_on", "returned_on", "days_out", "vendor", "fault", "on_warranty", "cost"]
    readonly_fields = ["days_out"]
    select_related = ["vendor", "asset__product"]
    restricted: ClassVar[dict[str, str]] = {"cost": "assets.view_cost"}

    @display(description="days out")
    def days_out(self, repair: Repair) -> int:
        return repair.days_out(timezone.localdate())


class UpgradeInline(ReadOnlyInline):
    model = Upgrade
    fields = ["done_on", "what", "vendor", "cost", "currency"]
    select_related = ["vendor"]
    show_change_link = False
    restricted: ClassVar[dict[str, str]] = dict.fromkeys(("cost", "currency"), "assets.view_cost")


class WipeInline(ReadOnlyInline):
    model = Wipe
    fields = ["wiped_on", "method", "wiped_by", "certificate"]


class DisposalInline(ReadOnlyInline):
    model = Disposal
    fields = ["disposed_on", "method", "vendor", "recipient", "certificate", "proceeds"]
    select_related = ["vendor", "asset__product"]
    restricted: ClassVar[dict[str, str]] = {"proceeds": "assets.view_cost"}


INLINES = [InspectionInline, RepairInline, UpgradeInline, WipeInline, DisposalInline]


class OpenFilter(admin.SimpleListFilter):
    title = "where it is"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "away"), ("late", "away too long"), ("no", "back")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "yes":
            return queryset.open()
        if self.value() == "late":
            return queryset.overdue(timezone.localdate())
        return queryset.exclude(returned_on=None) if self.value() == "no" else queryset


class OfAnAsset(BaseAdmin):
    """What a move wrote about an asset: completed here, made and ended by the moves alone."""

    readonly_fields = ["asset"]
    search_fields = ["asset__tag", "asset__serial"]
    list_select_related = ["asset__product", "vendor"]
    inlines = (DocumentInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class RepairForm(RecordForm):
    def clean_on_warranty(self) -> bool:
        claimed = bool(self.cleaned_data["on_warranty"])
        if claimed and "on_warranty" in self.changed_data:
            repair = self.instance
            if why := protection.unclaimable([repair.asset], repair.sent_on).get(repair.asset_id):
                raise forms.ValidationError(why)
        return claimed


@admin.register(Repair)
class RepairAdmin(OfAnAsset):
    form = RepairForm
    list_display = [
        "asset",
        "vendor",
        "sent_on",
        "due_back_on",
        "returned_on",
        "days_out",
        "on_warranty",
        "cost",
    ]
    list_filter = [OpenFilter, ("vendor", InUseFilter), "on_warranty", ("sent_on", DateRangeFilter)]
    search_fields = [*OfAnAsset.search_fields, "reference", "fault"]
    readonly_fields = ["asset", "sent_on", "returned_on"]
    fieldsets = [
        (None, {"fields": ["asset", ("sent_on", "due_back_on", "returned_on"), "fault"]}),
        ("Vendor", {"fields": ["vendor", "reference", "on_warranty"]}),
        ("Outcome", {"fields": ["outcome", ("cost", "currency")]}),
    ]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        "cost": ("assets.view_cost", "assets.change_repair"),
        "currency": ("assets.view_cost", "assets.change_repair"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repair]:
        until = Case(
            When(returned_on=None, then=Value(timezone.localdate())), default=F("returned_on")
        )
        return super().get_queryset(request).annotate(out=until - F("sent_on"))

    @display(description="days out", ordering="out")
    def days_out(self, repair: Repair) -> int:
        return repair.days_out(timezone.localdate())


@admin.register(Upgrade)
class UpgradeAdmin(OfAnAsset):
    list_display = ["asset", "done_on", "what", "vendor", "cost"]
    list_filter = [("done_on", DateRangeFilter)]
    fields = ["asset", "done_on", "what", "vendor", ("cost", "currency")]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        "cost": ("assets.view_cost", "assets.change_upgrade"),
        "currency": ("assets.view_cost", "assets.change_upgrade"),
    }


@admin.register(Inspection)
class InspectionAdmin(ReadOnlyAdmin):
    list_display = ["asset", "inspected_at", "passed", "remark"]
    list_filter = ["passed", ("inspected_at", DateRangeFilter)]
    list_select_related = ["asset__product"]
    search_fields = ["asset__tag", "asset__serial", "remark"]
    fields = ["asset", "inspected_at", "passed", "checked", "remark"]
    inlines = (DocumentInline,)
    readonly_fields = ["checked"]

    @display(description="checked", empty_value="–")
    def checked(self, inspection: Inspection) -> str:
        words = {True: "in order", False: "not in order"}
        return "; ".join(f"{it['point']}: {words[it['passed']]}" for it in inspection.points)


@admin.register(Wipe)
class WipeAdmin(OfAnAsset):
    list_display = ["asset", "method", "wiped_on", "wiped_by", "certificate"]
    list_filter = ["method", ("wiped_on", DateRangeFilter)]
    list_select_related = ["asset__product"]
    search_fields = [*OfAnAsset.search_fields, "certificate", "wiped_by"]
    fields = ["asset", ("method", "wiped_on"), "wiped_by", "certificate"]
    readonly_fields = ["asset", "method", "wiped_on", "wiped_by"]


@admin.register(Disposal)
class DisposalAdmin(OfAnAsset):
    list_display = ["asset", "method", "disposed_on", "vendor", "certificate", "proceeds"]
    list_filter = ["method", ("disposed_on", DateRangeFilter), ("vendor", InUseFilter)]
    search_fields = [*OfAnAsset.search_fields, "certificate", "recipient"]
    fields = [
        "asset",
        ("method", "disposed_on"),
        ("vendor", "recipient"),
        "certificate",
        ("proceeds", "currency"),
    ]
    readonly_fields = ["asset", "method", "disposed_on"]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        "proceeds": ("assets.view_cost", "assets.change_cost"),
        "currency": ("assets.view_cost", "assets.change_cost"),
    }
