"""Finds the records that cells name, from one query per model.

A lookup answers with the record, or refuses in words. Where the import may make what is missing, it
answers with a new, unsaved record that is written with the rows that name it.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_permission_codename
from django.db import models

from config.history import Record, create_all_as

if TYPE_CHECKING:
    from config.resources import BaseResource


def folded(text: str) -> str:
    """A name as it is compared: any case, single spaces."""
    return " ".join(text.split()).casefold()


CHOICES = 5
"""How many of those that a name may mean are told: all of them, row by row, would be quadratic."""


class Lookup:
    """The records of one model by their names. Subclasses say what names a record."""

    model: type[Record]
    accepts = "the name of one that is there"

    def __init__(self, resource: "BaseResource") -> None:
        self.resource = resource
        self.names: defaultdict[str, list[Any]] = defaultdict(list)
        self.made: list[Any] = []
        self.used: defaultdict[int, set[int]] = defaultdict(set)
        for record in self.queryset():
            self.index(record)

    def queryset(self) -> models.QuerySet[Any]:
        return self.model._default_manager.all()

    def keys(self, record: Any) -> Iterable[str]:
        """Every name of the record."""
        return [record.name]

    def make(self, text: str) -> Any:
        """A new, unsaved record of this name."""
        return self.model(**{"name": text})

    def describe(self, record: Any) -> str:
        """What tells a record from another of the same name."""
        return str(record)

    @staticmethod
    def told(record: Any) -> str:
        """The name by which an export gives the record, so that it can be imported again."""
        return str(record)

    def index(self, record: Any) -> None:
        self.call(record, self.keys(record))

    def call(self, record: Any, names: Iterable[str]) -> None:
        """Have the record found by these names, none of which it had before."""
        for key in {folded(name) for name in names if name}:
            self.names[key].append(record)

    def find(self, text: str) -> list[Any]:
        return self.names.get(folded(text), [])

    def get(self, text: str) -> Any:
        """The record that `text` names.

        Raises ValueError where there is none and none may be made, or where there are several.
        """
        found = self.find(text)
        if len(found) > 1:
            raise ValueError(f"could be {self.choices(found)}: give one of these")
        return self.use(found[0] if found else self.missing(text))

    def choices(self, found: list[Any]) -> str:
        """What a name may mean, each so that it is told from the others."""
        told, more = sorted(map(self.describe, found[:CHOICES])), len(found) - CHOICES
        return ", ".join(told) + (f" and {more} more" if more > 0 else "")

    def missing(self, text: str) -> Any:
        self.check_making()
        return self.add(self.make(text))

    def check_making(self) -> None:
        """Raises ValueError where what is not there may not be made."""
        what = self.model._meta.verbose_name
        if not self.resource.create_missing:
            raise ValueError(f"is no {what} that is there; accepted is {self.accepts}")
        if not self.may_make():
            raise ValueError(f"is no {what} that is there, and you may not add one")

    def may_make(self) -> bool:
        options = self.model._meta
        permission = f"{options.app_label}.{get_permission_codename('add', options)}"
        return self.resource.may(permission)

    def add(self, record: Any) -> Any:
        """Have the record written with the row at hand, once valid."""
        try:
            self.resource.clean_fields(record)
        except Exception as error:
            messages = getattr(error, "messages", None)
            if messages is None:
                raise
            what = self.model._meta.verbose_name
            raise ValueError(f"cannot become a {what}: {' '.join(messages)}") from error
        self.made.append(record)
        self.index(record)
        return record

    def use(self, record: Any) -> Any:
        if record.pk is None:
            self.used[id(record)].add(self.resource.row)
        return record

    def wanted(self, refused: set[int]) -> list[Any]:
        """The new records that a row names which is not refused."""
        return [record for record in self.made if self.used[id(record)] - refused]

    def write(self, records: list[Any]) -> None:
        create_all_as(records, by=self.resource.by, reason=self.resource.reason)
