"""Spreadsheets into records, by django-import-export, set-based and with history.

The interface for screens and commands:

- `kinds()` maps "people", "assets" … to the resource class of each kind.
- `config.tables.read(file, name)` gives a Table, or raises ValidationError.
- `run(resource_class, table, by=…, …)` imports it and returns a `config.reports.Report`, or raises
  ValidationError where no row can be read at all: no header is known, a mapping is wrong.

A blank cell changes nothing. A row is refused with its number, column, value and what is accepted;
one refused row means that nothing is written, unless `skip_refused`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models
from django.utils.module_loading import autodiscover_modules
from import_export.fields import Field
from import_export.results import Result, RowResult

from config import cells, constraints
from config.headers import mapped
from config.history import Actor, create_all_as, update_all_as
from config.lookups import Lookup
from config.reports import Refusal, Report
from config.rows import Rows
from config.secrets import MASK
from config.tables import Table
from config.widgets import Cell

registry: dict[str, type["BaseResource"]] = {}


def kinds() -> dict[str, type["BaseResource"]]:
    """Every kind that can be imported, in the order in which a new register takes them."""
    _discover()
    return dict(registry)


@cache
def _discover() -> None:
    """Import them once: looking in every app for what most do not have takes milliseconds."""
    autodiscover_modules("resources")


def run(
    resource_class: type["BaseResource"],
    table: Table,
    *,
    by: Actor = None,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    order: cells.Order | None = None,
    dry_run: bool = False,
    create_missing: bool = False,
    skip_refused: bool = False,
) -> Report:
    """Import a table as `by`; None is the command line, which may everything.

    `mapping` gives a header's field, `constants` a field's value for every row, `order` says what
    5/1/2019 means where the file does not. All or nothing, in one transaction.
    Raises ValidationError where the header or the mapping cannot be used.
    """
    found = mapped(table, resource_class, mapping or {}, constants or {})
    resource = resource_class(
        by=by,
        reason=f"imported from {table.name}",
        create_missing=create_missing,
        skip_refused=skip_refused,
        order=order,
        found=found,
    )
    result = resource.import_data(
        found.table,
        dry_run=dry_run,
        use_transactions=True,
        rollback_on_validation_errors=not skip_refused,
    )
    return resource.report(result, dry_run=dry_run)


def column(attribute: str, widget: Cell) -> Field:
    """A field of a resource; its column in the mapped table has its own name."""
    return Field(attribute=attribute, column_name=attribute, widget=widget)


class BaseResource(Rows):
    """One kind of spreadsheet; a subclass declares what `config.loading` lists."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.slug:
            registry[cls.slug] = cls

    # --- All rows ---

    def bulk_create(
        self,
        using_transactions: bool,
        dry_run: bool,
        raise_errors: bool,
        batch_size: int | None = None,
        result: Result | None = None,
    ) -> None:
        """Write what is new, unless this is a preview or a row is refused."""
        assert result is not None
        while impossible := self.impossible_together():
            for instance, problem in impossible:
                self._refuse(instance, problem, result)
        self.refused = {self.numbers[row.number - 1] for row in result.invalid_rows}
        if not self._writes(dry_run, result):
            return
        try:
            self.write_made()
            self.create(self.create_instances)
        except (ValidationError, DatabaseError) as error:
            self.handle_import_error(result, error, raise_errors)

    def impossible_together(self) -> list[tuple[Any, ValidationError]]:
        """The rows that are good by themselves and cannot be written beside the others, each with
        what is wrong; asked again after these are refused.
        """
        return self._orphans() if self.tree and self.skip_refused else []

    def _orphans(self) -> list[tuple[Any, ValidationError]]:
        """The rows that name a record of a row that is refused."""
        lookups = {id(record) for lookup in self.lookups.values() for record in lookup.made}
        known = lookups | {id(instance) for instance in self.create_instances}
        orphans = []
        for instance in [*self.create_instances, *self.update_instances]:
            parent = getattr(instance, self.tree)
            if parent is not None and parent.pk is None and id(parent) not in known:
                problem = f"names {parent}, whose own row is refused"
                orphans.append((instance, ValidationError({self.tree: problem})))
        return orphans

    def _refuse(self, instance: Any, problem: ValidationError, result: Result) -> None:
        result.append_invalid_row(instance.import_place, {}, problem)
        new = any(it is instance for it in self.create_instances)
        instances = self.create_instances if new else self.update_instances
        instances[:] = [it for it in instances if it is not instance]
        kind = RowResult.IMPORT_TYPE_NEW if new else RowResult.IMPORT_TYPE_UPDATE
        result.totals[kind] -= 1
        result.totals[RowResult.IMPORT_TYPE_INVALID] += 1

    def bulk_update(
        self,
        using_transactions: bool,
        dry_run: bool,
        raise_errors: bool,
        batch_size: int | None = None,
        result: Result | None = None,
    ) -> None:
        assert result is not None
        if not self._writes(dry_run, result):
            return
        try:
            self.update(self.update_instances)
            self.write_beside()
        except (ValidationError, DatabaseError) as error:
            self.handle_import_error(result, error, raise_errors)

    def _writes(self, dry_run: bool, result: Result) -> bool:
        broken = result.has_validation_errors() or (self.found and self.found.table.broken)
        return not dry_run and not result.has_errors() and (self.skip_refused or not broken)

    def write_made(self) -> None:
        """Write the missing records that rows named, what is named before what names it."""
        for lookup in self.in_order():
            if records := lookup.wanted(self.refused):
                lookup.write(records)

    def in_order(self) -> list[Lookup]:
        """The lookups; a subclass lists those first whose records others refer to."""
        return list(self.lookups.values())

    def create(self, instances: Sequence[Any]) -> None:
        for level in self.levels(instances):
            create_all_as(level, by=self.by, reason=self.reason)

    def levels(self, instances: Sequence[Any]) -> Iterable[list[Any]]:
        """Parents before children, by `tree`."""
        waiting = list(instances)
        while waiting:
            unsaved = {id(it) for it in waiting}
            level = [
                it for it in waiting if not self.tree or id(getattr(it, self.tree)) not in unsaved
            ]
            if not level:
                raise ValidationError(f"{waiting[0]} is above and below itself")
            yield level
            done = {id(it) for it in level}
            waiting = [it for it in waiting if id(it) not in done]

    def update(self, instances: Sequence[Any]) -> None:
        """Write the changed fields, those of like changes together."""
        groups: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
        for instance in instances:
            groups[tuple(instance.import_changed)].append(instance)
        for names, group in groups.items():
            update_all_as(group, [*names, *self.derived(names)], by=self.by, reason=self.reason)

    def write_beside(self) -> None:
        """Write what hangs on the records, now that all are written and have their keys."""

    def derived(self, names: Collection[str]) -> list[str]:
        """The stored fields that follow from those named."""
        return []

    def after_import(self, dataset: Table, result: Result, **kwargs: Any) -> None:
        """Nothing: no primary key is imported, so no sequence has to be set."""

    # --- The export ---

    def exported_from(self, record: Any, name: str) -> Any:
        """What an export reads the field from: the record, or a row of it that the field is of."""
        return record

    # --- The report ---

    def report(self, result: Result, *, dry_run: bool) -> Report:
        assert self.found
        table = self.found.table
        for error in result.base_errors:
            # What no row answers for and no sentence explains is a fault of the program.
            if not isinstance(error.error, ValidationError | DatabaseError):
                raise error.error
        refusals = [Refusal(row.number, "", "", row.problem) for row in table.broken]
        for invalid in result.invalid_rows:
            refusals += self._refusals(invalid)
        refusals += [
            Refusal(None, "", "", _sentence(error.error, self._meta.model))
            for error in result.base_errors
        ]
        refusals.sort(key=lambda refusal: refusal.row or 0)
        for row in result.error_rows:
            raise row.errors[0].error
        written = self._writes(dry_run, result)
        counted = written or dry_run
        return Report(
            name=table.name,
            created=result.totals[RowResult.IMPORT_TYPE_NEW] if counted else 0,
            updated=result.totals[RowResult.IMPORT_TYPE_UPDATE] if counted else 0,
            unchanged=result.totals[RowResult.IMPORT_TYPE_SKIP],
            refused=result.totals[RowResult.IMPORT_TYPE_INVALID] + len(table.broken),
            written=written,
            refusals=refusals,
            changes=self.changes,
            made=self._made(),
            ignored=self.found.ignored,
            notes=[*table.notes, *self.notes()],
        )

    def notes(self) -> list[str]:
        return [
            f"{count} rows give another {self.label(name)} than the record has; it was left as it"
            f" is: {self.owned[name]}"
            for name, count in self.left_alone.items()
        ]

    def _refusals(self, invalid: Any) -> list[Refusal]:
        assert self.found
        number = self.numbers[invalid.number - 1]
        row = dict(zip(self.found.table.headers, self.found.table[invalid.number - 1], strict=True))
        refusals = []
        for name, messages in invalid.error_dict.items():
            column = self.found.columns.get(name, "")
            value = row.get(name)
            shown = "" if value is None else str(value)[:100]
            shown = MASK if shown and name in self.secrets else shown
            if not column and name != "__all__":
                messages = [f"{self.label(name)} {message}" for message in messages]
            refusals += [
                Refusal(number, column, shown if column else "", str(message).removesuffix("."))
                for message in messages
            ]
        return refusals

    def _made(self) -> dict[str, list[str]]:
        made: defaultdict[str, list[str]] = defaultdict(list)
        for lookup in self.in_order():
            for record in lookup.wanted(self.refused):
                made[str(record._meta.verbose_name_plural)].append(str(record))
        return {name: sorted(names) for name, names in made.items()}


def _sentence(error: Exception, model: type[models.Model]) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages).removesuffix(".")
    known = constraints.broken(error, model).removesuffix(".")
    return f"{known or 'the database refused it'}; somebody wrote it meanwhile, import it again"
