"""Closing a stocktake: what is awaited still is missing, and the register follows the count."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from assets import lifecycle
from assets.lifecycle import Outcome
from assets.models import Asset, Count, Custody, Stocktake
from assets.stocktaking.counting import WRITTEN
from assets.stocktaking.opening import THERE, locked
from config.history import Actor, save_as, update_all_as
from people.models import Location

Result, State = Count.Result, Asset.State


@transaction.atomic
def close(
    stocktake: Stocktake, *, report_missing_lost: bool = False, by: Actor, reason: str = ""
) -> Outcome:
    """End the count, and have the register say what was found.

    What is still awaited is missing, unless the register shows that somebody had it in hand since
    the stocktake was opened: that is found without having been counted. What was installed in a
    device meanwhile comes to what the device does. What was found elsewhere is moved there, what
    was lost is found again, and what is missing is reported lost where `report_missing_lost` asks
    for it. What was moved on the register after it was counted is left as it is: the register
    knows better than the count. Returns the assets that were reconciled, and a sentence for each
    that could not be.

    Raises ValidationError where the stocktake is not open.
    """
    stocktake = locked(stocktake)
    if not stocktake.is_open:
        possible = " It has to be opened first." if stocktake.opened_at is None else ""
        raise ValidationError(f"{stocktake} is {stocktake.status}: it cannot be closed.{possible}")
    counts = _locked_counts(stocktake)
    told = f"stocktake {stocktake}" + (f": {reason}" if reason else "")
    missing = _settle_awaited(stocktake, counts, by=by, reason=told[:250])
    outcome = _follow(counts, by=by, reason=told[:250])
    if report_missing_lost:
        lost = [it.asset for it in missing if it.asset and it.asset.state != State.LOST]
        _add(outcome, lifecycle.report_lost(lost, by=by, reason=f"missing in {told}"[:250]))
    stocktake.closed_at = timezone.now()
    save_as(stocktake, by=by, reason=reason or "closed")
    return outcome


def _locked_counts(stocktake: Stocktake) -> list[Count]:
    """Every line, each with its asset as it is now; all assets are locked in one order."""
    rows = Asset.objects.select_for_update(of=("self",))
    rows = rows.select_related("product", "installed_in__installed_in")
    keys = stocktake.counts.values("asset")
    assets = {asset.pk: asset for asset in rows.filter(pk__in=keys).order_by("pk")}
    counted = stocktake.counts.select_related("found_at").annotate(place_then=_place_then())
    counts: list[Count] = list(counted)
    for count in counts:
        if count.asset_id:
            count.asset = assets[count.asset_id]
    return counts


def _place_then() -> Subquery:
    """Where the register had the asset of a line when it was counted."""
    versions = Asset.history.model.objects.filter(id=OuterRef("asset"))
    before = versions.filter(history_date__lte=OuterRef("counted_at"))
    return Subquery(before.order_by("-history_date", "-history_id").values("location")[:1])


def _settle_awaited(
    stocktake: Stocktake, counts: Sequence[Count], *, by: Actor, reason: str
) -> list[Count]:
    """Say of everything awaited that it is missing, or found without a count; the missing ones."""
    awaited = [it for it in counts if it.result == Result.AWAITED]
    changed_hands = _changed_hands(stocktake)
    for count in awaited:
        moved = _was_moved(count) or count.asset_id in changed_hands
        assert count.asset
        seen = moved and count.asset.state != State.LOST
        count.result = Result.FOUND if seen else Result.MISSING
    inside = _come_to_what_their_devices_do(awaited, counts)
    update_all_as(inside, WRITTEN, by=by, reason=f"counted with its device; {reason}"[:250])
    alone = set(awaited) - set(inside)
    missing = [it for it in awaited if it in alone and it.result == Result.MISSING]
    seen_since = [it for it in awaited if it in alone and it.result == Result.FOUND]
    update_all_as(missing, ["result"], by=by, reason=reason)
    told = f"its register entry changed while it was counted; {reason}"[:250]
    update_all_as(seen_since, ["result"], by=by, reason=told)
    return [it for it in awaited if it.result == Result.MISSING]


def _come_to_what_their_devices_do(
    awaited: Sequence[Count], counts: Sequence[Count]
) -> list[Count]:
    """The lines of what was installed in a device since the opening; each takes on its device's."""
    lines = {it.asset_id: it for it in counts if it.asset_id}
    devices = {count: line for count in awaited if (line := _line_of_device(count, lines))}
    for count, line in devices.items():
        for name in WRITTEN:
            setattr(count, name, getattr(line, name))
        # The device was not expected here, what is in it was.
        if count.result == Result.UNEXPECTED:
            count.result = Result.FOUND
    return list(devices)


def _line_of_device(count: Count, lines: Mapping[int, Count]) -> Count | None:
    """The line of the outermost device that the asset is in."""
    assert count.asset
    found, device = None, count.asset.installed_in
    while device is not None:
        found, device = lines.get(device.pk, found), device.installed_in
    return found


def _was_moved(count: Count) -> bool:
    """Whether the register has it elsewhere, or in another state, than when it was frozen."""
    asset = count.asset
    assert asset
    now = (asset.location_id, asset.holder_id, asset.installed_in_id)
    frozen = (count.expected_location_id, count.expected_holder_id, None)
    return now != frozen or asset.state not in THERE


def _changed_hands(stocktake: Stocktake) -> set[int]:
    """The assets that were handed over or taken back since the opening."""
    opened: dict[str, object] = {"asset__counts__stocktake": stocktake}
    given = Custody.objects.filter(since__gte=stocktake.opened_at, **opened)
    returned = Custody.objects.filter(until__gte=stocktake.opened_at, **opened)
    return set((given | returned).values_list("asset", flat=True))


def _follow(counts: Iterable[Count], *, by: Actor, reason: str) -> Outcome:
    """Move what was found elsewhere, and find what was lost, place by place."""
    moved: defaultdict[Location, list[Asset]] = defaultdict(list)
    found: defaultdict[Location, list[Asset]] = defaultdict(list)
    for count in counts:
        asset, place = count.asset, count.found_at
        if asset is None or place is None:
            continue
        if asset.state == State.LOST:
            found[place].append(asset)
        elif _is_elsewhere(count, asset):
            moved[place].append(asset)
    outcome = Outcome()
    for place, assets in moved.items():
        _add(outcome, lifecycle.move(assets, location=place, by=by, reason=reason))
    for place, assets in found.items():
        _add(outcome, lifecycle.find(assets, location=place, by=by, reason=reason))
    return outcome


def _is_elsewhere(count: Count, asset: Asset) -> bool:
    """Seen at another place than the register has it, or had none, and has not changed since."""
    strayed = count.result in (Result.MISPLACED, Result.UNEXPECTED) or asset.location_id is None
    untouched = asset.location_id == getattr(count, "place_then", None)
    return strayed and untouched and asset.location_id != count.found_at_id


def _add(outcome: Outcome, more: Outcome) -> None:
    outcome.done += more.done
    outcome.refused += more.refused
    outcome.carried += more.carried
