"""What a report is, and its rows: sorted, as a page shows them, and as a file holds them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import batched
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from config import exports
from config.charts import Chart
from config.formulas import disarmed
from config.money import Money, cents
from config.workbooks import Value

type Shown = Value | Money
type Rows = Sequence[Any] | QuerySet[Any]


def _none(rows: Rows) -> Sequence[Any]:
    return ()


def _no_actions(request: HttpRequest, row: Any) -> Sequence[tuple[str, str]]:
    return ()


@dataclass(frozen=True)
class Column:
    """What a column shows of a row, and where that leads; an `amount` stands to the right.

    In a file, Money is a number with its currency in a column beside it. `order` is the field, or
    the path to it, by which the database sorts rows that it has not given yet.
    """

    header: str
    value: Callable[[Any], Shown]
    link: Callable[[Any], str] | None = None
    amount: bool = False
    order: str = ""


@dataclass(frozen=True)
class Report:
    """A filtered table. `rows` gives all of them, in the same number of queries however many.

    `permission` is asked beside that to view the model, `export_permission` beside both. `totals`
    are pairs of a label and text, as ("All", "1,234.00 EUR"); `chart` may give several, one for
    each currency. `actions` are the buttons of a row, as pairs of a label and an address, which
    are for who may take them. `empty` says what to do next where there is nothing.
    """

    slug: str
    title: str
    permission: str
    export_permission: str
    columns: Sequence[Column]
    filterset: type[django_filters.FilterSet]
    rows: Callable[[Any], Rows]
    totals: Callable[[Any], Sequence[tuple[str, str]]] = _none
    chart: Callable[[Any], Chart | Sequence[Chart] | None] = _none
    actions: Callable[[HttpRequest, Any], Sequence[tuple[str, str]]] = _no_actions
    help: str = ""
    empty: str = "There is nothing to show yet."


# --- Rows ---


def column_of(report: Report, order: str) -> Column | None:
    """The column that `3`, or `-3` for descending, stands for."""
    number = order.removeprefix("-")
    if not (number.isascii() and number.isdecimal() and len(number) < 4):
        return None
    return dict(enumerate(report.columns, 1)).get(int(number))


def ordered(report: Report, filters: django_filters.FilterSet, order: str) -> Rows:
    """All rows, sorted by a column if `order` is one; what is empty comes last either way."""
    rows, column = report.rows(filters), column_of(report, order)
    if column is None:
        return rows
    down = order.startswith("-")
    if column.order and isinstance(rows, QuerySet):
        by = F(column.order)
        first = by.desc(nulls_last=True) if down else by.asc(nulls_last=True)
        grouped = isinstance(rows.query.group_by, tuple)
        return rows.order_by(first, *rows.query.order_by, *([] if grouped else ["pk"]))
    keys = [(_key(column.value(row)), row) for row in rows]
    known = sorted((it for it in keys if it[0]), key=lambda it: it[0], reverse=down)
    return [row for _, row in [*known, *(it for it in keys if not it[0])]]


def _key(value: Shown) -> tuple[Any, ...]:
    """What sorts values of any type; nothing for what is empty."""
    if value is None or value == "":
        return ()
    if isinstance(value, Money):
        return ("money", value.currency, value.amount)
    if isinstance(value, int | Decimal):
        return ("number", "", value)
    if isinstance(value, datetime | date):
        return ("time", value.isoformat())
    return ("text", value.casefold())


def cell(column: Column, row: Any) -> dict[str, Any]:
    return {
        "text": _text(column.value(row), column.amount),
        "link": column.link(row) if column.link else "",
        "amount": column.amount,
    }


def _text(value: Shown, amount: bool) -> str:
    """As a page shows it; a whole number has its thousands parted only where it is an amount."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}" if amount else str(value)
    if isinstance(value, datetime):
        at = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{at.day} {at:%B %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return str(value)


# --- Files ---


def file_of(columns: Sequence[Column], rows: Rows) -> tuple[list[str], exports.Chunks]:
    """The headers of a file and its rows; a column of money has its currency beside it."""
    money = _of_money(columns, rows)
    headers = []
    for column in columns:
        beside = [f"{column.header} currency"] if column in money else []
        headers += [disarmed(column.header), *map(disarmed, beside)]
    return headers, _chunks(columns, money, rows)


def _of_money(columns: Sequence[Column], rows: Rows) -> set[Column]:
    """By the first value there is: one column is of one kind."""
    unknown, money = {column for column in columns if column.amount}, set()
    for row in _each(rows):
        for column in tuple(unknown):
            value = column.value(row)
            if value is not None:
                unknown.remove(column)
                money |= {column} if isinstance(value, Money) else set()
        if not unknown:
            break
    return money


def _each(rows: Rows) -> Iterable[Any]:
    """The rows one by one; what the database gives is not kept."""
    return rows.iterator(chunk_size=exports.CHUNK) if isinstance(rows, QuerySet) else rows


def _chunks(columns: Sequence[Column], money: set[Column], rows: Rows) -> exports.Chunks:
    for batch in batched(_each(rows), exports.CHUNK):
        yield [[it for column in columns for it in _plain(column, money, row)] for row in batch]


def _plain(column: Column, money: set[Column], row: Any) -> Iterator[Value]:
    value = column.value(row)
    if column not in money:
        yield _value(value)
    elif isinstance(value, Money):
        yield from (cents(value.amount), value.currency)
    else:
        yield from (_value(value), None)


def _value(value: Shown) -> Value:
    if isinstance(value, bool | Money | str):
        return disarmed(_text(value, amount=False))
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value).replace(tzinfo=None)
    return value
