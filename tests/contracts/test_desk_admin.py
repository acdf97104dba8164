"""The pages of the renewal desk: who sees what, and what each button leads to."""

import csv
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from people.roles import AUDITOR, FINANCE, IT, SERVICE_DESK
from tests.conftest import member
from tests.factories import ContractFactory, DecisionFactory, TermFactory

pytestmark = pytest.mark.django_db
DESK = "/admin/contracts/contract/report/desk/"
NOTICES = "/admin/contracts/contract/report/notices/"
BOARD = "/admin/contracts/contract/board/"


def due(**fields):
    today = timezone.localdate()
    dates = {"notice_by": today + timedelta(20), "ends_on": today + timedelta(110)}
    contract = ContractFactory(**{**dates, "annual_cost": 900, **fields})
    TermFactory(contract=contract, renewal="tacit", renewal_months=12, ends_on=contract.ends_on)
    return contract


def cancelled(**fields):
    contract = due(decision="cancel", **fields)
    return DecisionFactory(
        term=contract.terms.get(), kind="cancel", ends_on=contract.ends_on, reason="Too dear."
    )


@pytest.mark.parametrize("role", [IT, FINANCE, SERVICE_DESK, AUDITOR])
def test_whoever_sees_contracts_sees_the_desk_and_only_finance_decides(client, role):
    contract = due()
    client.force_login(member(role))
    text = client.get(DESK).content.decode()
    assert str(contract) in text
    button = reverse("admin:contracts_contract_step", args=[contract.pk, "cancel"])
    assert (button in text) == (role == FINANCE)
    assert client.get(button).status_code == (200 if role == FINANCE else 403)


def test_the_desk_reaches_as_far_as_it_is_asked(client):
    today = timezone.localdate()
    (
        due(title="Soon"),
        due(title="Later", notice_by=today + timedelta(300), ends_on=today + timedelta(400)),
    )
    client.force_login(member(FINANCE))
    assert "Later" not in client.get(DESK).content.decode()
    assert "Later" in client.get(DESK, {"within": "365"}).content.decode()


def test_a_month_of_the_board_leads_to_its_contracts_on_the_desk(client):
    today = timezone.localdate()
    due(title="Soon", notice_by=today), due(title="Later", notice_by=today + timedelta(100))
    client.force_login(member(FINANCE))
    first, last = today.replace(day=1), today + timedelta(40)
    query = {"within": "36500", "by_from": first.isoformat(), "by_to": last.isoformat()}
    text = client.get(DESK, query).content.decode()
    assert "Soon" in text
    assert "Later" not in text


def test_the_desk_leaves_as_a_file_with_every_row_of_its_filters(client):
    for _ in range(120):
        due()
    due(kind="lease")
    client.force_login(member(FINANCE))
    file = client.get(f"{DESK}csv/", {"kind": "subscription"}).getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(file.splitlines()))
    assert len(rows) == Contract.objects.filter(kind="subscription").count() == 120
    assert {row["If nobody decides"] for row in rows} == {"renews for 12 months: 900.00 EUR"}


def test_the_desk_asks_as_many_queries_for_one_as_for_many(client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    due()
    client.force_login(member(FINANCE))
    client.get(DESK)
    with CaptureQueriesContext(connection) as one:
        client.get(DESK)
    for _ in range(20):
        due()
    with django_assert_num_queries(len(one)):
        client.get(DESK)


def test_the_board_is_read_by_whoever_sees_contracts(client):
    due(title="ERP maintenance")
    client.force_login(member(AUDITOR))
    text = client.get(BOARD).content.decode()
    assert "ERP maintenance" in text
    assert "1 contract, 1 undecided" in text


def test_an_empty_board_says_what_to_do(client):
    client.force_login(member(FINANCE))
    assert "Give contracts their terms" in client.get(BOARD).content.decode()


def test_notices_are_followed_from_the_decision_to_the_confirmation(client):
    today = timezone.localdate()
    unsent, sent, done = cancelled(), cancelled(), cancelled()
    for decision in (sent, done):
        decision.sent_on, decision.sent_by = today, "post"
        decision.save()
    done.confirmed_on = today
    done.save()
    client.force_login(member(FINANCE))

    def listed(**query):
        text = client.get(NOTICES, query).content.decode()
        return [it for it in (unsent, sent, done) if str(it.contract) in text]

    assert listed() == [unsent, sent, done]
    assert listed(state="unsent") == [unsent]
    assert listed(state="sent") == [sent]
    assert listed(state="done") == [done]


def test_the_notice_is_for_who_decides_and_only_of_what_is_cancelled(client):
    decision, other = cancelled(), due()
    letter = reverse("admin:contracts_contract_notice", args=[decision.contract.pk, "pdf"])
    client.force_login(member(AUDITOR))
    assert client.get(letter).status_code == 403
    client.force_login(member(FINANCE))
    response = client.get(letter)
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert client.post(letter).status_code == 405
    for pk, extension in [(other.pk, "pdf"), (decision.contract.pk, "exe"), (10**6, "pdf")]:
        address = reverse("admin:contracts_contract_notice", args=[pk, extension])
        assert client.get(address).status_code == 404


def test_the_draft_comes_from_whoever_asks_for_it(client):
    decision = cancelled()
    decision.contract.vendor.email = "notices@vendor.example"
    decision.contract.vendor.save()
    finance = member(FINANCE)
    client.force_login(finance)
    address = reverse("admin:contracts_contract_notice", args=[decision.contract.pk, "eml"])
    draft = client.get(address)
    assert draft["Content-Type"] == "message/rfc822"
    assert finance.email in draft.content.decode()
    assert "To: notices@vendor.example" in draft.content.decode()
