"""What a stocktake came to, on its page and as a file. It can be read while it runs and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db.models import Count as Number
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from assets.models import Asset, Count, Stocktake
from config.exports import CHUNK, Format
from config.formulas import disarmed
from config.workbooks import Value

Result = Count.Result
HEADERS = [
    "Result",
    "Asset tag",
    "What was read",
    "Product",
    "Serial",
    "Expected location",
    "Expected holder",
    "Found at",
    "Counted",
    "Source",
    "By",
    "Holder says no",
    "State now",
    "Location now",
]
COSTS = ["Cost", "Currency"]


@dataclass(frozen=True)
class Place:
    """How far the count is at one place; `name` is "" for what is expected at none."""

    name: str
    location: int | None
    expected: int
    found: int
    misplaced: int
    awaited: int
    missing: int


@dataclass(frozen=True)
class Report:
    """The numbers of a stocktake: in all, by place, and what is missing in money by currency."""

    expected: int
    found: int
    misplaced: int
    awaited: int
    missing: int
    unexpected: int
    unknown: int
    denied: int
    uncounted: int
    places: list[Place]
    missing_value: list[tuple[Decimal, str]]

    @property
    def counted(self) -> int:
        return self.found + self.misplaced


def _of(result: str) -> Number:
    return Number("pk", filter=Q(result=result))


def report(stocktake: Stocktake, *, with_cost: bool) -> Report:
    """In three queries, however many places and lines there are."""
    rows = stocktake.counts.order_by()
    numbers = rows.aggregate(
        found=_of(Result.FOUND),
        misplaced=_of(Result.MISPLACED),
        awaited=_of(Result.AWAITED),
        missing=_of(Result.MISSING),
        unexpected=Number("pk", filter=Q(result=Result.UNEXPECTED, asset__isnull=False)),
        unknown=Number("pk", filter=Q(asset=None)),
        denied=Number("pk", filter=Q(denied_at__isnull=False)),
        uncounted=Number("pk", filter=Q(result=Result.FOUND, source=Count.Source.NONE)),
    )
    expected = sum(numbers[it] for it in ("found", "misplaced", "awaited", "missing"))
    value = _missing_value(rows) if with_cost else []
    return Report(expected=expected, places=_places(rows), missing_value=value, **numbers)


def _places(rows: QuerySet[Count]) -> list[Place]:
    by_place = rows.exclude(result=Result.UNEXPECTED).values(
        "expected_location", "expected_location__path"
    )
    counted: Any = by_place.annotate(
        expected=Number("pk"),
        found=_of(Result.FOUND),
        misplaced=_of(Result.MISPLACED),
        awaited=_of(Result.AWAITED),
        missing=_of(Result.MISSING),
    )
    names = ("expected", "found", "misplaced", "awaited", "missing")
    return [
        Place(
            name=row["expected_location__path"] or "",
            location=row["expected_location"],
            **{name: int(row[name]) for name in names},
        )
        for row in counted.order_by("expected_location__path")
    ]


def _missing_value(rows: QuerySet[Count]) -> list[tuple[Decimal, str]]:
    missing = rows.filter(result=Result.MISSING, asset__cost__isnull=False)
    sums = missing.values("asset__currency").annotate(value=Sum("asset__cost"))
    return [(row["value"], row["asset__currency"]) for row in sums.order_by("asset__currency")]


def write(stocktake: Stocktake, file_format: Format, *, with_cost: bool) -> Iterator[bytes]:
    """Every line of the stocktake as a file, streamed; costs only where `with_cost` allows it."""
    lines = (_line(count, with_cost) for count in _lines(stocktake).iterator(chunk_size=CHUNK))
    chunks = ([list(line) for line in chunk] for chunk in batched(lines, CHUNK))
    return file_format.write([*HEADERS, *(COSTS if with_cost else [])], chunks)


def _lines(stocktake: Stocktake) -> QuerySet[Count]:
    versions = Count.history.model.objects.filter(id=OuterRef("pk")).order_by("-history_id")
    related = ("asset__product__maker", "asset__location", "expected_location", "expected_holder")
    rows = stocktake.counts.select_related(*related, "found_at")
    return rows.annotate(by=Subquery(versions.values("history_user__email")[:1])).order_by("pk")


def _line(count: Count, with_cost: bool) -> list[Value]:
    asset = count.asset
    counted = timezone.localtime(count.counted_at).replace(tzinfo=None) if count.counted_at else ""
    cells: list[Value] = [
        count.get_result_display(),
        _text(asset.tag if asset else ""),
        _text(count.code),
        _text(asset.product if asset else ""),
        _text(asset.serial if asset else ""),
        _text(count.expected_location or ""),
        _text(count.expected_holder or ""),
        _text(count.found_at or ""),
        counted,
        count.get_source_display(),
        _text(getattr(count, "by", None) or ""),
        "yes" if count.denied_at else "",
        asset.get_state_display() if asset else "",
        _text((asset and asset.location) or ""),
    ]
    return cells + (_costs(asset) if with_cost else [])


def _costs(asset: Asset | None) -> list[Value]:
    return [asset.cost, asset.currency] if asset and asset.cost is not None else [None, ""]


def _text(value: object) -> str:
    return disarmed(str(value))
