"""Alerts in the portal: who reads and answers them, and that a link lets nobody in."""

from datetime import time, timedelta

import pytest
from django.conf import settings
from django.core.signing import TimestampSigner
from django.utils.timezone import localdate

from support import responses
from support.alert_links import SALT, VALID, answer_link
from support.models import Alert, DigestTime, Preference, Response
from support.portal import alerts as portal
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    DigestTimeFactory,
    PersonFactory,
    PreferenceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def day(days):
    return localdate() + timedelta(days)


@pytest.fixture
def contract(employee):
    return ContractFactory(owner=employee, title="CANARY", ends_on=day(20))


@pytest.fixture
def alert(employee, contract):
    return AlertFactory(
        rule="contract_end", record=contract, due_on=day(20), recipient=employee, lead=30
    )


@pytest.fixture
def mine(client, employee):
    client.force_login(employee.user)
    return client


@pytest.fixture
def stranger():
    user = UserFactory()
    return PersonFactory(user=user, name="Somebody else", email=user.email)


def page(alert):
    return f"/alerts/about/{alert.pk}/"


def path(link):
    return link.removeprefix(settings.SITE_URL)


def state(alert):
    return Alert.objects.get(pk=alert.pk).state


# --- The list ---


def test_the_list_has_what_is_open_and_what_was_put_off_and_counts_the_open_ones(mine, alert):
    AlertFactory(recipient=alert.recipient, state="snoozed", snoozed_until=day(3))
    AlertFactory(record=AssetFactory(tag="OTHERS-1"))

    shown = mine.get("/alerts/").text

    assert "CANARY" in shown
    assert "in 20 days" in shown
    assert "Put off" in shown
    assert "OTHERS-1" not in shown
    assert '<span class="count">1<span class="unseen"> open</span></span>' in shown


def test_an_empty_list_says_what_is_true_and_the_menu_does_not_speak_of_it(mine):
    assert "Nothing waits for you" in mine.get("/alerts/").text
    assert 'class="count"' not in mine.get("/").text


def test_ten_alerts_take_as_many_queries_as_one(mine, alert, django_assert_max_num_queries):
    with django_assert_max_num_queries(30) as few:
        mine.get("/alerts/")
    for _ in range(9):
        contract = ContractFactory(owner=alert.recipient)
        AlertFactory(rule="contract_end", record=contract, recipient=alert.recipient)

    with django_assert_max_num_queries(len(few)):
        mine.get("/alerts/")


# --- The link of a mail ---


def test_a_link_asks_who_is_not_signed_in_to_sign_in_and_leads_back(client, alert):
    link = path(answer_link(alert, alert.recipient))

    response = client.get(link)

    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/?next=/alerts/")
    assert "_auth_user_id" not in client.session


def test_a_link_leads_to_the_alert_and_changes_nothing(mine, alert):
    response = mine.get(path(answer_link(alert, alert.recipient)), follow=True)

    assert response.redirect_chain == [(page(alert), 302)]
    assert "CANARY" in response.text
    assert state(alert) == "open"
    assert not Response.objects.exists()


def test_a_link_to_an_alert_that_was_followed_leads_to_the_nearer_one(mine, alert):
    link = path(answer_link(alert, alert.recipient))
    nearer = AlertFactory(
        rule=alert.rule,
        record=alert.record,
        due_on=alert.due_on,
        recipient=alert.recipient,
        lead=14,
    )
    Alert.objects.filter(pk=alert.pk).update(state="followed")

    assert mine.get(link).url == page(nearer)


