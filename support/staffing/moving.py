"""Somebody moves to another department or place: what goes along, and what comes back."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets import lifecycle
from assets.models import Asset
from config.history import Actor, save_as
from people.models import Department, Location, Person
from support import tickets
from support.models import StaffChange, Ticket
from support.staffing import changes

Kind = StaffChange.Kind


@transaction.atomic
def move(
    person: Person,
    *,
    department: Department | None = None,
    location: Location | None = None,
    along: Sequence[Asset] = (),
    by: Actor,
    reason: str = "",
) -> StaffChange:
    """Move somebody, with the assets that go along; the others are to be returned.

    Those that go along follow to the new place at once; for the others a ticket is opened.
    Raises ValidationError where nothing changes, or something is to go along that they do not hold.
    """
    person = changes.locked(person)
    department, location = department or person.department, location or person.location
    if (department, location) == (person.department, person.location):
        raise ValidationError(f"{person} is there already: choose another department or place.")
    held = {asset.pk: asset for asset in person.assets.select_related("product__maker")}
    if strange := [it for it in along if it.pk not in held]:
        raise ValidationError([f"{it} is not with {person}." for it in strange])
    person.department, person.location = department, location
    save_as(person, by=by, reason=reason or "moves")
    _move_along([held[it.pk] for it in along], location, by=by, reason=f"{person} moves")
    kept = {it.pk for it in along}
    staying = [asset for key, asset in held.items() if key not in kept]
    ticket = _ask_for_return(person, staying, by=by) if staying else None
    today = timezone.localdate()
    change = StaffChange(
        person=person,
        kind=Kind.MOVES,
        on=today,
        ticket=ticket,
        department=department,
        location=location,
        completed_at=None if ticket else timezone.now(),
    )
    earlier = person.staff_changes.filter(kind=Kind.MOVES, on=today).first()
    if earlier:
        raise ValidationError(f"{person} has moved today already: see {earlier}.")
    save_as(change, by=by, reason=reason or "moves")
    return change


def _move_along(
    assets: Sequence[Asset], location: Location | None, *, by: Actor, reason: str
) -> None:
    if not assets or location is None:
        return
    whole = [it for it in assets if it.installed_in_id is None]
    outcome = lifecycle.move(whole, location=location, by=by, reason=reason)
    if outcome.refused:
        raise ValidationError(outcome.refused)


def _ask_for_return(person: Person, assets: Sequence[Asset], *, by: Actor) -> Ticket:
    listed = changes.listed(f"{it.product}, {it.tag}" for it in assets)
    return tickets.open_ticket(
        requester=person,
        subject=f"{person} moves: {len(assets)} to be returned",
        description=f"This does not move along, and is to be returned:\n{listed}",
        kind=Ticket.Kind.RETURN,
        by=by,
    )
