"""What answers do to the ledger: who knows is not told again, and whoever comes next is."""

import pytest

from people.models import Person
from support.models import Alert
from tests.factories import MessageFactory, PersonFactory, ResponseFactory, StockItemFactory
from tests.support.ledgers import answer, contract, day, look, passed_on, states, told

pytestmark = pytest.mark.django_db


def test_who_said_that_he_knows_is_not_told_again_of_that_date():
    contract(20)
    look()
    answer("acknowledged")

    assert [look(number) for number in (7, 14, 19, 20, 21, 300)] == [0] * 6


def test_acknowledging_says_nothing_of_another_date():
    renewed = contract(20)
    look()
    answer("acknowledged")
    renewed.notice_by = day(25)
    renewed.save()

    assert look() == 1
    assert states() == [(30, "acknowledged"), (30, "open")]


def test_a_snoozed_alert_wakes_on_its_day_and_is_told_again():
    contract(30)
    look()
    Alert.objects.update(message=MessageFactory())
    answer("snoozed", until=day(10))

    look(9)
    assert states() == [(30, "snoozed")]
    look(10)

    assert states() == [(30, "open")]
    assert Alert.objects.get().message is None


def test_while_it_is_snoozed_no_nearer_alert_is_raised_and_then_only_the_nearest():
    contract(30)
    look()
    answer("snoozed", until=day(24))

    assert look(16) == 0
    assert look(24) == 1
    assert states() == [(30, "followed"), (7, "open")]


def test_a_snoozed_alert_whose_date_moved_is_moot():
    moved = contract(20)
    look()
    answer("snoozed", until=day(5))
    moved.notice_by = day(400)
    moved.save()

    look(1)

    assert states() == [(30, "moot")]
    assert Alert.objects.get().snoozed_until is None


def moved_away_and_back(found, away, back):
    """Its date moves a year on, is seen there, and comes back, so many days from TODAY."""
    due = found.notice_by
    for number, notice_by in ((away, day(400)), (back, due)):
        found.notice_by = notice_by
        found.save()
        look(number)


def snoozed(until):
    """A contract that was told of, and put off until so many days from TODAY."""
    found = contract(20)
    look()
    Alert.objects.update(message=MessageFactory())
    ResponseFactory(alert=Alert.objects.get(), kind="snoozed", until=day(until))
    answer("snoozed", until=day(until))
    return found


def test_a_snoozed_date_that_moves_and_moves_back_is_still_snoozed_and_wakes():
    found = snoozed(until=5)
    moved_away_and_back(found, 1, 2)
    assert states() == [(30, "snoozed")]

    look(4)
    assert Alert.objects.unsent().count() == 0
    look(5)

    assert states() == [(30, "open")]
    assert Alert.objects.unsent().count() == 1


def test_one_that_comes_back_after_the_day_it_was_snoozed_until_is_told_at_once():
    found = snoozed(until=3)
    moved_away_and_back(found, 1, 3)

    assert states() == [(30, "open")]
    assert Alert.objects.unsent().count() == 1


def test_one_that_woke_before_it_moved_is_not_told_again_when_it_is_back():
    found = snoozed(until=1)
    look(1)
    Alert.objects.update(message=MessageFactory())
    moved_away_and_back(found, 2, 3)

    assert states() == [(30, "open")]
    assert Alert.objects.unsent().count() == 0


@pytest.mark.parametrize("kind", ["passed_on", "reopened"])
def test_what_was_done_after_it_was_snoozed_counts_and_not_the_snooze(kind):
    found = snoozed(until=5)
    alert = Alert.objects.get()
    ResponseFactory(alert=alert, kind=kind, to=PersonFactory())
    ResponseFactory(alert=alert, kind="commented", text="And?")
    moved_away_and_back(found, 1, 2)

    assert states() == [(30, "open")]


def test_a_condition_that_goes_and_comes_in_a_day_stays_snoozed():
    item = StockItemFactory(quantity=1, minimum=2)
    look(kinds=["stock_low"])
    ResponseFactory(alert=Alert.objects.get(), kind="snoozed", until=day(3))
    answer("snoozed", until=day(3))
    for quantity in (9, 1):
        item.quantity = quantity
        item.save()
        look(kinds=["stock_low"])

    assert states() == [(0, "snoozed")]


def test_a_nearer_alert_follows_the_older_one_of_the_same_person():
    contract(20)

    for number in (0, 6, 13, 19):
        look(number)

    assert states() == [(30, "followed"), (14, "followed"), (7, "followed"), (1, "open")]


# --- Another is to be told ---


def test_what_is_open_for_a_former_owner_is_moot_and_the_new_one_is_told():
    found = contract(20, owner=PersonFactory(name="Ada"))
    look()
    found.owner = PersonFactory(name="Grace")
    found.save()

    assert look(1) == 1
    assert told() == [("Ada", 30, "moot"), ("Grace", 30, "open")]


def test_an_owner_who_gets_a_contract_back_is_not_told_the_same_again():
    ada = PersonFactory(name="Ada")
    found = contract(20, owner=ada)
    look()
    found.owner = PersonFactory(name="Grace")
    found.save()
    look(1)
    found.owner = ada
    found.save()

    assert look(2) == 0
    assert told() == [("Ada", 30, "open"), ("Grace", 30, "moot")]


def test_a_date_that_had_passed_when_its_owner_left_is_told_to_the_next():
    ada = PersonFactory(name="Ada", leaves_on=day(2))
    finance = PersonFactory(name="Finance", kind=Person.Kind.SHARED, answers_for="finance")
    contract(1, owner=ada)
    look()

    assert look(3) == 1
    assert told() == [("Ada", 1, "moot"), ("Finance", 0, "open")]
    assert finance.alerts.get().escalates is None


def test_what_was_passed_on_goes_on_with_him_to_whom_it_was():
    contract(20, owner=PersonFactory(name="Ada"))
    look()
    passed_on(to=PersonFactory(name="Grace"))

    assert [look(number) for number in (1, 6)] == [0, 1]
    assert told() == [("Ada", 30, "passed_on"), ("Grace", 30, "followed"), ("Grace", 14, "open")]
    assert Alert.objects.get(state="open").is_assigned


def test_what_was_passed_on_to_one_who_left_comes_back():
    contract(20, owner=PersonFactory(name="Ada"))
    look()
    passed_on(to=PersonFactory(name="Grace", leaves_on=day(3)))

    look(4)

    assert told() == [("Ada", 30, "open"), ("Grace", 30, "moot")]
