"""Before an import's first row: what the columns mean, and the records the rows are about."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError
from import_export.resources import ModelResource

from config import amounts, cells, constraints
from config.headers import Mapped
from config.history import Actor
from config.lookups import Lookup
from config.reports import Change
from config.tables import Table
from config.widgets import Amount, Day, Reference

CHUNK = 500


class Loading(ModelResource):
    """What a kind of spreadsheet declares, and what is read before its first row."""

    slug: ClassVar[str] = ""
    """The name of the kind, as `import_data` takes it."""
    headers: ClassVar[dict[str, list[str]]] = {}
    """The fields, and for each the spellings known for its header beside its own name."""
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
    secrets: ClassVar[set[str]] = set()
    """Columns whose cells no report says again; an uploaded file of such a kind is deleted once it
    is written."""
    exported_beside: ClassVar[dict[str, str]] = {}
    """Columns that an export adds, by the path of attributes that they come from, because they tell
    apart what a field names."""

    class Meta:
        use_bulk = True
        batch_size = None
        skip_diff = True
        skip_html_diff = True
        clean_model_instances = True

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

    @classmethod
    def known_headers(cls) -> dict[str, list[str]]:
        """`headers`, and those of fields that are themselves data."""
        return cls.headers

    def further_columns(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """What an export adds that is known only when it runs: a header, and a record's value."""
        return []

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
                point = amounts.points(column)
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

    def prepare(self, row: dict[str, Any]) -> None:
        """Put the row's own columns in shape, from those in `extras`."""

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        """The record that the row is about, by the first of its keys that names one."""
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
