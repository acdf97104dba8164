"""What is committed and what is undecided, case by case and for any contract."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Licence, Term
from contracts.outlook import Decided, of_licence, outlook
from tests.contracts import day_by_day

ON, UNTIL = date(2026, 11, 24), date(2028, 10, 31)


def term(starts_on, ends_on, renewal="express", **fields):
    fields = {"amount": D("120.00"), "currency": "EUR", "billing": "yearly", **fields}
    return Term(starts_on=starts_on, ends_on=ends_on, renewal=renewal, **fields)


YEAR = date(2026, 1, 1), date(2026, 12, 31)


def seen(*terms, decided=None, on=ON):
    """Start, end and what of it is committed to, of each."""
    found = outlook(terms, decided or Decided(), on=on, until=UNTIL)
    return [(it.starts_on, it.ends_on, min(it.sure_until, it.ends_on or date.max)) for it in found]


def test_a_term_that_ends_is_followed_by_none():
    assert seen(term(*YEAR, "none")) == [(*YEAR, YEAR[1])]


def test_what_somebody_must_renew_is_undecided_after_its_end():
    assert seen(term(*YEAR)) == [
        (*YEAR, YEAR[1]),
        (date(2027, 1, 1), date(2027, 12, 31), YEAR[1]),
        (date(2028, 1, 1), date(2028, 12, 31), YEAR[1]),
    ]


def test_what_nobody_renewed_and_has_ended_is_over():
    ended = term(date(2025, 1, 1), date(2025, 12, 31))
    assert seen(ended) == [(ended.starts_on, ended.ends_on, ended.ends_on)]


def test_what_renews_by_itself_is_undecided_while_notice_is_in_time():
    tacit = term(*YEAR, "tacit", renewal_months=12, notice=30)
    assert seen(tacit, on=date(2026, 12, 1))[1][2] == YEAR[1]


def test_what_renews_by_itself_is_committed_once_its_day_for_notice_has_passed():
    tacit = term(*YEAR, "tacit", renewal_months=12, notice=30)
    assert [it[2] for it in seen(tacit, on=date(2026, 12, 2))] == [
        date(2026, 12, 31),
        date(2027, 12, 31),
        date(2027, 12, 31),
    ]


def test_after_three_years_it_renews_for_one():
    tacit = term(date(2024, 1, 1), YEAR[1], "tacit", renewal_months=12, notice=3)
    assert [it[:2] for it in seen(tacit)][1] == (date(2027, 1, 1), date(2027, 12, 31))


def test_an_amount_paid_once_for_three_years_is_a_third_of_it_for_one():
    found = outlook(
        [term(date(2024, 1, 1), YEAR[1], billing="once", renewal_months=12)], on=ON, until=UNTIL
    )
    assert [it.amount for it in found] == [D("120.00"), D("40.00"), D("40.00")]


def test_what_has_no_end_is_committed_to_the_first_day_on_which_notice_ends_it():
    rolling = term(
        date(2026, 2, 1), None, "open", billing="monthly", notice=1, notice_unit="months"
    )
    rolling.notice_to = "quarter"
    assert seen(rolling) == [(date(2026, 2, 1), None, date(2026, 12, 31))]


def test_what_has_no_end_is_committed_as_far_as_it_is_paid():
    rolling = term(date(2026, 2, 1), None, "open", notice=30)
    assert seen(rolling) == [(date(2026, 2, 1), None, date(2027, 1, 31))]


def test_what_goes_on_until_notice_after_its_end_does_so():
    rolling = term(*YEAR, "open", notice=1, notice_unit="months")
    assert seen(rolling) == [(*YEAR, YEAR[1]), (date(2027, 1, 1), None, YEAR[1])]


def test_a_cancelled_contract_stops_on_the_day_of_the_decision():
    tacit = term(*YEAR, "tacit", renewal_months=12, notice=90)
    rolling = term(date(2026, 2, 1), None, "open")
    to_may = Decided("cancel", date(2027, 5, 31))
    assert seen(tacit, decided=Decided("cancel", YEAR[1])) == [(*YEAR, YEAR[1])]
    assert seen(rolling, decided=to_may) == [
        (date(2026, 2, 1), date(2027, 5, 31), date(2027, 5, 31))
    ]
    # Notice came too late for the first end: the next term is cut, and committed.
    assert seen(tacit, decided=to_may)[1] == (
        date(2027, 1, 1),
        date(2027, 5, 31),
        date(2027, 5, 31),
    )


def test_a_term_that_ends_goes_on_undecided_where_it_is_to_be_renegotiated():
    assert len(seen(term(*YEAR, "none"), decided=Decided("renegotiate"))) == 3


def test_an_earlier_term_keeps_its_price_and_its_end():
    first = term(date(2025, 1, 1), date(2025, 12, 31), amount=D("100.00"), currency="USD")
    found = outlook([first, term(*YEAR)], on=ON, until=ON)
    assert [(it.amount, it.currency) for it in found][:2] == [
        (D("100.00"), "USD"),
        (D("120.00"), "EUR"),
    ]


def test_a_contract_without_terms_has_nothing_ahead():
    assert outlook([], on=ON, until=UNTIL) == []


# --- Licences that cost by themselves ------------------------------------------------------------


def licence(**fields):
    return Licence(annual_cost=D("90.00"), currency="CHF", **fields)


def test_a_licence_is_committed_to_the_end_of_the_year_that_is_paid():
    [own] = of_licence(licence(purchased_on=date(2024, 3, 1)), on=ON, until=UNTIL)
    assert (own.ends_on, own.sure_until, own.currency) == (None, date(2027, 2, 28), "CHF")


def test_a_licence_with_an_end_is_undecided_after_it():
    found = of_licence(licence(starts_on=YEAR[0], ends_on=YEAR[1]), on=ON, until=UNTIL)
    assert [it.sure_until for it in found] == [YEAR[1]] * 3


def test_a_licence_that_has_ended_is_over():
    ended = licence(starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
    assert len(of_licence(ended, on=ON, until=UNTIL)) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"purchased_on": date(2027, 1, 1), "ends_on": date(2026, 1, 1)}]
)
def test_a_licence_without_its_first_day_is_not_guessed(fields):
    assert of_licence(licence(**fields), on=ON, until=UNTIL) == []


# --- Any contract, a second way ------------------------------------------------------------------


@st.composite
def contracts(draw):
    """One to three terms, one after the other, and perhaps a decision about the last."""
    terms, start = [], draw(st.dates(date(2023, 1, 1), date(2027, 6, 30)))
    for _ in range(draw(st.integers(0, 2))):
        end = start + timedelta(draw(st.integers(0, 500)))
        terms.append(term(start, end, "express"))
        start = end + timedelta(draw(st.integers(1, 40)))
    renewal = draw(st.sampled_from(["none", "express", "tacit", "open"]))
    length = draw(st.integers(0, 900).map(timedelta))
    ends_on = None if renewal == "open" and draw(st.booleans()) else start + length
    months = draw(st.integers(1, 36)) if renewal == "tacit" or draw(st.booleans()) else None
    last = term(
        start,
        ends_on,
        renewal,
        amount=D(draw(st.integers(1, 500_000))) / 100,
        billing=draw(st.sampled_from(["once", "monthly", "quarterly", "yearly"])),
        notice=draw(st.integers(0, 6)),
        notice_unit=draw(st.sampled_from(["days", "weeks", "months"])),
        notice_to=draw(st.sampled_from(["term", "month", "quarter"])),
        renewal_months=months,
    )
    kind = draw(st.sampled_from(["", "renew", "renegotiate", "cancel"]))
    stop = (ends_on or start) + timedelta(draw(st.integers(0, 400)))
    return [*terms, last], Decided(kind, stop if kind == "cancel" else None)


@given(contracts())
def test_what_lies_ahead_is_what_one_day_after_the_other_says(contract):
    terms, decided = contract
    found = outlook(terms, decided, on=ON, until=UNTIL)
    expected = day_by_day.ahead(terms, decided if decided.kind else None, ON, UNTIL)
    assert [
        ((it.starts_on, it.ends_on, it.amount, it.billing), it.currency, it.sure_until)
        for it in map(clipped, found)
    ] == [(it, currency, clip(sure, *it[:2])) for it, currency, sure in expected]


def clip(sure, starts_on, ends_on):
    """As far as it is committed, never past its end; the day before it where none of it is."""
    return min(max(sure, starts_on - timedelta(1)), ends_on or date.max)


def clipped(stretch):
    return replace(stretch, sure_until=clip(stretch.sure_until, stretch.starts_on, stretch.ends_on))


@given(contracts())
def test_no_day_is_in_two_terms(contract):
    terms, decided = contract
    found = outlook(terms, decided, on=ON, until=UNTIL)
    for one, following in zip(found, found[1:], strict=False):
        assert one.ends_on < following.starts_on
