"""The trees of places, departments and managers: no circles, moving a place, what lies in which."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from config.history import Actor, save_as, update_all_as
from people.models import Department, Location


@transaction.atomic
def settle(location: Location, *, by: Actor, reason: str) -> None:
    """Save a location, and with it the paths of all places inside it.

    Raises ValidationError where it would end up inside itself.
    """
    # One lock over the tree: two moves at once could each be right and together form a circle.
    list(Location.objects.select_for_update().order_by("pk").values_list("pk"))
    check_outside(location, location.parent)
    save_as(location, by=by, reason=reason)
    level = [location]
    while level:
        inner = list(Location.objects.filter(parent__in=level).select_related("parent"))
        update_all_as(inner, ["path"], by=by, reason=reason)
        level = inner


def check_outside(location: Location, parent: Location | None) -> None:
    """Raises ValidationError where `parent` is the location itself or lies inside it."""
    if parent is not None and is_above(location, parent, "parent"):
        raise ValidationError({"parent": f"{parent} lies inside {location.name}."})


def is_above(record: Model, other: Model, step: str) -> bool:
    """Whether one comes to `record` from `other` going up by the field `step`, or is there.

    Both may be new, as a file names them.
    """
    seen: set[int] = set()
    above: Any = other
    while above is not None and (key := above.pk or id(above)) not in seen:
        if above is record or (record.pk is not None and above.pk == record.pk):
            return True
        seen.add(key)
        above = getattr(above, step)
    return False


def within(locations: Iterable[Location]) -> QuerySet[Location]:
    """The locations and everything inside them."""
    chosen = Q(pk__in=[])
    for location in locations:
        chosen |= Q(pk=location.pk) | Q(path__startswith=location.path + Location.SEPARATOR)
    return Location.objects.filter(chosen)


def around(location: Location) -> QuerySet[Location]:
    """The location, everything inside it, and everything that it lies in."""
    names = location.path.split(Location.SEPARATOR)
    paths = [Location.SEPARATOR.join(names[:end]) for end in range(1, len(names))]
    return within([location]) | Location.objects.filter(path__in=paths)


def departments_within(departments: Iterable[Department]) -> set[int]:
    """The keys of the departments and of everything below them: a query per level."""
    found = {department.pk for department in departments}
    level = set(found)
    while level:
        level = set(Department.objects.filter(parent__in=level).values_list("pk", flat=True))
        level -= found
        found |= level
    return found
