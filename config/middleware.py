"""What every response carries, and what is answered instead of some."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.limits import TooOften


class SecurityPolicyMiddleware:
    """Loosens the Content-Security-Policy under the admin, where the theme needs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            vars(response)["_csp_update"] = settings.ADMIN_POLICY
        return response


class LimitsMiddleware:
    """Answers who came to one of `config.limits`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooOften):
            return None
        return render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
