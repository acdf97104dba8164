"""What assets run and how they are, from spreadsheets."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from assets.health import Releases
from assets.models import Asset, Release
from config.lookups import Lookup
from config.resources import BaseResource

PATCHED = {
    "compliant": Asset.PatchStatus.CURRENT,
    "patched": Asset.PatchStatus.CURRENT,
    "noncompliant": Asset.PatchStatus.BEHIND,
    "not compliant": Asset.PatchStatus.BEHIND,
    "unpatched": Asset.PatchStatus.BEHIND,
    "outdated": Asset.PatchStatus.BEHIND,
}


class ReleaseNames(Lookup):
    model = Release
    accepts = 'the name of a release that is there, as in "ubuntu 22.04"'

    def keys(self, record: Release) -> Iterable[str]:
        return [str(record)]

    def missing(self, text: str) -> Any:
        raise ValueError(f"is no release that is there; accepted is {self.accepts}")


class HealthColumns(BaseResource):
    """Where the operating system changes, its release follows, unless the row names one."""

    @cached_property
    def releases(self) -> Releases:
        return Releases()

    def import_instance(self, instance: Asset, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        before = self.before.get("operating_system", "")
        if instance.operating_system != before and not row.get("release"):
            instance.release = self.releases.of_system(instance.operating_system)

    def derived(self, names: Any) -> list[str]:
        follows = "operating_system" in names and "release" not in names
        return [*super().derived(names), *(["release"] if follows else [])]