def test_a_link_that_is_too_old_or_damaged_leads_to_the_list_whoever_opens_it(
    mine, alert, monkeypatch
):
    link = path(answer_link(alert, alert.recipient))
    unsigned = TimestampSigner(salt=SALT).sign("1 or 2")
    gone = TimestampSigner(salt=SALT).sign(f"{alert.pk + 99}.{alert.recipient_id}")
    elsewhere = TimestampSigner(salt="other").sign(f"{alert.pk}.{alert.recipient_id}")
    bad = [f"{link[:-2]}x/", "/alerts/1/", "/alerts/x:y:z/", "/alerts/%00/"]
    bad += [f"/alerts/{token}/" for token in (unsigned, gone, elsewhere)]

    answers = [mine.get(address) for address in bad]
    monkeypatch.setattr("support.alert_links.VALID", timedelta(seconds=-1))
    answers.append(mine.get(link))

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.partition("<main")[2] for answer in answers}) == 1
    assert 'href="/alerts/"' in answers[0].text
    assert "CANARY" not in answers[0].text
    assert VALID.days == 30


def test_the_link_of_another_is_as_if_it_were_not(client, stranger, alert):
    client.force_login(stranger.user)

    for address in (path(answer_link(alert, alert.recipient)), page(alert)):
        assert client.get(address).status_code == 404
        assert client.post(address, {"answer": "acknowledge"}).status_code in {404, 405}
    assert state(alert) == "open"


@pytest.mark.parametrize(
    ("role", "status"), [("it", 302), ("finance", 302), ("service_desk", 302), ("auditor", 404)]
)
def test_the_mail_of_a_mailbox_is_answered_by_staff_with_the_permission(
    client, request, role, status
):
    mailbox = PersonFactory(kind="shared", answers_for="it")
    told = AlertFactory(recipient=mailbox)
    client.force_login(request.getfixturevalue(role))

    assert client.get(path(answer_link(told, mailbox))).status_code == status


def test_staff_without_a_person_answer_too(client, superuser, alert):
    client.force_login(superuser)

    client.post(page(alert), {"answer": "acknowledge"})

    assert state(alert) == "acknowledged"


# --- One alert ---


def test_the_page_says_what_until_when_why_and_what_others_did(mine, alert, contract, finance):
    responses.comment(alert, text="<b>They</b> wrote.", by=finance)

    shown = mine.get(page(alert)).text

    for words in ("CANARY", "The term ends on", "in 20 days", contract.vendor.name, "owns it"):
        assert words in shown
    assert "&lt;b&gt;They&lt;/b&gt; wrote." in shown
    assert finance.name in shown


def test_acknowledging_keeps_what_was_said(mine, alert, employee):
    response = mine.post(
        page(alert), {"answer": "acknowledge", "words-text": "Ordered."}, follow=True
    )

    assert "Nobody is told of this date again" in response.text
    assert state(alert) == "acknowledged"
    said = Response.objects.get()
    assert (said.by, said.text) == (employee.user, "Ordered.")


def test_a_second_click_says_that_it_is_so_already(mine, alert):
    mine.post(page(alert), {"answer": "acknowledge"})

    response = mine.post(page(alert), {"answer": "acknowledge"})

    assert "is acknowledged already" in response.text
    assert Response.objects.count() == 1


def test_it_is_put_off_until_a_day_and_told_which_days_are_possible(mine, alert):
    late = mine.post(page(alert), {"answer": "snooze", "snooze-until": day(21)})
    assert "can be snoozed until a day between" in late.text

    mine.post(page(alert), {"answer": "snooze", "snooze-until": day(5)})

    alert.refresh_from_db()
    assert (alert.state, alert.snoozed_until) == ("snoozed", day(5))


