"""The dates of the alert rules in the calendar that a person subscribes to."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from contracts import calendar_feed
from people.roles import FINANCE, IT
from support import responses
from support.models import Alert
from tests.conftest import member
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    LeadTimeFactory,
    LicenceFactory,
    PersonFactory,
    StockItemFactory,
    UserFactory,
)
from tests.support.ledgers import look

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-24 12:00:00")


@pytest.fixture
def ada():
    return PersonFactory(name="Ada Moss", user=UserFactory())


@pytest.fixture
def mailbox():
    return PersonFactory(answers_for="it", kind="shared", email="it@example.com")


def day(number):
    return TODAY + timedelta(number)


def calendar(client, person):
    token = calendar_feed.issue(person, by=None)
    return client.get(reverse("contracts:calendar", args=[token]))


def events(client, person):
    found = Calendar.from_ical(calendar(client, person).content).walk("VEVENT")
    return {str(it["uid"]).partition("@")[0]: it for it in found}


def days(client, person):
    return {str(it["summary"]): it["dtstart"].dt for it in events(client, person).values()}


def loan(person, number=10):
    return CustodyFactory(holder=person, due_back_on=day(number))


def test_a_loan_stands_in_the_calendar_of_whoever_has_it_and_of_nobody_else(client, ada):
    asset = loan(ada).asset
    [(summary, due)] = days(client, ada).items()
    assert summary.startswith("Give back: ")
    assert asset.tag in summary
    assert due == day(10)
    assert days(client, PersonFactory(user=UserFactory())) == {}


def test_an_employee_gets_no_address_of_the_back_office_and_staff_do(client, ada):
    loan(ada)
    [event] = events(client, ada).values()
    assert "url" not in event
    staff = member(IT).person
    custody = loan(staff)
    page = reverse("admin:assets_custody_change", args=[custody.pk])
    assert str(events(client, staff)[f"loan-{custody.pk}"]["url"]).endswith(page)


def test_it_has_the_warranties_that_its_mailbox_is_told_of_and_finance_has_not(client, mailbox):
    AssetFactory(warranty_ends_on=day(40))
    it, finance = member(IT).person, member(FINANCE).person
    assert [it.partition(":")[0] for it in days(client, it)] == ["Warranty ends"]
    assert days(client, finance) == {}


def test_who_loses_his_role_loses_its_dates(client, mailbox):
    AssetFactory(warranty_ends_on=day(40))
    person = member(IT).person
    person.user.groups.clear()
    assert days(client, person) == {}


def test_a_moved_date_moves_the_same_event(client, ada):
    custody = loan(ada)
    before = set(events(client, ada))
    custody.due_back_on = day(20)
    custody.save()
    assert set(events(client, ada)) == before
    assert list(days(client, ada).values()) == [day(20)]


def test_a_contract_of_his_stands_there_once_and_one_that_was_passed_on_to_him_too(client, ada):
    mine = ContractFactory(owner=ada, ends_on=day(30))
    theirs = ContractFactory(owner=PersonFactory(), ends_on=day(30))
    for contract in (mine, theirs):
        AlertFactory(rule="contract_end", record=contract, due_on=day(30), recipient=ada)
    assert sorted(events(client, ada)) == sorted(f"contract-{it.pk}-end" for it in (mine, theirs))


def test_what_is_acknowledged_stays_and_what_is_no_longer_true_goes(client, ada):
    contract = ContractFactory(ends_on=day(30))
    alert = AlertFactory(rule="contract_end", record=contract, due_on=day(30), recipient=ada)
    responses.acknowledge(alert, by=ada.user)
    assert len(days(client, ada)) == 1
    Alert.objects.update(state=Alert.State.MOOT)
    assert days(client, ada) == {}


def test_a_date_that_moved_after_it_was_acknowledged_stands_where_it_is_now(client, ada):
    custody = loan(ada, 5)
    look(0, ["loan"])
    responses.acknowledge(Alert.objects.get(), by=ada.user)
    assert list(days(client, ada).values()) == [day(5)]

    custody.due_back_on = day(40)
    custody.save()
    for number in range(1, 4):
        look(number, ["loan"])

    assert list(days(client, ada).values()) == [day(40)]


def test_what_was_given_back_after_it_was_acknowledged_stands_there_no_more(client, ada):
    custody = loan(ada, 5)
    look(0, ["loan"])
    responses.acknowledge(Alert.objects.get(), by=ada.user)

    custody.until = timezone.now()
    custody.save()

    assert days(client, ada) == {}


def test_what_was_passed_on_to_somebody_leaves_their_calendar_when_its_date_moves(client, ada):
    custody = loan(PersonFactory(), 5)
    look(0, ["loan"])
    responses.pass_on(Alert.objects.get(), to=ada, by=None)
    assert list(days(client, ada).values()) == [day(5)]

    custody.due_back_on = day(40)
    custody.save()

    assert days(client, ada) == {}


def test_what_nobody_is_told_of_stands_in_no_calendar(client, ada):
    custody = loan(ada)
    LeadTimeFactory(rule="loan", record=custody, days=[])
    assert days(client, ada) == {}


def test_a_condition_has_no_day_and_stands_in_no_calendar(client, mailbox):
    StockItemFactory(minimum=5, quantity=1)
    assert days(client, member(IT).person) == {}


def test_a_licence_stands_with_whoever_answers_for_its_contract(client, ada):
    licence = LicenceFactory(contract=ContractFactory(owner=ada), ends_on=day(50))
    assert day(50) in days(client, ada).values()
    assert f"licence_end-{licence.pk}" in events(client, ada)


def test_what_lies_too_far_back_or_ahead_is_left_out(client, ada):
    for number in (-91, -90, 800, 801):
        loan(ada, number)
    assert sorted(days(client, ada).values()) == [day(-90), day(800)]


def test_the_address_is_nobodys_once_he_has_left(client, ada):
    loan(ada)
    token = calendar_feed.issue(ada, by=None)
    ada.leaves_on = day(-1)
    ada.save()
    response = client.get(reverse("contracts:calendar", args=[token]))
    assert response.status_code == 404
    assert b"Give back" not in response.content


def test_the_queries_do_not_grow_with_the_dates(client, ada, django_assert_max_num_queries):
    def fill():
        loan(ada)
        contract = ContractFactory(ends_on=day(30))
        AlertFactory(rule="contract_end", record=contract, due_on=day(30), recipient=ada)

    fill()
    now = timezone.now()
    calendar_feed.calendar(ada, TODAY, now)
    with django_assert_max_num_queries(200) as one:
        calendar_feed.calendar(ada, TODAY, now)
    for _ in range(5):
        fill()
    with django_assert_max_num_queries(len(one)):
        calendar_feed.calendar(ada, TODAY, now)
