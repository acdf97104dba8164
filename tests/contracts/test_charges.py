"""When a term bills and what it costs, worked by hand and day by day."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.charges import accruals, accrued, bills, cost_of, paid_to
from tests.contracts.day_by_day import EVERY, half_up, periods, worth

LONG = date(1990, 1, 1), date(2060, 12, 31)


@dataclass(frozen=True)
class Billed:
    starts_on: date
    ends_on: date | None
    amount: D
    billing: str = "monthly"


# --- Bills worked by hand ------------------------------------------------------------------------


def test_an_amount_paid_once_is_due_whole_on_the_first_day():
    term = Billed(date(2026, 3, 5), date(2029, 3, 4), D("900.00"), "once")
    assert bills(term, *LONG) == [(date(2026, 3, 5), D("900.00"))]
    assert bills(term, date(2026, 3, 6), date(2030, 1, 1)) == []


def test_a_month_from_its_thirty_first_bills_on_the_last_day_of_shorter_ones():
    term = Billed(date(2026, 1, 31), None, D("10.00"))
    due = [day for day, amount in bills(term, date(2026, 1, 1), date(2026, 5, 31))]
    assert due == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
    ]


def test_one_month_from_the_thirty_first_of_january_is_one_bill():
    term = Billed(date(2026, 1, 31), date(2026, 2, 28), D("10.00"))
    assert bills(term, *LONG) == [(date(2026, 1, 31), D("10.00"))]


def test_a_part_of_the_last_period_is_billed_as_a_part():
    # From 1 January to 10 May: a quarter, then one month and 10 of 31 days: 41/93 of 300.00.
    term = Billed(date(2026, 1, 1), date(2026, 5, 10), D("300.00"), "quarterly")
    assert bills(term, *LONG) == [
        (date(2026, 1, 1), D("300.00")),
        (date(2026, 4, 1), D("132.26")),
    ]


def test_half_a_cent_of_a_part_is_rounded_up():
    # One of April's 30 days of 0.45 is 0.015.
    term = Billed(date(2026, 4, 1), date(2026, 4, 1), D("0.45"))
    assert bills(term, *LONG) == [(date(2026, 4, 1), D("0.02"))]


def test_a_year_from_a_leap_day_bills_on_the_last_of_february():
    term = Billed(date(2024, 2, 29), None, D("1.00"), "yearly")
    due = [day for day, amount in bills(term, date(2025, 1, 1), date(2028, 12, 31))]
    assert due == [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)]


def test_what_has_no_end_bills_on_and_on():
    term = Billed(date(1995, 7, 1), None, D("5.00"))
    assert len(bills(term, date(2026, 1, 1), date(2026, 12, 31))) == 12


# --- Months worked by hand -----------------------------------------------------------------------


def test_a_year_costs_the_same_every_month():
    term = Billed(date(2026, 1, 1), date(2026, 12, 31), D("1200.00"), "yearly")
    assert accruals(term, date(2025, 12, 1), 14) == [0, *[D("100.00")] * 12, 0]


def test_a_part_of_a_month_costs_by_its_days():
    # From 15 January: 17 of 31 days; a year later January has the other 14.
    term = Billed(date(2026, 1, 15), date(2027, 1, 14), D("1200.00"), "yearly")
    months = accruals(term, date(2026, 1, 1), 13)
    assert months == [D("54.84"), *[D("100.00")] * 11, D("45.16")]


def test_cents_that_do_not_divide_are_not_lost():
    term = Billed(date(2026, 1, 1), date(2026, 3, 31), D("100.00"), "quarterly")
    assert accruals(term, date(2026, 1, 1), 3) == [D("33.33"), D("33.34"), D("33.33")]


def test_what_is_paid_once_and_has_no_end_costs_all_of_it_on_its_first_day():
    term = Billed(date(2026, 2, 3), None, D("50.00"), "once")
    assert accruals(term, date(2026, 1, 1), 3) == [0, D("50.00"), 0]


def test_what_has_no_end_has_no_whole_cost():
    with pytest.raises(ValueError, match="no end"):
        cost_of(Billed(date(2026, 2, 3), None, D("50.00")))


def test_a_bill_up_to_a_day_is_what_it_pays_for_until_then():
    term = Billed(date(2026, 1, 1), None, D("1200.00"), "yearly")
    window = date(2026, 1, 1), date(2028, 12, 31)
    assert bills(term, *window, until=date(2027, 3, 31)) == [
        (date(2026, 1, 1), D("1200.00")),
        (date(2027, 1, 1), D("300.00")),
    ]


def test_a_bill_that_is_paid_pays_to_the_end_of_its_period():
    term = Billed(date(2026, 1, 15), None, D("1.00"), "quarterly")
    assert paid_to(term, date(2026, 1, 14)) == date(2026, 1, 14)
    assert paid_to(term, date(2026, 1, 15)) == date(2026, 4, 14)
    assert paid_to(term, date(2026, 4, 15)) == date(2026, 7, 14)


def test_a_term_to_the_end_of_time_is_counted_like_any_other():
    term = Billed(date(2026, 1, 1), date.max, D("10.00"))
    assert accruals(term, date(2026, 1, 1), 2) == [D("10.00"), D("10.00")]
    once = Billed(date(2026, 1, 1), date.max, D("10.00"), "once")
    assert accruals(once, date(2026, 1, 1), 1) == [D("0.00")]


# --- Any term, a second way: day by day ----------------------------------------------------------


@st.composite
def terms(draw, *, open_ended=True):
    starts_on = draw(st.dates(date(2019, 1, 1), date(2027, 12, 31)))
    lengths = st.integers(0, 1500).map(lambda days: starts_on + timedelta(days))
    ends_on = draw(lengths | st.none() if open_ended else lengths)
    cents = draw(st.integers(0, 1_000_000))
    billing = draw(st.sampled_from(["once", *EVERY]))
    return Billed(starts_on, ends_on, D(cents) / 100, billing)


def raw(term):
    return term.starts_on, term.ends_on, term.amount, term.billing


@given(terms())
def test_bills_are_those_counted_day_by_day(term):
    until = date(2029, 12, 31)
    every = periods(*raw(term), until + timedelta(1))
    expected = [(due, half_up(amount)) for due, _, amount in every if due <= until]
    assert list(bills(term, LONG[0], until)) == expected


@given(terms(), st.dates(date(2019, 1, 1), date(2029, 12, 31)), st.integers(0, 1000))
def test_a_window_has_the_bills_that_fall_into_it(term, first, length):
    last = first + timedelta(length)
    every = bills(term, LONG[0], date(2040, 1, 1))
    assert list(bills(term, first, last)) == [pair for pair in every if first <= pair[0] <= last]


@given(terms(), st.dates(date(2019, 1, 1), date(2029, 12, 31)))
def test_what_has_accrued_is_what_the_days_add_up_to(term, until):
    assert accrued(term, LONG[0], until) == worth(raw(term), until)


@given(terms(open_ended=False))
def test_over_all_its_months_a_term_costs_what_it_bills(term):
    billed = sum((amount for _, amount in bills(term, *LONG)), D(0))
    assert sum(accruals(term, date(2019, 1, 1), 200)) == billed == cost_of(term)


@given(terms(), st.dates(date(2019, 1, 1), date(2029, 12, 31)))
def test_a_month_costs_what_its_first_and_its_last_day_have_between_them(term, day):
    first = day.replace(day=1)
    last = day.replace(day=monthrange(day.year, day.month)[1])
    assert accruals(term, day, 1) == [accrued(term, first, last)]


@given(terms(), st.dates(date(2019, 1, 1), date(2029, 12, 31)))
def test_the_bills_up_to_a_day_are_what_has_accrued_by_then(term, until):
    before = sum((amount for _, amount in bills(term, *LONG, until=until)), D(0))
    assert before == worth(raw(term), until)
    assert sum(accruals(term, date(2019, 1, 1), 200, until=until)) == before
