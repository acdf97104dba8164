"""SIMs in phones, modules in servers: put in and taken out."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from assets.lifecycle.custody import close_custody, hand_over
from assets.lifecycle.fitting import Fits
from assets.lifecycle.moves import Outcome, State, locked, record
from assets.models import Asset, Custody
from config.history import Actor, update_all_as


@transaction.atomic
def pair(assets: Iterable[Asset], *, device: Asset, by: Actor, reason: str = "") -> Outcome:
    """Install SIMs or parts in a device that is in the same hands, or in stock as they are.

    Refuses what is in another device, what finds no free slot, and what somebody else holds.
    """
    fits = Fits(device)
    outcome = locked("pair", assets, check=fits, also=device)
    for asset in outcome.done:
        asset.installed_in, asset.location = fits.device, fits.device.location
    record(outcome, by=by, reason=reason or f"installed in {device}")
    _note_device(outcome.done, by=by, reason=reason or f"installed in {device}")
    return outcome


@transaction.atomic
def unpair(assets: Iterable[Asset], *, by: Actor, reason: str = "") -> Outcome:
    """Take SIMs or parts out of their device; they stay with its holder, or go to stock."""

    def check(asset: Asset) -> str | None:
        if asset.installed_in_id:
            return None
        return f"{asset} is {asset.get_state_display()} and in no device: it cannot be taken out."

    outcome = locked("unpair", assets, check=check)
    reason = reason or "taken out of its device"
    for asset in outcome.done:
        asset.installed_in = None
    stranded = [
        it for it in outcome.done if it.state == State.IN_USE and not (it.holder or it.location)
    ]
    close_custody(stranded, by=by, reason=reason)
    for asset in stranded:
        asset.state = State.IN_STOCK
    record(outcome, by=by, reason=reason)
    _note_device(outcome.done, by=by, reason=reason)
    return outcome


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


def _note_device(assets: Sequence[Asset], *, by: Actor, reason: str) -> None:
    devices = {asset.pk: asset.installed_in for asset in assets}
    custodies = list(Custody.objects.open().filter(asset__in=assets))
    for custody in custodies:
        custody.device = devices[custody.asset_id]
    update_all_as(custodies, ["device"], by=by, reason=reason)
