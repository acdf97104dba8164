"""What assets are worth in the books: on an asset's page, as its schedule, and per cost centre."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from assets.depreciation import (
    Rule,
    Total,
    book_value,
    book_values,
    left_out,
    result_on_disposal,
    rule_of,
    schedule,
)
from assets.models import Asset
from config import exports
from config.admin import ExportAdmin
from config.admin.exchange import LABELS
from config.formulas import disarmed
from config.workbooks import Value

VIEW_COST = "assets.view_cost"
HEADERS = ["Cost centre", "Currency", "Assets", "Cost", "Depreciation", "Book value", "On"]
NOWHERE = "no cost centre, department or place"
LONGEST = 600
"""How many months of a schedule a page shows."""


class DayForm(forms.Form):
    on = forms.DateField(label="At the close of")


class DepreciationAdmin(ExportAdmin):
    """An asset's page says what it is worth; a report adds that up per cost centre."""

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Any, str]] = [
            ("depreciation/", self.report_view, "depreciation_report"),
            ("depreciation/<slug:extension>/", self.report_file_view, "depreciation_export"),
            ("<path:object_id>/depreciation/", self.schedule_view, "depreciation"),
        ]
        own = [
            path(at, self.admin_site.admin_view(require_safe(view)), name=f"assets_asset_{name}")
            for at, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def may_see_worth(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(VIEW_COST)

    def hidden_fields(self, request: HttpRequest) -> set[str]:
        hidden = super().hidden_fields(request)
        return hidden if request.user.has_perm(VIEW_COST) else hidden | {"worth"}

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if "_popup" in request.GET or not self.may_see_worth(request):
            return links
        return [*links, {"label": "Depreciation", "url": self.address("depreciation_report")}]

    @display(description="book value")
    def worth(self, asset: Asset) -> str:
        """What it is worth today, or was on the day it was disposed of, and why it may be none."""
        known = valued(asset)
        if known is None:
            return why_not(asset)
        words = worth_in_words(asset, known, timezone.localdate())
        link = reverse("admin:assets_asset_depreciation", args=[asset.pk])
        return format_html('{} <a class="step" href="{}">Schedule</a>', words, link)

    # --- Pages ---

    def schedule_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What one asset loses month by month."""
        if not self.may_see_worth(request):
            raise PermissionDenied
        asset = self.get_object(request, unquote(object_id))
        if not isinstance(asset, Asset):
            raise Http404(f"There is no asset {object_id}.")
        known, today = valued(asset), timezone.localdate()
        disposal = getattr(asset, "disposal", None)
        until = disposal.disposed_on if disposal else None
        lines = schedule(known[0], cost=known[1], placed_on=known[2], until=until) if known else []
        context = {
            **self.admin_site.each_context(request),
            "title": f"Depreciation of {asset.tag}",
            "opts": self.opts,
            "asset": asset,
            "category": asset.product.category,
            "why_not": "" if known else why_not(asset),
            "words": worth_in_words(asset, known, today) if known else "",
            "lines": lines[:LONGEST],
            "more": max(0, len(lines) - LONGEST),
            "today": today,
            "back": reverse("admin:assets_asset_change", args=[asset.pk]),
        }
        return TemplateResponse(request, "admin/assets/depreciation_schedule.html", context)

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Cost, depreciation and book value per cost centre and currency, at the close of a day."""
        if not self.may_see_worth(request):
            raise PermissionDenied
        form = DayForm(request.GET if "on" in request.GET else None, initial={"on": _today()})
        self.prepare_step_form(request, form, [])
        on = _day_of(form)
        rows = book_values(self.get_queryset(request), on)
        context = {
            **self.admin_site.each_context(request),
            "title": "Depreciation",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "on": on,
            "rows": rows,
            "sums": _sums(rows),
            "nowhere": NOWHERE,
            "left_out": left_out(self.get_queryset(request), on),
            "files": self._files(request, on),
            "back": self.address("changelist"),
        }
        return TemplateResponse(request, "admin/assets/depreciation.html", context)

    def _files(self, request: HttpRequest, on: date) -> list[dict[str, str]]:
        if not self.has_exchange_permission(request, "export"):
            return []
        return [
            {
                "label": f"Export as {label}",
                "url": f"{self.address('depreciation_export', extension)}?on={on}",
            }
            for extension, label in LABELS.items()
        ]

    def report_file_view(self, request: HttpRequest, extension: str) -> StreamingHttpResponse:
        """The report as a file, for who may also export the assets."""
        if not (self.may_see_worth(request) and self.has_exchange_permission(request, "export")):
            raise PermissionDenied
        if extension not in exports.FORMATS:
            raise Http404(f"There is no export as {extension}.")
        on = _day_of(DayForm(request.GET))
        cells = [_cells(row, on) for row in book_values(self.get_queryset(request), on)]
        file_format = exports.FORMATS[extension]
        return StreamingHttpResponse(
            file_format.write(HEADERS, iter([cells])),
            content_type=file_format.content_type,
            headers={
                "Content-Disposition": f'attachment; filename="depreciation-{on}.{extension}"'
            },
        )


def valued(asset: Asset) -> tuple[Rule, Decimal, date] | None:
    """The rule, the cost and the day that an asset's book value follows from, if all are known."""
    rule = rule_of(asset.product.category)
    if rule is None or asset.cost is None or asset.placed_on is None:
        return None
    return rule, asset.cost, asset.placed_on


def why_not(asset: Asset) -> str:
    """Why an asset has no book value."""
    category = asset.product.category
    if not category.depreciation:
        return f"None: the category {category} is not depreciated."
    missing = [
        word
        for word, value in [("cost", asset.cost), ("purchase date", asset.placed_on)]
        if value is None
    ]
    return f"Not known without its {' and '.join(missing)}."


def worth_in_words(asset: Asset, known: tuple[Rule, Decimal, date], today: date) -> str:
    rule, cost, placed_on = known
    disposal = getattr(asset, "disposal", None)
    on = min(today, disposal.disposed_on) if disposal else today
    worth = book_value(rule, cost=cost, placed_on=placed_on, on=on)
    words = (
        f"{worth:,.2f} {asset.currency} on {_said(on)}, after {cost - worth:,.2f} of depreciation."
    )
    if disposal is None:
        return words
    proceeds = disposal.proceeds or Decimal(0)
    if proceeds and disposal.currency != asset.currency:
        return f"{words} Disposed of for {proceeds:,.2f} {disposal.currency}."
    result = result_on_disposal(
        rule, cost=cost, placed_on=placed_on, disposed_on=disposal.disposed_on, proceeds=proceeds
    )
    kind = "gain" if result > 0 else "loss"
    return (
        f"{words} Disposed of for {proceeds:,.2f}: a {kind} of {abs(result):,.2f} {asset.currency}."
    )


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _today() -> date:
    return timezone.localdate()


def _day_of(form: DayForm) -> date:
    """The day that was asked for, or today."""
    return form.cleaned_data["on"] if form.is_bound and form.is_valid() else _today()


def _sums(rows: Sequence[Total]) -> list[Total]:
    """The rows of each currency added up."""
    sums: dict[str, list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for row in rows:
        found = sums[row.currency]
        found[0] += row.assets
        found[1] += row.cost
        found[2] += row.book_value
    return [Total("", currency, *values) for currency, values in sorted(sums.items())]


def _cells(row: Total, on: date) -> list[Value]:
    return [
        disarmed(row.belongs_to),
        row.currency,
        row.assets,
        row.cost,
        row.depreciation,
        row.book_value,
        on,
    ]
