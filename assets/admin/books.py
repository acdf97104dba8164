"""What all assets are worth in the books, and what became of that: a report per cost centre."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from assets.books import (
    Departure,
    Movement,
    Total,
    book_values,
    departures,
    left_out,
    movements,
    results,
)
from assets.models import Asset
from config import exports
from config.admin import ExportAdmin
from config.admin.exchange import LABELS
from config.forms import StepForm
from config.formulas import disarmed
from config.workbooks import Value

VIEW_COST = "assets.view_cost"
NOWHERE = "no cost centre, department or place"
LONGEST = 300
"""How many disposals a page names one by one; a file has all of them."""


class PeriodForm(StepForm):
    """A day, or a period that ends with it."""

    on = forms.DateField(label="At the close of")
    since = forms.DateField(
        label="From the opening of",
        required=False,
        help_text="What changed since, and what was disposed of. Empty: only what it is worth.",
    )

    def clean_since(self) -> date | None:
        since: date | None = self.cleaned_data["since"]
        on = self.cleaned_data.get("on")
        if since and on and since > on:
            raise forms.ValidationError("A period does not end before it begins.")
        return since

    @property
    def days(self) -> tuple[date | None, date]:
        """The first and the last day asked for; of what is refused none, and today."""
        if not (self.is_bound and self.is_valid()):
            return None, timezone.localdate()
        return self.cleaned_data["since"], self.cleaned_data["on"]


class BooksAdmin(ExportAdmin):
    """A link above the list leads to a report, and that to its files."""

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Any, str]] = [
            ("depreciation/", self.report_view, "depreciation_report"),
            ("depreciation/<slug:extension>/", self.report_file_view, "depreciation_export"),
        ]
        own = [
            path(at, self.admin_site.admin_view(require_safe(view)), name=f"assets_asset_{name}")
            for at, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def may_see_worth(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(VIEW_COST)

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if "_popup" in request.GET or not self.may_see_worth(request):
            return links
        return [*links, {"label": "Depreciation", "url": self.address("depreciation_report")}]

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """What assets are worth at the close of a day, and how that changed in a period to it."""
        if not self.may_see_worth(request):
            raise PermissionDenied
        today = timezone.localdate()
        form = PeriodForm(request.GET if "on" in request.GET else None, initial={"on": today})
        self.prepare_step_form(request, form, [])
        since, on = form.days
        assets = self.get_queryset(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Depreciation",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "on": on,
            "since": since,
            "nowhere": NOWHERE,
            "left_out": left_out(assets, on, since=since),
            "back": self.address("changelist"),
            **self._worth(request, assets, on),
            **(self._period(request, assets, since, on) if since else {}),
        }
        return TemplateResponse(request, "admin/assets/depreciation.html", context)

    def _worth(self, request: HttpRequest, assets: QuerySet[Asset], on: date) -> dict[str, Any]:
        """What the page shows of a day."""
        rows = book_values(assets, on)
        return {
            "worth_headers": ["Assets", "Cost", "Depreciation", "Book value"],
            "rows": rows,
            "sums": _sums(rows),
            "files": self._files(request, "", None, on),
        }

    def _period(
        self, request: HttpRequest, assets: QuerySet[Asset], since: date, on: date
    ) -> dict[str, Any]:
        """What the page shows of a period beside what all is worth at its end."""
        moved, gone = movements(assets, since, on), departures(assets, since, on)
        return {
            "movements": moved,
            "movement_headers": ["Opening", "Additions", "Depreciation", "Disposals", "Closing"],
            "movement_sums": _sums(moved),
            "movement_files": self._files(request, "movements", since, on),
            "departures": gone[:LONGEST],
            "more": max(0, len(gone) - LONGEST),
            "results": results(gone),
            "departure_files": self._files(request, "disposals", since, on),
        }

    def _files(
        self, request: HttpRequest, table: str, since: date | None, on: date
    ) -> list[dict[str, str]]:
        if not self.has_exchange_permission(request, "export"):
            return []
        asked = {"on": str(on)} | ({"since": str(since), "table": table} if table else {})
        return [
            {
                "label": f"Export {table} as {label}" if table else f"Export as {label}",
                "url": f"{self.address('depreciation_export', extension)}?{urlencode(asked)}",
            }
            for extension, label in LABELS.items()
        ]

    def report_file_view(self, request: HttpRequest, extension: str) -> StreamingHttpResponse:
        """A table of the report as a file, for who may also export the assets."""
        if not (self.may_see_worth(request) and self.has_exchange_permission(request, "export")):
            raise PermissionDenied
        if extension not in exports.FORMATS:
            raise Http404(f"There is no export as {extension}.")
        since, on = PeriodForm(request.GET).days
        table = TABLES.get(request.GET.get("table", ""))
        if table is None or (table.of_a_period and since is None):
            raise Http404("There is no such table, or none without the days of a period.")
        cells = table.cells(self.get_queryset(request), since or on, on)
        file_format = exports.FORMATS[extension]
        name = f"{table.name}-{on}.{extension}"
        return StreamingHttpResponse(
            file_format.write(table.headers, iter([cells])),
            content_type=file_format.content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


# --- Files ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table of the report as a file has it; `cells` asks for assets, the first and last day."""

    name: str
    headers: list[str]
    cells: Callable[[QuerySet[Asset], date, date], list[list[Value]]]
    of_a_period: bool = True


