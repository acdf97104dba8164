"""What answers do to the ledger: who knows is not told again, and what nobody answers goes up."""

from datetime import timedelta

import pytest

from people.models import Person
from people.roles import last_resort, mailbox
from support.models import Alert, Response
from tests.factories import (
    AssetFactory,
    CustodyFactory,
    MessageFactory,
    PersonFactory,
    ResponseFactory,
)
from tests.support.ledgers import TODAY, contract, day, look, states, told

pytestmark = pytest.mark.django_db


def answer(state, until=None, **fields):
    """As an answer leaves the whole matter."""
    Alert.objects.filter(state="open").update(state=state, snoozed_until=until, **fields)


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


def passed_on(to):
    """As passing on leaves it."""
    alert = Alert.objects.get(state="open")
    Alert.objects.filter(pk=alert.pk).update(state="passed_on")
    alert.pk, alert.recipient, alert.is_assigned = None, to, True
    alert.save()


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


# --- What nobody answers ---


def test_what_nobody_answered_in_time_is_escalated_once_to_the_manager():
    manager = PersonFactory(name="Head")
    contract(1, owner=PersonFactory(name="Ada", manager=manager))
    look()

    assert [look(number) for number in (1, 2, 3)] == [0, 1, 0]
    assert told() == [("Ada", 1, "open"), ("Head", 0, "open")]
    told_now = Alert.objects.get(recipient=manager)
    response = Response.objects.get()
    assert told_now.escalates.recipient.name == "Ada"
    assert (response.alert, response.kind, response.by, response.to, response.text) == (
        told_now.escalates, "escalated", None, manager, "",
    )  # fmt: skip


@pytest.mark.parametrize("manager", [None, {"leaves_on": TODAY}, {"email": ""}])
def test_without_a_manager_who_can_be_told_it_goes_to_the_role(manager):
    finance = PersonFactory(name="Finance", kind=Person.Kind.SHARED, answers_for="finance")
    above = manager and PersonFactory(**manager)
    contract(1, owner=PersonFactory(name="Ada", manager=above))
    look()

    look(2)

    assert Alert.objects.get(lead=0).recipient == finance


def test_what_the_role_itself_did_not_answer_goes_to_the_last_resort():
    PersonFactory(name="Finance", kind=Person.Kind.SHARED, answers_for="finance")
    contract(1)
    look()

    look(2)

    assert Alert.objects.get(lead=0).recipient == last_resort()


def test_what_nobody_else_can_be_told_of_stays_with_whom_it_is():
    contract(1)
    look()

    assert look(2) == 0
    assert Alert.objects.get().recipient == mailbox("finance") == last_resort()


@pytest.mark.parametrize("state", ["acknowledged", "snoozed", "lapsed", "followed"])
def test_only_what_is_open_is_escalated(state):
    contract(1, owner=PersonFactory(manager=PersonFactory()))
    look()
    until = day(300) if state == "snoozed" else None
    Alert.objects.update(state=state, snoozed_until=until)

    look(2)

    assert not Alert.objects.filter(escalates__isnull=False).exists()


def test_a_loan_has_days_of_grace_before_the_manager_hears_of_it():
    manager = PersonFactory()
    CustodyFactory(holder=PersonFactory(manager=manager), due_back_on=TODAY)
    look(kinds=["loan"])

    assert [look(number, ["loan"]) for number in (1, 3, 4)] == [0, 0, 1]


def test_whoever_is_told_late_has_the_same_days_before_it_is_escalated():
    contract(1, owner=PersonFactory(manager=PersonFactory()))
    look(-40)

    assert [look(number) for number in (20, 20, 21)] == [1, 0, 1]


def test_who_is_woken_today_is_not_passed_over_today():
    contract(1, owner=PersonFactory(manager=PersonFactory()))
    look()
    alert = Alert.objects.get()
    ResponseFactory(alert=alert, kind="snoozed", until=day(5))
    answer("snoozed", until=day(5))

    assert [look(number) for number in (5, 5, 6)] == [0, 0, 1]


def test_an_escalated_alert_is_no_more_true_than_the_date():
    moved = contract(1, owner=PersonFactory(manager=PersonFactory()))
    look()
    look(2)
    moved.notice_by = day(300)
    moved.save()

    look(3)

    assert states() == [(1, "moot"), (0, "moot")]


def test_a_date_moved_back_is_true_again_for_all_who_were_told():
    moved = contract(1, owner=PersonFactory(manager=PersonFactory()))
    look()
    look(2)
    moved.notice_by = day(300)
    moved.save()
    look(3)
    moved.notice_by = day(1)
    moved.save()

    assert look(4) == 0
    assert states() == [(1, "open"), (0, "open")]


def test_a_warranty_is_as_any_other_date():
    AssetFactory(warranty_ends_on=TODAY + timedelta(3))
    PersonFactory(kind=Person.Kind.SHARED, answers_for="it")
    look(kinds=["warranty"])

    look(4, ["warranty"])

    assert states() == [(7, "open"), (0, "open")]
