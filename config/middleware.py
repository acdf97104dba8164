"""What every response carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class SecurityPolicyMiddleware:
    """Loosens the Content-Security-Policy under the admin, where the theme needs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            vars(response)["_csp_update"] = settings.ADMIN_POLICY
        return response
