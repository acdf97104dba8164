"""A contract's page: its first term, its prices, and every step of what is decided about it."""

from datetime import date

import pytest
from django.urls import reverse

from contracts import decisions, terms
from contracts.admin.decisions import STEPS
from contracts.models import Contract, Decision, Term
from contracts.renewals import settle
from tests.factories import ContractFactory, TermFactory, VendorContactFactory, VendorFactory
from tests.test_record_pages import fields_of, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]


@pytest.fixture(autouse=True)
def _today(time_machine):
    """It is 15 June 2026."""
    time_machine.move_to("2026-06-15 12:00", tick=False)


@pytest.fixture
def contract():
    """1,200 a year until the end of 2026, three months' notice, then 12 months by itself."""
    contract = ContractFactory(number="C-9", title="Phones")
    TermFactory(
        contract=contract,
        starts_on=date(2024, 1, 1),
        ends_on=date(2026, 12, 31),
        amount=1200,
        notice=3,
        notice_unit="months",
        renewal="tacit",
        renewal_months=12,
    )
    settle(contract, by=None, reason="signed")
    return contract


@pytest.fixture
def office(client, finance):
    client.force_login(finance)
    return client


def step(contract, name, query=""):
    return reverse("admin:contracts_contract_step", args=[contract.pk, name]) + query


def asked(client, address):
    """What the form of a step sends where nothing is changed."""
    form = client.get(address).context["form"]
    return {
        field.html_name: value
        for field in form
        if (value := field.value()) is not None and value is not False
    }


def take(client, contract, name, query="", **given):
    address = step(contract, name, query)
    sent = {**asked(client, address), **given, "apply": "1"}
    return client.post(address, sent, follow=True)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_a_contract_is_added_with_its_first_term_from_which_its_dates_follow(office, finance):
    address = reverse("admin:contracts_contract_add")
    sent = fields_of(office.get(address))
    sent |= {
        "number": "C-1",
        "title": "Internet access",
        "vendor": VendorFactory().pk,
        "terms-0-starts_on": "2026-01-01",
        "terms-0-ends_on": "2026-12-31",
        "terms-0-amount": "100.00",
        "terms-0-billing": "monthly",
        "terms-0-notice": "3",
        "terms-0-notice_unit": "months",
    }

    response = office.post(address, sent)

    assert response.status_code == 302, response.context["errors"]
    contract = Contract.objects.get()
    assert (contract.ends_on, contract.notice_by) == (date(2026, 12, 31), date(2026, 9, 30))
    assert contract.annual_cost == 1200
    assert Term.objects.get().history.get().history_user == finance


def test_the_page_lists_the_terms_with_their_prices_and_lets_nobody_edit_them(
    office, contract, finance
):
    decisions.renew(contract, months=12, amount=1500, reason="no other offer", by=finance)
    terms.correct(contract.terms.first(), by=finance, reason="the invoice", amount=1250)

    response = office.get(page(contract))

    text = text_of(response)
    assert "1,500.00 EUR yearly" in text
    assert "+250.00 EUR a year (+20.0%)" in text
    assert f"{finance.name}, 15 Jun 2026" in text
    assert "corrected: the invoice" in text
    assert "no other offer" in text
    assert not [name for name in fields_of(response) if name.startswith("terms-0-amount")]


def test_what_rolled_over_says_so_on_the_page(office, contract):
    TermFactory(
        contract=contract,
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 12, 31),
        amount=1200,
        currency="USD",
        rolled_over=True,
    )
    text = text_of(office.get(page(contract)))
    assert "by itself, 15 Jun 2026" in text
    assert "before 1,200.00 EUR yearly" in text  # two currencies do not compare


def test_renewing_is_prefilled_from_the_last_term_and_answers_with_the_change_of_price(
    office, contract
):
    shown = asked(office, step(contract, "renew"))
    assert (shown["months"], shown["amount"], shown["notice"]) == (12, 1200, 3)

    response = take(office, contract, "renew", amount="1350", reason="prices went up")

    assert (
        "Renew: C-9 Phones until 31 December 2027 for 1,350.00 EUR yearly instead of"
        " 1,200.00 EUR yearly: +150.00 EUR a year (+12.5%)."
    ) in text_of(response)
    old, new = contract.terms.all()
    assert (new.amount, new.ends_on) == (1350, date(2027, 12, 31))
    assert old.decisions.get().reason == "prices went up"


def test_a_last_day_counts_instead_of_the_months_that_were_filled_in(office, contract):
    take(office, contract, "renew", ends_on="2027-06-30", reason="half a year")
    assert contract.terms.last().ends_on == date(2027, 6, 30)


def test_a_contract_is_cancelled_its_notice_sent_and_confirmed(office, contract, finance):
    assert "step/send_notice/" not in text_of(office.get(page(contract)))
    help_text = office.get(step(contract, "cancel")).content.decode()
    assert "Empty: 31 December 2026, the first day that notice given today reaches" in help_text

    answer = take(office, contract, "cancel", reason="nobody uses it")

    text = text_of(answer)
    assert "C-9 Phones ends on 31 December 2026. Send the notice" in text
    assert "step/send_notice/" in text
    assert "step/confirm/" not in text
    take(office, contract, "send_notice", sent_by="registered")
    assert "step/confirm/" in text_of(office.get(page(contract)))
    take(office, contract, "confirm", confirmation="K-4711")

    decision = Decision.objects.get()
    assert (decision.sent_on, decision.sent_by) == (date(2026, 6, 15), "registered")
    assert (decision.confirmed_on, decision.confirmation) == (date(2026, 6, 15), "K-4711")
    assert decision.decided_by == finance
    assert "step/send_notice/" not in text_of(office.get(page(contract)))


