from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from contracts import renewals
from contracts.models import Contract, Term
from contracts.rollover import roll_over
from tests.factories import (
    ContractFactory,
    DecisionFactory,
    DepartmentFactory,
    TermFactory,
    VendorFactory,
)
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


def test_a_row_from_another_day_is_a_further_term_as_the_last_one_was(acme, finance):
    load("contracts", [*HEADER, "notice"], [*ROW, "60"])

    report = load("contracts", HEADER, [*ROW[:3], "5/1/2020", "4/30/2021", "40,000"], by=finance)

    first, second = Term.objects.order_by("starts_on")
    contract = Contract.objects.get()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert (first.amount, second.amount, second.notice) == (32000, 40000, 60)
    assert (first.history.count(), second.history.get().history_user) == (1, finance)
    assert (contract.ends_on, contract.annual_cost) == (date(2021, 4, 30), 40000)


def test_a_further_term_that_overlaps_another_is_refused(acme):
    contract = ContractFactory(number="C1", vendor=acme)
    TermFactory(contract=contract, starts_on=date(2018, 5, 1))

    report = load("contracts", HEADER, ROW)

    assert "overlaps the term from 1 May 2018 until notice is given" in problems(report)[0]
    assert Term.objects.count() == 1


CHAIN = ["original_contract_id", "current_item_id", *HEADER[1:]]


def test_rows_that_share_the_original_contract_are_its_terms_and_the_latest_names_it(acme):
    older = ["77", "7701", "RENEWAL ONE", "Acme", "2/1/2019", "1/31/2020", "500"]
    later = ["77", "7702", "RENEWAL TWO", "Acme", "2/1/2020", "1/31/2021", "600"]
    other = ["78", "7801", "Printers", "Acme", "2/1/2020", "1/31/2021", "5"]
    for rows in ([older, other, later], [later, older, other]):
        Contract.objects.all().delete()
        report = load("contracts", CHAIN, *rows)

        assert report.summary == "2 created, 1 updated, 0 unchanged, 0 refused"
        contract = Contract.objects.get(number="77")
        assert (contract.title, contract.reference) == ("RENEWAL TWO", "7702")
        assert [it.amount for it in contract.terms.order_by("starts_on")] == [500, 600]
        assert contract.starts_on == date(2019, 2, 1)
        assert (contract.ends_on, contract.annual_cost) == (date(2021, 1, 31), 600)
        assert contract.history.filter(history_type="+").count() == 1
        versions = Contract.history.count() + Term.history.count()
        again = load("contracts", CHAIN, *rows)
        assert again.summary == "0 created, 0 updated, 3 unchanged, 0 refused"
        assert Contract.history.count() + Term.history.count() == versions


def test_the_same_file_changes_nothing_after_the_contract_has_renewed_by_itself(acme):
    header = [*HEADER, "auto renew", "renewal_months"]
    load("contracts", header, [*ROW, "yes", "12"])
    roll_over(date(2020, 5, 1))
    assert Term.objects.count() == 2

    report = load("contracts", header, [*ROW, "yes", "12"])

    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Contract.objects.get().ends_on == date(2021, 4, 30)


def test_an_amendment_of_one_term_in_two_rows_is_for_a_person_to_settle(acme):
    report = load("contracts", HEADER, ROW, [*ROW[:5], "35,000.00"])

    assert (
        "row 2 is about the term from 2019-05-01 to 2020-04-30 of C1 Phones too"
        in (problems(report)[0])
    )
    assert not Contract.objects.exists()


def test_a_refused_row_leaves_nothing_of_itself_in_the_terms_of_the_other_rows(acme):
    wrong = ["C1", "Wrong", "Acme", "5/1/2020", "4/30/2019", "1"]
    report = load("contracts", HEADER, ROW, wrong, skip_refused=True)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 1 refused"
    contract = Contract.objects.get()
    assert (contract.title, contract.ends_on) == ("Phones", date(2020, 4, 30))
    assert Term.objects.count() == 1

    report = load("contracts", HEADER, [*wrong[:5], "9"], ROW, skip_refused=True)
    assert report.summary == "0 created, 0 updated, 1 unchanged, 1 refused"


def test_where_the_first_row_is_refused_the_next_one_begins_the_contract(acme):
    wrong = ["C1", "Wrong", "Acme", "5/1/2018", "4/30/2017", "1"]
    load("contracts", HEADER, wrong, ROW, skip_refused=True)

    assert Contract.objects.get().title == "Phones"
    assert Term.objects.get().starts_on == date(2019, 5, 1)


def test_a_term_that_has_begun_is_corrected_by_the_file_and_one_to_come_is_changed(acme, finance):
    load("contracts", HEADER, ROW, ["C2", "Cars", "Acme", "1/1/2090", "12/31/2090", "5"])

    rows = [[*ROW[:5], "33,000"], ["C2", "Cars", "Acme", "1/1/2090", "12/31/2090", "6"]]
    load("contracts", HEADER, *rows, by=finance)

    reasons = [
        Term.objects.get(contract__number=number).history.latest().history_change_reason
        for number in ("C1", "C2")
    ]
    assert reasons == ["corrected: imported from file.csv", "imported from file.csv"]


def test_who_may_not_change_terms_changes_none_by_a_file(acme, service_desk):
    load("contracts", HEADER, ROW)
    wanted = Permission.objects.filter(
        codename__in=["change_contract", "import_contract", "add_contract"]
    )
    service_desk.user_permissions.set(wanted)

    changed = load("contracts", HEADER, [*ROW[:5], "1"], by=service_desk)
    further = load("contracts", HEADER, [*ROW[:3], "5/1/2020", "5/31/2020", "1"], by=service_desk)

    assert "you may not change terms" in problems(changed)[0]
    assert "you may not add terms" in problems(further)[0]


def test_a_cancelled_contract_does_not_go_on_by_a_file(acme):
    load("contracts", HEADER, ROW)
    DecisionFactory(term=Term.objects.get(), kind="cancel", ends_on=date(2020, 4, 30))
    renewals.settle(Contract.objects.get(), by=None, reason="cancelled")

    for row in ([*ROW[:3], "5/1/2020", "4/30/2021", "1"], [*ROW[:4], "4/30/2021", "1"]):
        report = load("contracts", HEADER, row)
        assert "is cancelled and ends on 30 April 2020. Withdraw that" in problems(report)[0]
    corrected = load("contracts", HEADER, [*ROW[:5], "31,000"])
    assert corrected.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert Contract.objects.get().decision == "cancel"


def test_until_notice_and_to_the_end_of_a_quarter_are_read(acme):
    load(
        "contracts",
        [*HEADER, "notice", "notice to", "renewal", "renewal_months"],
        [*ROW, "30", "end of quarter", "until notice", ""],
    )
    term = Term.objects.get()
    assert (term.notice_to, term.renewal) == ("quarter", "open")


def test_what_renews_by_itself_and_does_not_say_for_how_long_is_refused(acme):
    report = load("contracts", [*HEADER, "auto renew"], [*ROW, "yes"])
    assert "Say for how many months it renews by itself" in problems(report)[0]


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
