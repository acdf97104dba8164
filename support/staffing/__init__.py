"""People who join, move and leave: the tickets that follow from it, each made once.

The daily run looks for dates that come near; the steps of a leave are on the page of its change.
"""

from datetime import date, timedelta

from django.db.models import Q, QuerySet

from people.models import Person
from support.models import StaffChange
from support.moves import OPEN
from support.staffing import leaving
from support.staffing.joining import starter_kits, welcome
from support.staffing.leaving import (
    announce_leave,
    complete,
    depart,
    take_all_back,
    transfer,
    transfer_contracts,
)
from support.staffing.moving import move

__all__ = [
    "announce_leave",
    "complete",
    "depart",
    "look_ahead",
    "move",
    "starter_kits",
    "take_all_back",
    "transfer",
    "transfer_contracts",
    "welcome",
]
Kind = StaffChange.Kind
JOINS_AHEAD = 30
"""Days before the first one that a joiner is prepared for."""
JOINS_BEHIND = 30
"""Days after which nobody is welcomed any more: a first import brings people of many years."""


def look_ahead(on: date) -> int:
    """Make the changes whose dates come near on the day `on`; returns how many are new."""
    made = 0
    for person in _joiners(on):
        made += welcome(person, by=None) is not None
    for person in _leavers(on):
        made += depart(person, by=None) is not None
    return made


def _joiners(on: date) -> QuerySet[Person]:
    near = (on - timedelta(JOINS_BEHIND), on + timedelta(JOINS_AHEAD))
    people = Person.objects.filter(starts_on__range=near).exclude(kind=Person.Kind.SHARED)
    return people.exclude(staff_changes__kind=Kind.JOINS).order_by("pk")


def _leavers(on: date) -> QuerySet[Person]:
    """Those who leave soon, and those who have left and still have something."""
    soon = Q(leaves_on__range=(on, on + timedelta(leaving.AHEAD)))
    gone = Q(leaves_on__lt=on) & (
        Q(assets__isnull=False)
        | Q(seats__isnull=False, seats__until=None)
        | Q(work__state__in=OPEN)
        | Q(contracts_owned__ends_on__gte=on)
    )
    known = StaffChange.objects.filter(kind=Kind.LEAVES, completed_at=None).values("person")
    return Person.objects.filter(soon | gone).exclude(pk__in=known).distinct().order_by("pk")