def _worth_cells(assets: QuerySet[Asset], since: date, on: date) -> list[list[Value]]:
    def line(row: Total) -> list[Value]:
        return [disarmed(row.belongs_to), row.currency, *row.amounts, on]

    return [line(row) for row in book_values(assets, on)]


def _movement_cells(assets: QuerySet[Asset], since: date, on: date) -> list[list[Value]]:
    def line(row: Movement) -> list[Value]:
        return [disarmed(row.belongs_to), row.currency, *row.amounts, since, on]

    return [line(row) for row in movements(assets, since, on)]


def _departure_cells(assets: QuerySet[Asset], since: date, on: date) -> list[list[Value]]:
    def line(row: Departure) -> list[Value]:
        asset, disposal = row.asset, row.asset.disposal
        return [
            disarmed(asset.tag),
            disarmed(str(asset.product)),
            disarmed(asset.owner),
            disposal.disposed_on,
            disposal.get_method_display(),
            asset.currency,
            asset.cost,
            row.book_value,
            row.proceeds,
            row.paid_in,
            row.result,
        ]

    return [line(row) for row in departures(assets, since, on)]


TABLES = {
    "": Table(
        "depreciation",
        ["Cost centre", "Currency", "Assets", "Cost", "Depreciation", "Book value", "On"],
        _worth_cells,
        of_a_period=False,
    ),
    "movements": Table(
        "book-values",
        [
            *("Cost centre", "Currency", "Opening book value", "Additions", "Depreciation"),
            *("Disposals", "Closing book value", "From", "To"),
        ],
        _movement_cells,
    ),
    "disposals": Table(
        "disposals",
        [
            *("Asset tag", "Product", "Cost centre", "Disposed of on", "Method", "Currency"),
            *("Cost", "Book value", "Proceeds", "Paid in", "Gain or loss"),
        ],
        _departure_cells,
    ),
}


def _sums[R: (Total, Movement)](rows: Sequence[R]) -> list[R]:
    """The rows of each currency added up."""
    found: defaultdict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[row.currency].append(row)
    return [_sum(found[currency]) for currency in sorted(found)]


def _sum(rows: Sequence[Any]) -> Any:
    """A row with what stands in each column behind the cost centre and the currency, added up."""
    columns = zip(*(astuple(row)[2:] for row in rows), strict=True)
    return type(rows[0])("", rows[0].currency, *map(sum, columns))
