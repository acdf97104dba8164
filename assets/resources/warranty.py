"""The warranty that an asset came with, from spreadsheets of assets."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError

from assets import warranties
from assets.models import Asset, Warranty
from assets.precaution import told
from config.resources import BaseResource


class WarrantyColumns(BaseResource):
    """The days of what counts, as exported; on the way in they are those of the standard one.

    Where a later one counts they would change nothing that an export shows, and are refused.
    """

    @cached_property
    def later(self) -> dict[int, Warranty]:
        """By the key of an asset, of its warranties but the standard ones the last to end."""
        others = Warranty.objects.exclude(kind=Warranty.Kind.STANDARD).select_related("provider")
        return {it.asset_id: it for it in others.order_by("ends_on", "-starts_on").iterator()}

    def check(self, instance: Asset) -> None:
        super().check(instance)
        said = [name for name in warranties.COLUMNS if self.new or name in self.changed]
        if not said or not instance.warranty_ends_on:
            return
        verb = "add" if self.new else "change"
        if not self.may(f"assets.{verb}_warranty"):
            raise ValidationError({said[-1]: f"you may not {verb} warranties"})
        other = None if self.new else self.later.get(instance.pk)
        if other and other.ends_on >= instance.warranty_ends_on:
            counts = f"{other.named} until {told(other.ends_on)} counts"
            raise ValidationError({said[-1]: f"{counts}: change it on the page of the asset"})

    def update(self, instances: Sequence[Any]) -> None:
        groups: defaultdict[tuple[str, ...], list[Asset]] = defaultdict(list)
        for asset in instances:
            names = tuple(name for name in warranties.COLUMNS if name in asset.import_changed)
            groups[names].append(asset)
        super().update(instances)
        for names, assets in groups.items():
            if names:
                warranties.restate(assets, names, by=self.by, reason=self.reason)
