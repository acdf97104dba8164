"""Whose bill a line of the ledger is, and what contract it pays for."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from assets.lookups import bare
from assets.models import Vendor, VendorAlias
from contracts import matching
from contracts.matching import runs
from contracts.models import Contract, Distinction, MatchRun, Spend
from tests.factories import (
    ContractFactory,
    DistinctionFactory,
    SpendFactory,
    TermFactory,
    VendorAliasFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 15)


def agreement(vendor, amount, *, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), **term):
    contract = ContractFactory(vendor=vendor)
    TermFactory(contract=contract, starts_on=starts_on, ends_on=ends_on, amount=amount, **term)
    return contract


def paid(vendor=None, amount=100, **fields):
    return SpendFactory(vendor=vendor, amount=Decimal(amount), **{"booked_on": ON, **fields})


@pytest.fixture
def acme(db):
    return VendorFactory(name="Acme")


# --- Spellings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ACME, Inc.", "acme"),
        ("Nordwind Software GmbH & Co. KG", "nordwind software"),
        ("Telefónica S.A.", "telefonica"),
        ("Olivetti S.r.l.", "olivetti"),
        ("Ferrovie S.p.A.", "ferrovie"),
        ("Booking B.V.", "booking"),
        ("Atlassian Pty Ltd", "atlassian"),
        ("Nokia Oy", "nokia"),
        ("Ericsson AB", "ericsson"),
        ("Mærsk A/S", "maersk"),
        ("Møller A/S", "moller"),
        ("Żabka sp. z o.o.", "zabka"),
        ("SHI INTERNATIONAL CORP.", "shi international"),
        ("Bluewater Holdings LLC d/b/a RiverDesk Inc.", "riverdesk"),
        ("DBA Consulting", "dba consulting"),
        ("TA Instruments", "ta instruments"),
        ("AT&T Corp", "at & t"),
        ("Johnson and Johnson", "johnson & johnson"),
        ("The Boeing Company", "boeing"),
        ("McKesson's, Inc", "mckessons"),
        ("Co", "co"),
        ("Marks & Co.", "marks"),
    ],
)
def test_a_name_is_bared_of_its_legal_form_accents_and_punctuation(written, name):
    assert bare(written) == name


@pytest.mark.parametrize(
    ("vendor", "written"),
    [
        ("Oracle America", "ORACLE AMERICA, INC."),
        ("Dell Marketing", "Dell Marketing L.P."),
        ("CDW Government", "CDW GOVERNMENT LLC"),
        ("Ernst & Young", "ERNST AND YOUNG LLP"),
        ("T-Mobile USA", "T MOBILE USA INC"),
        ("Müller Büro", "MULLER BURO GMBH"),
    ],
)
def test_the_same_name_in_another_dress_is_matched_by_the_rule(vendor, written):
    known = VendorFactory(name=vendor)
    line = paid(supplier=written)

    assert matching.match_vendors(None) == 1
    line.refresh_from_db()
    assert line.vendor == known


@pytest.mark.parametrize(
    ("vendor", "written", "least"),
    [
        ("Oracle America", "Oracle Amercia", 90),
        ("Workday", "WORK DAY", 100),
        ("Microsoft", "Micro Soft Ireland", 90),
        ("Carahsoft Technology", "CARASOFT TECHNOLOGY", 90),
        ("Amazon Web Services", "AMAZON", 90),
        ("ServiceNow", "Service Now Nederland", 75),
        ("Unisys", "Unissys", 90),
        ("Müller Büro", "Mueller Buero", 85),
        ("Deltek", "DELTEK SYSTEMS", 90),
        ("Young & Ernst", "Ernst & Young", 100),
    ],
)
def test_a_misspelt_name_is_suggested_and_never_matched_by_itself(vendor, written, least):
    known = VendorFactory(name=vendor)
    VendorFactory(name="Somebody Else")
    paid(supplier=written)

    assert matching.match_vendors(None) == 0
    (suggestion,) = matching.suggestions()
    assert [vendor for vendor, _ in suggestion.vendors] == [known]
    assert least <= suggestion.vendors[0][1] <= 100


@pytest.mark.parametrize("written", ["Cadence", "Grocery 24", "Solutions Unlimited", "IT"])
def test_names_that_share_a_few_letters_are_not_suggested(written):
    for name in ("CA", "DLT Solutions", "Rockery 7", "Italtel"):
        VendorFactory(name=name)
    paid(supplier=written)

    assert matching.suggestions()[0].vendors == []


def test_of_two_names_that_are_part_of_it_the_longer_comes_first():
    shorter = VendorFactory(name="Hewlett Packard")
    longer = VendorFactory(name="Hewlett Packard Enterprise")
    paid(supplier="Hewlett Packard Enterprise Ireland")

    assert matching.suggestions()[0].vendors == [(longer, 90), (shorter, 90)]


def test_the_very_name_wins_over_the_bare_one():
    VendorFactory(name="Acme Inc")
    german = VendorFactory(name="Acme GmbH")
    line, other = paid(supplier="ACME GMBH"), paid(supplier="Acme Ltd")

    matching.match_vendors(None)

    line.refresh_from_db()
    other.refresh_from_db()
    assert (line.vendor, other.vendor) == (german, None)
    assert len(matching.suggestions()[0].vendors) == 2


def test_another_spelling_is_as_good_as_the_name(acme):
    VendorAliasFactory(vendor=acme, name="Coyote Supplies")
    line = paid(supplier="coyote  supplies, inc.")

    matching.match_vendors(None)

    line.refresh_from_db()
    assert line.vendor == acme
    assert line.history.latest().history_change_reason == "the vendor is known by this spelling"


def test_what_is_nothing_but_punctuation_is_nobody():
    VendorFactory(name="---")
    paid(supplier="***")

    assert matching.match_vendors(None) == 0


# --- A person says who it is ---------------------------------------------------------------------


def test_a_confirmed_spelling_is_remembered_and_applied_to_all_its_lines(acme, finance):
    lines = [paid(supplier="Acmee Corp"), paid(supplier="ACMEE CORP."), paid(supplier="Other")]

    assert matching.confirm("acmee", vendor=acme, by=finance) == 2

    assert {alias.name for alias in acme.aliases.all()} == {"Acmee Corp", "ACMEE CORP."}
    assert Spend.objects.filter(vendor=acme).count() == 2
    assert lines[0].history.latest().history_user == finance
    late = paid(supplier="Acmee")
    matching.match_vendors(None)
    late.refresh_from_db()
    assert late.vendor == acme


def test_an_import_of_contracts_knows_the_confirmed_spelling_too(acme, finance):
    from tests.importing import load

    paid(supplier="Acmee Corp")
    matching.confirm("acmee", vendor=acme, by=finance)

    load(
        "contracts",
        ["number", "title", "vendor", "starts", "amount"],
        ["C1", "Phones", "ACMEE CORP", "2026-01-01", "5.00"],
    )

    assert Contract.objects.get().vendor == acme


def test_a_spelling_that_nobody_waits_for_is_refused(acme):
    with pytest.raises(ValidationError, match="somebody said who it is meanwhile"):
        matching.confirm("acmee", vendor=acme, by=None)


def test_a_spelling_that_is_somebody_elses_name_by_now_is_refused(acme):
    paid(supplier="Acmee Corp")
    VendorFactory(name="ACMEE corp")

    with pytest.raises(ValidationError, match="is a name of ACMEE corp: it cannot be Acme too"):
        matching.confirm("acmee", vendor=acme, by=None)
    assert not VendorAlias.objects.exists()


def test_a_new_vendor_is_made_of_a_spelling(finance):
    paid(supplier="Zenith Tools Ltd")

    vendor = matching.make_vendor("zenith tools", name="Zenith Tools", by=finance)

    assert Spend.objects.get().vendor == vendor == Vendor.objects.get()
    assert vendor.is_supplier


def test_a_vendor_who_is_there_is_not_made_again(acme):
    paid(supplier="Acmee")

    with pytest.raises(ValidationError, match="There is a vendor of this name already"):
        matching.make_vendor("acmee", name="ACME", by=None)


def test_who_was_told_apart_is_never_suggested_again(acme, finance):
    paid(supplier="Acmee Corp")
    assert [v for v, _ in matching.suggestions()[0].vendors] == [acme]

    matching.tell_apart("acmee", vendor=acme, by=finance)
    matching.tell_apart("acmee", vendor=acme, by=finance)

    assert matching.suggestions()[0].vendors == []
    assert Distinction.objects.get().decided_by == finance


def test_telling_apart_takes_the_vendor_and_the_rules_contract_from_the_lines(acme):
    line, same = paid(supplier="Acme Ltd"), paid(supplier="acme", amount=5)
    contract = agreement(acme, 100)
    matching.match(None)
    line.refresh_from_db()
    assert (line.vendor, line.contract) == (acme, contract)

    assert matching.tell_apart("acme", vendor=acme, by=None) == 1

    matching.match(None)
    line.refresh_from_db()
    same.refresh_from_db()
    assert (line.vendor, line.contract, line.matched) == (None, None, "")
    assert same.vendor == acme


def test_telling_apart_leaves_the_contract_that_a_person_chose(acme):
    line, contract = paid(acme, supplier="Acme Ltd"), agreement(acme, 70)
    matching.match_by_hand(line, contract=contract, by=None)

    matching.tell_apart("acme", vendor=acme, by=None)

    line.refresh_from_db()
    assert (line.vendor, line.contract) == (None, contract)


def test_what_was_confirmed_cannot_be_told_apart_before_it_is_taken_back(acme):
    paid(supplier="Acmee")
    matching.confirm("acmee", vendor=acme, by=None)

    with pytest.raises(ValidationError, match="take it off the page of Acme first"):
        matching.tell_apart("acmee", vendor=acme, by=None)


def test_what_was_told_apart_can_be_confirmed_after_all(acme):
    paid(supplier="Acmee")
    DistinctionFactory(supplier_key="acmee", vendor=acme)

    matching.confirm("acmee", vendor=acme, by=None)

    assert not Distinction.objects.exists()
    assert Distinction.history.filter(history_type="-").count() == 1


def test_suggestions_say_how_often_and_how_much_per_currency():
    for amount, currency in [("10.10", "EUR"), ("5", "EUR"), ("7", "USD")]:
        paid(supplier="Zenith", amount=amount, currency=currency)

    (suggestion,) = matching.suggestions()

    assert suggestion.lines == 3
    assert [str(money) for money in suggestion.sums] == ["15.10 EUR", "7.00 USD"]


def test_more_spellings_take_no_more_queries(acme):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            matching.suggestions()
        return len(captured)

    paid(supplier="Acmee")
    few = queries()
    for name in ("Akme", "Acmi", "Zenith", "Bolt"):
        paid(supplier=name)
        VendorFactory(name=f"{name}x")
    assert queries() == few


# --- Contracts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount", ["100", "119", "120", "84.03", "102", "98", "-100", "108.10", "101.37"]
)
def test_the_amount_itself_with_tax_or_near_it_is_matched(acme, amount):
    contract, line = agreement(acme, 100), paid(acme, amount)

    assert matching.match_contracts(None) == 1

    line.refresh_from_db()
    assert (line.contract, line.matched) == (contract, "rule")


@pytest.mark.parametrize("amount", ["102.05", "97.95", "118", "50", "0", "1200"])
def test_another_amount_is_not(acme, amount):
    agreement(acme, 100)
    paid(acme, amount)

    assert matching.match_contracts(None) == 0


@pytest.mark.parametrize(
    ("booked_on", "count"),
    [
        (date(2025, 11, 30), 0),
        (date(2025, 12, 1), 1),
        (date(2027, 1, 31), 1),
        (date(2027, 2, 1), 0),
    ],
)
def test_a_line_may_be_booked_a_month_before_and_after_the_term(acme, booked_on, count):
    agreement(acme, 100)
    paid(acme, booked_on=booked_on)

    assert matching.match_contracts(None) == count


def test_a_contract_until_notice_takes_every_later_line(acme):
    agreement(acme, 100, ends_on=None)
    paid(acme, booked_on=date(2040, 1, 1))

    assert matching.match_contracts(None) == 1


def test_each_term_of_a_contract_has_its_own_amount(acme):
    contract = agreement(acme, 100)
    TermFactory(contract=contract, starts_on=date(2027, 1, 1), ends_on=None, amount=130)
    paid(acme, "130", booked_on=date(2027, 5, 1))
    paid(acme, "130", booked_on=date(2026, 5, 1))

    assert matching.match_contracts(None) == 1


def test_the_other_currency_and_the_other_vendor_do_not_match(acme):
    agreement(acme, 100)
    paid(acme, currency="USD")
    paid(VendorFactory())

    assert matching.match_contracts(None) == 0


def test_of_several_contracts_the_one_that_fits_best_wins(acme):
    agreement(acme, 101)
    contract = agreement(acme, 100)
    line = paid(acme, 100)

    matching.match_contracts(None)

    line.refresh_from_db()
    assert line.contract == contract


def test_where_two_fit_equally_well_the_line_is_left_with_both_suggested(acme):
    first, second, other = agreement(acme, 100), agreement(acme, 100), agreement(acme, 101)
    line = paid(acme, 100)

    assert matching.match_contracts(None) == 0
    assert matching.candidates([line]) == {
        line.pk: [(first.pk, 100), (second.pk, 100), (other.pk, 90)]
    }


def test_what_a_person_decided_no_rule_writes_over(acme, finance):
    by_rule, chosen = agreement(acme, 100), agreement(acme, 70)
    line, outside = paid(acme), paid(acme)
    matching.match_by_hand(line, contract=chosen, by=finance, reason="split bill")
    matching.set_aside(outside, by=finance)

    matching.match(None)

    line.refresh_from_db()
    outside.refresh_from_db()
    assert (line.contract, outside.contract) == (chosen, None)
    assert line.history.latest().history_change_reason == "split bill"
    matching.unmatch(outside, by=finance)
    matching.match(None)
    outside.refresh_from_db()
    assert outside.contract == by_rule


def test_a_decision_that_was_taken_already_is_refused_in_words(acme):
    contract, line = agreement(acme, 70), paid(acme)
    with pytest.raises(ValidationError, match="there is nothing to take back"):
        matching.unmatch(line, by=None)
    matching.match_by_hand(line, contract=contract, by=None)
    with pytest.raises(ValidationError, match="is matched to .* by hand already"):
        matching.match_by_hand(line, contract=contract, by=None)
    matching.set_aside(line, by=None)
    with pytest.raises(ValidationError, match="belonging to no contract already"):
        matching.set_aside(line, by=None)


# --- When the rules run --------------------------------------------------------------------------


def test_a_short_ledger_is_matched_at_once(acme, finance):
    agreement(acme, 100)
    paid(supplier="Acme AG")
    paid(supplier="Nobody")

    run = matching.match(finance)

    assert (run.state, run.vendors, run.contracts, run.left) == ("done", 1, 1, 1)
    assert Spend.objects.get(vendor=acme).history.latest().history_user == finance


def test_a_long_ledger_waits_for_the_worker(acme, finance, monkeypatch):
    from contracts.tasks import match

    monkeypatch.setattr(runs, "INLINE", 1)
    paid(supplier="Acme AG")
    paid(supplier="Acme")

    assert matching.match(finance).state == "waiting"
    assert matching.match(finance).state == "waiting"
    assert Spend.objects.filter(vendor=acme).count() == 0
    match()

    run = MatchRun.objects.get()
    assert (run.state, run.vendors) == ("done", 2)


def test_a_run_that_fails_says_so_and_writes_nothing(acme, monkeypatch):
    def broken(by):
        raise RuntimeError("the disk is full")

    paid(supplier="Acme AG")
    monkeypatch.setattr(runs, "match_contracts", broken)

    assert matching.match(None).state == "failed"
    assert not Spend.objects.filter(vendor=acme).exists()


def test_a_run_whose_worker_died_is_taken_again(acme):
    from django.utils import timezone

    paid(supplier="Acme AG")
    run = matching.ask(None)
    MatchRun.objects.filter(pk=run.pk).update(
        state="running", leased_until=timezone.now() + runs.LEASE
    )
    assert matching.run_waiting() == 0

    MatchRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() - runs.LEASE)
    assert matching.run_waiting() == 1
    run.refresh_from_db()
    assert (run.state, run.vendors) == ("done", 1)


# --- Properties ----------------------------------------------------------------------------------

SPELLINGS = ["Acme", "ACME Inc.", "Acmee", "Bolt", "Bolt & Co", "Zenith"]
LINES = st.lists(
    st.tuples(
        st.sampled_from(SPELLINGS),
        st.sampled_from([100, 119, 101, -100, 50, 55]),
        st.sampled_from(["EUR", "USD"]),
        st.dates(date(2025, 10, 1), date(2027, 3, 31)),
        st.sampled_from(["", "", "aside", "hand"]),
    ),
    max_size=12,
)


def totals(lines):
    found = {}
    for line in lines:
        found[line.currency] = found.get(line.currency, 0) + line.amount
    return found


class AnyLedger(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(LINES)
    def test_matching_is_idempotent_keeps_decisions_and_loses_nothing(self, lines):
        acme, bolt = VendorFactory(name="Acme GmbH"), VendorFactory(name="Bolt")
        known = [agreement(acme, 100), agreement(acme, 50), agreement(bolt, 50, currency="USD")]
        decided = {}
        for supplier, amount, currency, on, decision in lines:
            line = paid(None, amount, supplier=supplier, currency=currency, booked_on=on)
            if decision:
                decided[line.pk] = known[2] if decision == "hand" else None
                if decision == "hand":
                    matching.match_by_hand(line, contract=known[2], by=None)
                else:
                    matching.set_aside(line, by=None)

        matching.match(None)
        first = list(Spend.objects.order_by("pk").values())
        versions = Spend.history.count()
        again = matching.match(None)

        assert (again.vendors, again.contracts) == (0, 0)
        assert list(Spend.objects.order_by("pk").values()) == first
        assert Spend.history.count() == versions
        rows = list(Spend.objects.select_related("contract"))
        for line in rows:
            if line.pk in decided:
                assert (line.contract, line.matched) == (decided[line.pk], "hand")
            elif line.contract:
                assert line.contract.vendor_id == line.vendor_id
                assert line.contract.terms.get().currency == line.currency
        inside = totals([line for line in rows if line.contract])
        outside = totals(Spend.objects.outside_it())
        assert totals(rows) == {
            code: inside.get(code, 0) + outside.get(code, 0) for code in {*inside, *outside}
        }
