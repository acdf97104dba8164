"""Another holder or place in a row of an asset is a move, by the steps that own these."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from assets import lifecycle
from assets.models import Asset
from config.resources import BaseResource

State = Asset.State
MOVED = {"holder", "location"}


class Moves(BaseResource):
    """Checks holders and places of all rows first, then has `assets.lifecycle` write them."""

    # --- One row ---

    def check_moves(self, asset: Asset) -> None:
        """Raises ValidationError where a new asset cannot be with its holder, or another move."""
        if self.new:
            self._check_holder(asset)
        elif MOVED & set(self.changed):
            self._check_steps(asset)

    def _check_holder(self, asset: Asset) -> None:
        today = timezone.localdate()
        if asset.holder and asset.holder.has_left(today):
            left = f"left on {asset.holder.leaves_on}: nothing can be in their hands"
            raise ValidationError({"holder": left})

    def _check_steps(self, asset: Asset) -> None:
        """What the steps of `lifecycle` would refuse, and whether the user may take them."""
        before = Asset(
            **{f.attname: getattr(asset, f.attname) for f in asset._meta.concrete_fields}
        )
        before.holder = self.before["holder"]  # type: ignore[assignment]
        for move in self._moves():
            if not self.may(f"assets.{move}_asset"):
                raise ValidationError(f"you may not have assets {lifecycle.MOVES[move].done}")
        first = self._moves()[0]
        before.product = asset.product
        if not lifecycle.MOVES[first].allows(before):
            column = "holder" if "holder" in self.changed else "location"
            raise ValidationError({column: lifecycle.refusal(first, before)})
        self._check_holder(asset)
        if "holder" in self.changed:
            # What it will be after the steps, for the constraints; the steps write it.
            asset.state = State.IN_USE

    def _moves(self) -> list[str]:
        if "holder" not in self.changed:
            return ["move"]
        taken = ["take_back"] if self.before["holder"] else []
        in_use = self.before["state"] == State.IN_USE
        return [*(taken or (["take_back"] if in_use else [])), "hand_over"]

    # --- All rows ---

    def impossible_together(self) -> list[tuple[Any, ValidationError]]:
        """What is installed in a device goes only with it, to the same holder and place."""
        moved = {it.pk: it for it in self.update_instances if MOVED & set(it.import_changed)}
        alone = [
            asset
            for asset in moved.values()
            if asset.installed_in_id and _way(asset) != _way(moved.get(asset.installed_in_id))
        ]
        inside = Asset.objects.filter(parts__in=alone).select_related("product")
        devices = {device.pk: device for device in inside} if alone else {}
        return [*super().impossible_together(), *(_alone(it, devices) for it in alone)]

    def update(self, instances: Sequence[Any]) -> None:
        """Plain fields first, then holders and places by the steps that own them."""
        plain, moved = [], []
        for asset in instances:
            names = asset.import_changed
            asset.import_changed = [name for name in names if name not in MOVED]
            plain += [asset] if asset.import_changed else []
            moved += [(asset, set(names) & MOVED)] if MOVED & set(names) else []
        targets = [(asset, asset.holder, asset.location, names) for asset, names in moved]
        super().update(plain)
        self._move(targets)

    def _move(self, targets: list[tuple[Asset, Any, Any, set[str]]]) -> None:
        handed: defaultdict[tuple[Any, Any], list[Asset]] = defaultdict(list)
        placed: defaultdict[Any, list[Asset]] = defaultdict(list)
        for asset, holder, location, names in targets:
            if "holder" in names:
                handed[holder, location if "location" in names else None].append(asset)
            else:
                placed[location].append(asset)
        signed: dict[str, Any] = {"by": self.by, "reason": self.reason}
        returned = [asset for group in handed.values() for asset in group]
        current = Asset.objects.filter(pk__in=[asset.pk for asset in returned], state=State.IN_USE)
        if held := list(current):
            self._take(lifecycle.take_back(held, **signed))
        for (holder, location), assets in handed.items():
            self._take(lifecycle.hand_over(assets, to=holder, location=location, **signed))
        for location, assets in placed.items():
            self._take(lifecycle.move(assets, location=location, **signed))

    def _take(self, outcome: lifecycle.Outcome) -> None:
        if outcome.refused:
            raise ValidationError(outcome.refused)


def _way(asset: Any) -> tuple[Any, ...]:
    """To whom and where a row moves an asset; empty where there is no row that does."""
    if asset is None:
        return ()
    place = asset.location if "location" in asset.import_changed else None
    return ("holder", asset.holder, place) if "holder" in asset.import_changed else (place,)


def _alone(asset: Any, devices: dict[int, Asset]) -> tuple[Asset, ValidationError]:
    column = "holder" if "holder" in asset.import_changed else "location"
    sentence = (
        f"{asset} is installed in {devices[asset.installed_in_id]}: it goes where its device goes."
        " Take it out first, or give its device the same in a row of its own."
    )
    return asset, ValidationError({column: sentence})
