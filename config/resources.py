"""Spreadsheets into records, by django-import-export, set-based and with history.

The interface for screens and commands:

- `kinds()` maps "people", "assets" … to the resource class of each kind.
- `config.tables.read(file, name)` gives a Table, or raises ValidationError.
- `run(resource_class, table, by=…, …)` imports it and returns a `config.reports.Report`, or raises
  ValidationError where no row can be read at all: no header is known, a mapping is wrong.

A blank cell changes nothing. A row is refused with its number, column, value and what is accepted;
one refused row means that nothing is written, unless `skip_refused`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from django.contrib.auth import get_permission_codename
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DatabaseError, models
from django.utils.module_loading import autodiscover_modules
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import Result, RowResult

from config import cells, constraints
from config.headers import Mapped, mapped
from config.history import Actor, Record, create_all_as, update_all_as
from config.lookups import Lookup
from config.reports import SHOWN, Change, Refusal, Report
from config.tables import Table
from config.widgets import Amount, Cell, Day, Reference

CHUNK = 500
registry: dict[str, type["BaseResource"]] = {}


def kinds() -> dict[str, type["BaseResource"]]:
    """Every kind that can be imported, in the order in which a new register takes them."""
    autodiscover_modules("resources")
    return dict(registry)


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


class BaseResource(ModelResource):
    """One kind of spreadsheet. `headers` maps each field to the spellings known for its header."""

    slug: ClassVar[str] = ""
    """The name of the kind, as `import_data` takes it."""
    headers: ClassVar[dict[str, list[str]]] = {}
    keys: ClassVar[list[str]] = []
    """The fields that tell which record a row is about, the first that is filled in counts."""
    identified_by: ClassVar[list[str]] = []
    """The file must have a column for one of these, or no row can be understood."""
    required: ClassVar[list[str]] = []
    owned: ClassVar[dict[str, str]] = {}
    """Fields that only a process may change on a record that is there, and where it does so."""
    tree: ClassVar[str] = ""
    """A foreign key to the model itself, by which parents are written before their children."""
    given_later: ClassVar[set[str]] = set()
    """Fields that a blank cell leaves to the writing, such as a running number."""
    extras: ClassVar[list[str]] = []
    """Columns that are no field of their own and that `prepare` works on."""
    exported_beside: ClassVar[dict[str, str]] = {}
    """Columns that an export adds, by the path of attributes that they come from, because they tell
    apart what a field names."""

    class Meta:
        use_bulk = True
        batch_size = None
        skip_diff = True
        skip_html_diff = True
        clean_model_instances = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.slug:
            registry[cls.slug] = cls

    def __init__(
        self,
        *,
        by: Actor = None,
        reason: str = "imported",
        create_missing: bool = False,
        skip_refused: bool = False,
        order: cells.Order | None = None,
        found: Mapped | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.by, self.reason = by, reason
        self.create_missing, self.skip_refused = create_missing, skip_refused
        self.order = order
        self.found = found
        self.row = 0
        self.lookups: dict[type[Lookup], Lookup] = {}
        self.changes: list[Change] = []
        self.planned: dict[int, Any] = {}
        self.permissions: dict[str, bool] = {}
        self.left_alone: Counter[str] = Counter()
        self.refused: set[int] = set()

    # --- Who may, and which records are named ---

    def may(self, permission: str) -> bool:
        if self.by is None:
            return True
        if permission not in self.permissions:
            self.permissions[permission] = cast(Any, self.by).has_perm(permission)
        return self.permissions[permission]

    def lookup[L: Lookup](self, kind: type[L]) -> L:
        """The lookup of this kind, loaded once."""
        if kind not in self.lookups:
            self.lookups[kind] = kind(self)
        return cast(L, self.lookups[kind])

    # --- Before the rows ---

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        self.numbers = dataset.numbers
        self.present = [name for name in dataset.headers if name in self.fields]
        for name in self.fields:
            widget = self.fields[name].widget
            if isinstance(widget, Reference):
                widget.resource = self
        self._settle_dialects(dataset)
        self.uniques = constraints.uniques(self._meta.model)
        for rule in self.uniques:
            rule.load(self._meta.model._default_manager.order_by())
        self._load(dataset)

    def _settle_dialects(self, dataset: Table) -> None:
        """What 5/1/2019 and 1.234 mean, column by column; the file's other columns help."""
        columns = {name: dataset[name] for name in self.present}
        days = {n: c for n, c in columns.items() if isinstance(self.fields[n].widget, Day)}
        proved = {name: cells.orders(column) for name, column in days.items()}
        anywhere = set().union(*proved.values())
        for name in days:
            order = proved[name] or anywhere
            self.fields[name].widget.order = self.order or (
                next(iter(order)) if len(order) == 1 else None
            )
        for name, column in columns.items():
            if isinstance(self.fields[name].widget, Amount):
                point = cells.points(column)
                self.fields[name].widget.point = next(iter(point)) if len(point) == 1 else None

    def _load(self, dataset: Table) -> None:
        """Read the records that the rows are about, locked, and where a key comes twice."""
        self.index = self.load_index()
        self.duplicates: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        wanted: set[int] = set()
        names = [name for name in self.key_columns() if name in dataset.headers]
        # Read column by column: a row as a dictionary costs more.
        for name in names:
            taken = self.index.get(name, {})
            for number, cell in zip(self.numbers, dataset[name], strict=True):
                if key := self.key(name, cell):
                    self.duplicates[name, key].append(number)
                    wanted.update(taken.get(key, []))
        self.there: dict[int, Any] = {}
        pks = sorted(wanted)
        for start in range(0, len(pks), CHUNK):
            rows = self.get_queryset().filter(pk__in=pks[start : start + CHUNK])
            rows = rows.select_for_update(of=("self",)).order_by("pk")
            self.there |= {record.pk: record for record in rows}
        self.claimed: dict[int, int] = {}
        if self.tree:
            self._plan(dataset)

    def _plan(self, dataset: Table) -> None:
        """Begin the records that are new, so that a row may name one of a later row."""
        for number, cells_ in zip(self.numbers, dataset, strict=True):
            self.row = number
            row = dict(zip(dataset.headers, cells_, strict=True))
            try:
                self.prepare(row)
                if self.get_instance(None, row) is None:
                    self.planned[number] = self.plan(row)
            except (ValidationError, ValueError):
                continue
        self.claimed.clear()

    def plan(self, row: dict[str, Any]) -> Any:
        """A new record with what identifies it, known to the lookups."""
        return self._meta.model()

    def init_instance(self, row: Any = None) -> Any:
        planned = self.planned.get(self.row)
        return self._meta.model() if planned is None else planned

    def key_columns(self) -> list[str]:
        return self.keys

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        """By key column and folded value the primary keys of the records that have it."""
        index: dict[str, dict[str, list[int]]] = {name: {} for name in self.keys}
        rows = self._meta.model._default_manager.order_by().values_list("pk", *self.keys)
        for pk, *values in rows.iterator():
            for name, value in zip(self.keys, values, strict=True):
                if value:
                    index[name].setdefault(self.key(name, value), []).append(pk)
        return index

    def key(self, name: str, cell: object) -> str:
        """A key as it is compared, "" for a blank or an unreadable one."""
        try:
            return "" if cell in (None, "") else cells.text(cell, identifies=True).casefold()
        except ValueError:
            return ""

    # --- One row ---

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        self.row = self.numbers[kwargs["row_number"] - 1]
        self.prepare(row)
        for name in self.key_columns():
            numbers = self.duplicates.get((name, self.key(name, row.get(name))), [])
            if len(numbers) > 1:
                raise ValidationError({name: f"{_rows(numbers)} have the same"})

    def prepare(self, row: dict[str, Any]) -> None:
        """Put the row's own columns in shape, from those in `extras`."""

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        for name in self.keys:
            key = self.key(name, row.get(name))
            pks = self.index[name].get(key, []) if key else []
            if pks:
                return self.claim(self.there[pks[0]])
        return None

    def claim(self, record: Any) -> Any:
        """The record that is there, for this row alone."""
        first = self.claimed.setdefault(record.pk, self.row)
        if first != self.row:
            raise ValidationError(f"row {first} is about {record} too")
        return record

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
        if not self.new and field.attribute in self.owned:
            self._leave_alone(field, instance, row)
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

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
        if self.tree and self.skip_refused:
            self._refuse_orphans(result)
        self.refused = {self.numbers[row.number - 1] for row in result.invalid_rows}
        if not self._writes(dry_run, result):
            return
        try:
            self.write_made()
            self.create(self.create_instances)
        except (ValidationError, DatabaseError) as error:
            self.handle_import_error(result, error, raise_errors)

    def _refuse_orphans(self, result: Result) -> None:
        """Refuse the rows that name a record of a row that is refused, and theirs in turn."""
        lookups = {id(record) for lookup in self.lookups.values() for record in lookup.made}
        while True:
            known = lookups | {id(instance) for instance in self.create_instances}
            orphans = [
                instance
                for instance in [*self.create_instances, *self.update_instances]
                if (parent := getattr(instance, self.tree)) is not None
                and parent.pk is None
                and id(parent) not in known
            ]
            if not orphans:
                return
            for orphan in orphans:
                self._refuse(orphan, result)

    def _refuse(self, instance: Any, result: Result) -> None:
        parent = getattr(instance, self.tree)
        error = ValidationError({self.tree: f"names {parent}, whose own row is refused"})
        result.append_invalid_row(instance.import_place, {}, error)
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
            if not column and name != "__all__":
                messages = [f"{self.label(name)} {message}" for message in messages]
            refusals += [
                Refusal(number, column, shown if column else "", str(message).removesuffix("."))
                for message in messages
            ]
        return refusals

    def _made(self) -> dict[str, list[str]]:
        made = {}
        for lookup in self.in_order():
            if records := lookup.wanted(self.refused):
                name = str(lookup.model._meta.verbose_name_plural)
                made[name] = sorted(str(record) for record in records)
        return made


def _rows(numbers: list[int]) -> str:
    return f"rows {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _sentence(error: Exception, model: type[models.Model]) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages).removesuffix(".")
    known = constraints.broken(error, model).removesuffix(".")
    return f"{known or 'the database refused it'}; somebody wrote it meanwhile, import it again"
