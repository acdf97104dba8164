"""What a term bills and when, and what it costs month by month.

A bill is due in advance: it pays for the period that begins with it. Periods are counted from the
term's first day, not from one to the next, so a term from 31 January bills on 28 February and again
on 31 March. The last period of a term with an end may be a part of one; it is billed for its whole
months and the days left over as a part of the month they fall in (`config.periods.months_between`).

Accrued, each bill is spread over the days of the period it pays for. A calendar month weighs the
same as any other, and a part of it counts by its days: 17 days of February are 17/28 of a month.
What is rounded, half up to the cent, is what has accrued since the term began; a month's cost is
the difference of two such sums. So no rounding adds up, and over all its months a term costs what
it bills, to the cent.

Everything is counted in whole cents and in whole parts of a month, for a forecast asks half a
million times.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from config.periods import (
    end_of_month,
    last_day,
    months_after,
    months_and_days,
    months_from,
    months_passed,
)
from contracts.models import Term

MONTHS: dict[str, int] = {
    Term.Billing.MONTHLY: 1,
    Term.Billing.QUARTERLY: 3,
    Term.Billing.YEARLY: 12,
}
A_MONTH = 28 * 29 * 30 * 31 // 2
"""A month in the smallest parts that are whole for a day of any month."""
A_DAY = timedelta(1)


class Billed(Protocol):
    """A term, or anything else that bills like one: `amount` is due per billing period."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def billing(self) -> str: ...


def bills(
    term: Billed, first: date, last: date, until: date | None = None
) -> Sequence[tuple[date, Decimal]]:
    """The bills of a term that are due from `first` to `last`, both included, by day.

    In the term's own currency. A term without an end bills on and on. With `until` each is only
    the part that pays for the days up to that one; what pays for none is left out.
    """
    months = MONTHS.get(term.billing)
    if months is None:
        cents = _accrued_by(term, until) if until else _whole(term)
        within = first <= term.starts_on <= last and (cents or not until)
        return [(term.starts_on, _decimal(cents))] if within else []
    found, at = [], _first_period(term.starts_on, months, first)
    final = min(term.ends_on or date.max, until or date.max)
    while (due := months_after(term.starts_on, at * months)) <= last:
        if _begin(term.starts_on, at * months) > final:
            break
        if due >= first:
            found.append((due, _decimal(_part_until(term, months, at, final))))
        at += 1
    return found


def accrued(term: Billed, first: date, last: date) -> Decimal:
    """What a term costs from the day `first` to the day `last`, both included.

    An amount that is paid once and has no end to be spread to counts whole on its first day.
    """
    return _decimal(_accrued_by(term, last) - _accrued_by(term, first - A_DAY))


def accruals(term: Billed, month: date, count: int, until: date | None = None) -> list[Decimal]:
    """What a term costs in each of `count` calendar months, the first being that of `month`.

    With `until` only its days up to that one count.
    """
    months, final = months_from(month, count), until or date.max
    before, found = _accrued_by(term, min(months[0] - A_DAY, final)), []
    for first in months:
        after = _accrued_by(term, min(end_of_month(first), final))
        found.append(_decimal(after - before))
        before = after
    return found


def paid_to(term: Billed, on: date) -> date:
    """The last day that the bills due by the day `on` pay for; the day before it where none is.

    Of an amount that is paid once and has no end that is the first day.
    """
    months = MONTHS.get(term.billing)
    if on < term.starts_on:
        return term.starts_on - A_DAY
    if months is None:
        return term.ends_on or term.starts_on
    at = months_passed(term.starts_on, on - A_DAY) // months
    return _end(term, (at + 1) * months)


def cost_of(term: Billed) -> Decimal:
    """Everything that a term with an end costs. Raises ValueError where it has none."""
    if not term.ends_on:
        raise ValueError("What has no end costs more every day.")
    return _decimal(_accrued_by(term, term.ends_on))


# --- Periods -------------------------------------------------------------------------------------


def _first_period(starts_on: date, months: int, first: date) -> int:
    """The number of a period whose bill is due on `first` or not long before."""
    ahead = (first.year - starts_on.year) * 12 + first.month - starts_on.month - 1
    return max(0, ahead // months)


def _begin(starts_on: date, months: int) -> date:
    """The first day after so many months of a term."""
    return last_day(starts_on, months) + A_DAY if months else starts_on


def _end(term: Billed, months: int) -> date:
    """The last day of so many months of a term, which may end before."""
    end = last_day(term.starts_on, months)
    return min(end, term.ends_on) if term.ends_on else end


def _cents(term: Billed, months: int, at: int) -> int:
    """What the period number `at` is billed with; a part of one by its months and days."""
    end = last_day(term.starts_on, (at + 1) * months)
    if not term.ends_on or end <= term.ends_on:
        return _whole(term)
    whole, days, of = months_and_days(term.starts_on, term.ends_on)
    return _half_up(_whole(term) * ((whole - at * months) * of + days), months * of)


def _part_until(term: Billed, months: int, at: int, final: date) -> int:
    """What of the bill of a period pays for its days up to `final`."""
    begin, end = _begin(term.starts_on, at * months), _end(term, (at + 1) * months)
    cents = _cents(term, months, at)
    return cents if final >= end else _part(cents, begin, end, final)


def _accrued_by(term: Billed, day: date) -> int:
    """The cents that a term has cost by the close of `day`, since it began."""
    start = term.starts_on
    if day < start:
        return 0
    if term.ends_on and day > term.ends_on:
        day = term.ends_on
    months = MONTHS.get(term.billing)
    if months is None:
        return _part(_whole(term), start, term.ends_on, day) if term.ends_on else _whole(term)
    at = months_passed(start, day - A_DAY) // months
    return at * _whole(term) + _part_until(term, months, at, day)


def _part(cents: int, begin: date, end: date, day: date) -> int:
    """What of a bill for the days from `begin` to `end` has accrued by the close of `day`."""
    before = _passed(begin, begin.day - 1)
    return _half_up(cents * (_passed(day, day.day) - before), _passed(end, end.day) - before)


def _passed(month: date, days: int) -> int:
    """The parts of a month that have passed since the year 0 after so many days of `month`."""
    of = monthrange(month.year, month.month)[1]
    return (month.year * 12 + month.month - 1) * A_MONTH + days * (A_MONTH // of)


def _whole(term: Billed) -> int:
    return int(term.amount * 100)


def _half_up(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
