"""Releases and their end of support from spreadsheets, such as those of endoflife.date."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError

from assets import health
from assets.models import Release
from config import cells
from config.lookups import folded
from config.resources import BaseResource, column
from config.widgets import Day, Flag, Text

TOLD = re.compile(r"true|yes|false|no", re.IGNORECASE)
"""What stands in place of a day where support has ended or goes on, nobody knows since when."""


class ReleaseResource(BaseResource):
    """One release a row, known by product and cycle."""

    slug = "releases"
    headers: ClassVar = {
        "product": ["product name", "name"],
        "cycle": ["release", "version", "release cycle"],
        "ends_on": ["eol_date", "support ends", "end of support", "end of life"],
        "has_ended": ["is_eol", "support has ended", "ended"],
        "eol": ["end"],
        "link": ["www", "url"],
    }
    identified_by: ClassVar = ["product"]
    required: ClassVar = ["product", "cycle"]
    extras: ClassVar = ["eol"]

    product = column("product", Text())
    cycle = column("cycle", Text())
    ends_on = column("ends_on", Day())
    has_ended = column("has_ended", Flag())
    link = column("link", Text())

    class Meta:
        model = Release
        fields: ClassVar = ["product", "cycle", "ends_on", "has_ended", "link"]

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        rows = Release.objects.select_for_update().order_by("pk")
        self.releases = {(folded(it.product), folded(it.cycle)): it for it in rows}
        return {}

    def prepare(self, row: dict[str, Any]) -> None:
        """What `eol` says, a day or yes or no, is told apart."""
        eol = cells.text(row.get("eol") or "")
        if TOLD.fullmatch(eol):
            row["has_ended"] = row.get("has_ended") or eol
        elif eol:
            try:
                cells.day(eol)
            except ValueError as error:
                raise ValidationError(f'column eol, "{eol}": {error}, or true or false') from error
            row["ends_on"] = row.get("ends_on") or eol
            row["has_ended"] = row.get("has_ended") or "no"

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        names = [folded(cells.text(row.get(name) or "")) for name in ("product", "cycle")]
        release = self.releases.get((names[0], names[1]))
        return self.claim(release) if release else None

    def import_instance(self, instance: Release, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        # A file that says only whether support has ended takes back the day that one said before.
        if TOLD.fullmatch(cells.text(row.get("eol") or "")) and not row.get("ends_on"):
            instance.ends_on = None

    def update(self, instances: Sequence[Any]) -> None:
        """The last that is written: then assets find the releases that they waited for."""
        super().update(instances)
        if self.may("assets.change_asset"):
            health.match_all(by=self.by, reason=self.reason)
