from datetime import date
from decimal import Decimal

import pytest

from contracts import renewals
from contracts.models import Contract, Term
from tests.factories import ContractFactory, DepartmentFactory, TermFactory, VendorFactory
from tests.importing import load, problems

pytestmark = pytest.mark.django_db

HEADER = ["number", "title", "vendor", "start_dt", "end_dt", "amt"]
ROW = ["C1", "Phones", "Acme", "5/1/2019", "4/30/2020", "32,000.00"]


@pytest.fixture
def acme():
    return VendorFactory(name="Acme, Inc.")


def test_a_row_is_a_contract_and_a_term_from_which_its_dates_follow(acme, finance):
    report = load("contracts", HEADER, ROW, by=finance)

    contract, term = Contract.objects.get(), Term.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert (term.starts_on, term.ends_on) == (date(2019, 5, 1), date(2020, 4, 30))
    assert (term.amount, term.billing) == (Decimal("32000.00"), "once")
    assert (contract.starts_on, contract.ends_on) == (term.starts_on, term.ends_on)
    assert contract.annual_cost == Decimal("32000.00")
    assert contract.vendor == acme
    assert contract.history.count() == term.history.count() == 1
    assert term.history.get().history_user == finance


def test_the_same_file_twice_changes_nothing_and_writes_no_history(acme):
    load("contracts", HEADER, ROW)

    report = load("contracts", HEADER, ROW)

    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Contract.history.count() == Term.history.count() == 1


def test_other_dates_change_the_term_and_what_follows_from_it(acme):
    load("contracts", HEADER, ROW)

    report = load("contracts", HEADER, [*ROW[:4], "4/30/2021", "64,000.00"])

    contract, term = Contract.objects.get(), Term.objects.get()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert term.ends_on == contract.ends_on == date(2021, 4, 30)
    assert contract.annual_cost == Decimal("32000.00")
    assert term.history.count() == contract.history.count() == 2


def test_a_renewed_contract_keeps_the_terms_that_the_row_is_not_about(acme):
    contract = ContractFactory(number="C1", title="Phones", vendor=acme)
    TermFactory(contract=contract, starts_on=date(2018, 5, 1), ends_on=date(2019, 4, 30))
    TermFactory(contract=contract, starts_on=date(2019, 5, 1), ends_on=date(2020, 4, 30))
    renewals.settle(contract, by=None, reason="renewed")

    load("contracts", HEADER, ROW)

    contract.refresh_from_db()
    assert [term.amount for term in contract.terms.all()] == [100, 32000]
    assert contract.starts_on == date(2018, 5, 1)


def test_a_term_that_a_renewed_contract_does_not_have_is_refused(acme):
    contract = ContractFactory(number="C1", vendor=acme)
    TermFactory(contract=contract, starts_on=date(2017, 5, 1))
    TermFactory(contract=contract, starts_on=date(2018, 5, 1))

    report = load("contracts", HEADER, ROW)

    assert "has 2 terms and none starts on this day" in problems(report)[0]


@pytest.mark.parametrize(
    ("header", "billing"), [("Annual Cost", "yearly"), ("Monthly Cost", "monthly")]
)
def test_the_header_says_what_the_amount_is_for(acme, header, billing):
    load("contracts", [*HEADER[:5], header], ROW)

    assert Term.objects.get().billing == billing


def test_notice_and_department_are_taken_too(acme):
    DepartmentFactory(name="FIRE")

    load(
        "contracts",
        [*HEADER, "notice", "notice_unit", "department_name", "currency"],
        [*ROW, "3", "months", "Fire", "usd"],
    )

    contract = Contract.objects.get()
    assert contract.notice_by == date(2020, 1, 31)
    assert (contract.department.name, contract.currency) == ("FIRE", "USD")


def test_a_term_that_ends_before_it_starts_is_refused_in_the_words_of_the_form(acme):
    report = load("contracts", HEADER, [*ROW[:3], "5/31/2019", "4/30/2019", "5"])

    assert problems(report) == ["row 2: The term ends before it starts"]
    assert not Contract.objects.exists()


def test_a_contract_without_dates_is_refused_by_what_is_missing(acme):
    report = load("contracts", HEADER, ["C1", "Phones", "Acme", "", "", "5"])

    assert problems(report) == [
        'row 2, column start_dt, "": is missing: no cell of the row gives it'
    ]
