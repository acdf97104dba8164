"""What the warranties of an asset say: which one counts, which run, and when none does.

Of those of an asset the one that counts is the one that protects longest: the one with the latest
last day, and of several that end on that day the one that began first. A warranty whose first day
nobody gave has none, rather than one that is made up: it runs already.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from assets.models import Asset, Warranty
from assets.precaution import told
from config import periods

type Stretch = tuple[date | None, date]
"""A first and a last day, both in it; without a first day it has begun long ago."""


def counting(warranties: Iterable[Warranty]) -> Warranty | None:
    """The one that counts: with the latest last day, of those the one that began first."""
    ordered = sorted(warranties, key=lambda it: (-it.ends_on.toordinal(), _first(it), it.pk or 0))
    return ordered[0] if ordered else None


def stretches(warranties: Iterable[Warranty]) -> list[Stretch]:
    """The times in which some warranty protects on every day, the earliest first."""
    found: list[Stretch] = []
    for it in sorted(warranties, key=_first):
        if found and _first(it) <= found[-1][1].toordinal() + 1:
            first, last = found[-1]
            found[-1] = first, max(last, it.ends_on)
        else:
            found.append((it.starts_on, it.ends_on))
    return found


def _first(warranty: Warranty) -> int:
    return warranty.starts_on.toordinal() if warranty.starts_on else 0


def runs(warranty: Warranty, on: date) -> bool:
    """Whether it protects on that day."""
    return _first(warranty) <= on.toordinal() and warranty.ends_on >= on


def sentences(warranties: Sequence[Warranty], on: date) -> list[str]:
    """What to know on the day `on`: which one counts, which ones run, and when none does."""
    last = counting(warranties)
    if last is None:
        return ["No warranty is known."]
    running = [it for it in warranties if runs(it, on)]
    over = ", which has passed" if last.ends_on < on else ""
    said = [f"Counts: {last.named} until {told(last.ends_on)}{over}."]
    if running:
        said.append(f"Runs today: {'; '.join(map(_described, running))}.")
    elif not over:
        said.append("None runs today.")
    return [*said, *_gaps(warranties)]


def _described(warranty: Warranty) -> str:
    reference = f", reference {warranty.reference}" if warranty.reference else ""
    return f"{warranty.named}{reference}, until {told(warranty.ends_on)}"


def _gaps(warranties: Iterable[Warranty]) -> list[str]:
    found = stretches(warranties)
    return [
        f"From {told(before + periods.A_DAY)} to {told(after - periods.A_DAY)} none runs."
        for (_, before), (after, _) in zip(found, found[1:], strict=False)
        if after
    ]


def unclaimable(assets: Iterable[Asset], on: date) -> dict[int, str]:
    """By its key, why on the day `on` nothing can be claimed on a warranty of an asset.

    An asset that some warranty protects on that day is not in it.
    """
    assets = list(assets)
    known = of_assets(assets)
    return {
        asset.pk: _unprotected(asset, known[asset.pk], on)
        for asset in assets
        if not any(runs(it, on) for it in known[asset.pk])
    }


def _unprotected(asset: Asset, warranties: Sequence[Warranty], on: date) -> str:
    if not warranties:
        why = "none is known. Add the one it has"
    elif last := counting(it for it in warranties if it.ends_on < on):
        why = f"{last.named} ended on {told(last.ends_on)}. Add the one that runs"
    else:
        why = "none has begun"
    return f"{asset} has no warranty on {told(on)}: {why}, or do not claim on one."


def of_assets(assets: Iterable[Asset], **only: str) -> Mapping[int, list[Warranty]]:
    """The warranties of each asset, by its key; `only` are conditions on their fields."""
    found: defaultdict[int, list[Warranty]] = defaultdict(list)
    rows = Warranty.objects.filter(asset__in=assets, **only).select_related("provider")
    for warranty in rows.order_by("pk"):
        found[warranty.asset_id].append(warranty)
    return found
