"""Further kinds of spreadsheets that come in through the list of one model."""

from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import URLPattern, path

from people import importing
from people.exchange import ExchangeAdmin


class FurtherExchangeAdmin(ExchangeAdmin):
    """An admin that imports other kinds beside its own: `further` names what each brings.

    Each has its own pages, `import-<kind>/`, with the import's screens and rules; who may import
    both what is listed and what the kind writes sees its button.
    """

    further: ClassVar[dict[str, str]] = {}
    of_kind: ClassVar[str] = ""
    """On the admin of the pages of a further kind: which one that is."""

    def get_urls(self) -> list[URLPattern]:
        return [*(url for kind in self.further for url in self._urls_of(kind)), *super().get_urls()]

    def _urls_of(self, kind: str) -> list[URLPattern]:
        pages = self.for_kind(kind)
        name = f"{self.opts.app_label}_{self.opts.model_name}_import{pages.suffix}"
        views = [
            (f"import-{kind}/", pages.import_view, name),
            (f"import-{kind}/<int:job_id>/", pages.job_view, f"{name}_job"),
        ]
        return [path(at, self.admin_site.admin_view(view), name=name) for at, view, name in views]

    def for_kind(self, kind: str) -> "FurtherExchangeAdmin":
        """This admin, as the import of another kind sees it."""
        own: dict[str, Any] = {"spreadsheet": kind, "of_kind": kind}
        pages: FurtherExchangeAdmin = type(type(self).__name__, (type(self),), own)(
            self.model, self.admin_site
        )
        return pages

    @property
    def suffix(self) -> str:
        return f"_{self.of_kind.replace('-', '_')}" if self.of_kind else ""

    @property
    def subject(self) -> str:
        return self.further[self.of_kind] if self.of_kind else super().subject

    def address(self, page: str, *args: object) -> str:
        if self.of_kind and page.startswith("import"):
            page = page.replace("import", f"import{self.suffix}", 1)
        return super().address(page, *args)

    def has_exchange_permission(self, request: HttpRequest, verb: str) -> bool:
        may = super().has_exchange_permission(request, verb)
        if not may or not self.of_kind:
            return may
        return importing.may_import(request.user, self.of_kind)  # type: ignore[arg-type]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if "_popup" in request.GET:
            return links
        further = [self.for_kind(kind) for kind in self.further]
        return links + [
            {"label": f"Import {pages.subject}", "url": pages.address("import")}
            for pages in further
            if pages.has_exchange_permission(request, "import")
        ]
