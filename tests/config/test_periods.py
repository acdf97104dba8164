"""Periods of months: what is whole, and what is left over."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.periods import (
    last_day,
    months_after,
    months_and_days,
    months_between,
    months_passed,
)

days = st.dates(date(1999, 1, 1), date(2040, 12, 31))


@given(days, st.integers(1, 80))
def test_so_many_months_last_as_long_as_their_last_day_says(first, months):
    assert months_between(first, last_day(first, months)) == months


@given(days, st.integers(0, 2000))
def test_a_longer_stretch_never_has_fewer_months(first, length):
    last = first + timedelta(length)
    assert months_between(first, last) < months_between(first, last + timedelta(1))


@given(days, st.integers(0, 2000))
def test_whole_months_are_those_whose_last_day_has_come(first, length):
    last = first + timedelta(length)
    whole = months_passed(first, last)
    assert whole == 0 or last_day(first, whole) <= last
    assert last < last_day(first, whole + 1)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 1, 1), date(2026, 3, 10), (2, 10, 31)),
        (date(2026, 1, 31), date(2026, 2, 28), (1, 0, 30)),
        (date(2024, 2, 29), date(2025, 2, 28), (12, 0, 28)),
        (date(2026, 1, 15), date(2026, 1, 15), (0, 1, 31)),
    ],
)
def test_what_is_left_over_is_counted_in_days(first, last, expected):
    assert months_and_days(first, last) == expected


def test_half_of_april_is_half_a_month():
    assert months_between(date(2026, 4, 1), date(2026, 4, 15)) == Decimal("0.5")


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, (2026, 1, 31)), (1, (2026, 2, 28)), (2, (2026, 3, 31)), (25, (2028, 2, 29))],
)
def test_a_month_after_its_thirty_first_is_the_last_of_february(months, expected):
    assert months_after(date(2026, 1, 31), months) == date(*expected)
