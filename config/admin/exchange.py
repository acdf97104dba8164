"""The export of a list: all of it as it is filtered, or the rows that were chosen."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from config import exports, limits
from config.admin.record import BaseAdmin
from config.resources import BaseResource, kinds

LABELS = {"xlsx": "Excel", "csv": "CSV"}
OF_THE_PAGE = ("p", "e", "all")
"""What the address of a list says of the page alone, and not of which records it shows."""


class LinksAdmin(BaseAdmin):
    """An admin with buttons above its list."""

    list_before_template = "admin/exchange_links.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = {"exchange_links": self.exchange_links(request)}
        return super().changelist_view(request, {**(extra_context or {}), **links})

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        """The buttons, as labels and addresses."""
        return []


class ExportAdmin(LinksAdmin):
    """An admin whose records leave as files, for who may view and export them."""

    spreadsheet: ClassVar[str]
    """The kind of spreadsheet, as `config.resources.kinds` names it."""

    @property
    def resource(self) -> type[BaseResource]:
        return kinds()[self.spreadsheet]

    def has_exchange_permission(self, request: HttpRequest, verb: str) -> bool:
        """Whether this user may export, or import, what is listed here."""
        permission = f"{self.opts.app_label}.{verb}_{self.opts.model_name}"
        return request.user.has_perm(permission) and self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(require_safe(self.export_view))
        return [path("export/<slug:extension>/", view, name=name), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if "_popup" not in request.GET and self.has_exchange_permission(request, "export"):
            for extension, label in LABELS.items():
                name = f"export_{extension}"
                run = partial(_export_chosen, extension=extension)
                actions[name] = (run, name, f"Export as {label}")
        return actions

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        """The buttons above the list; an export takes over its search and filters."""
        links = super().exchange_links(request)
        if "_popup" in request.GET or not self.has_exchange_permission(request, "export"):
            return links
        chosen = request.GET.copy()
        for name in OF_THE_PAGE:
            chosen.pop(name, None)
        query = f"?{chosen.urlencode()}" if chosen else ""
        return links + [
            {"label": f"Export as {label}", "url": self.address("export", extension) + query}
            for extension, label in LABELS.items()
        ]

    def export_view(self, request: HttpRequest, extension: str) -> HttpResponseBase:
        """Every record of the list, under the search and the filters of its address."""
        if not self.has_exchange_permission(request, "export"):
            raise PermissionDenied
        if extension not in exports.FORMATS:
            raise Http404(f"There is no export as {extension}.")
        try:
            chosen = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            sentence = "The filters in this address are not understood. Filter the list anew."
            self.message_user(request, sentence, messages.ERROR)
            return HttpResponseRedirect(self.address("changelist"))
        return self.file_of(request, chosen, extension)

    def file_of(
        self, request: HttpRequest, chosen: QuerySet[Any], extension: str
    ) -> StreamingHttpResponse:
        limits.count("file", request)
        file_format = exports.FORMATS[extension]
        hidden = self.hidden_fields(request)
        content = exports.export(self.resource, chosen, file_format, hidden=hidden)
        name = f"{self.spreadsheet}-{localdate()}.{extension}"
        return StreamingHttpResponse(
            content,
            content_type=file_format.content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _export_chosen(
    admin: ExportAdmin, request: HttpRequest, chosen: QuerySet[Any], *, extension: str
) -> StreamingHttpResponse:
    if not admin.has_exchange_permission(request, "export"):
        raise PermissionDenied
    return admin.file_of(request, chosen, extension)
