from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Term
from contracts.renewals import annual_cost, next_amount, notice_by, settle
from tests.factories import ContractFactory, TermFactory

DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))


def term(**fields):
    return Term(**{"starts_on": date(2026, 1, 1), "amount": Decimal("100.00"), **fields})


@pytest.mark.parametrize(
    ("ends_on", "notice", "unit", "last_day"),
    [
        (date(2026, 12, 31), 3, "months", date(2026, 9, 30)),
        (date(2026, 4, 30), 1, "months", date(2026, 3, 31)),
        (date(2026, 3, 31), 1, "months", date(2026, 2, 28)),
        (date(2028, 3, 31), 1, "months", date(2028, 2, 29)),
        (date(2028, 2, 29), 12, "months", date(2027, 2, 28)),
        (date(2026, 12, 31), 30, "days", date(2026, 12, 1)),
        (date(2026, 12, 31), 6, "weeks", date(2026, 11, 19)),
        (date(2026, 12, 31), 0, "months", None),
        (None, 3, "months", None),
    ],
)
def test_the_last_day_for_notice_counted_by_hand(ends_on, notice, unit, last_day):
    assert notice_by(term(ends_on=ends_on, notice=notice, notice_unit=unit)) == last_day


@pytest.mark.parametrize(
    ("fields", "a_year"),
    [
        ({"billing": "monthly"}, "1200.00"),
        ({"billing": "quarterly"}, "400.00"),
        ({"billing": "yearly"}, "100.00"),
        ({"billing": "once", "ends_on": date(2028, 12, 31)}, "33.33"),
        ({"billing": "once", "ends_on": date(2026, 12, 31)}, "100.00"),
        ({"billing": "once", "ends_on": date(2026, 6, 30)}, "200.00"),
        ({"billing": "once", "ends_on": None}, None),
    ],
)
def test_what_a_term_costs_a_year_worked_out_by_hand(fields, a_year):
    assert annual_cost(term(**fields)) == (a_year and Decimal(a_year))


@given(DAYS, st.integers(1, 36), st.sampled_from(Term.Unit.values))
def test_notice_is_due_before_the_end_and_never_later_for_a_longer_notice(ends_on, notice, unit):
    shorter = notice_by(term(ends_on=ends_on, notice=notice, notice_unit=unit))
    longer = notice_by(term(ends_on=ends_on, notice=notice + 1, notice_unit=unit))
    assert longer < shorter < ends_on


def test_a_contract_follows_its_last_term_and_keeps_the_first_start(finance):
    contract = ContractFactory()
    TermFactory(
        contract=contract, starts_on=date(2023, 1, 1), ends_on=date(2025, 12, 31), amount=90
    )
    TermFactory(
        contract=contract,
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        amount=120,
        currency="USD",
        notice=3,
        notice_unit="months",
    )

    settle(contract, by=finance, reason="renewed")

    contract.refresh_from_db()
    assert (contract.starts_on, contract.ends_on) == (date(2023, 1, 1), date(2026, 12, 31))
    assert contract.notice_by == date(2026, 9, 30)
    assert (contract.annual_cost, contract.currency) == (Decimal(120), "USD")
    assert contract.history.latest().history_change_reason == "renewed"


def test_settling_what_is_settled_writes_no_history(finance):
    contract = TermFactory().contract
    settle(contract, by=finance, reason="first")
    versions = contract.history.count()
    settle(contract, by=finance, reason="again")
    assert contract.history.count() == versions


def test_a_contract_without_terms_has_no_dates(finance):
    term = TermFactory(ends_on=date(2030, 1, 1))
    settle(term.contract, by=finance, reason="first")
    term.delete()
    settle(term.contract, by=finance, reason="gone")
    term.contract.refresh_from_db()
    assert (term.contract.ends_on, term.contract.annual_cost) == (None, None)


def test_half_a_cent_of_what_was_paid_once_is_rounded_up():
    days = {"starts_on": date(2023, 1, 1), "ends_on": date(2023, 1, 6), "renewal_months": 1}
    paid = term(**days, billing="once", amount=Decimal("725.97"))
    assert next_amount(paid) == Decimal("3750.85")  # 725.97 * 31 / 6 = 3750.845
