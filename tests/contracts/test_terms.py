"""Terms: how far notice reaches, counted by hand and day by day, and how a term is changed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from contracts import terms
from contracts.models import Term
from contracts.renewals import earliest_end, notice_by, settle
from tests.factories import ContractFactory, DecisionFactory, TermFactory

A_DAY = timedelta(1)
DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))
A_MONTH = {"notice": 1, "notice_unit": "months"}
UNITS = st.sampled_from(Term.Unit.values)


def term(**fields):
    return Term(**{"starts_on": date(2020, 1, 1), "amount": Decimal(100), **fields})


# --- When it may end ---


def test_thirty_six_months_then_twelve_with_three_months_notice_worked_out_by_hand():
    """The one that others got wrong for years: the months count from the end of each term."""
    first = term(
        starts_on=date(2024, 1, 1),
        ends_on=date(2026, 12, 31),
        notice=3,
        notice_unit="months",
        renewal="tacit",
        renewal_months=12,
    )

    assert notice_by(first) == date(2026, 9, 30)
    assert earliest_end(first, date(2024, 1, 1)) == date(2026, 12, 31)
    assert earliest_end(first, date(2026, 9, 30)) == date(2026, 12, 31)
    assert earliest_end(first, date(2026, 10, 1)) == date(2027, 12, 31)
    assert earliest_end(first, date(2027, 9, 30)) == date(2027, 12, 31)
    assert earliest_end(first, date(2027, 10, 1)) == date(2028, 12, 31)


@pytest.mark.parametrize(
    ("fields", "given_on", "end"),
    [
        # Without an end: the notice begins on the day after, and runs for whole months.
        (A_MONTH, date(2026, 3, 31), date(2026, 4, 30)),
        (A_MONTH, date(2026, 1, 30), date(2026, 2, 28)),
        (A_MONTH, date(2028, 1, 31), date(2028, 2, 29)),
        ({"notice": 3, "notice_unit": "months"}, date(2026, 11, 15), date(2027, 2, 15)),
        ({"notice": 30}, date(2026, 1, 1), date(2026, 1, 31)),
        ({"notice": 2, "notice_unit": "weeks"}, date(2026, 1, 1), date(2026, 1, 15)),
        ({"notice": 0}, date(2026, 1, 1), date(2026, 1, 1)),
        # Only to the end of a month or quarter.
        ({"notice": 14, "notice_to": "month"}, date(2026, 1, 17), date(2026, 1, 31)),
        ({"notice": 14, "notice_to": "month"}, date(2026, 1, 18), date(2026, 2, 28)),
        (
            {"notice": 6, "notice_unit": "weeks", "notice_to": "quarter"},
            date(2026, 2, 17),
            date(2026, 3, 31),
        ),
        (
            {"notice": 6, "notice_unit": "weeks", "notice_to": "quarter"},
            date(2026, 2, 18),
            date(2026, 6, 30),
        ),
        # With an end it ends then, whatever notice_to says.
        (
            {"ends_on": date(2026, 5, 20), "notice_to": "quarter"},
            date(2026, 5, 1),
            date(2026, 5, 20),
        ),
        ({"ends_on": date(2026, 5, 20), "notice": 30}, date(2026, 5, 1), date(2026, 5, 20)),
        # A fixed time first, then until notice: within it only its end, later from notice on.
        (
            {
                "ends_on": date(2026, 12, 31),
                "notice": 1,
                "notice_unit": "months",
                "renewal": "open",
            },
            date(2026, 11, 30),
            date(2026, 12, 31),
        ),
        (
            {
                "ends_on": date(2026, 12, 31),
                "notice": 1,
                "notice_unit": "months",
                "renewal": "open",
            },
            date(2026, 12, 5),
            date(2027, 1, 5),
        ),
        # What has not begun by then never begins.
        ({"starts_on": date(2027, 1, 1), "notice": 14}, date(2026, 11, 1), date(2026, 12, 31)),
    ],
)
def test_the_first_day_a_contract_can_end_counted_by_hand(fields, given_on, end):
    assert earliest_end(term(**fields), given_on) == end


def in_time(given_on, end, notice, unit):
    """Whether notice reaches `end`, from the last day for it."""
    return given_on <= notice_by(term(ends_on=end, notice=notice, notice_unit=unit))


@given(DAYS, st.integers(1, 14), UNITS)
def test_the_first_end_is_the_first_day_that_notice_reaches_of_all_days_one_by_one(
    given_on, notice, unit
):
    end = given_on
    while not in_time(given_on, end, notice, unit):
        end += A_DAY

    assert earliest_end(term(notice=notice, notice_unit=unit, starts_on=given_on), given_on) == end


@given(DAYS, st.integers(1, 14), UNITS)
def test_the_last_day_for_notice_is_the_last_that_reaches_the_end_of_all_days_one_by_one(
    end, notice, unit
):
    open_ended = term(notice=notice, notice_unit=unit, starts_on=date(1990, 1, 1))
    given_on = end
    while earliest_end(open_ended, given_on) > end:
        given_on -= A_DAY

    assert notice_by(term(ends_on=end, notice=notice, notice_unit=unit)) == given_on


@given(DAYS, st.integers(0, 8), UNITS, st.sampled_from(["month", "quarter"]))
def test_an_end_of_a_month_or_quarter_is_the_first_one_that_notice_reaches(
    given_on, notice, unit, to
):
    fields = {"notice": notice, "notice_unit": unit, "starts_on": date(1990, 1, 1)}
    end = earliest_end(term(**fields, notice_to=to), given_on)
    months = (1, 2, 3) if to == "month" else (3,)

    possible = [
        day
        for day in (given_on + timedelta(n) for n in range((end - given_on).days + 1))
        if (day + A_DAY).day == 1 and day.month % 3 in {month % 3 for month in months}
        if day >= earliest_end(term(**fields), given_on)
    ]
    assert possible == [end]


@given(DAYS, st.integers(1, 24), st.integers(0, 2000), st.integers(0, 6), UNITS)
def test_a_term_that_renews_by_itself_ends_with_the_first_one_that_notice_reaches(
    end, months, late, notice, unit
):
    tacit = term(
        ends_on=end, notice=notice, notice_unit=unit, renewal="tacit", renewal_months=months
    )
    given_on = end + timedelta(late - 500)
    found = earliest_end(tacit, given_on)

    assert notice == 0 or in_time(given_on, found, notice, unit)
    assert found == end or not notice or not in_time(given_on, end, notice, unit)
    assert found >= end


@given(DAYS, st.integers(0, 800), st.integers(0, 400), st.integers(0, 12), UNITS)
def test_later_notice_never_ends_a_contract_sooner(given_on, start, more, notice, unit):
    for fields in (
        {"notice_to": "term"},
        {"notice_to": "quarter"},
        {"ends_on": given_on + timedelta(start), "renewal": "tacit", "renewal_months": 5},
        {"ends_on": given_on + timedelta(start), "renewal": "open", "notice_to": "month"},
    ):
        it = term(notice=notice, notice_unit=unit, starts_on=given_on, **fields)
        assert earliest_end(it, given_on) <= earliest_end(it, given_on + timedelta(more))


# --- How a term is changed ---


@pytest.fixture
def running(db):
    """A contract with a term that is over and one that runs; today is in 2026."""
    contract = ContractFactory(number="C-1", title="Phones")
    TermFactory(contract=contract, starts_on=date(2023, 1, 1), ends_on=date(2025, 12, 31))
    TermFactory(contract=contract, starts_on=date(2026, 1, 1), ends_on=date(2035, 12, 31))
    settle(contract, by=None, reason="entered")
    return contract


def last(contract):
    return contract.terms.last()


def test_a_term_that_has_begun_is_corrected_with_a_reason_that_its_history_keeps(running, finance):
    corrected = terms.correct(
        last(running), by=finance, reason="the invoice says so", amount=120, notice=30
    )

    version = corrected.history.latest()
    assert (corrected.amount, corrected.notice) == (120, 30)
    assert version.history_change_reason == "corrected: the invoice says so"
    assert version.history_user == finance
    running.refresh_from_db()
    assert running.annual_cost == 120
    assert running.notice_by == date(2035, 12, 1)


def test_without_a_reason_a_term_that_has_begun_stays_as_it_was_agreed(running):
    with pytest.raises(ValidationError, match="has begun: say why it is corrected"):
        terms.correct(last(running), by=None, reason=" ", amount=1)
    assert last(running).amount == 100


def test_a_term_that_is_still_to_come_is_changed_freely(running):
    TermFactory(contract=running, starts_on=date(2036, 1, 1), ends_on=date(2036, 12, 31))

    changed = terms.correct(last(running), by=None, ends_on=date(2037, 12, 31))

    assert changed.history.latest().history_change_reason == "changed before it began"
    running.refresh_from_db()
    assert running.ends_on == date(2037, 12, 31)


@pytest.mark.parametrize(
    "fields",
    [
        {"starts_on": date(2025, 12, 31)},
        {"starts_on": date(2020, 1, 1)},
        {"starts_on": date(2022, 1, 1), "ends_on": None},
    ],
)
def test_a_correction_that_overlaps_a_neighbour_is_refused(running, fields):
    with pytest.raises(ValidationError, match="It overlaps the term from 1 January 2023"):
        terms.correct(last(running), by=None, reason="why not", **fields)


def test_the_end_may_not_run_into_the_next_term(running):
    with pytest.raises(ValidationError, match="It overlaps the term from 1 January 2026"):
        terms.correct(running.terms.first(), by=None, reason="no", ends_on=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ends_on": date(2025, 1, 1), "starts_on": date(2026, 6, 1)}, "ends before it starts"),
        ({"amount": -1}, "greater than or equal to 0"),
        ({"renewal": "tacit"}, "for how many months"),
        ({"amount": Decimal("100.00")}, "nothing to correct"),
    ],
)
def test_what_is_no_term_is_refused_in_words(running, fields, words):
    with pytest.raises(ValidationError, match=words):
        terms.correct(last(running), by=None, reason="try", **fields)


def test_a_cancellation_to_the_end_of_a_term_moves_with_that_end(running):
    decision = DecisionFactory(term=last(running), kind="cancel", ends_on=date(2035, 12, 31))
    settle(running, by=None, reason="cancelled")

    terms.correct(last(running), by=None, reason="typing error", ends_on=date(2034, 12, 31))

    decision.refresh_from_db()
    running.refresh_from_db()
    assert decision.ends_on == running.ends_on == date(2034, 12, 31)


def test_a_term_is_added_before_the_others_and_the_contract_starts_with_it(running, finance):
    terms.add_term(
        running,
        by=finance,
        reason="found in the archive",
        starts_on=date(2021, 1, 1),
        ends_on=date(2022, 12, 31),
        amount=90,
    )

    assert running.starts_on == date(2021, 1, 1)
    assert [it.amount for it in running.terms.all()] == [90, 100, 100]


def test_a_term_that_overlaps_one_that_runs_until_notice_says_what_to_do(db):
    open_ended = TermFactory(starts_on=date(2024, 1, 1))

    with pytest.raises(ValidationError, match="until notice is given. Give the earlier one an end"):
        terms.add_term(
            open_ended.contract, by=None, reason="", starts_on=date(2030, 1, 1), amount=5
        )


def test_two_terms_from_the_same_day_are_refused_by_name(running):
    with pytest.raises(ValidationError, match="starts on this day|overlaps"):
        terms.add_term(
            running,
            by=None,
            reason="",
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 1, 2),
            amount=5,
        )


def test_a_term_entered_twice_is_taken_away_with_a_reason(running):
    wrong = TermFactory(contract=running, starts_on=date(2036, 1, 1))
    settle(running, by=None, reason="entered")
    key = wrong.pk

    terms.remove_term(wrong, by=None, reason="entered twice")

    running.refresh_from_db()
    assert running.ends_on == date(2035, 12, 31)
    assert Term.history.filter(id=key).latest().history_change_reason == "entered twice"


def test_the_only_term_that_has_begun_stays(running):
    terms.remove_term(running.terms.first(), by=None, reason="never signed")
    TermFactory(contract=running, starts_on=date(2036, 1, 1))

    with pytest.raises(ValidationError, match="is the only one that has begun"):
        terms.remove_term(running.terms.first(), by=None, reason="no")


def test_the_only_term_stays_though_it_has_not_begun(db):
    with pytest.raises(ValidationError, match="is its only term"):
        terms.remove_term(TermFactory(starts_on=date(2090, 1, 1)), by=None, reason="no")


def test_a_term_that_something_is_decided_about_stays(running):
    DecisionFactory(term=last(running), kind="cancel", ends_on=date(2035, 12, 31))

    with pytest.raises(ValidationError, match="“cancel on .*” stands for the term"):
        terms.remove_term(last(running), by=None, reason="no")


def test_one_that_was_deleted_meanwhile_is_not_corrected(running):
    gone = last(running)
    gone.delete()
    with pytest.raises(ValidationError, match="deleted meanwhile"):
        terms.correct(Term(pk=10**6, contract=running, starts_on=date(2026, 1, 1)), by=None)
