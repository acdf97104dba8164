"""Moving a place in the tree of places."""

from django.core.exceptions import ValidationError
from django.db import transaction

from config.history import Actor, save_as, update_all_as
from people.models import Location


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
    while parent is not None:
        if location.pk is not None and parent.pk == location.pk:
            raise ValidationError({"parent": f"{parent} lies inside {location}."})
        parent = parent.parent
