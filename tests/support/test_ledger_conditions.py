"""Conditions without a date: due on the day they are first seen, over when they end."""

from datetime import timedelta

import pytest

from people.models import Person
from support.models import Alert
from tests.factories import LicenceFactory, PersonFactory, SeatFactory, StockItemFactory
from tests.support.ledgers import TODAY, day, look

pytestmark = pytest.mark.django_db


def see(number=0):
    return look(number, ["stock_low"])


def count(item, quantity):
    item.quantity = quantity
    item.save()


def found():
    return [((alert.due_on - TODAY).days, alert.state) for alert in Alert.objects.order_by("pk")]


def test_it_is_due_on_the_day_on_which_it_is_first_seen_and_told_once():
    StockItemFactory(quantity=2, minimum=5)

    assert [see(number) for number in (0, 0, 1, 2)] == [1, 0, 0, 0]
    assert found() == [(0, "open")]


@pytest.mark.parametrize("state", ["open", "acknowledged"])
def test_when_it_is_over_it_is_moot_and_when_it_comes_again_it_is_new(state):
    item = StockItemFactory(quantity=2, minimum=5)
    see()
    Alert.objects.update(state=state)
    count(item, 50)
    see(1)
    assert found() == [(0, "moot")]
    count(item, 1)

    assert see(2) == 1
    assert found() == [(0, "moot"), (2, "open")]


def test_what_comes_and_goes_in_a_day_is_told_once():
    item = StockItemFactory(quantity=2, minimum=5)
    see()
    count(item, 50)
    see()
    count(item, 2)

    assert see() == 0
    assert found() == [(0, "open")]


def test_who_said_that_he_knows_is_not_told_while_it_lasts():
    StockItemFactory(quantity=2, minimum=5)
    see()
    Alert.objects.update(state="acknowledged")

    assert [see(number) for number in (1, 30, 400)] == [0, 0, 0]


def test_a_snoozed_one_wakes():
    StockItemFactory(quantity=2, minimum=5)
    see()
    Alert.objects.update(state="snoozed", snoozed_until=day(6))

    assert [see(number) for number in (5, 6)] == [0, 0]
    assert found() == [(0, "open")]


def test_after_a_week_without_an_answer_it_is_escalated():
    PersonFactory(kind=Person.Kind.SHARED, answers_for="it")
    StockItemFactory(quantity=2, minimum=5)
    see()

    assert [see(number) for number in (7, 8, 9)] == [0, 1, 0]
    assert found() == [(0, "open"), (0, "open")]


def test_a_licence_with_many_idle_seats_is_one_alert():
    licence = LicenceFactory()
    SeatFactory.create_batch(3, licence=licence, since=TODAY - timedelta(200))

    assert look(kinds=["idle_seats"]) == 1
