"""The back office's screens for stock items, their movements, and kits."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from assets import kits, stock
from assets.models import Kit, KitLine, StockItem, StockMovement
from config.admin import BaseAdmin, BaseInline, InUseFilter, ReadOnlyAdmin, ReadOnlyInline, Step
from config.admin.screens import actor
from config.forms import LinkField, RecordForm, StepForm, reason_field
from config.outcomes import each
from people.exchange import ExchangeAdmin

LATEST = 50
"""How many movements the page of an item shows; the list has them all."""


def _count(**options: Any) -> forms.IntegerField:
    return forms.IntegerField(**{"min_value": 1, "max_value": stock.MOST, "initial": 1, **options})


class DeliverForm(StepForm):
    quantity = _count(help_text="How many have arrived.")
    reason = reason_field(help_text="Such as the order or the delivery note. Kept in the history.")


class IssueForm(StepForm):
    to = LinkField(StockMovement.person, label="To", help_text="Who gets it.")
    quantity = _count()
    reason = reason_field()


class GiveBackForm(StepForm):
    person = LinkField(
        StockMovement.person,
        required=False,
        label="From",
        help_text="Who brings it. Empty for what was never booked out.",
    )
    quantity = _count()
    reason = reason_field()


class CorrectForm(StepForm):
    counted = _count(min_value=0, initial=None, help_text="How many really lie there.")
    reason = reason_field(required=True, help_text="Why it differs: counted, broken, stolen.")


def _step(move: Callable[..., Any], label: str, form: type[StepForm], **options: Any) -> Step:
    return Step(
        name=move.__name__,
        label=label,
        form=form,
        run=each(move),
        permission="assets.move_stockitem",
        **options,
    )


class LowFilter(admin.SimpleListFilter):
    title = "supply"
    parameter_name = "low"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "low: order more")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StockItem]
    ) -> QuerySet[StockItem] | None:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=StockItem.objects.low().order_by().values("pk"))


class LatestFormSet(BaseInlineFormSet):
    """The first rows only, however many there are."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "latest"):
            self.latest: QuerySet[Any] = super().get_queryset()[:LATEST]
        return self.latest


class MovementInline(ReadOnlyInline):
    model = StockMovement
    formset = LatestFormSet
    fields = ["moved_at", "kind", "quantity", "balance", "person", "note"]
    select_related = ["person"]
    verbose_name_plural = "latest movements"
    show_change_link = False


class StockItemForm(RecordForm):
    """A new item says how many lie there; afterwards only the steps change that."""

    lies_there = forms.IntegerField(
        label="Lies there now", required=False, min_value=0, max_value=stock.MOST
    )


@admin.register(StockItem)
class StockItemAdmin(ExchangeAdmin):
    spreadsheet = "stock"
    form = StockItemForm
    list_display = ["name", "part_number", "location", "quantity", "minimum", "low", "supplier"]
    list_filter = [LowFilter, ("location", InUseFilter), ("category", InUseFilter)]
    allowed_lookups = ["supplier"]
    search_fields = ["name", "part_number", "supplier__name", "location__path"]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {
        "unit_cost": ("assets.view_cost", "assets.change_cost"),
        "currency": ("assets.view_cost", "assets.change_cost"),
    }
    readonly_fields = ["quantity", "all_movements"]
    PURCHASE = (
        "Purchase",
        {"fields": ["supplier", ("minimum", "reorder_quantity"), ("unit_cost", "currency")]},
    )
    fieldsets = [
        (None, {"fields": [("name", "part_number"), "category", "location"]}),
        ("Stock", {"fields": [("quantity", "all_movements")]}),
        PURCHASE,
    ]
    add_fieldsets = [
        (None, {"fields": [("name", "part_number"), "category", ("location", "lies_there")]}),
        PURCHASE,
    ]
    inlines = [MovementInline]
    steps = [
        _step(stock.issue, "Hand out", IssueForm),
        _step(stock.deliver, "Deliver", DeliverForm, help="Book what has arrived into stock."),
        _step(stock.give_back, "Take back", GiveBackForm),
        _step(stock.correct, "Correct", CorrectForm, in_bulk=False),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockItem]:
        return super().get_queryset(request).select_related("location", "supplier", "category")

    def save_model(self, request: HttpRequest, obj: StockItem, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.quantity = form.cleaned_data.get("lies_there") or 0
        if obj.quantity and not request.user.has_perm("assets.move_stockitem"):
            raise PermissionDenied
        stock.enter([obj], by=actor(request), reason=self.reason(form, change))

    @display(description="supply")
    def low(self, item: StockItem) -> str:
        return "low: order more" if item.is_low else ""

    @display(description="movements")
    def all_movements(self, item: StockItem) -> str:
        address = reverse("admin:assets_stockmovement_changelist")
        return format_html('<a href="{}?item={}">All movements</a>', address, item.pk)


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """The ledger of the stock, to look at."""

    list_display = ["moved_at", "item", "kind", "quantity", "balance", "person", "note"]
    list_filter = ["kind", "moved_at"]
    allowed_lookups = ["item", "person"]
    search_fields = ["item__name", "item__part_number", "person__name", "person__email", "note"]
    fields = ["item", "kind", "quantity", "balance", "person", "moved_at", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockMovement]:
        rows: QuerySet[StockMovement] = super().get_queryset(request)
        return rows.select_related("item__location", "person")


class KitLineInline(BaseInline):
    """The lines of the kit. What a line is for stays; how many can change."""

    template = ReadOnlyInline.template
    model = KitLine
    fields = ["product", "item", "quantity"]
    readonly_fields = ["product", "item"]
    select_related = ["product__maker", "item__location"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewKitLineInline(BaseInline):
    """Adds lines; apart from those there are, or each of them would look up its choices."""

    model = KitLine
    fields = ["product", "item", "quantity"]
    verbose_name_plural = "new lines"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HandOverKitForm(StepForm):
    to = LinkField(StockMovement.person, label="To", help_text="Who gets it all, with one mail.")
    location = LinkField(
        StockItem.location,
        required=False,
        label="From",
        help_text="Only what lies at this place and inside it. Empty: from anywhere.",
    )
    reason = reason_field()


@admin.register(Kit)
class KitAdmin(BaseAdmin):
    list_display = ["name", "line_count"]
    search_fields = ["name"]
    readonly_fields = ["short"]
    fieldsets = [(None, {"fields": ["name", "notes", "short"]})]
    add_fieldsets = [(None, {"fields": ["name", "notes"]})]
    inlines = [KitLineInline, NewKitLineInline]
    steps = [
        Step(
            name="hand_over",
            label="Hand over kit",
            form=HandOverKitForm,
            run=each(kits.hand_over),
            permission="assets.hand_over_kit",
            help="Of each product the oldest in stock is taken. All of it is handed over, or"
            " nothing.",
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Kit]:
        return super().get_queryset(request).annotate(line_count=Count("lines"))

    @display(description="lines", ordering="line_count")
    def line_count(self, kit: Any) -> int:
        return kit.line_count

    @display(description="short now")
    def short(self, kit: Kit) -> str:
        """What the step would refuse, before anybody clicks it."""
        return _lines(kits.shortages(kit)) or "Nothing: all of it is in stock."


def _lines(sentences: Iterable[str]) -> str:
    return format_html_join("", "<p>{}</p>", ([sentence] for sentence in sentences))
