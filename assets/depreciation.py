"""What an asset is worth in the books on a day, by the rule of its category.

The useful life begins with the day `placed_on` and has `useful_months` months (IAS 16, paragraphs
50 to 62). A part of a month counts by its days: 17 days of February are 17/28 of a month, or 17/29
in a leap year. A value "on" a day is that at its close, so 31 December has all of December in it.

What is rounded, half up to the cent, is the book value; the depreciation of a period is the
difference of two book values. So no rounding adds up, and the last period takes what is left.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Any

from assets.models import Category

Method = Category.Depreciation
LATEST = date.max - timedelta(1)


@dataclass(frozen=True)
class Rule:
    """How a category is depreciated; percentages are 0 to 100, the declining one is a year's."""

    method: str
    useful_months: int
    residual_percent: Decimal = Decimal(0)
    declining_percent: Decimal | None = None

    def __post_init__(self) -> None:
        if self.method not in (Method.STRAIGHT_LINE, Method.DECLINING_BALANCE):
            raise ValueError(f"{self.method!r} is no method of depreciation.")
        if self.useful_months < 1 or not 0 <= self.residual_percent <= 100:
            raise ValueError("A useful life has months, and a residual value is 0 to 100 percent.")
        if self.method == Method.DECLINING_BALANCE and not self.declining_percent:
            raise ValueError("A declining balance has a yearly rate.")


@dataclass(frozen=True)
class Line:
    """A calendar month of a schedule, or the part of it that counts; both days are included."""

    period_start: date
    period_end: date
    depreciation: Decimal
    book_value: Decimal


def rule_of(category: Any) -> Rule | None:
    """The rule of a category, or of anything with its four fields; None where it has none."""
    if not category.depreciation:
        return None
    return Rule(
        category.depreciation,
        category.useful_months,
        category.residual_percent,
        category.declining_percent,
    )


def book_value(rule: Rule, *, cost: Decimal, placed_on: date, on: date) -> Decimal:
    """The carrying amount at the close of the day `on`, to the cent.

    It is the cost before `placed_on` and the residual value after the useful life.
    """
    return cost if on < placed_on else _cents(Fraction(cost) * _share(rule, placed_on, on))


def residual_value(rule: Rule, *, cost: Decimal) -> Decimal:
    """What is left of the cost at the end of the useful life, to the cent."""
    return _cents(Fraction(cost) * Fraction(rule.residual_percent) / 100)


def schedule(
    rule: Rule, *, cost: Decimal, placed_on: date, until: date | None = None
) -> list[Line]:
    """Month by month to the end of the useful life, or to the day `until`.

    Over the whole life the depreciation adds up to the cost less the residual value, to the cent.
    """
    end = min(last_day(rule, placed_on=placed_on), until or LATEST)
    lines, opening, first = [], cost, placed_on
    while first <= end:
        last = min(first.replace(day=_days(first)), end)
        closing = book_value(rule, cost=cost, placed_on=placed_on, on=last)
        lines.append(Line(first, last, opening - closing, closing))
        opening, first = closing, last + timedelta(1)
    return lines


def last_day(rule: Rule, *, placed_on: date) -> date:
    """The last day of the useful life: its close is the first that is worth the residual value."""
    end = _begin_of(placed_on) + rule.useful_months
    part = end - floor(end)
    # Where it ends with a month, that is the last day of the month before.
    year, month = divmod(floor(end) if part else floor(end) - 1, 12)
    if year > MAXYEAR:
        return LATEST
    days = monthrange(year, month + 1)[1]
    return min(date(year, month + 1, ceil(part * days) if part else days), LATEST)


def result_on_disposal(
    rule: Rule | None, *, cost: Decimal, placed_on: date, disposed_on: date, proceeds: Decimal
) -> Decimal:
    """The proceeds less the book value at the close of `disposed_on` (IAS 16, paragraph 71).

    Positive is a gain, negative a loss. Without a rule the book value is the cost.
    """
    if rule is None:
        return proceeds - cost
    return proceeds - book_value(rule, cost=cost, placed_on=placed_on, on=disposed_on)


# --- The share of the cost that is left ----------------------------------------------------------


@lru_cache(maxsize=20_000)
def _share(rule: Rule, placed_on: date, on: date) -> Fraction:
    """The share of the cost that is left: the same for every asset placed on the same day."""
    start, life = _begin_of(placed_on), rule.useful_months
    passed = min(_close_of(on) - start, Fraction(life))
    residual = Fraction(rule.residual_percent) / 100
    if rule.method == Method.STRAIGHT_LINE:
        return 1 - (1 - residual) * passed / life
    rate = Fraction(rule.declining_percent or 0) / 100
    return _declined(start, passed, life, residual, rate)


def _declined(
    start: Fraction, passed: Fraction, life: int, residual: Fraction, rate: Fraction
) -> Fraction:
    """The share left after `passed` months of a declining balance.

    Each calendar year takes `rate` of what it begins with, the first and the last by their months;
    from the year in which the rest in equal parts is more, it takes that (the change of method in
    section 7, paragraphs 2 and 3, of the German Income Tax Act). Never more than to the residual.
    """
    share, done = Fraction(1), Fraction(0)
    while done < passed:
        year_end = min((floor((start + done) / 12) + 1) * 12 - start, Fraction(life))
        months, left = year_end - done, share - residual
        loss = min(left, max(share * rate * months / 12, left * months / (life - done)))
        until = min(year_end, passed)
        share -= loss * (until - done) / months
        done = until
    return share


def _begin_of(day: date) -> Fraction:
    """The months from the year 0 to the beginning of a day."""
    return day.year * 12 + day.month - 1 + Fraction(day.day - 1, _days(day))


def _close_of(day: date) -> Fraction:
    return _begin_of(day) + Fraction(1, _days(day))


def _days(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _cents(amount: Fraction) -> Decimal:
    """Half up, exactly: no binary or decimal approximation comes before it."""
    return Decimal(floor(amount * 100 + Fraction(1, 2))).scaleb(-2)
