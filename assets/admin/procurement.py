"""The back office's screens for orders: their lines, placing, receiving, cancelling."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from assets import procurement
from assets.admin.order_forms import CancelForm, OrderForm, PlaceForm, ReceiveForm
from assets.models import Asset, Order, OrderLine
from assets.order_export import OrderResource
from assets.procurement import MOVES
from config.admin import BaseInline, DateRangeFilter, ExportAdmin, InUseFilter, Step
from config.history import Actor
from config.outcomes import Outcome, each
from config.resources import BaseResource

VIEW_COST = "assets.view_cost"
SETTLED = ("number", "supplier", "currency")
"""What an order says to its assets and its supplier: it stays once the order is placed."""


def _receive(orders: Sequence[Order], *, by: Actor, line: OrderLine, **options: Any) -> Outcome:
    return Outcome(done=procurement.receive_line(line, by=by, **options))


def _label(line: OrderLine) -> str:
    return f"{line}: {line.outstanding} to come"


class LinesInline(BaseInline):
    """Open while the order is a draft."""

    model = OrderLine
    fields = ["product", "quantity", "unit_cost", "warranty_months"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_delete_permission(request, obj)


class OrderLineInline(LinesInline):
    """The lines there are. What a line is for stays; once placed they only count what arrives."""

    fields = [*LinesInline.fields, "arrived", "receive"]
    readonly_fields = ["product", "arrived", "receive"]
    select_related = ["product__maker", "order__supplier"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        hidden = set() if request.user.has_perm(VIEW_COST) else {"unit_cost"}
        if _is_open(obj):
            hidden |= {"arrived", "receive"}
        elif not request.user.has_perm("assets.receive_order"):
            hidden |= {"receive"}
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_change_permission(request, obj)

    @display(description="received")
    def arrived(self, line: OrderLine) -> str:
        return f"{line.received:,} of {line.quantity:,}" if line.pk else ""

    @display(description="next")
    def receive(self, line: OrderLine) -> str:
        if not line.pk or not line.outstanding or not MOVES["receive"].allows(line.order):
            return ""
        address = reverse("admin:assets_order_step", args=[line.order_id, "receive"])
        return format_html(
            '<a href="{}?line={}" aria-label="Receive {}">Receive</a>', address, line.pk, line
        )


class NewOrderLineInline(LinesInline):
    """Adds lines; apart from those there are, or each of them would look up its product."""

    extra = 1
    verbose_name_plural = "new lines"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return [it for it in fields if it != "unit_cost" or request.user.has_perm(VIEW_COST)]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _is_open(order: Any) -> bool:
    return order is None or order.state == Order.State.DRAFT


@admin.register(Order)
class OrderAdmin(ExportAdmin):
    spreadsheet = "orders"
    form = OrderForm
    list_display = [
        "number",
        "supplier",
        "state",
        "ordered_on",
        "expected_on",
        "received",
        "total",
        "department",
    ]
    list_filter = [
        "state",
        ("ordered_on", DateRangeFilter),
        ("expected_on", DateRangeFilter),
        ("supplier", InUseFilter),
    ]
    allowed_lookups = ["lines__product", "department"]
    search_fields = ["number", "supplier__name", "lines__product__name"]
    restricted: ClassVar[dict[str, tuple[str, str]]] = {"total": (VIEW_COST, "assets.change_order")}
    readonly_fields = ["state", "ordered_on", "received", "total", "came"]
    fieldsets = [
        (None, {"fields": [("number", "supplier"), ("state", "ordered_on", "expected_on")]}),
        ("Cost", {"fields": [("currency", "department"), "total"]}),
        ("What arrived", {"fields": [("received", "came")]}),
        ("Notes", {"fields": ["notes"]}),
    ]
    add_fieldsets = [
        (None, {"fields": [("number", "supplier"), "expected_on", ("currency", "department")]}),
        fieldsets[-1],
    ]
    change_form_outer_before_template = "admin/assets/order_top.html"
    steps = (
        Step(
            "place",
            "Place",
            each(procurement.place),
            "assets.place_order",
            PlaceForm,
            MOVES["place"].allows,
            "Once it is placed its lines stay as they are.",
        ),
        Step(
            "receive",
            "Receive",
            _receive,
            "assets.receive_order",
            ReceiveForm,
            MOVES["receive"].allows,
            "Each becomes an asset with product, cost, supplier, warranty and order filled in.",
            in_bulk=False,
        ),
        Step(
            "cancel",
            "Cancel the order",
            each(procurement.cancel),
            "assets.place_order",
            CancelForm,
            MOVES["cancel"].allows,
            "What has arrived stays. Assets that wait for the rest are planned again.",
        ),
    )

    @property
    def resource(self) -> type[BaseResource]:
        return OrderResource

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
        came = Asset.objects.filter(order_line__order=OuterRef("pk")).order_by()
        sums = {
            "cost_in_all": Sum(F("quantity") * F("unit_cost")),
            "pieces": Sum("quantity"),
            "arrived": Sum("received"),
        }
        rows = super().get_queryset(request).select_related("supplier", "department")
        return rows.annotate(
            **{name: Subquery(lines.annotate(it=it).values("it")) for name, it in sums.items()},
            assets=Subquery(came.values("order_line__order").annotate(n=Count("pk")).values("n")),
        )

    @display(description="received")
    def received(self, order: Any) -> str:
        return f"{order.arrived or 0:,} of {order.pieces or 0:,}"

    @display(description="total", ordering="cost_in_all")
    def total(self, order: Any) -> str | None:
        if order.cost_in_all is None:
            return None
        return f"{order.cost_in_all:,.2f} {order.currency}"

    @display(description="assets")
    def came(self, order: Any) -> str | None:
        """What was registered for it, as a list."""
        if not order.assets:
            return None
        address = reverse("admin:assets_asset_changelist")
        words = "1 asset" if order.assets == 1 else f"{order.assets:,} assets"
        return format_html('<a href="{}?order_line__order={}">{}</a>', address, order.pk, words)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        if obj is None:
            return [NewOrderLineInline]
        return [OrderLineInline, NewOrderLineInline] if _is_open(obj) else [OrderLineInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        settled = () if _is_open(obj) else SETTLED
        return [*super().get_readonly_fields(request, obj), *settled]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Only drafts are deleted; what was placed is cancelled, and stays to be read."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        placed = [f"{order}, {order.get_state_display()}" for order in objs if not _is_open(order)]
        return deleted, counts, lacking, [*protected, *placed]

    def prepare_step_form(
        self, request: HttpRequest, form: forms.Form, rows: Sequence[Any]
    ) -> None:
        if isinstance(form, PlaceForm):
            self._warn(form, rows)
        elif isinstance(form, ReceiveForm) and rows:
            self._offer_lines(request, form, rows[0])
        super().prepare_step_form(request, form, rows)

    @staticmethod
    def _warn(form: PlaceForm, orders: Sequence[Order]) -> None:
        """What speaks against the only order is said at once; of many, as each is refused."""
        if len(orders) != 1 or not MOVES["place"].allows(orders[0]):
            return
        if sentences := procurement.warnings(orders[0]):
            form.fields["all_the_same"].help_text = " ".join(sentences)
        else:
            del form.fields["all_the_same"]

    @staticmethod
    def _offer_lines(request: HttpRequest, form: ReceiveForm, order: Order) -> None:
        lines = order.lines.select_related("product__maker").filter(received__lt=F("quantity"))
        field: Any = form.fields["line"]
        field.queryset, field.label_from_instance = lines, _label
        if (asked := request.GET.get("line", "")).isdecimal():
            field.initial = asked

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what speaks against placing it, while it is a draft."""
        order = context.get("original")
        if order is not None and _is_open(order):
            context["order_warnings"] = procurement.warnings(order)
        return super().render_change_form(request, context, *args, **kwargs)
