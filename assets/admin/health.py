"""The back office's screens for what is supported until when, patched, and still heard of."""

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.timezone import localdate

from assets import health
from assets.admin.asset import AssetAdmin
from assets.admin.catalog import ProductAdmin
from assets.models import Asset, Release
from config.admin import DateRangeFilter, Step
from people.exchange import ExchangeAdmin

ENDS_WITHIN = 90
LONGEST_SILENCE = 9999


class HealthFilter(SimpleListFilter):
    """Which assets need somebody to look at them; an address may ask for any days of silence."""

    title = "health"
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        silences = sorted({7, 30, 90} | ({self.silence} if self.silence else set()))
        return [
            ("out", "out of support"),
            ("ending", f"support ends within {ENDS_WITHIN} days"),
            ("unpatched", "updates missing"),
            *((f"silent-{days}", f"silent for {days} days") for days in silences),
        ]

    @property
    def silence(self) -> int:
        """The days of silence that the address asks for; 0 where it asks for something else."""
        match = re.fullmatch(r"silent-(\d{1,4})", self.value() or "")
        return min(int(match[1]), LONGEST_SILENCE) if match else 0

    def queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> QuerySet[Asset]:
        today = localdate()
        match self.value():
            case None | "":
                return queryset
            case "out":
                return health.out_of_support(queryset, today)
            case "ending":
                return health.support_ending(queryset, ENDS_WITHIN, today)
            case "unpatched":
                return health.unpatched(queryset)
        if not self.silence:
            raise IncorrectLookupParameters(f"{self.value()} is no state of health.")
        return health.silent(queryset, self.silence, today)


filters: list[Any] = [*AssetAdmin.list_filter, HealthFilter]
AssetAdmin.list_filter = filters
AssetAdmin.allowed_lookups = [*AssetAdmin.allowed_lookups, "release"]
asset_steps: Any = (
    *AssetAdmin.steps,
    Step(
        "match_release",
        "Find its supported release",
        health.match,
        "assets.change_asset",
        allows=lambda asset: bool(asset.operating_system and not asset.release_id),
        help="By the name of its operating system, where exactly one release fits.",
    ),
)
product_steps: Any = (
    *ProductAdmin.steps,
    Step(
        "take_end_of_life",
        "Take end of life from releases",
        health.take_end_of_life,
        "assets.change_product",
        help="From the release that has exactly the name of the model.",
    ),
)
AssetAdmin.steps = asset_steps
ProductAdmin.steps = product_steps


class EndedFilter(SimpleListFilter):
    title = "support"
    parameter_name = "support"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ended", "has ended"), ("goes_on", "goes on, or is not known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        ended = Release.objects.out_of_support(localdate())
        if self.value() == "ended":
            return queryset.filter(pk__in=ended)
        return queryset.exclude(pk__in=ended) if self.value() == "goes_on" else queryset


@admin.register(Release)
class ReleaseAdmin(ExchangeAdmin):
    spreadsheet = "releases"
    list_display = ["product", "cycle", "ends_on", "has_ended", "asset_count"]
    list_filter = [EndedFilter, ("ends_on", DateRangeFilter)]
    search_fields = ["product", "cycle"]
    fields = [("product", "cycle"), ("ends_on", "has_ended"), "link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return super().get_queryset(request).annotate(asset_count=Count("assets"))

    @display(description="assets", ordering="asset_count")
    def asset_count(self, release: Any) -> int:
        return release.asset_count
