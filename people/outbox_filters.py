"""By what the outbox is looked through."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from config.admin import TextFilter
from people.models import Message


class ChannelFilter(admin.SimpleListFilter):
    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mail", "Mails"), ("post", "Posts to webhooks")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        if self.value() in {"mail", "post"}:
            return queryset.filter(webhook__isnull=self.value() == "mail")
        return queryset


class ToFilter(TextFilter):
    title = "to whom"
    parameter_name = "to"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        text = str(self.value() or "").replace("\x00", "").strip()[:100]
        if not text:
            return queryset
        person = Q(recipient__name__icontains=text) | Q(recipient__email__icontains=text)
        return queryset.filter(person | Q(webhook__name__icontains=text))


class ListFilter(admin.SimpleListFilter):
    title = "list"
    parameter_name = "series"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = Message.objects.exclude(list_name="").order_by("list_name")
        names = named.values_list("list_name", flat=True).distinct()
        return [(name, name.capitalize()) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(list_name=self.value()) if self.value() else queryset
