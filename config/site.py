"""The back office: its sign-in, its menu and what its command palette searches."""

from django.http import HttpRequest
from django.templatetags.static import static
from unfold.sites import UnfoldAdminSite

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
