"""The back office: its sign-in, its menu and what its command palette searches."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from unfold.sites import UnfoldAdminSite

from config.admin.screens import ScreenAdmin

SEARCHED = ["people.person", "assets.asset", "contracts.contract", "support.ticket"]


def searched_models(request: HttpRequest) -> list[str]:
    return SEARCHED


def stylesheet(request: HttpRequest) -> str:
    return static("admin/steward.css")


def script(request: HttpRequest) -> str:
    return static("admin/steward.js")


class BackOfficeSite(UnfoldAdminSite):
    site_title = site_header = "Steward"
    index_title = "Today"

    def register(self, models: Any, admin_class: Any = None, **options: Any) -> None:
        """Ours only: a library's own screen knows none of the rules of `config.admin`."""
        if admin_class is not None and issubclass(admin_class, ScreenAdmin):
            super().register(models, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without "view on site": it says to anyone on the staff whether a record exists."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
