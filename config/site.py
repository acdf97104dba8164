"""The back office: its sign-in, its menu and what its command palette searches."""

from functools import partial
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_control
from unfold.sites import UnfoldAdminSite

from config.admin.screens import ScreenAdmin
from config.menu import navigation

AN_HOUR = 3600  # seconds
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

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sends on to the one page that signs anybody in; the stock form is never read."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first page, with every report that this user may open, by its title."""
        links = [link for it in self._registry.values() for link in it.permitted_reports(request)]
        reports = sorted(links, key=lambda link: link["label"])
        context = {**(extra_context or {}), "reports": reports}
        response: HttpResponse = super().index(request, context)
        return response

    @method_decorator(cache_control(private=True, max_age=AN_HOUR))
    def i18n_javascript(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The words of the scripts: every form asks for them, and only a release changes them."""
        response: HttpResponse = super().i18n_javascript(request, extra_context)
        return response

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The menu, which `config.menu` makes for who asks: nothing of it is asked for again."""
        return navigation(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every list there is, made where it is shown: the theme wants it for every page."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def register(self, models: Any, admin_class: Any = None, **options: Any) -> None:
        """Ours only: a library's own screen knows none of the rules of `config.admin`."""
        if admin_class is not None and issubclass(admin_class, ScreenAdmin):
            super().register(models, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without "view on site": it says to anyone on the staff whether a record exists."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
