"""The columns of extra fields in the spreadsheet of assets, named as the fields are.

Fields of several categories that have the same name share a column; the category of a row's product
says which one a cell is for.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError

from assets import extra_fields
from assets.models import Asset, ExtraField
from config import cells
from config.headers import bare
from config.resources import BaseResource
from config.tables import Table
from config.widgets import Cell

type Problems = dict[str, list[str]]


class ExtraValues(Cell):
    """All of an asset's extra values, as a preview tells them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, ExtraField] = {}

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        known = [(self.fields.get(key) or ExtraField(name=key), it) for key, it in value.items()]
        return "; ".join(f"{field.name}: {extra_fields.shown(field, it)}" for field, it in known)


class ExtraColumns(BaseResource):
    """Reads and writes `Asset.extra`, column by column."""

    @classmethod
    def known_headers(cls) -> dict[str, list[str]]:
        return {**cls.headers, **{name: [] for name in cls._names(ExtraField.objects.all())}}

    @classmethod
    def _names(cls, fields: Any) -> list[str]:
        """Each name once; one that is a header of another column too is that column's."""
        taken = {bare(header) for name, more in cls.headers.items() for header in (name, *more)}
        names: dict[str, str] = {}
        for field in fields:
            if bare(field.name) not in taken:
                names.setdefault(bare(field.name), field.name)
        return list(names.values())

    def _load_fields(self) -> None:
        fields = list(ExtraField.objects.select_related("category"))
        self.extra_columns = self._names(fields)
        self.of_category: dict[int, dict[str, ExtraField]] = {}
        self.of_name: dict[str, list[ExtraField]] = {}
        for field in fields:
            self.of_category.setdefault(field.category_id, {})[bare(field.name)] = field
            self.of_name.setdefault(bare(field.name), []).append(field)

    # --- The import ---

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self._load_fields()
        fields = [field for them in self.of_name.values() for field in them]
        self.fields["extra"].widget.fields = {field.key: field for field in fields}
        self.given_columns = [(it, bare(it)) for it in self.extra_columns if it in dataset.headers]
        self.orders: dict[str, cells.Order | None] = {}
        for name, key in self.given_columns:
            if any(field.kind == ExtraField.Kind.DATE for field in self.of_name[key]):
                proved = cells.orders(dataset[name])
                only = next(iter(proved)) if len(proved) == 1 else None
                self.orders[name] = self.order or only

    def import_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as refusal:
            problems = self._read_extra(instance, row)
            raise ValidationError({**refusal.error_dict, **problems}) from refusal
        if problems := self._read_extra(instance, row):
            raise ValidationError(problems)

    def _read_extra(self, asset: Asset, row: dict[str, Any]) -> Problems:
        """Set `extra` from the row's cells; returns what is wrong with which column."""
        product = getattr(asset, "product", None)
        if product is None:
            return {}
        fields = self.of_category.get(product.category_id, {})
        problems: Problems = {}
        given: dict[str, Any] = {}
        for name, key in self.given_columns:
            if extra_fields.blank(row.get(name)):
                continue
            try:
                field = self._field(fields, key, product.category)
                given[field.key] = self._value(field, asset, name, row[name])
            except ValueError as error:
                problems[name] = [str(error)]
        was = self.before.get("product")
        moved = was is not None and getattr(was, "category_id", None) != product.category_id
        if problems or not (given or moved or self.new):
            return problems
        stored = extra_fields.fitting(asset.extra, fields.values()) if moved else asset.extra
        asset.extra = extra_fields.settled(stored, fields.values(), given)
        missing = extra_fields.missing(fields.values(), asset.extra)
        return {field.name: ["is missing: no cell of the row gives it"] for field in missing}

    def _field(self, fields: dict[str, ExtraField], key: str, category: object) -> ExtraField:
        if key in fields:
            return fields[key]
        those = ", ".join(str(field.category) for field in self.of_name[key])
        raise ValueError(f"belongs to {those}, and the product's category is {category}")

    def _value(self, field: ExtraField, asset: Asset, name: str, cell: object) -> Any:
        current = asset.extra.get(field.key)
        # What is stored stays good, even where a choice is no longer offered.
        if current is not None and str(cell) == extra_fields.shown(field, current):
            return current
        return extra_fields.read(field, cell, self.orders.get(name))

    # --- The export ---

    def get_export_fields(self, selected_fields: Any = None) -> list[Any]:
        fields = super().get_export_fields(selected_fields)
        return [field for field in fields if field.attribute != "extra"]

    def further_columns(self) -> list[tuple[str, Callable[[Any], Any]]]:
        self._load_fields()
        return [(name, self._reader(bare(name))) for name in self.extra_columns]

    def _reader(self, key: str) -> Callable[[Any], Any]:
        def value(asset: Asset) -> Any:
            field = self.of_category.get(asset.product.category_id, {}).get(key)
            return extra_fields.exported(field, asset.extra.get(field.key)) if field else ""

        return value
