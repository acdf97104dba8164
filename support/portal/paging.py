"""Long lists in pages."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 20


def page_of(request: HttpRequest, rows: QuerySet) -> object:
    """The page of `rows` that the address asks for; a wrong number gives the nearest."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
