"""A person's calendar: what is in it, who may read it, and what ends it."""

import logging
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from contracts import calendar_feed, owners
from contracts.models import CalendarFeed
from people.roles import FINANCE
from tests.conftest import member
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    PersonFactory,
    UserFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-24 12:00:00")
    return time_machine


@pytest.fixture
def ada():
    return PersonFactory(name="Ada Moss", user=UserFactory())


def contract_of(owner, **fields):
    dates = {"notice_by": TODAY + timedelta(30), "ends_on": TODAY + timedelta(120)}
    return ContractFactory(owner=owner, **{**dates, **fields})


def events(response):
    found = Calendar.from_ical(response.content).walk("VEVENT")
    return {str(event["summary"]): event["dtstart"].dt for event in found}


def fetched(client, token):
    return client.get(reverse("contracts:calendar", args=[token]))


def test_the_calendar_has_the_last_day_for_notice_and_the_end(client, ada):
    contract_of(ada, title="ERP maintenance", vendor=VendorFactory(name="SAP"))
    response = fetched(client, calendar_feed.issue(ada, by=None))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert events(response) == {
        "Last day for notice: ERP maintenance (SAP)": date(2026, 12, 24),
        "Term ends: ERP maintenance (SAP)": date(2027, 3, 24),
    }


def test_a_date_that_moves_stays_the_same_event(client, ada):
    contract = contract_of(ada)
    token = calendar_feed.issue(ada, by=None)
    before = {
        str(it["uid"]) for it in Calendar.from_ical(fetched(client, token).content).walk("VEVENT")
    }
    contract.ends_on += timedelta(365)
    contract.save()
    after = {
        str(it["uid"]) for it in Calendar.from_ical(fetched(client, token).content).walk("VEVENT")
    }
    assert before == after
    assert len(before) == 2


def test_nobody_sees_what_another_answers_for(client, ada):
    contract_of(ada, title="Mine")
    contract_of(PersonFactory(), title="CANARY")
    contract_of(None, title="CANARY of nobody")
    response = fetched(client, calendar_feed.issue(ada, by=None))
    assert b"CANARY" not in response.content
    assert b"Mine" in response.content


def test_the_head_of_a_department_sees_what_nobody_in_it_owns(client, ada):
    sales = DepartmentFactory(head=ada)
    contract_of(None, title="Nobody's", department=sales)
    contract_of(PersonFactory(), title="Somebody's", department=sales)
    content = fetched(client, calendar_feed.issue(ada, by=None)).content
    assert b"Nobody" in content
    assert b"Somebody" not in content


def gone(**fields):
    return PersonFactory(leaves_on=TODAY - timedelta(10), **fields)


def without_email(**fields):
    return PersonFactory(email="", **fields)


@pytest.mark.parametrize("owner", [gone, without_email])
def test_the_head_sees_what_belongs_to_who_left_or_has_no_email(client, ada, owner):
    contract = contract_of(owner(), title="Left behind", department=DepartmentFactory(head=ada))
    assert owners.of(contract, TODAY) == ada
    assert b"Left behind" in fetched(client, calendar_feed.issue(ada, by=None)).content


@pytest.mark.parametrize("nobody", [gone, without_email])
def test_finance_sees_what_belongs_to_who_left_where_the_head_is_gone_too(client, nobody):
    PersonFactory(answers_for="finance", kind="shared", email="finance@example.com")
    contract_of(gone(), title="Left behind", department=DepartmentFactory(head=nobody()))
    person = member(FINANCE).person
    assert b"Left behind" in fetched(client, calendar_feed.issue(person, by=None)).content


def test_the_owner_sees_it_until_the_last_day_and_the_head_from_the_next(client, ada, today):
    owner = PersonFactory(user=UserFactory(), leaves_on=TODAY)
    contract_of(owner, title="Owned", department=DepartmentFactory(head=ada))
    owners_own, heads = (calendar_feed.issue(it, by=None) for it in (owner, ada))
    assert b"Owned" in fetched(client, owners_own).content
    assert b"Owned" not in fetched(client, heads).content
    today.move_to("2026-11-25 12:00:00")
    assert fetched(client, owners_own).status_code == 404
    assert b"Owned" in fetched(client, heads).content


