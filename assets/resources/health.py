"""What assets run and how they are, from spreadsheets."""

from functools import cached_property
from typing import Any

from assets.health import Releases
from assets.models import Asset
from config.resources import BaseResource

PATCHED = {
    "compliant": Asset.PatchStatus.CURRENT,
    "patched": Asset.PatchStatus.CURRENT,
    "noncompliant": Asset.PatchStatus.BEHIND,
    "not compliant": Asset.PatchStatus.BEHIND,
    "unpatched": Asset.PatchStatus.BEHIND,
    "outdated": Asset.PatchStatus.BEHIND,
}


class HealthColumns(BaseResource):
    """Where the operating system changes, its release follows from its new name."""

    @cached_property
    def releases(self) -> Releases:
        return Releases()

    def import_instance(self, instance: Asset, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        if instance.operating_system != self.before.get("operating_system", ""):
            instance.release = self.releases.of_system(instance.operating_system)

    def derived(self, names: Any) -> list[str]:
        follows = ["release"] if "operating_system" in names else []
        return [*super().derived(names), *follows]
