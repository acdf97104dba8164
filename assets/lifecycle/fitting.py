"""Whether an asset may be installed in a device."""

from assets.lifecycle.moves import State
from assets.models import Asset, Category


class Fits:
    """Whether an asset may go into a device; knows the device as it is under the lock."""

    def __init__(self, device: Asset, *, follows: bool = False) -> None:
        self.device = device
        self.follows = follows
        self.free: int | None = None

    def __call__(self, asset: Asset) -> str | None:
        if self.free is None:
            self._look()
        return self._asset_refused(asset) or self._device_refused() or self._slot_refused(asset)

    def _look(self) -> None:
        """Read the device anew: it is locked by now."""
        related = ("product__category", "holder", "location")
        self.device = Asset.objects.select_related(*related).get(pk=self.device.pk)
        sims = self.device.parts.filter(product__category__kind=Category.Kind.SIM)
        self.free = self.device.product.sim_slots - sims.count()

    def _asset_refused(self, asset: Asset) -> str | None:
        device = self.device
        if asset.installed_in_id:
            return f"{asset} is installed in {asset.installed_in}: take it out there first."
        if asset.pk == device.pk or self._is_inside(asset):
            return f"{asset} cannot be installed in itself."
        if self.follows or _hands(asset) == _hands(device):
            return None
        return (
            f"{asset} is {_with_whom(asset)} and {device} is {_with_whom(device)}: both must be"
            " with the same holder or at the same place, or both in stock."
        )

    def _is_inside(self, asset: Asset) -> bool:
        """Whether the device itself is somewhere within the asset."""
        outer = self.device.installed_in
        while outer is not None and outer.pk != asset.pk:
            outer = outer.installed_in
        return outer is not None

    def _device_refused(self) -> str | None:
        allowed = (State.IN_USE,) if self.follows else (State.IN_USE, State.IN_STOCK)
        if self.device.state in allowed:
            return None
        states = " or ".join(str(state.label) for state in allowed)
        return (
            f"{self.device} is {self.device.get_state_display()}: nothing can be installed in it."
            f" It must be {states}."
        )

    def _slot_refused(self, asset: Asset) -> str | None:
        if asset.product.category.kind != Category.Kind.SIM:
            return None
        if not self.free:
            slots = self.device.product.sim_slots
            return f"{asset} finds no free slot: {self.device} has {slots}, all of them taken."
        self.free -= 1
        return None


def _hands(asset: Asset) -> tuple[str, int | None, int | None]:
    """Who or what place has it: two in the same hands are equal."""
    serves_place = asset.state == State.IN_USE and not asset.holder_id
    return asset.state, asset.holder_id, asset.location_id if serves_place else None


def _with_whom(asset: Asset) -> str:
    return f"{asset.get_state_display()}{f' ({asset.holder})' if asset.holder else ''}"
