"""Records out as CSV or XLSX, in the columns that an import of the same kind reads again.

A file is streamed: its first bytes come before the first record is read, and neither the memory nor
the queries per chunk of records grow with their number. No cell can be run as a formula.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from config import workbooks
from config.formulas import disarmed
from config.resources import BaseResource
from config.widgets import Amount, Day, Whole
from config.workbooks import Value

CHUNK = 500

type Chunks = Iterator[list[list[Value]]]


@dataclass(frozen=True)
class Column:
    """One column of an export: its header, and its value for a record."""

    header: str
    value: Callable[[Any], Value]


@dataclass(frozen=True)
class Format:
    """A kind of file; `write(headers, chunks)` gives its bytes as they become known."""

    content_type: str
    write: Callable[[Sequence[str], Chunks], Iterator[bytes]]


def export(
    kind: type[BaseResource],
    chosen: QuerySet[Any],
    file_format: Format,
    *,
    hidden: Collection[str] = (),
) -> Iterator[bytes]:
    """The file of the `chosen` records, without the columns of the `hidden` fields."""
    resource = kind()
    columns = columns_of(resource, hidden)
    rows = resource.get_queryset().filter(pk__in=chosen.order_by().values("pk"))
    ordering = [*rows.model._meta.ordering, "pk"]
    records = rows.order_by(*ordering).iterator(chunk_size=CHUNK)
    return file_format.write([column.header for column in columns], _chunks(records, columns))


def columns_of(resource: BaseResource, hidden: Collection[str] = ()) -> list[Column]:
    """The columns of a resource's fields, and those that tell apart what its fields name."""
    columns = [
        Column(_header(field.attribute), _reader(resource, field))
        for field in resource.get_export_fields()
        if field.attribute not in hidden
    ]
    columns += [
        Column(_header(name), _beside(path)) for name, path in resource.exported_beside.items()
    ]
    return columns + [
        Column(disarmed(header), _further(value)) for header, value in resource.further_columns()
    ]


def _header(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _reader(resource: BaseResource, field: Any) -> Callable[[Any], Value]:
    """Numbers and days as such, anything else as the text that the import reads."""
    typed = isinstance(field.widget, Amount | Day | Whole)

    def value(record: Any) -> Value:
        source = resource.exported_from(record, field.attribute)
        if typed:
            return _plain(field.get_value(source))
        return disarmed(str(field.export(source)))

    return value


def _beside(path: str) -> Callable[[Any], Value]:
    def value(record: Any) -> Value:
        for name in path.split("."):
            record = getattr(record, name, None)
        return disarmed("" if record is None else str(record))

    return value


def _further(read: Callable[[Any], Any]) -> Callable[[Any], Value]:
    def value(record: Any) -> Value:
        found: Value = read(record)
        return disarmed(found) if isinstance(found, str) else found

    return value


def _plain(value: Any) -> Value:
    """A moment as the site's clock shows it: neither Excel nor an import knows a zone."""
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None)
    plain: Value = value
    return plain


def _chunks(records: Iterable[Any], columns: Sequence[Column]) -> Chunks:
    chunk: list[list[Value]] = []
    for record in records:
        chunk.append([column.value(record) for column in columns])
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _csv(headers: Sequence[str], chunks: Chunks) -> Iterator[bytes]:
    """UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(headers)
    yield _taken(text)
    for chunk in chunks:
        writer.writerows(chunk)
        yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", _csv),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbooks.stream
    ),
}