def test_an_owner_without_an_email_sees_it(client):
    owner = without_email(user=UserFactory())
    contract_of(owner, title="Owned")
    assert b"Owned" in fetched(client, calendar_feed.issue(owner, by=None)).content


def test_finance_also_sees_what_nobody_answers_for(client):
    person = member(FINANCE).person
    contract_of(None, title="Orphan")
    assert b"Orphan" in fetched(client, calendar_feed.issue(person, by=None)).content


def test_notice_is_no_longer_asked_for_once_it_is_decided(client, ada):
    contract_of(ada, title="Fax", decision="cancel")
    found = events(fetched(client, calendar_feed.issue(ada, by=None)))
    assert [summary.partition(":")[0] for summary in found] == ["Ends, cancelled"]


def test_a_new_address_ends_the_old_one(client, ada):
    old = calendar_feed.issue(ada, by=None)
    new = calendar_feed.issue(ada, by=None)
    assert fetched(client, old).status_code == 404
    assert fetched(client, new).status_code == 200
    assert CalendarFeed.objects.count() == 1


def leave(person):
    person.leaves_on = TODAY - timedelta(1)
    person.save()


def disable(person):
    person.user.is_active = False
    person.user.save()


def revoke(person):
    assert calendar_feed.revoke(person, by=None)


@pytest.mark.parametrize("end", [leave, disable, revoke])
def test_the_address_of_who_left_or_may_not_sign_in_or_revoked_it_answers_as_an_unknown_one(
    client, ada, end
):
    contract_of(ada)
    token = calendar_feed.issue(ada, by=None)
    end(ada)
    refused, unknown = fetched(client, token), fetched(client, "x" * 43)
    assert (refused.status_code, refused.content) == (404, unknown.content)


def test_who_cannot_sign_in_gets_no_address():
    with pytest.raises(ValidationError, match="cannot sign in"):
        calendar_feed.issue(PersonFactory(), by=None)


def test_the_secret_is_neither_kept_nor_logged(client, ada, caplog):
    token = calendar_feed.issue(ada, by=None)
    with caplog.at_level(logging.DEBUG):
        fetched(client, token)
        calendar_feed.revoke(ada, by=None)
        fetched(client, token)
    assert token not in caplog.text
    kept = [*CalendarFeed.history.values_list("token_hash", flat=True)]
    assert kept
    assert token not in kept


def test_the_queries_do_not_grow_with_the_contracts(ada, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(calendar_feed, "SOURCES", [])  # those of apps above have tests of their own
    for _ in range(5):
        contract_of(ada)
    person = calendar_feed.person_of(calendar_feed.issue(ada, by=None), TODAY)
    calendar_feed.calendar(person, TODAY, timezone.now())  # permissions are read once
    with django_assert_num_queries(3):  # the mailbox of Finance, else the last resort; contracts
        calendar_feed.calendar(person, TODAY, timezone.now())


def test_a_person_makes_and_ends_his_address_in_the_portal(client, ada):
    contract_of(ada, title="ERP maintenance")
    client.force_login(ada.user)
    page = client.post("/calendar/", {"issue": "1"})
    address = page.context["address"]
    assert address in page.content.decode()
    path = address.partition("/calendar/")[2]
    assert client.get(f"/calendar/{path}").status_code == 200
    assert "has an address" in client.get("/calendar/").content.decode()
    client.post("/calendar/", {"revoke": "1"})
    assert client.get(f"/calendar/{path}").status_code == 404


def test_a_title_with_line_breaks_adds_no_other_event(client, ada):
    contract_of(ada, title="A\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Forged")
    assert len(events(fetched(client, calendar_feed.issue(ada, by=None)))) == 2
