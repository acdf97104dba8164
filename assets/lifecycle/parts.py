"""SIMs in phones, modules in servers: put in and taken out."""

from collections.abc import Iterable

from django.db import transaction

from assets.lifecycle.custody import close_custody, follow, hand_over
from assets.lifecycle.ending import unwiped
from assets.lifecycle.fitting import Fits
from assets.lifecycle.moves import Outcome, State, locked, record
from assets.models import Asset, Custody, Repair
from config.history import Actor, update_all_as


@transaction.atomic
def pair(assets: Iterable[Asset], *, device: Asset, by: Actor, reason: str = "") -> Outcome:
    """Install SIMs or parts in a device that is in the same hands, or in stock as they are.

    What is installed in them comes along. Refuses what is in another device, what finds no free
    slot, and what somebody else holds.
    """
    fits = Fits(device)
    outcome = locked("pair", assets, check=fits, also=device)
    reason = reason or f"installed in {device}"
    for asset in outcome.done:
        asset.installed_in = fits.device
    for asset in outcome.moved:
        asset.location = fits.device.location
    record(outcome, by=by, reason=reason)
    _note_device(outcome, by=by, reason=reason)
    return outcome


@transaction.atomic
def unpair(assets: Iterable[Asset], *, by: Actor, reason: str = "") -> Outcome:
    """Take SIMs or parts out of their device; they stay with its holder, or go to stock.

    Out of a device that was lost or retired they go to stock. What holds data, or a part of it
    does, stays retired unless it was wiped.
    """

    def check(asset: Asset) -> str | None:
        if asset.installed_in_id:
            return None
        return f"{asset} is {asset.get_state_display()} and in no device: it cannot be taken out."

    outcome = locked("unpair", assets, check=check)
    reason = reason or "taken out of its device"
    states = _states_outside(outcome)
    for asset in outcome.moved:
        asset.state = states[asset.pk]
    for asset in outcome.done:
        asset.installed_in = None
    _end_custody([it for it in outcome.moved if it.state not in Asset.HELD], by=by, reason=reason)
    record(outcome, by=by, reason=reason)
    _note_device(outcome, by=by, reason=reason)
    return outcome


def _end_custody(free: list[Asset], *, by: Actor, reason: str) -> None:
    close_custody(free, by=by, reason=reason)
    for asset in free:
        asset.holder = None


def _states_outside(outcome: Outcome) -> dict[int | None, Asset.State]:
    """What each of these is without the device; a part of one is what that one is."""
    keys = [asset.pk for asset in outcome.moved]
    held = set(Custody.objects.open().filter(asset__in=keys).values_list("asset", flat=True))
    away = set(Repair.objects.open().filter(asset__in=keys).values_list("asset", flat=True))
    kept: set[int | None] = {asset.pk for asset in unwiped(keys)}
    for part in reversed(outcome.carried):  # the inner ones first
        kept |= {part.installed_in_id} if part.pk in kept else set()
    states: dict[int | None, Asset.State] = {}
    for asset in outcome.done:
        serves = asset.pk in held and (asset.holder_id or asset.location_id)
        match State(asset.state):
            case State.IN_REPAIR if asset.pk in away:
                states[asset.pk] = State.IN_REPAIR
            case State.IN_USE | State.IN_REPAIR if serves:
                states[asset.pk] = State.IN_USE
            case State.RETIRED if asset.pk in kept:
                states[asset.pk] = State.RETIRED
            case _:
                states[asset.pk] = State.IN_STOCK
    for part in outcome.carried:  # the outer ones first
        states[part.pk] = states[part.installed_in_id]
    return states


@transaction.atomic
def fit(devices: Iterable[Asset], *, part: Asset, by: Actor, reason: str = "") -> Outcome:
    """Install a SIM or part in a device: from stock it goes to whoever has the device."""
    outcome = Outcome()
    for device in devices:
        if (part.state, device.state) == (State.IN_STOCK, State.IN_USE):
            done = hand_over([part], into=device, by=by, reason=reason)
        else:
            done = pair([part], device=device, by=by, reason=reason)
        outcome.done += [device] if done.done else []
        outcome.refused += done.refused
    return outcome


def _note_device(outcome: Outcome, *, by: Actor, reason: str) -> None:
    """Write in the open custodies what each is in now, and where."""
    follow(outcome.moved, by=by, reason=reason)
    devices = {asset.pk: asset.installed_in for asset in outcome.done}
    custodies = list(Custody.objects.open().filter(asset__in=outcome.done))
    for custody in custodies:
        custody.device = devices[custody.asset_id]
    update_all_as(custodies, ["device"], by=by, reason=reason)
