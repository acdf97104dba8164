"""Whose tickets the list shows, and how its clocks stand."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from support.models import Ticket


class WhoseFilter(SimpleListFilter):
    """The open ones: of whoever looks, of nobody."""

    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "mine, open"), ("me", "waits for me"), ("nobody", "nobody’s, open")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        mine = {"assignee__user": request.user.pk}
        found: dict[str | None, Any] = {
            "mine": lambda: rows.open().filter(**mine),
            "me": lambda: rows.waiting_for_us().filter(**mine),
            "nobody": lambda: rows.unassigned(),
        }
        chosen: QuerySet[Ticket] = found.get(self.value(), lambda: rows)()
        return chosen


class ClockFilter(SimpleListFilter):
    title = "service level"
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("missed", "missed"), ("risk", "at risk")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        now = timezone.now()
        found: dict[str | None, Any] = {
            "missed": lambda: rows.open().missed(now),
            "risk": lambda: rows.open().at_risk(now),
        }
        chosen: QuerySet[Ticket] = found.get(self.value(), lambda: rows)()
        return chosen
