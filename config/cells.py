"""What a cell of a spreadsheet says: a text, a day, a moment, yes or no.

Each reader takes a cell as `config.tables` gives it and returns a value; it raises ValueError with
a sentence that says what is accepted. A blank cell is never given to them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from django.utils import timezone as site

FAILED = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}


@dataclass(frozen=True)
class Formula:
    """A cell of a workbook that was saved before anybody calculated its value."""

    text: str

    def __str__(self) -> str:
        return f"={self.text}"


def text(cell: object, *, identifies: bool = False) -> str:
    """The cell as text. With `identifies` a number that Excel has rounded is refused."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if identifies and abs(cell) >= 10**15:
            raise ValueError(ROUNDED)
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    value = str(cell).strip()
    if value in FAILED:
        raise ValueError("is what Excel shows where a formula failed; give the value itself")
    if identifies and re.fullmatch(r"\d([.,]\d+)?[Ee]\+\d+", value):
        raise ValueError(ROUNDED)
    return value


def lost(typed: str) -> str:
    """What a spreadsheet did to a text that identifies something; "" where it did nothing to it."""
    try:
        text(typed, identifies=True)
    except ValueError as error:
        return str(error)
    return ""


ROUNDED = (
    "has lost digits, Excel took it for a number; format the column as text there, enter it again"
    " and export again"
)

# --- Days and moments ----------------------------------------------------------------------------


class Order(StrEnum):
    """Which number comes first in 5/1/2019."""

    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"


CLOCK = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d+))?)?"
    r"\s*(?P<half>[AaPp])?\.?(?:[Mm]\.?)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"
)
YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + CLOCK)
DOTTED = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d\d)" + CLOCK)
SLASHED = re.compile(r"(?P<one>\d{1,2})([/-])(?P<two>\d{1,2})\2(?P<year>\d{4}|\d\d)" + CLOCK)
NAMED = re.compile(
    r"(?P<day>\d{1,2})[ .-]+(?P<name>[A-Za-z]{3,9})[ .,-]+(?P<year>\d{4}|\d\d)" + CLOCK
)
NAMED_FIRST = re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + CLOCK)
MONTHS = [date(2000, month, 1).strftime("%B").lower() for month in range(1, 13)]
EXCEL_BEGINS = datetime(1899, 12, 30)
# 1954 to 2064: a number outside is hardly a day.
EXCEL_DAYS = range(20_000, 60_000)
YEARS = range(1900, 2200)
ACCEPTED_DAYS = "accepted are days such as 2024-05-31, 31.05.2024, 5/31/2024 and 31 May 2024"


def orders(cells: Iterable[object]) -> set[Order]:
    """The orders that values such as 5/31/2024 prove; both where they contradict each other."""
    found = set()
    for cell in cells:
        match = SLASHED.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if match and int(match["one"]) > 12:
            found.add(Order.DAY_FIRST)
        elif match and int(match["two"]) > 12:
            found.add(Order.MONTH_FIRST)
    return found


def day(cell: object, order: Order | None = None) -> date:
    """The day that a cell names, whatever the time beside it; `order` settles 5/1/2019."""
    return _moment(cell, order).date()


def moment(cell: object, order: Order | None = None) -> datetime:
    """The moment that a cell names, aware; without a zone it is the site's time."""
    value = _moment(cell, order)
    aware: datetime = value if value.tzinfo else site.make_aware(value)
    return aware


def _moment(cell: object, order: Order | None) -> datetime:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime.combine(cell, time.min)
    if isinstance(cell, int | float) or re.fullmatch(r"\d{5}(\.\d+)?", str(cell)):
        days = float(str(cell)) if not isinstance(cell, bool) else 0.0
        if int(days) in EXCEL_DAYS:
            # Excel counts days; its clock is good to the second.
            exact = EXCEL_BEGINS + timedelta(days)
            return (exact + timedelta(milliseconds=500)).replace(microsecond=0)
        raise ValueError(f"is no day; {ACCEPTED_DAYS}")
    value = str(cell).strip()
    for pattern in (YEAR_FIRST, DOTTED, NAMED, NAMED_FIRST, SLASHED):
        if match := pattern.fullmatch(value):
            return _built(match.groupdict(), order)
    raise ValueError(f"is no day; {ACCEPTED_DAYS}")


def _built(parts: dict[str, str | None], order: Order | None) -> datetime:
    try:
        month, number = _month_and_day(parts, order)
        clock = _clock(parts)
        return datetime(
            _year(parts["year"] or ""), month, number, *clock, tzinfo=_zone(parts["zone"])
        )
    except OverflowError as error:
        raise ValueError(f"is no day; {ACCEPTED_DAYS}") from error
    except ValueError as error:
        known = str(error).startswith("could be")
        raise ValueError(
            str(error) if known else f"is no day of the calendar; {ACCEPTED_DAYS}"
        ) from error


def _year(digits: str) -> int:
    """Of two digits 69 to 99 are the last century, as POSIX has it."""
    year = int(digits)
    if len(digits) == 2:
        year += 1900 if year > 68 else 2000
    if year not in YEARS:
        raise ValueError(year)
    return year


def _month_and_day(parts: dict[str, str | None], order: Order | None) -> tuple[int, int]:
    if name := parts.get("name"):
        months = [n for n, word in enumerate(MONTHS, 1) if word.startswith(name.lower())]
        return months[0] if months else 0, int(parts["day"] or 0)
    if "one" not in parts:
        return int(parts["month"] or 0), int(parts["day"] or 0)
    one, two = int(parts["one"] or 0), int(parts["two"] or 0)
    if order is None and one != two and one <= 12 and two <= 12:
        raise ValueError(
            "could be two days, and nothing in the file says whether the day or the month comes"
            " first; say so, or write days as 2024-05-31"
        )
    if order is None:
        order = Order.DAY_FIRST if one > 12 else Order.MONTH_FIRST
    return (two, one) if order == Order.DAY_FIRST else (one, two)


def _clock(parts: dict[str, str | None]) -> tuple[int, int, int, int]:
    hour = int(parts["hour"] or 0)
    if half := parts["half"]:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    # Databases write nanoseconds; ours keep microseconds.
    part = int((parts["part"] or "0")[:6].ljust(6, "0"))
    return hour, int(parts["minute"] or 0), int(parts["second"] or 0), part


def _zone(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone in {"Z", "UTC"}:
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return timezone(-offset if zone[0] == "-" else offset)


# --- Yes or no, and whole numbers ----------------------------------------------------------------

YES = {"yes", "y", "true", "t", "1", "x", "on", "ja", "oui"}
NO = {"no", "n", "false", "f", "0", "-", "off", "nein", "non"}


def flag(cell: object) -> bool:
    word = text(cell).lower()
    if word not in YES | NO:
        raise ValueError("is neither; accepted are yes and no, true and false, 1 and 0")
    return word in YES


def whole(cell: object) -> int:
    value = text(cell)
    if not re.fullmatch(r"\d{1,9}", value):
        raise ValueError("is no whole number, such as 36")
    return int(value)
