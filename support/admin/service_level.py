"""When the desk works, and how soon it answers and solves."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest

from config.admin import BaseAdmin, BaseInline
from support.models import BusinessHours, Holiday, ServiceLevel, Shift


class ShiftInline(BaseInline):
    model = Shift
    fields = ["weekday", "opens", "closes"]


class HolidayInline(BaseInline):
    model = Holiday
    fields = ["on", "name"]


@admin.register(BusinessHours)
class BusinessHoursAdmin(BaseAdmin):
    list_display = ["name", "time_zone", "places"]
    search_fields = ["name"]
    fields = ["name", "time_zone", "locations"]
    inlines = [ShiftInline, HolidayInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessHours]:
        hours: QuerySet[BusinessHours] = super().get_queryset(request)
        return hours.prefetch_related("locations")

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        return [*super().get_autocomplete_fields(request), "locations"]

    @display(description="places")
    def places(self, hours: BusinessHours) -> str:
        return ", ".join(map(str, hours.locations.all())) or "all others"


@admin.register(ServiceLevel)
class ServiceLevelAdmin(BaseAdmin):
    """What is changed counts for tickets that are opened or moved from then on."""

    list_display = ["priority", "respond_minutes", "resolve_minutes", "at_risk_percent"]
    fields = ["priority", ("respond_minutes", "resolve_minutes"), "at_risk_percent"]
