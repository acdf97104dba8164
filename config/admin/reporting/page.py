"""The pages of an admin's reports, and their files."""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from config import exports, limits
from config.admin import filters as asking
from config.admin.dressing import WIDGETS
from config.admin.exchange import LABELS, LinksAdmin
from config.admin.reporting.report import Report, Rows, cell, column_of, file_of, ordered
from config.charts import Chart, drawn
from config.forms import LinkField

PER_PAGE = 100
OTHERS = ("o", "p")
"""What an address says beside the filters: the number of the column it is sorted by, the page."""

NOT_PLAIN = (forms.MultipleChoiceField, forms.NullBooleanField, LinkField)
"""Fields that are no plainer kind of what they inherit from."""

type Line = tuple[list[dict[str, Any]], Sequence[tuple[str, str]]]


class ReportsAdmin(LinksAdmin):
    """An admin with reports of its records."""

    reports: ClassVar[Sequence[Report]] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_report"
        pages: list[tuple[str, Any, str]] = [
            ("report/<slug:report>/", self.report_view, name),
            ("report/<slug:report>/<slug:extension>/", self.report_export_view, f"{name}_export"),
        ]
        own = [
            path(at, self.admin_site.admin_view(require_safe(view)), name=named)
            for at, view, named in pages
        ]
        return [*own, *super().get_urls()]

    def may_see_report(self, request: HttpRequest, report: Report) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(report.permission)

    def may_export_report(self, request: HttpRequest, report: Report) -> bool:
        may = self.may_see_report(request, report)
        return may and request.user.has_perm(report.export_permission)

    def permitted_reports(self, request: HttpRequest) -> list[dict[str, str]]:
        return [
            {"label": report.title, "url": self.address("report", report.slug)}
            for report in self.reports
            if self.may_see_report(request, report)
        ]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        return links if "_popup" in request.GET else links + self.permitted_reports(request)

    def report_view(self, request: HttpRequest, report: str) -> HttpResponse:
        """The page of a report, as its address filters and sorts it."""
        found = self._report(report)
        if not self.may_see_report(request, found):
            raise PermissionDenied
        filters = self._filters(request, found)
        here = self.address("report", found.slug)
        kept = asking.shortened(filters.form, request.GET, found.filterset, OTHERS)
        if kept != request.GET:
            return HttpResponseRedirect(f"{here}?{kept.urlencode()}" if kept else here)
        context = {
            **self.admin_site.each_context(request),
            "title": found.title,
            "opts": self.opts,
            "report": found,
            "form": filters.form,
            "media": self.media + filters.form.media,
            "here": here,
            "order": _order(request),
            "filtered": any(name not in OTHERS for name in kept),
            "back": self.address("changelist"),
        }
        if filters.form.is_valid():
            context |= self._shown(request, found, ordered(found, filters, _order(request)))
        return TemplateResponse(request, "admin/report.html", context)

    def report_export_view(
        self, request: HttpRequest, report: str, extension: str
    ) -> HttpResponseBase:
        """Every row of the report under the filters of the address, as a file."""
        found = self._report(report)
        if not self.may_export_report(request, found):
            raise PermissionDenied
        if extension not in exports.FORMATS:
            raise Http404(f"There is no export as {extension}.")
        filters = self._filters(request, found)
        if not filters.form.is_valid():
            # The page says what is wrong with the address.
            address = self.address("report", found.slug)
            return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")
        limits.count("file", request)
        file_format = exports.FORMATS[extension]
        rows = ordered(found, filters, _order(request))
        name = f"{found.slug}-{timezone.localdate()}.{extension}"
        return StreamingHttpResponse(
            file_format.write(*file_of(found.columns, rows)),
            content_type=file_format.content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _report(self, slug: str) -> Report:
        for report in self.reports:
            if report.slug == slug:
                return report
        raise Http404(f"There is no report {slug}.")

    def _filters(self, request: HttpRequest, report: Report) -> django_filters.FilterSet:
        """The filters of the address, dressed as the house's forms, with what they refuse."""
        model = report.filterset._meta.model
        queryset = (
            self.get_queryset(request)
            if model in (None, self.model)
            else model._default_manager.all()
        )
        filters = asking.read(report.filterset, request, queryset)
        form: forms.Form = filters.form
        form.label_suffix = ""
        self.prepare_step_form(request, form, [])
        for field in form.fields.values():
            _dress(field)
            if isinstance(field, LinkField) and not self._may_choose(request, field):
                field.queryset = field.source.remote_field.model._default_manager.none()
        asking.refuse(form, request.GET, OTHERS)
        order = _order(request)
        if order and column_of(report, order) is None:
            form.add_error(None, f"There is no column “{order[: asking.LONGEST]}” to sort by.")
        return filters

    def _may_choose(self, request: HttpRequest, field: LinkField) -> bool:
        other = self.admin_site._registry.get(field.source.remote_field.model)
        return other is not None and other.has_view_permission(request)

    def _shown(self, request: HttpRequest, report: Report, rows: Rows) -> dict[str, Any]:
        """What the page shows of the rows."""
        totals = report.totals(rows)
        charts = report.chart(rows) or ()
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
        lines: list[Line] = [
            ([cell(it, row) for it in report.columns], report.actions(request, row))
            for row in page.object_list
        ]
        drawings = [
            drawn(chart, f"chart-{number}")
            for number, chart in enumerate([charts] if isinstance(charts, Chart) else charts)
        ]
        query = _with(request.GET, p=None)
        has_actions = any(actions for _, actions in lines)
        return {
            "shown": True,
            **_below(report, has_actions),
            "page": page,
            "lines": lines,
            "has_actions": has_actions,
            "columns": _headers(report, request.GET),
            "totals": totals,
            "charts": [drawing for drawing in drawings if drawing],
            "previous": _with(request.GET, p=page.number - 1) if page.has_previous() else None,
            "next": _with(request.GET, p=page.number + 1) if page.has_next() else None,
            "files": [
                {
                    "label": f"Export as {label}",
                    "url": self.address("report_export", report.slug, extension) + query,
                }
                for extension, label in LABELS.items()
                if self.may_export_report(request, report)
            ],
        }


# --- What an address says ---


def _order(request: HttpRequest) -> str:
    return str(request.GET.get("o", "")).strip()


def _dress(field: forms.Field) -> None:
    """The house's widget for the filters' own kinds of fields."""
    own = type(field)
    plain = type(field.widget) is own.widget
    if isinstance(field, forms.NullBooleanField):
        field.widget = asking.YesNoWidget()
    if own in WIDGETS or not plain:
        return
    kind = next((it for it in own.__mro__ if it in WIDGETS), None)
    if kind and not isinstance(field, NOT_PLAIN):
        field.widget = WIDGETS[kind]()
        if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
            field.widget.choices = field.choices


def _with(asked: QueryDict, **changes: object) -> str:
    """The query of the address with some parts of it changed, or taken away by None."""
    changed = asked.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None:
            changed[name] = str(value)
    return f"?{changed.urlencode()}"


def _headers(report: Report, asked: QueryDict) -> list[dict[str, Any]]:
    """Each column, with the address that sorts by it, and how it is sorted now."""
    now = asked.get("o", "").strip()
    return [
        {
            "header": column.header,
            "amount": column.amount,
            "query": _with(asked, p=None, o=f"-{number}" if now == str(number) else number),
            "sorted": {f"{number}": "ascending", f"-{number}": "descending"}.get(now, ""),
        }
        for number, column in enumerate(report.columns, 1)
    ]


def _below(report: Report, has_actions: bool) -> dict[str, int]:
    """How many columns a total takes, so that it ends below the last amount, and what is left."""
    amounts = [at for at, column in enumerate(report.columns) if column.amount]
    last = max(amounts[-1:] or [len(report.columns) - 1]) or 1
    return {
        "totals_span": last,
        "totals_rest": max(0, len(report.columns) + int(has_actions) - 1 - last),
    }
