"""Who or what has an asset: handing over, lending, taking back, moving."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.lifecycle.fitting import Fits
from assets.lifecycle.moves import Outcome, State, locked, record
from assets.lifecycle.register import open_custody
from assets.models import Asset, Custody, Handover
from config.history import Actor, create_all_as, save_as, update_all_as
from people import outbox
from people.models import Location, Person


@transaction.atomic
def hand_over(
    assets: Iterable[Asset],
    *,
    to: Person | None = None,
    location: Location | None = None,
    into: Asset | None = None,
    due_back_on: date | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Give assets from stock to a person, into service at a place, or into a device in use.

    The person gets one mail for all of them, and is asked to accept them where a category says
    so. Raises ValidationError where nobody and no place is named, where the person has left, or
    where the day it is due back has passed.
    """
    if into and (to or location):
        raise ValidationError(
            "What goes into a device goes to its holder and place: name no other."
        )
    _check_receiver(to, location or into, due_back_on)
    return _give("hand_over", assets, Receiver(to, location, into), due_back_on, by, reason)


@transaction.atomic
def lend(
    assets: Iterable[Asset], *, to: Person, due_back_on: date, by: Actor, reason: str = ""
) -> Outcome:
    """Give assets from stock to a person until a day."""
    _check_receiver(to, None, due_back_on)
    receiver = Receiver(to)
    reason = reason or f"lent to {to} until {due_back_on:%-d %B %Y}"
    return _give("lend", assets, receiver, due_back_on, by, reason)


@dataclass(frozen=True)
class Receiver:
    """To whom, where, or into what assets go."""

    person: Person | None = None
    location: Location | None = None
    device: Asset | None = None

    def take(self, asset: Asset) -> None:
        """Write down that the asset is with this receiver."""
        person, place = self.person, self.location or (self.person and self.person.location)
        if self.device:
            person, place = self.device.holder, self.device.location
            asset.installed_in = self.device
        asset.state, asset.holder = State.IN_USE, person
        asset.location = place or asset.location

    def __str__(self) -> str:
        return str(self.device or self.person or self.location)


def _give(
    move: str,
    assets: Iterable[Asset],
    to: Receiver,
    due_back_on: date | None,
    by: Actor,
    reason: str,
) -> Outcome:
    fits = Fits(to.device, follows=True) if to.device else None
    outcome = locked(move, assets, check=fits, also=to.device)
    to = Receiver(to.person, to.location, fits.device) if fits else to
    for asset in outcome.moved:
        inside = asset.installed_in
        to.take(asset)
        asset.installed_in = inside or asset.installed_in
    reason = reason or f"handed over to {to}"
    record(outcome, by=by, reason=reason)
    _note_handover(outcome, due_back_on, by=by, reason=reason)
    return outcome


def _note_handover(outcome: Outcome, due_back_on: date | None, *, by: Actor, reason: str) -> None:
    """Open the custodies; a person's are one handover, with one mail."""
    person = outcome.done[0].holder if outcome.done else None
    handover = None
    if person:
        handover = Handover(
            to=person,
            handed_over_at=timezone.now(),
            due_back_on=due_back_on,
            needs_acceptance=any(it.product.category.needs_acceptance for it in outcome.moved),
        )
        save_as(handover, by=by, reason=reason)
        _tell_receiver(handover, outcome.moved)
    open_custody(outcome.moved, by=by, reason=reason, due_back_on=due_back_on, handover=handover)


