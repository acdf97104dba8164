"""The numbers of assets as columns of their spreadsheet: IMEI, ICCID, phone number, MAC address …

A cell adds a number to its asset. None is ever taken away by an import, neither by a blank cell nor
by another number: on the asset's page one sees which is which. Several in one cell are joined by a
semicolon, as an export joins them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from assets import identifiers
from assets.models import Asset, Identifier
from config import cells
from config.history import create_all_as
from config.reports import SHOWN, Change
from config.resources import BaseResource
from config.tables import Table

BETWEEN = "; "

# Each column's kind. Which adapter has a MAC address is not kept, that it is the asset's is.
COLUMNS = {
    "imei": "imei",
    "imei_2": "imei",
    "iccid": "iccid",
    "eid": "eid",
    "phone_number": "phone",
    "mac_address": "mac",
    "wifi_mac_address": "mac",
    "ethernet_mac_address": "mac",
    "uuid": "uuid",
}
HEADERS: dict[str, list[str]] = {
    "imei": ["imei 1", "imei/meid", "imei number", "primary imei"],
    "imei_2": ["imei2/meid2", "second imei", "secondary imei"],
    "iccid": ["sim iccid", "iccid number", "sim card iccid", "sim serial number"],
    "eid": ["esim eid", "eid number"],
    "phone_number": ["phone", "msisdn", "mobile number", "mobile phone number", "mobile phone"],
    "mac_address": ["mac", "mac id", "hardware address"],
    "wifi_mac_address": ["wi-fi mac", "wlan mac", "wlan mac address", "wireless mac"],
    "ethernet_mac_address": ["ethernet mac", "lan mac", "lan mac address", "wired mac"],
    "uuid": ["smbios uuid", "bios uuid", "system uuid", "hardware uuid", "device uuid"],
}

type Problems = dict[str, list[str]]


@dataclass(frozen=True)
class Number:
    """One number that a cell gives: stored notation, or as it stands with what is wrong with it."""

    column: str
    kind: str
    value: str
    problem: str = ""


class IdentifierColumns(BaseResource):
    """Reads and writes `Asset.identifiers`, set-based."""

    # --- Before the rows ---

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        columns = [name for name in COLUMNS if name in dataset.headers]
        self.given: defaultdict[int, list[Number]] = defaultdict(list)
        for name in columns:
            for row, cell in zip(self.numbers, dataset[name], strict=True):
                self.given[row] += _numbers(name, cell)
        self.rows_with: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for row, numbers in self.given.items():
            for key in {(it.kind, it.value) for it in numbers}:
                self.rows_with[key].append(row)
        self._load_numbers({COLUMNS[name] for name in columns})

    def _load_numbers(self, kinds: Iterable[str]) -> None:
        """Whose the numbers of these kinds are, by one query."""
        self.owners: dict[tuple[str, str], tuple[int, str]] = {}
        self.values_of: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        if not self.given:
            return
        found = Identifier.objects.filter(kind__in=list(kinds)).order_by("kind", "value")
        rows = found.values_list("kind", "value", "asset_id", "asset__tag")
        for kind, value, asset, tag in rows.iterator():
            self.owners[kind, value] = asset, tag
            self.values_of[asset, kind].append(value)

    # --- One row ---

    def import_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        problems = self._read_numbers(instance)
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as refusal:
            raise ValidationError({**refusal.error_dict, **problems}) from refusal
        if problems:
            raise ValidationError(problems)

    def _read_numbers(self, asset: Asset) -> Problems:
        """Note what the row adds to the asset; returns what is wrong with which column."""
        self.added: dict[tuple[str, str], Number] = {}
        problems: defaultdict[str, list[str]] = defaultdict(list)
        for number in self.given.get(self.row, []):
            key = number.kind, number.value
            # What the asset has stays good, even where it would not be accepted today.
            if asset.pk is not None and self.owners.get(key, (None, ""))[0] == asset.pk:
                continue
            if problem := self._problem(number):
                problems[number.column].append(problem)
            else:
                self.added[key] = number
        return problems

    def _problem(self, number: Number) -> str:
        if number.problem:
            return number.problem
        key = number.kind, number.value
        if key in self.owners:
            return f"is a number of {self.owners[key][1]} already"
        if len(rows := self.rows_with[key]) > 1:
            return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]} have the same"
        if not self.may("assets.add_identifier"):
            return "you may not add numbers to assets"
        return ""

    def skip_row(self, *args: Any, **kwargs: Any) -> bool:
        return super().skip_row(*args, **kwargs) and not self.added

    def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        super().after_save_instance(instance, row, **kwargs)
        instance.import_numbers = list(self.added.values())
        if self.new:
            return
        added: defaultdict[str, list[str]] = defaultdict(list)
        for kind, value in self.added:
            added[kind].append(value)
        for kind, values in added.items():
            had = self.values_of[instance.pk, kind]
            self._note_numbers(instance, kind, had, [*had, *values])

    def _note_numbers(self, asset: Asset, kind: str, had: list[str], has: list[str]) -> None:
        if len(self.changes) < SHOWN:
            name = identifiers.NAMES[kind]
            told = _joined(kind, had), _joined(kind, has)
            self.changes.append(Change(self.row, str(asset), name, *told, False))

    # --- All rows ---

    def write_beside(self) -> None:
        super().write_beside()
        create_all_as(
            [
                Identifier(asset=asset, kind=number.kind, value=number.value)
                for asset in [*self.create_instances, *self.update_instances]
                for number in asset.import_numbers
            ],
            by=self.by,
            reason=self.reason,
        )

    # --- The export ---

    def with_numbers(self, assets: models.QuerySet[Asset]) -> models.QuerySet[Asset]:
        """The assets as an export needs them; an import reads their numbers by itself."""
        return assets if self.found else assets.prefetch_related("identifiers")

    def further_columns(self) -> list[tuple[str, Callable[[Any], Any]]]:
        mine = [(name, _reader(kind)) for kind, name in identifiers.NAMES.items()]
        return [*mine, *super().further_columns()]

    def label(self, name: str) -> str:
        return identifiers.NAMES[COLUMNS[name]] if name in COLUMNS else super().label(name)


def _reader(kind: str) -> Callable[[Any], Any]:
    def value(asset: Asset) -> str:
        return _joined(kind, [it.value for it in asset.identifiers.all() if it.kind == kind])

    return value


def _joined(kind: str, values: Iterable[str]) -> str:
    return BETWEEN.join(identifiers.shown(kind, value) for value in values)


def _numbers(column: str, cell: object) -> list[Number]:
    """The numbers of one cell; none for a blank one."""
    if cell in (None, ""):
        return []
    kind = COLUMNS[column]
    try:
        text = cells.text(cell, identifies=True)
    except ValueError as error:
        return [Number(column, kind, str(cell), str(error))]
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    return [_number(column, kind, part, alone=len(parts) == 1) for part in parts]


def _number(column: str, kind: str, text: str, *, alone: bool) -> Number:
    try:
        return Number(column, kind, identifiers.read(kind, text))
    except ValueError as error:
        problem = str(error) if alone else f"{text} {error}"
        return Number(column, kind, identifiers.stored(kind, text), problem)
