"""A finance person goes through the ledger in the back office."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import Vendor
from contracts import matching
from contracts.matching import runs
from contracts.models import Distinction, Spend
from tests.factories import ContractFactory, SpendFactory, TermFactory, VendorFactory

pytestmark = pytest.mark.django_db
LIST = "admin:contracts_spend_changelist"
MATCH = "admin:contracts_spend_suggestions"
OTHER = "admin:contracts_spend_suggestions_vendor"


@pytest.fixture
def acme(db):
    return VendorFactory(name="Acme")


@pytest.fixture
def signed_in(client, finance):
    client.force_login(finance)
    return client


def paid(**fields):
    return SpendFactory(**{"supplier": "Acmee Corp", "amount": Decimal(100), **fields})


def agreement(vendor, amount=100):
    contract = ContractFactory(vendor=vendor)
    TermFactory(contract=contract, starts_on=date(2020, 1, 1), ends_on=None, amount=amount)
    return contract


def step(line, name):
    return reverse("admin:contracts_spend_step", args=[line.pk, name])


def send(client, address, **data):
    return client.post(address, data, follow=True).content.decode()


# --- Suggestions ---------------------------------------------------------------------------------


def test_the_page_shows_each_spelling_with_what_was_paid_and_who_it_may_be(signed_in, acme):
    paid()
    paid(currency="USD", amount=Decimal("7.50"))

    page = signed_in.get(reverse(MATCH)).content.decode()

    for said in ("Acmee Corp", "100.00 EUR", "7.50 USD", "Acme (89)", "2 lines of the ledger"):
        assert said in page
    assert 'aria-label="Confirm: Acmee Corp is Acme"' in page


def test_confirm_gives_every_line_of_the_spelling_its_vendor(signed_in, acme, finance):
    line = paid()

    page = send(signed_in, reverse(MATCH), key="acmee", confirm=acme.pk)

    line.refresh_from_db()
    assert line.vendor == acme
    assert line.history.latest().history_user == finance
    assert "it is remembered" in page
    assert "Every line has its vendor" in page


def test_not_this_one_is_never_suggested_again(signed_in, acme):
    paid()

    page = send(signed_in, reverse(MATCH), key="acmee", tell_apart=acme.pk)

    assert "that is not suggested again" in page
    assert "Acme (" not in page
    assert Distinction.objects.count() == 1


def test_somebody_else_can_be_chosen_or_made(signed_in, acme):
    other, line, unheard = VendorFactory(name="Bolt"), paid(), paid(supplier="Zenith Ltd")

    page = send(signed_in, f"{reverse(OTHER)}?key=acmee", vendor=other.pk, name="")
    send(signed_in, f"{reverse(OTHER)}?key=zenith", vendor="", name="Zenith")

    line.refresh_from_db()
    unheard.refresh_from_db()
    assert "“acmee” is Bolt" in page
    assert (line.vendor, unheard.vendor.name) == (other, "Zenith")


@pytest.mark.parametrize(
    ("vendor", "name", "said"),
    [
        ("", "", "Choose a vendor who is there, or name a new one."),
        ("acme", "Zenith", "Choose a vendor who is there, or name a new one."),
        ("", "ACME", "There is a vendor of this name already."),
    ],
)
def test_what_cannot_be_is_refused_in_words(signed_in, acme, vendor, name, said):
    paid()

    page = send(
        signed_in, f"{reverse(OTHER)}?key=acmee", vendor=acme.pk if vendor else "", name=name
    )

    assert said in page
    assert Vendor.objects.count() == 1


def test_a_spelling_that_waits_no_more_is_not_there(signed_in):
    assert signed_in.get(f"{reverse(OTHER)}?key=nobody%00").status_code == 404


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ({"confirm": "9" * 30}, "This vendor is not there any more"),
        ({"tell_apart": "x"}, "This vendor is not there any more"),
        ({"confirm": "acme", "key": "nobody"}, "somebody said who it is meanwhile"),
        ({"tell_apart": "acme", "key": "nobody"}, "No line of the ledger is written “nobody”"),
    ],
)
def test_a_button_of_an_old_page_is_answered_in_words(signed_in, acme, button, said):
    data = {name: acme.pk if value == "acme" else value for name, value in button.items()}

    assert said in send(signed_in, reverse(MATCH), **{"key": "acmee", **data})
    assert not Distinction.objects.exists()


def test_match_now_runs_the_rules(signed_in, acme):
    line = paid(supplier="Acme AG")
    contract = agreement(acme)

    page = send(signed_in, reverse(MATCH), match=1)

    line.refresh_from_db()
    assert (line.vendor, line.contract) == (acme, contract)
    assert "1 lines got their vendor and 1 their contract; 0 belong to none." in page


def test_a_long_ledger_is_matched_in_the_background_and_the_page_says_so(
    signed_in, acme, monkeypatch
):
    monkeypatch.setattr(runs, "INLINE", 0)
    paid(supplier="Acme AG")

    page = send(signed_in, reverse(MATCH), match=1)

    assert "the rules run in the background" in page
    assert "waiting for the background worker" in page
    matching.run_waiting()
    assert "1 got their vendor" in signed_in.get(reverse(MATCH)).content.decode()


def test_more_spellings_take_no_more_queries(signed_in, acme):
    def queries():
        signed_in.get(reverse(MATCH))
        with CaptureQueriesContext(connection) as captured:
            signed_in.get(reverse(MATCH))
        return len(captured)

    paid()
    few = queries()
    for number in range(60):
        paid(supplier=f"Acmee {number}")
    assert queries() <= few + 1  # the second page is counted
    assert "Page 1 of 2" in signed_in.get(reverse(MATCH)).content.decode()


@pytest.mark.parametrize("role", ["it", "service_desk", "auditor"])
def test_who_may_not_match_sees_no_button_and_gets_no_page(client, role, request, acme):
    client.force_login(request.getfixturevalue(role))
    line = paid(vendor=acme)

    assert reverse(MATCH) not in client.get(reverse(LIST)).content.decode()
    for address in (
        reverse(MATCH),
        f"{reverse(OTHER)}?key=acmee",
        step(line, "match"),
        step(line, "set_aside"),
        step(line, "unmatch"),
        step(line, "not_this_vendor"),
        reverse("admin:contracts_spend_import"),
    ):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"apply": 1}).status_code == 403, address
    bulk = {"action": "set_aside", "_selected_action": line.pk, "apply": 1}
    client.post(reverse(LIST), bulk)
    line.refresh_from_db()
    assert line.matched == ""


def test_who_may_match_but_not_name_vendors_gives_no_spelling_away(client, finance, acme):
    from django.contrib.auth.models import Permission

    finance.groups.clear()
    for name in ("match_spend", "view_spend"):
        finance.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(finance)
    paid()

    assert "Confirm" not in client.get(reverse(MATCH)).content.decode()
    data = {"key": "acmee", "confirm": acme.pk}
    assert client.post(reverse(MATCH), data).status_code == 403
    assert client.get(f"{reverse(OTHER)}?key=acmee").status_code == 403
    assert Spend.objects.get().vendor is None


def test_who_may_not_make_vendors_makes_none_here(client, finance, acme):
    from django.contrib.auth.models import Permission

    finance.groups.clear()
    for name in ("match_spend", "view_spend", "add_vendoralias"):
        finance.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(finance)
    paid()

    send(client, f"{reverse(OTHER)}?key=acmee", vendor="", name="Zenith")

    assert Vendor.objects.count() == 1


# --- One line ------------------------------------------------------------------------------------


def test_the_page_of_a_line_says_which_contracts_it_fits(signed_in, acme):
    first, second = agreement(acme), agreement(acme)
    line = paid(vendor=acme)

    page = signed_in.get(reverse("admin:contracts_spend_change", args=[line.pk])).content.decode()
    form = signed_in.get(step(line, "match")).content.decode()

    assert f"{first}</a> (100 of 100)" in page
    assert f"{second}</a> (100 of 100)" in page
    assert f"It fits: {first} (100 of 100); {second} (100 of 100)." in form
    assert f'value="{first.pk}" selected' in form


def test_a_line_is_matched_by_hand_set_aside_and_taken_back(signed_in, acme, finance):
    contract, line = agreement(acme, 70), paid(vendor=acme)

    send(signed_in, step(line, "match"), apply=1, contract=contract.pk, reason="split")
    line.refresh_from_db()
    assert (line.contract, line.matched) == (contract, "hand")
    send(signed_in, step(line, "set_aside"), apply=1, reason="")
    line.refresh_from_db()
    assert (line.contract, line.matched) == (None, "hand")
    send(signed_in, step(line, "unmatch"), apply=1, reason="")
    line.refresh_from_db()
    assert (line.contract, line.matched) == (None, "")

    said = [version.history_change_reason for version in line.history.all()]
    assert said[:3] == ["taken back", "belongs to no contract", "split"]
    assert {version.history_user for version in line.history.all()[:3]} == {finance}


def test_many_lines_are_matched_in_one_step_and_a_refused_one_stops_no_other(signed_in, acme):
    contract = agreement(acme, 70)
    done, line = paid(vendor=acme), paid(vendor=acme)
    matching.match_by_hand(done, contract=contract, by=None)

    page = send(
        signed_in,
        reverse(LIST),
        action="match",
        _selected_action=[done.pk, line.pk],
        apply=1,
        contract=contract.pk,
        reason="",
    )

    line.refresh_from_db()
    assert line.contract == contract
    assert "by hand already" in page


def test_a_line_says_that_its_vendor_is_wrong(signed_in, acme):
    lines = [paid(supplier="Acme Ltd"), paid(supplier="Acme Ltd")]
    matching.match(None)

    send(signed_in, step(lines[0], "not_this_vendor"), apply=1)

    assert not Spend.objects.filter(vendor=acme).exists()
    assert matching.match(None).vendors == 0


def test_nobody_writes_a_line_by_hand(signed_in, superuser):
    line = paid()
    signed_in.force_login(superuser)

    assert signed_in.get(reverse("admin:contracts_spend_add")).status_code == 403
    page = reverse("admin:contracts_spend_change", args=[line.pk])
    assert signed_in.post(page, {"amount": 1}).status_code == 403
    assert signed_in.get(reverse("admin:contracts_spend_delete", args=[line.pk])).status_code == 403


# --- The list and the page of a contract ---------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("contract", {"in"}),
        ("outside", {"aside", "open", "who"}),
        ("open", {"open", "who"}),
        ("unknown", {"who"}),
    ],
)
def test_the_list_is_filtered_by_what_is_decided(signed_in, acme, chosen, shown):
    contract = agreement(acme)
    lines = {name: paid(vendor=acme, text=name) for name in ("in", "aside", "open")}
    paid(text="who")
    matching.match_by_hand(lines["in"], contract=contract, by=None)
    matching.set_aside(lines["aside"], by=None)

    response = signed_in.get(reverse(LIST), {"state": chosen})

    assert {line.text for line in response.context["cl"].result_list} == shown


def test_the_page_of_a_contract_shows_what_was_paid_in_the_last_year(signed_in, acme):
    contract, today = agreement(acme), timezone.localdate()
    for days, text in [(10, "of late"), (364, "a year ago"), (366, "long ago")]:
        line = paid(vendor=acme, text=text, booked_on=today - timedelta(days))
        matching.match_by_hand(line, contract=contract, by=None)

    page = signed_in.get(reverse("admin:contracts_contract_change", args=[contract.pk]))

    assert "of late" in page.content.decode()
    assert "a year ago" in page.content.decode()
    assert "long ago" not in page.content.decode()
