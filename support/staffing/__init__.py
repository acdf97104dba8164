"""People who join, move and leave: the tickets that follow from it, each made once.

The daily run looks for dates that come near; the steps of a leave are on the page of its change.
"""

import logging
from collections.abc import Callable, Collection
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from people.models import Person
from support import holdings
from support.models import StaffChange
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
    "PeopleFailed",
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
logger = logging.getLogger(__name__)


class PeopleFailed(Exception):
    """The changes of some people could not be made; those of the others were."""

    def __init__(self, people: Collection[Person]) -> None:
        keys = ", ".join(str(person.pk) for person in people)
        super().__init__(f"The changes of these people failed: {keys}. See the log.")
        self.people = list(people)


def look_ahead(on: date) -> int:
    """Make the changes whose dates come near on the day `on`; returns how many are new.

    Each person is a transaction of their own: one whose change fails is logged and stops no other,
    and raises PeopleFailed in the end.
    """
    made, failed = 0, []
    steps: list[tuple[Callable[..., StaffChange | None], QuerySet[Person]]] = [
        (welcome, _joiners(on)),
        (depart, _leavers(on)),
    ]
    for step, people in steps:
        for person in people:
            try:
                made += step(person, by=None) is not None
            except Exception:
                logger.exception("What follows for the person %s could not be done.", person.pk)
                failed.append(person)
    if failed:
        raise PeopleFailed(failed)
    return made


def _joiners(on: date) -> QuerySet[Person]:
    near = (on - timedelta(JOINS_BEHIND), on + timedelta(JOINS_AHEAD))
    people = Person.objects.filter(starts_on__range=near).exclude(kind=Person.Kind.SHARED)
    known = StaffChange.objects.filter(
        person=OuterRef("pk"), kind=Kind.JOINS, on=OuterRef("starts_on")
    )
    return people.exclude(Exists(known)).order_by("pk")


def _leavers(on: date) -> QuerySet[Person]:
    """Those who leave soon, and those who have left and still have something."""
    soon = Q(leaves_on__range=(on, on + timedelta(leaving.AHEAD)))
    gone = Q(leaves_on__lt=on) & holdings.something(on)
    known = StaffChange.objects.filter(kind=Kind.LEAVES, completed_at=None).values("person")
    return Person.objects.filter(soon | gone).exclude(pk__in=known).order_by("pk")
