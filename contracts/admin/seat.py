"""The back office's screens for seats: the list, and the panels on who and what has them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import F, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from assets.admin.asset import AssetAdmin
from config.admin import InUseFilter, ReadOnlyInline
from config.admin.reporting import ReportsAdmin
from config.admin.screens import NeverByHand
from contracts.admin.seat_steps import DAYS, OF_SEAT
from contracts.models import Licence, Seat
from people.admin import PersonAdmin
from people.further_exchange import FurtherExchangeAdmin
from people.models import Department, Person

SHOWN = 20
HOLDER = ("person", "asset__product", "location")


class TakenFilter(SimpleListFilter):
    title = "given out"
    parameter_name = "given"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "taken now"), ("before", "taken back"), ("reported", "from outside data")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Seat]) -> QuerySet[Seat]:
        chosen: dict[str, dict[str, Any]] = {
            "now": {"until": None},
            "before": {"until__isnull": False},
            "reported": {"until": None, "is_reported": True},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


class IdleFilter(SimpleListFilter):
    title = "not used for"
    parameter_name = "idle"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(days), f"{days} days") for days in DAYS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Seat]) -> QuerySet[Seat]:
        if self.value() not in {str(days) for days in DAYS}:
            return queryset
        idle = Seat.objects.idle(int(self.value() or 0), timezone.localdate())
        return queryset.filter(pk__in=idle.order_by().values("pk"))


class LicenceFilter(InUseFilter):
    """The licences that have seats, with what names them in the same query."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        used = Licence.objects.filter(pk__in=Seat.objects.order_by().values("licence"))
        return [(it.pk, str(it)) for it in used.select_related("product__maker")]


class LeaverFilter(SimpleListFilter):
    title = "its person"
    parameter_name = "leavers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "has left, or may no longer sign in")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Seat]) -> QuerySet[Seat]:
        if self.value() != "yes":
            return queryset
        gone = Seat.objects.of_leavers(timezone.localdate())
        return queryset.filter(pk__in=gone.order_by().values("pk"))


@admin.register(Seat)
class SeatAdmin(NeverByHand, ReportsAdmin, FurtherExchangeAdmin):
    """Never by hand: a seat is given out on its licence, and taken back by its steps."""

    spreadsheet = "seats"
    further = {"seat-use": "the use of seats"}
    steps = OF_SEAT
    list_display = [
        "licence",
        "holder",
        "department",
        "since",
        "until",
        "last_used_on",
        "reported",
    ]
    list_filter = [
        TakenFilter,
        IdleFilter,
        LeaverFilter,
        "licence__metric",
        ("licence", LicenceFilter),
        ("person__department", InUseFilter),
    ]
    allowed_lookups = ["person", "asset", "location"]
    search_fields = [
        "licence__number",
        "licence__product__name",
        "person__name",
        "person__email",
        "asset__tag",
        "location__path",
    ]
    fields = ["licence", "holder", "since", "until", "last_used_on", "reported"]
    readonly_fields = ["holder", "reported"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        rows: QuerySet[Seat] = super().get_queryset(request)
        return rows.select_related("licence__product__maker", "person__department", *HOLDER)

    @display(description="whose", ordering="person__name")
    def holder(self, seat: Seat) -> str:
        return str(seat.holder)

    @display(description="department", ordering="person__department__name")
    def department(self, seat: Seat) -> Department | None:
        return seat.person.department if seat.person else None

    @display(description="from outside data", empty_value="")
    def reported(self, seat: Seat) -> str:
        return _reported(seat)


def _reported(seat: Seat) -> str:
    return "yes" if seat.is_reported else ""


class FirstFormSet(BaseInlineFormSet):
    """The first rows only, however many there are."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "first"):
            self.first: QuerySet[Any] = super().get_queryset()[:SHOWN]
        return self.first


class SeatInline(ReadOnlyInline):
    """Seats on the page of who or what has them: what is taken now before what was."""

    model = Seat
    formset = FirstFormSet
    fields = ["licence", "since", "until", "last_used_on"]
    select_related = ["licence__product__maker", *HOLDER]
    verbose_name_plural = "seats"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.order_by(F("until").desc(nulls_first=True), "-since", "-pk")


class SeatsOfLicenceInline(SeatInline):
    fields = ["holder", "since", "until", "last_used_on", "reported"]
    readonly_fields = ["holder", "reported"]
    verbose_name_plural = f"seats, the first {SHOWN}"

    @display(description="whose")
    def holder(self, seat: Seat) -> Person | Any:
        return seat.holder

    @display(description="from outside data", empty_value="")
    def reported(self, seat: Seat) -> str:
        return _reported(seat)


class SeatsOfPersonInline(SeatInline):
    fk_name = "person"


class SeatsOfAssetInline(SeatInline):
    fk_name = "asset"


PersonAdmin.inlines = [*PersonAdmin.inlines, SeatsOfPersonInline]
AssetAdmin.inlines = [*AssetAdmin.inlines, SeatsOfAssetInline]
