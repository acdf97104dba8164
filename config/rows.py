"""One row of an import: read, compared with the record that is there, and checked."""

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import get_permission_codename
from django.core.exceptions import FieldDoesNotExist, ValidationError
from import_export.fields import Field

from config import constraints
from config.cells import Formula
from config.history import Record
from config.loading import Loading
from config.reports import SHOWN, Change

ROWS = 5
"""How many rows of the same key are told."""

UNKNOWN = (
    "is a formula without its value, since a program wrote the file; open it in Excel and save it"
)


class Rows(Loading):
    """A row is a new record, a changed one, an unchanged one, or refused in words."""

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        self.row = self.numbers[kwargs["row_number"] - 1]
        if formulas := {name: UNKNOWN for name, cell in row.items() if isinstance(cell, Formula)}:
            raise ValidationError(formulas)
        self.prepare(row)
        for name in self.key_columns():
            numbers = self.duplicates.get((name, self.key(name, row.get(name))), [])
            if len(numbers) > 1:
                raise ValidationError({name: f"{_rows(numbers)} have the same"})

    def after_init_instance(
        self, instance: Any, new: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        self.new = new
        self.before = {} if new else self.snapshot(instance)

    def snapshot(self, instance: Any) -> dict[str, object]:
        return {name: getattr(instance, name) for name in self.fields}

    def import_field(
        self, field: Field, instance: Any, row: dict[str, Any], is_m2m: bool = False, **kwargs: Any
    ) -> None:
        cell = row.get(field.column_name)
        if cell is None or cell == "":
            return
        name = field.attribute
        if not self.new and name in self.owned and self.is_owned(name, instance):
            self._leave_alone(field, instance, row)
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def is_owned(self, name: str, instance: Any) -> bool:
        """A hook: whether a field of `owned` belongs to the steps on this record too."""
        return True

    def _leave_alone(self, field: Field, instance: Any, row: dict[str, Any]) -> None:
        said, is_now = field.clean(row), getattr(instance, field.attribute)
        # Excel keeps moments to the millisecond.
        moments = isinstance(said, datetime) and isinstance(is_now, datetime)
        if said != is_now and not (moments and abs(said - is_now) < timedelta(milliseconds=1)):
            self.left_alone[field.attribute] += 1

    def skip_row(
        self,
        instance: Any,
        original: Any,
        row: dict[str, Any],
        import_validation_errors: Any = None,
    ) -> bool:
        self.changed = [
            name for name in self.before if self.before[name] != getattr(instance, name)
        ]
        return not self.new and not import_validation_errors and not self.changed

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """As `full_clean`, without its queries: constraints are checked in memory."""
        errors: dict[str, Any] = dict(import_validation_errors or {})
        if not errors:
            self._check_permission()
        for name in self.required:
            if name not in errors and constraints.value_of(instance, name) in (None, ""):
                errors[name] = [ValidationError("is missing: no cell of the row gives it")]
        if errors:
            raise ValidationError(errors)
        self.clean_fields(instance)
        self.check(instance)
        pending = {name for name in self.given_later if getattr(instance, name) == ""}
        constraints.check(instance, pending)
        for rule in self.uniques:
            if not pending & set(rule.names):
                rule.claim(instance, self.row)

    def _check_permission(self) -> None:
        options = self._meta.model._meta
        verb = "add" if self.new else "change"
        if not self.may(f"{options.app_label}.{get_permission_codename(verb, options)}"):
            raise ValidationError(f"you may not {verb} {options.verbose_name_plural}")

    def clean_fields(self, record: Record) -> None:
        """Every field's own validators; what it refers to has been looked up already."""
        relations = {f.name for f in record._meta.concrete_fields if f.is_relation}
        record.clean()
        record.clean_fields(exclude=relations | self.given_later)

    def check(self, instance: Any) -> None:
        """Rules that a form would check and no constraint states; raises ValidationError."""

    def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        instance.import_place = kwargs["row_number"]
        if self.new:
            self._note(instance, "", None, "")
            return
        instance.import_changed = self.changed
        for name in self.changed:
            self._note(instance, name, self.before[name], getattr(instance, name))

    def _note(self, instance: Any, name: str, before: object, after: object) -> None:
        if len(self.changes) < SHOWN:
            label = self.label(name) if name else ""
            was, becomes = self.told(name, before), self.told(name, after)
            self.changes.append(Change(self.row, str(instance), label, was, becomes, self.new))

    def told(self, name: str, value: object) -> str:
        return "" if value is None or not name else str(self.fields[name].widget.render(value))

    def label(self, name: str) -> str:
        try:
            return str(cast(Any, self._meta.model._meta.get_field(name)).verbose_name)
        except FieldDoesNotExist:
            return name.replace("_", " ")


def _rows(numbers: list[int]) -> str:
    """Of many only the first: each of them is refused, and names them all."""
    told, more = numbers[:ROWS], len(numbers) - ROWS
    last = f"{more} more" if more > 0 else str(told.pop())
    return f"rows {', '.join(map(str, told))} and {last}"