@pytest.mark.parametrize("given", ["", "tomorrow", "2026-13-45", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_changes_nothing(mine, alert, given):
    response = mine.post(page(alert), {"answer": "snooze", "snooze-until": given})

    assert response.status_code == 200
    assert state(alert) == "open"


def test_it_is_passed_on_to_whose_address_is_known_exactly(mine, alert, stranger):
    for guess in ("", stranger.email[:5], "%", stranger.email.partition("@")[2]):
        mine.post(page(alert), {"answer": "pass_on", "pass_on-to": guess})
    assert state(alert) == "open"

    done = mine.post(
        page(alert),
        {"answer": "pass_on", "pass_on-to": stranger.email.upper(), "pass_on-text": "Yours."},
        follow=True,
    )

    assert "Passed on to Somebody else" in done.text
    assert state(alert) == "passed_on"
    assert stranger.alerts.get().is_assigned


def test_who_has_left_is_as_unknown_as_who_never_was(mine, alert):
    left = PersonFactory(name="Long gone", leaves_on=day(-1))

    answers = [
        mine.post(page(alert), {"answer": "pass_on", "pass_on-to": address}).text
        for address in (left.email, "nobody@example.com")
    ]

    assert all("We know nobody here with this address" in answer for answer in answers)
    assert not any("Long gone" in answer for answer in answers)


def test_the_manager_is_at_hand_when_it_is_passed_on(mine, alert, stranger):
    alert.recipient.manager = stranger
    alert.recipient.save()

    assert stranger.email in mine.get(page(alert)).text


@pytest.mark.parametrize("answer", ["", "delete", "turns_of", "may_respond", "_locked"])
def test_what_is_no_answer_does_nothing(mine, alert, answer):
    assert mine.post(page(alert), {"answer": answer}).status_code == 200
    assert state(alert) == "open"
    assert not Response.objects.exists()


def test_who_answers_too_often_is_asked_to_wait(mine, alert, monkeypatch):
    monkeypatch.setattr(portal, "ANSWERS_PER_HOUR", 2)
    asked = {"answer": "comment", "words-text": "Again."}

    statuses = [mine.post(page(alert), asked).status_code for _ in range(3)]

    assert statuses == [302, 302, 429]
    assert Response.objects.count() == 2


# --- How I am told ---


def test_the_mail_of_the_day_comes_when_one_wants_it(mine, employee):
    mine.post("/alerts/settings/", {"at": "16:30", "time_zone": "America/New_York"})

    chosen = DigestTime.objects.get()
    assert (chosen.person, chosen.at, chosen.time_zone) == (
        employee,
        time(16, 30),
        "America/New_York",
    )
    assert chosen.history.get().history_user == employee.user


def test_who_leaves_it_as_it_was_leaves_no_trace(mine):
    mine.post("/alerts/settings/", {"at": "07:00", "time_zone": ""})

    assert not DigestTime.objects.exists()


def test_a_kind_is_told_at_once_and_as_usual_again(mine, employee):
    field = "kind-contract_notice"
    mine.post("/alerts/settings/", {"at": "07:00", field: "at_once"})
    assert Preference.objects.get().delivery == "at_once"

    mine.post("/alerts/settings/", {"at": "07:00", field: ""})

    assert not Preference.objects.exists()
    assert [it.history_type for it in Preference.history.all()] == ["-", "+"]


def test_an_employee_is_asked_of_what_may_reach_him_and_staff_of_all(client, mine, finance):
    asked = mine.get("/alerts/settings/").text
    assert "kind-contract_notice" in asked
    assert "kind-warranty" not in asked

    client.force_login(finance)
    assert "kind-warranty" in client.get("/alerts/settings/").text


def test_what_was_passed_on_to_him_once_he_may_set_too(mine, employee):
    AlertFactory(rule="warranty", recipient=employee)

    assert "kind-warranty" in mine.get("/alerts/settings/").text


@pytest.mark.parametrize(
    "given",
    [
        {"at": ""},
        {"at": "25:00"},
        {"at": "08:00", "time_zone": "Mars/Olympus"},
        {"at": "08:00", "kind-contract_notice": "by_pigeon"},
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(mine, given):
    response = mine.post("/alerts/settings/", given)

    assert response.status_code == 200
    assert "Please check" in response.text
    assert not DigestTime.objects.exists()


def test_the_page_shows_what_is_set_also_by_staff(mine, employee):
    DigestTimeFactory(person=employee, at=time(6, 15), time_zone="US/Pacific")
    PreferenceFactory(person=employee, rule="contract_notice", delivery="inbox")

    shown = mine.get("/alerts/settings/").text

    assert 'value="06:15"' in shown
    assert '<option value="US/Pacific" selected>' in shown
    assert '<option value="inbox" selected>' in shown
