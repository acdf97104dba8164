"""What a rule of alerts consists of; the rules themselves stand in `support.alerts`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, QuerySet
from django.db.models.expressions import Combinable

from config.history import Record


@dataclass(frozen=True)
class Rule:
    """One kind of date or condition that somebody is told of."""

    kind: str  # in the ledger, for ever
    model: type[Record]
    rows: Callable[[date, int], QuerySet[Any]]  # due before `on` or within so many days of it
    due: str  # the column or annotation with the date; "": a condition, due when first seen
    leads: tuple[int, ...]  # how many days before it somebody is told, the most distant first
    recipient: Callable[[date], Combinable]  # the key of the person to tell on that day
    role: str  # whose mailbox hears what nobody else can: "it", "finance" or "service_desk"
    title: str  # what the digest calls a group of these
    dates: str  # what it calls many such dates
    ahead: str  # what it says before a date to come
    behind: str  # and before one that has passed
    kind_path: str = ""  # leads from the record to the kind of its contract; "": it has none
    category_path: str = ""  # and to its asset category
    at_once: bool = False  # told by a mail of its own, not in that of the day
    stays_open: bool = False  # somebody must see to it after its date too, until it is done
    grace: int = 0  # days after the date until what nobody answered is escalated
    # For an alert of a query: its record went on to another date by itself once this one was over.
    missed: Callable[[], Exists] | None = None

    @property
    def is_standing(self) -> bool:
        return not self.due

    @property
    def record_type(self) -> ContentType:
        return ContentType.objects.get_for_model(self.model)
