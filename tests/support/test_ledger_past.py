"""Dates that had passed when they were entered: told, unless they passed before all watching."""

import pytest

from people.models import Message
from support.daily import run_day
from support.models import Alert
from tests.factories import (
    AssetFactory,
    CustodyFactory,
    OrderFactory,
    PersonFactory,
    RepairFactory,
)
from tests.support.ledgers import TODAY, contract, day, look, states, told

pytestmark = pytest.mark.django_db


def leaver(number, **fields):
    person = PersonFactory(leaves_on=day(number), **fields)
    AssetFactory(holder=person)
    return person


LATE = {
    "loan": lambda on: CustodyFactory(due_back_on=on),
    "repair": lambda on: RepairFactory(due_back_on=on),
    "order": lambda on: OrderFactory(state="ordered", ordered_on=on, expected_on=on),
    "leaver": lambda on: leaver((on - TODAY).days, manager=PersonFactory()),
}


@pytest.fixture
def watched():
    """The rules have found something already."""
    for make in LATE.values():
        make(day(-1))
    contract(1)
    look(-1, [*LATE, "contract_notice"])


@pytest.mark.parametrize("kind", LATE)
@pytest.mark.parametrize("late", [1, 400])
def test_what_is_still_to_be_done_is_told_however_late_it_is_entered(kind, late, watched):
    found = LATE[kind](day(-late))

    assert look(kinds=[kind]) == 1
    alert = Alert.objects.order_by("pk").last()
    assert (alert.object_id, alert.lead, alert.state) == (found.pk, 0, "open")


def test_the_mail_names_a_leaver_who_was_entered_a_day_late(watched, time_machine):
    time_machine.move_to(f"{TODAY} 12:00:00+00:00")
    boss = PersonFactory()
    leaver(-1, name="Ada Moss", manager=boss)

    run_day(TODAY)

    mail = Message.objects.get(recipient=boss, key__startswith="digest")
    assert "Ada Moss" in mail.text
    assert "before Steward watched" not in mail.text


def test_what_was_entered_late_and_is_ignored_goes_up(watched):
    boss = PersonFactory(name="Boss", manager=PersonFactory(name="Director"))
    leaver(-1, manager=boss)

    for number in (0, 1, 2):
        look(number, ["leaver"])

    assert ("Director", 0, "open") in told()


@pytest.mark.parametrize(("days", "state"), [(1, "open"), (90, "open"), (91, "lapsed")])
def test_a_date_of_the_last_ninety_days_is_told_when_it_is_entered(days, state, watched):
    contract(-days)

    look()

    assert states()[-1] == (0, state)


@pytest.mark.parametrize("days", [1, 500])
def test_a_date_corrected_into_the_past_is_told_to_who_was_told_another(days, watched):
    corrected = contract(20, owner=PersonFactory(name="Ada"))
    look()
    corrected.notice_by = day(-days)
    corrected.save()

    assert look(1) >= 1
    assert [it for it in told() if it[0] == "Ada"] == [("Ada", 30, "moot"), ("Ada", 0, "open")]


def test_a_date_that_passed_in_a_long_silence_is_told_though_nobody_was_told_before(watched):
    contract(95, owner=PersonFactory(name="Ada"))

    look(400)

    assert ("Ada", 0, "open") in told()


@pytest.mark.parametrize("kind", LATE)
def test_the_first_look_only_counts_what_had_passed(kind):
    LATE[kind](day(-1))

    look(kinds=[kind])

    assert states() == [(0, "lapsed")]


def test_the_first_look_at_an_old_register_sends_one_mail_that_counts(time_machine):
    time_machine.move_to(f"{TODAY} 12:00:00+00:00")
    owner = PersonFactory()
    for number in range(30):
        contract(-number - 1, owner=owner)

    for number in range(5):
        run_day(day(number))

    mail = Message.objects.get(recipient=owner)
    assert "before Steward watched them: 30" in mail.text
    assert set(states()) == {(0, "lapsed")}