def test_a_day_out_of_reach_keeps_what_was_typed_and_says_the_first_one_possible(office, contract):
    response = take(office, contract, "cancel", ends_on="2026-08-31", reason="moving")

    text = text_of(response)
    assert "the first day it can end is 31 December 2026" in text
    assert "moving" in text
    assert not Decision.objects.exists()

    take(office, contract, "cancel", ends_on="2026-08-31", out_of_time="on", reason="they agree")
    assert Decision.objects.get().ends_on == date(2026, 8, 31)


def test_who_decides_on_a_page_that_has_changed_since_is_told_and_may_send_it_again(
    office, contract, administrator
):
    address = step(contract, "cancel")
    shown = {**asked(office, address), "reason": "too dear", "apply": "1"}
    decisions.decide(
        Contract.objects.get(), kind="renegotiate", reason="I call them", by=administrator
    )

    refused = office.post(address, shown)

    assert "has changed meanwhile: it is decided: renegotiate" in text_of(refused)
    assert Decision.objects.get().kind == "renegotiate"
    again = {**shown, "shown": refused.context["form"]["shown"].value()}
    assert office.post(address, again).status_code == 302
    assert Decision.objects.standing().get().kind == "cancel"


def test_a_decision_is_withdrawn_with_a_reason(office, contract, finance):
    decisions.cancel(contract, reason="too dear", by=finance)
    assert "too dear" in office.get(step(contract, "withdraw")).content.decode()

    take(office, contract, "withdraw", reason="they halved the price")

    assert not Decision.objects.standing().exists()
    contract.refresh_from_db()
    assert contract.decision == ""


def test_a_term_is_corrected_from_its_row_with_a_reason(office, contract):
    first = contract.terms.get()
    query = f"?term={first.pk}"
    assert f"step/correct_term/{query}" in office.get(page(contract)).content.decode()

    without = take(office, contract, "correct_term", query, amount="1300")
    assert "This field is required" in text_of(without)
    take(office, contract, "correct_term", query, amount="1300", reason="a typing error")

    first.refresh_from_db()
    assert first.amount == 1300
    assert first.history.latest().history_change_reason == "corrected: a typing error"


def test_a_term_of_another_contract_is_never_corrected_here(office, contract):
    other = TermFactory(starts_on=date(2020, 1, 1), amount=5)
    take(office, contract, "correct_term", term=other.pk, amount="1", reason="mine now")
    other.refresh_from_db()
    assert other.amount == 5


def test_a_term_is_added_and_deleted(office, contract):
    take(office, contract, "add_term", ends_on="2027-06-30", amount="50", reason="was missing")
    assert [term.amount for term in contract.terms.all()] == [1200, 50]

    late = contract.terms.last()
    take(office, contract, "remove_term", f"?term={late.pk}", reason="twice")
    assert contract.terms.count() == 1


def test_many_are_cancelled_at_once_and_the_refused_one_is_named(office, contract):
    ended = TermFactory(
        contract__number="C-2", starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31)
    ).contract
    settle(ended, by=None, reason="signed")
    chosen = {
        "action": "cancel",
        "_selected_action": [contract.pk, ended.pk],
        "reason": "office closed",
        "apply": "1",
    }

    response = office.post(reverse("admin:contracts_contract_changelist"), chosen, follow=True)

    assert "ended on 31 December 2020: nothing is left to decide" in text_of(response)
    assert Decision.objects.get().contract == contract


@pytest.mark.parametrize("role", ["auditor", "it", "service_desk"])
def test_only_who_decides_on_contracts_takes_a_step(client, contract, role, request):
    client.force_login(request.getfixturevalue(role))
    shown = client.get(page(contract)).content.decode()
    sent = {"apply": "1", "reason": "x"}
    for name in [it.name for it in STEPS]:
        assert client.get(step(contract, name)).status_code == 403, name
        assert client.post(step(contract, name), sent).status_code == 403, name
        assert f"step/{name}/" not in shown


def test_the_list_is_filtered_by_what_is_decided(office, contract, finance):
    other = ContractFactory(number="C-2")
    decisions.cancel(contract, reason="too dear", by=finance)
    address = reverse("admin:contracts_contract_changelist")

    def listed(value):
        found = office.get(address, {"decision__exact": value}).context["cl"].result_list
        return [it.number for it in found]

    assert listed("cancel") == ["C-9"]
    assert listed("") == [other.number]


def test_a_decision_is_read_and_never_written_by_hand(office, contract, finance):
    decision = decisions.cancel(contract, reason="too dear", by=finance)
    text = text_of(office.get(page(decision)))
    assert "too dear" in text
    assert office.post(page(decision), {"reason": "mine"}).status_code == 403
    assert office.get(reverse("admin:contracts_decision_add")).status_code == 403
    decision.refresh_from_db()
    assert decision.reason == "too dear"


def test_the_page_says_whom_to_talk_to_at_the_vendor(office, contract):
    assert "Nobody is noted at the vendor." in office.get(page(contract)).content.decode()
    VendorContactFactory(vendor=contract.vendor, name="Sam", email="sam@vendor.example")
    VendorContactFactory(vendor=contract.vendor, name="Zoe", takes_notices=True)
    text = office.get(page(contract)).content.decode()
    assert text.index("<p>Zoe, takes notices</p>") < text.index("<p>Sam, sam@vendor.example</p>")
