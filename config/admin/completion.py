"""Choosing one of many records by typing, whatever else is sent in their place."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db.models import ForeignKey
from django.http import HttpRequest

LONGEST_KEY = 18
"""Digits: a longer number is beyond what databases call an integer."""


class OnlyKeys:
    """Looks up keys alone: Django's own asks the database for any text, and fails on it."""

    def optgroups(self, name: str, value: Sequence[Any], attrs: Any = None) -> Any:
        keys = [it for it in value if str(it).isdecimal() and len(str(it)) <= LONGEST_KEY]
        return super().optgroups(name, keys, attrs)  # type: ignore[misc]


class CompletedSelect(OnlyKeys, AutocompleteSelect):
    pass


class CompletedSelectMultiple(OnlyKeys, AutocompleteSelectMultiple):
    pass


class Completing:
    """An admin, or an inline, whose autocompleted fields survive what is no key."""

    admin_site: Any

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        return ()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", CompletedSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", CompletedSelectMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
