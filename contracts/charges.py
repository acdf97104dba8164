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
million times. What a period's days are of it is the same for all terms of the same dates, and kept.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, Protocol

from config.periods import (
    A_DAY,
    days_in,
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
ONCE = 0
A_MONTH = 28 * 29 * 30 * 31 // 2
"""A month in the smallest parts that are whole for a day of any month."""
KEPT = 50_000


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
    return [(due, _decimal(cents)) for due, cents in bills_in_cents(term, first, last, until)]


def bills_in_cents(
    term: Billed, first: date, last: date, until: date | None = None
) -> list[tuple[date, int]]:
    """`bills` with amounts in whole cents, for many."""
    rhythm = _rhythm(term)
    dues = _dues(rhythm, first, last, until or date.max)
    price = _price(term, rhythm) if dues else FREE
    return [(due, price.of(share)) for due, share in dues]


def accrued(term: Billed, first: date, last: date) -> Decimal:
    """What a term costs from the day `first` to the day `last`, both included.

    An amount that is paid once and has no end to be spread to counts whole on its first day.
    """
    rhythm = _rhythm(term)
    price = _price(term, rhythm)
    return _decimal(price.of(_share(rhythm, last)) - price.of(_share(rhythm, first - A_DAY)))


def accruals(term: Billed, month: date, count: int, until: date | None = None) -> list[Decimal]:
    """What a term costs in each of `count` calendar months, the first being that of `month`.

    With `until` only its days up to that one count.
    """
    return [_decimal(cents) for cents in accruals_in_cents(term, month, count, until)]


def accruals_in_cents(
    term: Billed, month: date, count: int, until: date | None = None
) -> list[int]:
    """`accruals` in whole cents, for many."""
    rhythm = _rhythm(term)
    price = _price(term, rhythm)
    worth = [price.of(share) for share in _shares(rhythm, month, count, until or date.max)]
    return [after - before for before, after in zip(worth, worth[1:], strict=False)]


def paid_to(term: Billed, on: date) -> date:
    """The last day that the bills due by the day `on` pay for; the day before it where none is.

    Of an amount that is paid once and has no end that is the first day.
    """
    rhythm = _rhythm(term)
    if on < term.starts_on:
        return term.starts_on - A_DAY
    if rhythm.months == ONCE:
        return term.ends_on or term.starts_on
    return rhythm.end(months_passed(term.starts_on, on - A_DAY) // rhythm.months)


def cost_of(term: Billed) -> Decimal:
    """Everything that a term with an end costs. Raises ValueError where it has none."""
    if not term.ends_on:
        raise ValueError("What has no end costs more every day.")
    rhythm = _rhythm(term)
    return _decimal(_price(term, rhythm).of(_share(rhythm, term.ends_on)))


# --- Periods -------------------------------------------------------------------------------------


class Rhythm(NamedTuple):
    """When a term bills, whatever the amount; `months` are those of a period."""

    starts_on: date
    ends_on: date | None
    months: int

    def begin(self, at: int) -> date:
        """The first day of the period number `at`."""
        return last_day(self.starts_on, at * self.months) + A_DAY if at else self.starts_on

    def end(self, at: int) -> date:
        """The last day of the period number `at`, or of the term."""
        end = last_day(self.starts_on, (at + 1) * self.months)
        return min(end, self.ends_on) if self.ends_on else end

    def is_cut(self, at: int) -> bool:
        """The term ends before the period does."""
        end = last_day(self.starts_on, (at + 1) * self.months)
        return self.ends_on is not None and self.ends_on < end


class Share(NamedTuple):
    """So many whole periods, and so much of one more; `is_cut` where that is the one cut short."""

    periods: int
    part: int
    of: int
    is_cut: bool = False


NOTHING, ALL = Share(0, 0, 1), Share(1, 0, 1)


class Price(NamedTuple):
    """What a whole period costs and what the one that is cut short does, in cents."""

    whole: int
    cut: int

    def of(self, share: Share) -> int:
        cents = self.cut if share.is_cut else self.whole
        return share.periods * self.whole + _half_up(cents * share.part, share.of)


FREE = Price(0, 0)


def _rhythm(term: Billed) -> Rhythm:
    return Rhythm(term.starts_on, term.ends_on, MONTHS.get(term.billing, ONCE))


def _price(term: Billed, rhythm: Rhythm) -> Price:
    whole = int(term.amount * 100)
    part, of = _cut(rhythm)
    return Price(whole, _half_up(whole * part, of))


@lru_cache(KEPT)
def _cut(rhythm: Rhythm) -> tuple[int, int]:
    """What the last period of a term with an end is of a whole one, if it is cut short."""
    if rhythm.ends_on is None or rhythm.months == ONCE or rhythm.ends_on.year == date.max.year:
        return 0, 1
    whole, days, of = months_and_days(rhythm.starts_on, rhythm.ends_on)
    return whole % rhythm.months * of + days, rhythm.months * of


@lru_cache(KEPT)
def _dues(rhythm: Rhythm, first: date, last: date, until: date) -> tuple[tuple[date, Share], ...]:
    """The days from `first` to `last` on which a bill is due, and what of a period it is then."""
    start, _, months = rhythm
    if months == ONCE:
        due = first <= start <= min(last, until)
        return ((start, _share(rhythm, until)),) if due else ()
    found, at = [], _first_period(start, months, first)
    final = min(rhythm.ends_on or date.max, until)
    while (due_on := months_after(start, at * months)) <= last and rhythm.begin(at) <= final:
        if due_on >= first:
            found.append((due_on, _within(rhythm, at, final)))
        at += 1
    return tuple(found)


def _first_period(start: date, months: int, first: date) -> int:
    """The number of a period whose bill is due on `first` or not long before."""
    ahead = (first.year - start.year) * 12 + first.month - start.month - 1
    return max(0, ahead // months)


@lru_cache(KEPT)
def _shares(rhythm: Rhythm, month: date, count: int, until: date) -> tuple[Share, ...]:
    """What is over when the first month begins, and at the close of each month."""
    months = months_from(month, count)
    closes = [months[0] - A_DAY, *map(end_of_month, months)]
    return tuple(_share(rhythm, min(day, until)) for day in closes)


def _share(rhythm: Rhythm, day: date) -> Share:
    """What of a term is over at the close of a day."""
    start, ends_on, months = rhythm
    if day < start:
        return NOTHING
    day = min(day, ends_on) if ends_on else day
    if months == ONCE:
        return Share(0, *_passed(start, day, ends_on)) if ends_on else ALL
    at = months_passed(start, day - A_DAY) // months
    return _within(rhythm, at, day)._replace(periods=at)


def _within(rhythm: Rhythm, at: int, day: date) -> Share:
    """What of the period number `at` is over at the close of a day."""
    begin, end = rhythm.begin(at), rhythm.end(at)
    return Share(0, *_passed(begin, min(day, end), end), rhythm.is_cut(at))


def _passed(begin: date, day: date, end: date) -> tuple[int, int]:
    """What has passed of the days from `begin` to `end` at the close of `day`, in months' parts."""
    before = _parts(begin, begin.day - 1)
    return _parts(day, day.day) - before, _parts(end, end.day) - before


def _parts(month: date, days: int) -> int:
    """The parts of a month that have passed since the year 0 after so many days of `month`."""
    of = days_in(month.year, month.month)
    return (month.year * 12 + month.month - 1) * A_MONTH + days * (A_MONTH // of)


def _half_up(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
