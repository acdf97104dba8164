from django.conf import settings
from django.http import HttpRequest


def organisation(request: HttpRequest) -> dict[str, object]:
    """The organisation's name, for every page."""
    return {"organisation": settings.ORGANISATION}
