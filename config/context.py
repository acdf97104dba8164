from django.conf import settings
from django.http import HttpRequest


def organisation(request: HttpRequest) -> dict[str, object]:
    """The organisation's name, for every page, and that of its sign-in, where it has one."""
    return {"organisation": settings.ORGANISATION, "oidc": settings.OIDC}
