"""The back office's screens for stocktakes: their pages, their lines and their files."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from assets import stocktaking
from assets.admin.counting import CountingAdmin
from assets.lifecycle import Outcome
from assets.models import Count, Stocktake
from config import exports
from config.admin import BaseAdmin, InUseFilter, ReadOnlyAdmin, Step
from config.forms import RecordForm, StepForm, reason_field

SCOPE = ("locations", "departments")
MANAGE = "assets.open_stocktake"


class StocktakeForm(RecordForm):
    def clean(self) -> dict[str, Any] | None:
        """What is expected is frozen: a form from before the opening cannot widen it."""
        cleaned = super().clean()
        if self.instance.opened_at and {*SCOPE} & {*self.fields}:
            raise ValidationError(
                "It was opened meanwhile: its places and departments stay as they are."
            )
        return cleaned


class OpenForm(StepForm):
    reason = reason_field()


class CloseForm(StepForm):
    report_missing_lost = forms.BooleanField(
        required=False,
        label="Report missing assets lost",
        help_text="Otherwise they keep their state and are only marked as missing in this"
        " stocktake. What was found elsewhere is moved there in any case.",
    )
    reason = reason_field()


def _open(rows: Iterable[Stocktake], **options: Any) -> Outcome:
    return _each(stocktaking.open, rows, options)


def _close(rows: Iterable[Stocktake], **options: Any) -> Outcome:
    return _each(stocktaking.close, rows, options)


def _each(move: Any, rows: Iterable[Stocktake], options: dict[str, Any]) -> Outcome:
    """`move` for each; a refused one never stops the others, and neither does a refused asset."""
    outcome: Any = Outcome()
    for row in sorted(rows, key=lambda row: row.pk):
        try:
            result = move(row, **options)
        except ValidationError as refusal:
            outcome.refused += refusal.messages
        else:
            outcome.done.append(row)
            outcome.refused += getattr(result, "refused", [])
    return outcome


@admin.register(Stocktake)
class StocktakeAdmin(CountingAdmin, BaseAdmin):
    form = StocktakeForm
    list_display = ["name", "status", "opened_at", "closed_at", "progress"]
    list_filter = ["opened_at", "closed_at"]
    search_fields = ["name"]
    readonly_fields = ["opened_at", "closed_at"]
    fieldsets = [
        (None, {"fields": ["name", "locations", "departments", ("opened_at", "closed_at")]}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "locations", "departments"]})]
    change_form_outer_before_template = "admin/assets/stocktake_top.html"
    steps = (
        Step(
            "open",
            "Open",
            _open,
            MANAGE,
            OpenForm,
            lambda it: it.opened_at is None,
            "What is there according to the register is frozen as the expectation, and everybody"
            " who holds some of it is asked by mail to confirm it in the portal.",
        ),
        Step(
            "close",
            "Close",
            _close,
            MANAGE,
            CloseForm,
            lambda it: it.is_open,
            "What is not counted by now is missing. The register is changed to what was found.",
        ),
    )

    class Media:
        css: ClassVar = {"all": ["admin/stocktake.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stocktake]:
        rows = super().get_queryset(request)
        of_expected = ~Q(counts__result=Count.Result.UNEXPECTED) & Q(counts__isnull=False)
        awaited = Q(counts__result__in=[Count.Result.AWAITED, Count.Result.MISSING])
        return rows.annotate(
            expected_count=models.Count("counts", filter=of_expected),
            awaited_count=models.Count("counts", filter=awaited),
        )

    @display(description="status")
    def status(self, stocktake: Stocktake) -> str:
        return stocktake.status

    @display(description="found")
    def progress(self, stocktake: Any) -> str:
        if stocktake.opened_at is None:
            return ""
        expected = stocktake.expected_count
        return f"{expected - stocktake.awaited_count:,} of {expected:,}"

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return [*super().get_autocomplete_fields(request), *SCOPE]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        frozen = SCOPE if obj and obj.opened_at else ()
        return [*super().get_readonly_fields(request, obj), *frozen]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only one that never began, on its own page: the others are reports."""
        return super().has_delete_permission(request, obj) and bool(obj and not obj.opened_at)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.report_view))
        address = "<path:object_id>/report/<slug:extension>/"
        return [path(address, view, name="assets_stocktake_report"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        stocktake = context.get("original")
        if stocktake and stocktake.opened_at and request.user.has_perm("assets.view_count"):
            with_cost = request.user.has_perm("assets.view_cost")
            context["report"] = stocktaking.report(stocktake, with_cost=with_cost)
            context["report_links"] = self.files_of(request, stocktake)
            context["lines"] = (
                reverse("admin:assets_count_changelist") + f"?stocktake__id__exact={stocktake.pk}"
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def may_export(self, request: HttpRequest) -> bool:
        """A file of assets is for whoever may export assets, and sees this list of them."""
        return (
            request.user.has_perms(["assets.export_asset", "assets.view_count"])
            and self.has_view_permission(request)
        )  # fmt: skip

    def files_of(self, request: HttpRequest, stocktake: Stocktake) -> list[dict[str, str]]:
        if not self.may_export(request):
            return []
        return [
            {
                "label": f"Report as {label}",
                "url": reverse("admin:assets_stocktake_report", args=[stocktake.pk, extension]),
            }
            for extension, label in (("xlsx", "Excel"), ("csv", "CSV"))
        ]

    def report_view(
        self, request: HttpRequest, object_id: str, extension: str
    ) -> StreamingHttpResponse:
        """Every line of a stocktake as a file, while it runs and after."""
        if not self.may_export(request):
            raise PermissionDenied
        stocktake = self.get_object(request, object_id)
        if stocktake is None or extension not in exports.FORMATS:
            raise Http404(f"There is no report of {object_id} as {extension}.")
        file_format = exports.FORMATS[extension]
        with_cost = request.user.has_perm("assets.view_cost")
        name = f"stocktake-{stocktake.pk}-{localdate()}.{extension}"
        return StreamingHttpResponse(
            stocktaking.write(stocktake, file_format, with_cost=with_cost),
            content_type=file_format.content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


@admin.register(Count)
class CountAdmin(ReadOnlyAdmin, BaseAdmin):
    """The lines of stocktakes: for reading; scans, holders and closing write them."""

    list_display = [
        "asset",
        "code",
        "result",
        "expected_location",
        "expected_holder",
        "found_at",
        "counted_at",
        "source",
        "denied_at",
        "stocktake",
    ]
    list_display_links = ["asset", "code"]
    list_filter = [
        "result",
        "source",
        ("stocktake", InUseFilter),
        ("denied_at", admin.EmptyFieldListFilter),
    ]
    allowed_lookups = [
        "expected_location",
        "expected_holder",
        "found_at",
        "asset",
        "denied_at__isempty",
    ]
    search_fields = [
        "asset__tag",
        "asset__serial",
        "code",
        "expected_holder__name",
        "expected_location__path",
    ]
    fields = [
        "stocktake",
        ("asset", "code"),
        ("expected_location", "expected_holder"),
        ("result", "source"),
        ("found_at", "counted_at"),
        "denied_at",
    ]
    readonly_fields = [
        "asset",
        "expected_location",
        "expected_holder",
        "result",
        "source",
        "found_at",
        "counted_at",
        "denied_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Count]:
        related = ("stocktake", "asset__product", "expected_location", "expected_holder")
        return super().get_queryset(request).select_related(*related, "found_at")
