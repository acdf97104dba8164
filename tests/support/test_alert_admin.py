"""The ledger of alerts in the back office: who reads what, and who answers."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate

from support import inbox
from support.admin import alert_steps
from support.admin.alert_steps import STEPS
from support.alert_words import page_of as page_of_record
from support.alerts import RULES
from support.ledger import raise_due
from support.models import Alert, DigestTime, Preference, Response
from tests import factories
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    MessageFactory,
    PersonFactory,
    ResponseFactory,
    UserFactory,
)
from tests.rendering import bare, unrendered

TODAY = date(2026, 11, 24)
LIST = reverse("admin:support_alert_changelist")
MODELS = list(dict.fromkeys(rule.model for rule in RULES))
pytestmark = pytest.mark.django_db


def warranties(number, days=5):
    return [AssetFactory(warranty_ends_on=TODAY + timedelta(days)) for _ in range(number)]


@pytest.mark.parametrize("role", ["it", "finance", "service_desk", "auditor"])
def test_staff_see_what_was_raised_and_open_the_record(client, request, role):
    client.force_login(request.getfixturevalue(role))
    (asset,) = warranties(1)
    raise_due(TODAY)

    page = client.get(LIST).text

    assert str(asset) in page
    assert reverse("admin:assets_asset_change", args=[asset.pk]) in page


def test_the_link_of_a_digest_shows_what_it_counted(client, it):
    client.force_login(it)
    warranties(1, days=-100)
    warranties(1, days=5)
    raise_due(TODAY)
    lapsed = Alert.objects.get(state="lapsed")

    page = client.get(
        LIST,
        {
            "rule__exact": "warranty",
            "state__exact": "lapsed",
            "recipient__id__exact": lapsed.recipient_id,
        },
    )

    assert list(page.context["cl"].result_list) == [lapsed]


def test_the_ledger_is_written_by_nobody(client, administrator):
    client.force_login(administrator)
    warranties(1)
    raise_due(TODAY)
    page = reverse("admin:support_alert_change", args=[Alert.objects.get().pk])

    assert client.get(page).status_code == 200
    assert client.post(page, {"state": "moot"}).status_code == 403


def test_ten_alerts_take_as_many_queries_as_one(client, it):
    client.force_login(it)
    counts = []
    client.get(LIST)
    for number in (1, 9):
        warranties(number)
        raise_due(TODAY)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- Answers ---


@pytest.fixture
def told(it):
    """An alert to the mailbox of IT, which IT reads."""
    mailbox = PersonFactory(kind="shared", answers_for="it", email="it-team@example.com")
    return AlertFactory(recipient=mailbox, due_on=localdate() + timedelta(9), lead=14)


def step(alert, name):
    return reverse("admin:support_alert_step", args=[alert.pk, name])


def page_of(alert):
    return reverse("admin:support_alert_change", args=[alert.pk])


@pytest.mark.parametrize(
    ("name", "asked", "state"),
    [
        ("acknowledge", {"text": "On it."}, "acknowledged"),
        ("snooze", {"until": localdate() + timedelta(3)}, "snoozed"),
        ("comment", {"text": "On it."}, "open"),
    ],
)
def test_it_answers_for_its_mailbox_on_the_page(client, it, told, name, asked, state):
    client.force_login(it)
    assert client.get(step(told, name)).status_code == 200

    done = client.post(step(told, name), {"apply": 1, **asked}, follow=True)

    told.refresh_from_db()
    assert told.state == state
    assert Response.objects.get().by == it
    assert str(told.record) in done.text
    assert it.name in done.text


def test_it_is_passed_on_to_somebody_who_is_completed_by_typing(client, it, told):
    other = PersonFactory(name="Ada Lovelace")
    client.force_login(it)

    done = client.post(step(told, "pass_on"), {"apply": 1, "to": other.pk}, follow=True)

    assert other.alerts.get().is_assigned
    assert "Passed it on to Ada Lovelace" in done.text


def test_what_was_acknowledged_is_opened_again(client, it, told):
    client.force_login(it)
    client.post(step(told, "acknowledge"), {"apply": 1})

    client.post(step(told, "reopen"), {"apply": 1})

    told.refresh_from_db()
    assert told.state == "open"


def test_many_are_answered_in_one_go_and_the_refused_named(client, it, told):
    over = AlertFactory(state="moot", due_on=told.due_on)
    client.force_login(it)

    done = client.post(
        LIST,
        {"action": "acknowledge", "_selected_action": [told.pk, over.pk], "apply": 1},
        follow=True,
    )

    told.refresh_from_db()
    assert told.state == "acknowledged"
    assert f"{over.record}, due" in done.text
    assert "no longer true" in done.text


def test_who_only_reads_answers_nothing(client, auditor, told):
    client.force_login(auditor)

    assert client.get(step(told, "acknowledge")).status_code == 403
    assert 'value="acknowledge"' not in client.get(LIST).text
    client.post(LIST, {"action": "acknowledge", "_selected_action": [told.pk], "apply": 1})
    told.refresh_from_db()
    assert told.state == "open"


def test_who_was_told_himself_is_led_to_where_he_may_answer(client, auditor):
    mine = AlertFactory(recipient=auditor.person)
    client.force_login(auditor)

    assert reverse("portal:alert", args=[mine.pk]) in client.get(page_of(mine)).text


# --- What it is about ---


def clerk_with(*names):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def test_nobody_reads_the_name_of_a_record_that_he_may_not_look_at(client, told):
    clerk = clerk_with("view_alert", "view_response", "respond_alert", "view_message")
    told.message = MessageFactory(subject="CANARY")
    told.save()
    ResponseFactory(alert=told, text="CANARY")
    secret, tag = str(told.record), told.record.tag
    client.force_login(clerk)

    paths = [LIST, page_of(told), *(step(told, it.name) for it in STEPS)]
    pages = [client.get(path).text for path in paths]
    bulk = {"action": "acknowledge", "_selected_action": [told.pk, told.pk + 9]}
    pages += [client.post(LIST, bulk | {"apply": apply}).text for apply in ("", "1")]
    pages.append(client.post(step(told, "acknowledge"), {"apply": 1}).text)

    for shown in pages:
        assert secret not in shown
        assert tag not in shown
        assert "CANARY" not in shown
    assert "a record (asset)" in pages[0]
    assert alert_steps.NOT_YOURS in pages[-1]
    told.refresh_from_db()
    assert told.state == "open"


def test_who_was_told_reads_the_name_without_a_link_to_a_page_he_may_not_open(client):
    clerk = clerk_with("view_alert")
    mine = AlertFactory(recipient=PersonFactory(user=clerk))
    client.force_login(clerk)

    shown = client.get(LIST).text

    assert str(mine.record) in shown
    assert reverse("admin:assets_asset_change", args=[mine.record.pk]) not in shown


@pytest.mark.parametrize(
    "model", dict.fromkeys(rule.model for rule in RULES), ids=lambda it: it.__name__
)
def test_records_of_each_kind_take_as_many_queries_for_many(client, it, model):
    kind = next(rule.kind for rule in RULES if rule.model is model)
    make = getattr(factories, f"{model.__name__}Factory")
    client.force_login(it)
    counts = []
    with bare():
        client.get(LIST)
    for number in (1, 4):
        for _ in range(number):
            AlertFactory(rule=kind, record=make())
        with bare(), CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_every_kind_of_record_has_a_page_to_be_opened_from_its_alert(client, it):
    client.force_login(it)
    for rule in RULES:
        record = getattr(factories, f"{rule.model.__name__}Factory")()
        alert = AlertFactory(rule=rule.kind, record=record)

        with bare():
            shown = client.get(page_of(alert)).text
        with unrendered():  # the pages themselves are shown with their admins
            opened = client.get(page_of_record(record))

        assert page_of_record(record) in shown, rule.kind
        assert opened.status_code == 200, rule.kind


def test_a_record_that_was_deleted_and_a_rule_that_is_no_more_do_not_break_the_list(client, it):
    client.force_login(it)
    AlertFactory(rule="long_gone", record=AssetFactory())
    Alert.objects.create(**{**vars_of(AlertFactory()), "object_id": 99_999, "rule": "warranty"})

    shown = client.get(LIST).text

    assert "Long gone" in shown
    assert "deleted meanwhile" in shown


def vars_of(alert):
    names = ["rule", "content_type", "object_id", "due_on", "lead", "recipient", "raised_on", "run"]
    return {name: getattr(alert, name) for name in names}


def test_the_page_of_an_asset_and_of_a_contract_says_who_was_told(client, it):
    contract = ContractFactory()
    for record in (AssetFactory(), contract):
        AlertFactory(record=record, recipient__name="Ada Lovelace")
        AlertFactory(record=record, recipient__name="CANARY", state="followed", lead=60)
        client.force_login(it)

        shown = client.get(page_of_record(record)).text

        assert "Ada Lovelace" in shown
        assert "CANARY" not in shown


# --- The inbox ---


def test_each_reads_his_own_and_the_mailbox_of_his_role(
    it, finance, service_desk, auditor, administrator, employee, settings
):
    everybody = [it, finance, service_desk, auditor, administrator, employee.user]
    for user in everybody:
        AlertFactory(recipient=user.person)
    for role in ("it", "finance", "service_desk"):
        AlertFactory(recipient=PersonFactory(kind="shared", answers_for=role))
    AlertFactory(recipient=PersonFactory(kind="shared", email=settings.FALLBACK_MAILBOX))
    AlertFactory(recipient=it.person, state="acknowledged")

    assert [inbox.count(user) for user in everybody] == [3, 2, 2, 1, 2, 1]
    assert inbox.count(AnonymousUser()) == 0


def test_the_head_of_every_page_has_the_count_and_leads_to_the_list_of_it(client, it, told):
    client.force_login(it)
    AlertFactory()

    for address in (reverse("admin:index"), LIST, page_of(told), step(told, "comment")):
        assert 'inbox-count some">1<' in client.get(address).text, address
    found = client.get(LIST, {"mine": "yes", "state__exact": "open"})
    assert list(found.context["cl"].result_list) == [told]


def test_the_count_takes_two_queries(it, told, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert inbox.count(it) == 1


def test_who_may_not_see_alerts_has_no_inbox_in_the_back_office(client):
    client.force_login(clerk_with("view_asset"))

    assert 'class="inbox"' not in client.get(reverse("admin:index")).text


def test_lists_are_narrowed_by_rule_state_person_escalation_and_days(client, it, told):
    client.force_login(it)
    escalated = AlertFactory(
        rule="contract_end", record=ContractFactory(), escalates=told, due_on=localdate()
    )

    for query, rows in [
        ({"rule__exact": "contract_end"}, [escalated]),
        ({"escalated": "yes"}, [escalated]),
        ({"escalated": "no"}, [told]),
        ({"mine": "yes"}, [told]),
        ({"due_on_from": told.due_on}, [told]),
        ({"due_on_to": localdate()}, [escalated]),
        ({"escalated": "x", "mine": "x"}, [escalated, told]),
    ]:
        found = client.get(LIST, query, follow=True)
        assert list(found.context["cl"].result_list) == rows, query


# --- How people are told ---


@pytest.mark.parametrize(
    ("role", "status"), [("it", 200), ("finance", 200), ("service_desk", 403), ("auditor", 403)]
)
def test_staff_set_when_and_how_a_mailbox_is_told(client, request, role, status):
    mailbox = PersonFactory(kind="shared", answers_for="it")
    client.force_login(request.getfixturevalue(role))

    when = client.post(
        reverse("admin:support_digesttime_add"),
        {"person": mailbox.pk, "at": "06:30", "time_zone": "Europe/Berlin"},
        follow=True,
    )
    how = client.post(
        reverse("admin:support_preference_add"),
        {"person": mailbox.pk, "rule": "warranty", "delivery": "inbox"},
        follow=True,
    )

    assert (when.status_code, how.status_code) == (status, status)
    assert DigestTime.objects.exists() == Preference.objects.exists() == (status == 200)
