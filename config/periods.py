"""Periods of whole months and days, and the last day on which notice of one is in time.

Both days of a stretch belong to it. The rules are those of sections 187 and 188 of the German
Civil Code, which most of Europe shares (Regulation 1182/71, article 3): a period that begins with
a day ends at the close of the day before the one of the same number, or of the month's last day
where the month has no such day.
"""

from calendar import isleap
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

A_DAY = timedelta(1)
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_in(year: int, month: int) -> int:
    """How many days a month has; `calendar.monthrange` takes ten times as long."""
    return 29 if month == 2 and isleap(year) else DAYS[month - 1]


def last_day(first: date, months: int) -> date:
    """The last day of so many months that begin with `first`.

    Twelve months from 29 February 2024 last until 28 February 2025, one from 31 January until the
    end of February. Raises ValueError where that is beyond the year 9999, or for no month at all.
    """
    if months < 1:
        raise ValueError("A period has a month at least.")
    whole = first.year * 12 + first.month - 1 + months
    year, month = divmod(whole if first.day > 1 else whole - 1, 12)
    days = days_in(year, month + 1)
    return date(year, month + 1, min(first.day - 1, days) if first.day > 1 else days)


def latest_notice(last: date, *, months: int = 0, days: int = 0) -> date:
    """The last day on which notice of so many months or days still ends a period on `last`.

    The day of the notice does not count: the months begin on the day after it.
    """
    if months:
        first: date = last + A_DAY - relativedelta(months=months)
        return first - A_DAY
    return last - timedelta(days)


def months_passed(first: date, last: date) -> int:
    """How many whole months that begin with `first` are over at the close of `last`."""
    after = last + A_DAY
    months = (after.year - first.year) * 12 + after.month - first.month
    return months if after.day >= first.day else months - 1


def months_and_days(first: date, last: date) -> tuple[int, int, int]:
    """The stretch from `first` to `last`: whole months, days left over, and of how many.

    From 1 January to 10 March that is 2 months and 10 of 31 days. Exact, where a decimal is not.
    """
    whole = months_passed(first, last)
    done = last_day(first, whole) if whole else first - A_DAY
    return whole, (last - done).days, (last_day(first, whole + 1) - done).days


def months_between(first: date, last: date) -> Decimal:
    """The length of the stretch from `first` to `last`, both included, in months.

    Whole months as `last_day` counts them, then the days left over as a part of the month they
    fall in: `months_between(first, last_day(first, 12))` is 12 for every day.
    """
    whole, days, of = months_and_days(first, last)
    return whole + Decimal(days) / of


def months_after(day: date, months: int) -> date:
    """The day of the same number so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, days_in(year, month + 1)))


def month_of(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def end_of_month(day: date) -> date:
    return day.replace(day=days_in(day.year, day.month))


def end_of_quarter(day: date) -> date:
    """The last day of March, June, September or December that is not before `day`."""
    month = (day.month + 2) // 3 * 3
    return day.replace(month=month, day=days_in(day.year, month))


def months_from(first: date, count: int) -> list[date]:
    """The first days of `count` months, the month of `first` being the first of them."""
    start = first.year * 12 + first.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(start, start + count)]