@transaction.atomic
def take_back(
    assets: Iterable[Asset],
    *,
    location: Location | None = None,
    condition: str = "",
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Take assets back into stock, at `location` or where they are.

    `condition` is one of Custody.Condition and stays with the custody that ends.
    """
    outcome = locked("take_back", assets)
    reason = reason or f"taken back{f' at {location}' if location else ''}"
    returned = close_custody(outcome.moved, by=by, reason=reason, condition=condition)
    for asset in outcome.moved:
        asset.state, asset.holder = State.IN_STOCK, None
        asset.location = location or asset.location
    record(outcome, by=by, reason=reason)
    for holder, custodies in returned.items():
        _tell_returner(holder, custodies)
    return outcome


@transaction.atomic
def move(assets: Iterable[Asset], *, location: Location, by: Actor, reason: str = "") -> Outcome:
    """Record that assets now stand or lie at another place.

    What serves a place without a person serves the new one from now on: its custody ends, and one
    at the new place begins.
    """
    outcome = locked("move", assets)
    reason = reason or f"moved to {location}"
    for asset in outcome.moved:
        asset.location = location
    record(outcome, by=by, reason=reason)
    follow(outcome.moved, by=by, reason=reason)
    return outcome


def follow(assets: Sequence[Asset], *, by: Actor, reason: str) -> None:
    """Pass the custodies that no person has on to the places where the assets now are."""
    where = {asset.pk: asset.location_id for asset in assets if asset.location_id}
    placed = Custody.objects.open().filter(asset__in=where, holder=None).order_by("pk")
    left = [it for it in placed if it.location_id != where[it.asset_id]]
    now = timezone.now()
    entered = [
        Custody(
            asset_id=it.asset_id,
            location_id=where[it.asset_id],
            device_id=it.device_id,
            handover_id=it.handover_id,
            since=now,
            due_back_on=it.due_back_on,
        )
        for it in left
    ]
    for custody in left:
        custody.until = now
    update_all_as(left, ["until"], by=by, reason=reason)
    create_all_as(entered, by=by, reason=reason)


def _check_receiver(to: Person | None, other: object | None, due_back_on: date | None) -> None:
    today = timezone.localdate()
    if to is None and other is None:
        raise ValidationError("Say to whom or where it goes.")
    if to and to.leaves_on and to.leaves_on < today:
        raise ValidationError(f"{to} left on {to.leaves_on}: nothing can be handed over.")
    check_due(due_back_on)


def check_due(day: date | None) -> None:
    """Raise ValidationError where the day on which it is due back has passed."""
    if day and day < timezone.localdate():
        raise ValidationError(f"{day} has passed: it cannot be due back then.")


def close_custody(
    assets: Sequence[Asset], *, by: Actor, reason: str, condition: str = ""
) -> dict[Person, list[Custody]]:
    """Close what is open, and return it by the person who had it."""
    held = Custody.objects.open().select_related("asset__product", "holder")
    custodies = list(held.filter(asset__in=assets).order_by("pk"))
    now = timezone.now()
    returned: dict[Person, list[Custody]] = {}
    for custody in custodies:
        custody.until, custody.condition = now, condition
        if custody.holder:
            returned.setdefault(custody.holder, []).append(custody)
    update_all_as(custodies, ["until", "condition"], by=by, reason=reason)
    return returned


ACCEPT = "Please confirm that you received them, or say what is wrong:\n{address}\n"


def _tell_receiver(handover: Handover, assets: Sequence[Asset]) -> None:
    until = f" until {handover.due_back_on:%-d %B %Y}" if handover.due_back_on else ""
    text = letter(handover.to, f"These are yours from today{until}:", assets)
    if handover.needs_acceptance:
        text += "\n" + ACCEPT.format(address=f"{settings.SITE_URL}/handovers/{handover.pk}/")
    subject = f"You have received: {things(assets)}"
    outbox.queue(handover.to, key=f"handover:{handover.pk}", subject=subject, text=text)


def _tell_returner(person: Person, custodies: Sequence[Custody]) -> None:
    assets = [custody.asset for custody in custodies]
    text = letter(person, "Thank you. You have returned:", assets)
    key, subject = f"return:{custodies[0].pk}", f"Returned: {things(assets)}"
    outbox.queue(person, key=key, subject=subject, text=text)


def things(assets: Sequence[Asset]) -> str:
    """Assets in the subject of a mail: the model of one, the number of many."""
    return str(assets[0].product) if len(assets) == 1 else f"{len(assets)} devices"


def letter(person: Person, opening: str, assets: Sequence[Asset]) -> str:
    """A mail to a person that says what of these assets, and lists them."""
    lines = [f"- {asset.product}, {asset.tag}" for asset in assets]
    return "\n".join([f"Hello {person},", "", opening, "", *lines, ""])
