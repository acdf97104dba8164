"""What a cell of a spreadsheet says of money; the rest is in `config.cells`."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from django.conf import settings

from config.currencies import CODES
from config.money import Money


class Point(StrEnum):
    """What stands before the cents."""

    DOT = "."
    COMMA = ","


SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "zł": "PLN", "US$": "USD", "CHF": "CHF"}
DOLLARS = {"USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD"}
AMOUNT = re.compile(
    r"(?P<before>[^\d.,\s+-]*)\s*(?P<sign>[+-]?)(?P<number>\d[\d.,' ]*)(?P<after>\D*)"
)
ACCEPTED_AMOUNTS = "accepted are amounts such as 1234.56, 1,234.56, 1.234,56 and $12.58"


def currency(cell: object) -> str:
    """The ISO code of the currency that stands beside an amount; "" where there is none."""
    if not isinstance(cell, str) or not re.search(r"[^\d.,\s-]", cell):
        return ""
    match = AMOUNT.fullmatch(_spaced(cell))
    return _currency(match["before"], match["after"]) if match else ""


def points(cells: Iterable[object]) -> set[Point]:
    """The decimal points that values such as 1,234.56 prove; both where they contradict."""
    found = set()
    for cell in cells:
        match = AMOUNT.fullmatch(_spaced(cell)) if isinstance(cell, str) else None
        if match and (point := _proved(match["number"])):
            found.add(point)
    return found


def money(cell: object, point: Point | None = None) -> Money:
    """The amount in a cell, of at most two places; `point` settles what 1.234 means.

    Its currency is the ISO code that stood beside it, or "".
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Money(_cents(Decimal(repr(cell))), "")
    match = AMOUNT.fullmatch(_spaced(cell))
    if not match:
        raise ValueError(f"is no amount; {ACCEPTED_AMOUNTS}")
    amount = _cents(Decimal(match["sign"] + _digits(match["number"], point)))
    return Money(amount, _currency(match["before"], match["after"]))


def _spaced(cell: object) -> str:
    """The text with plain spaces for every other kind, and none between a sign and its number.

    What a ledger writes in brackets, or with the sign behind, is below zero.
    """
    plain = re.sub(r"[\u00a0\u2009\u202f]", " ", str(cell)).replace("\u2019", "'").strip()
    plain = re.sub(
        r"^([^\d()-]*)\(([^()-]+)\)([^\d()]*)$", r"-\1\2\3", plain.replace("\u2212", "-")
    )
    plain = re.sub(r"^([^-]*\d) ?-(?!\d)", r"-\1", plain)
    return re.sub(r"^-\s*(\D+?)\s*(?=\d)", r"\1-", plain)


def _proved(number: str) -> Point | None:
    """The decimal point that a number can only have been written with, if there is one."""
    dots, commas = number.count("."), number.count(",")
    if dots and commas:
        return Point(max(".,", key=number.rindex))
    if dots > 1 or commas > 1:
        return Point.COMMA if dots else Point.DOT
    mark = "." if dots else ","
    whole, _, decimals = number.rpartition(mark)
    # Three digits may be thousands, but not after a nought.
    thousands = len(decimals.rstrip()) == 3 and whole.strip() != "0"
    return None if thousands or not (dots or commas) else Point(mark)


def _digits(number: str, point: Point | None) -> str:
    number = number.strip()
    written = _proved(number)
    # Three places are no cents: 1,234 is a thousand. What "1.234" is only the column can say.
    if written is None and "," in number:
        written = Point.DOT
    elif written is None and "." in number and point is None:
        raise ValueError("could be a thousand or one and a bit; write it with two places")
    written = written or point or Point.DOT
    group = "," if written == Point.DOT else "."
    grouped = rf"[1-9]\d{{0,2}}([{group}' ]\d{{3}})+|\d+"
    whole, _, cents = number.partition(written)
    if not re.fullmatch(grouped, whole) or not re.fullmatch(r"\d*", cents):
        raise ValueError(f"is no amount; {ACCEPTED_AMOUNTS}")
    if point and point != written:
        raise ValueError(f'is written differently from the rest of its column, which has "{point}"')
    return f"{re.sub(r'\D', '', whole)}.{cents or '0'}"


def _cents(amount: Decimal) -> Decimal:
    try:
        rounded = amount.quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise ValueError(f"is no amount; {ACCEPTED_AMOUNTS}") from error
    # What a spreadsheet calculated may miss the cent by the error of its arithmetic.
    if abs(rounded - amount) > Decimal("0.000001"):
        raise ValueError("has more than two places; round it")
    return rounded


def _currency(before: str, after: str) -> str:
    mark = (before + after).strip()
    if not mark:
        return ""
    if mark == "$":
        return settings.DEFAULT_CURRENCY if settings.DEFAULT_CURRENCY in DOLLARS else "USD"
    code = SYMBOLS.get(mark, mark.upper())
    if code not in CODES:
        raise ValueError(f"is no amount; {ACCEPTED_AMOUNTS}")
    return code
