"""What nobody answers until its date is over goes up, and comes back to whoever passed it on."""

from datetime import timedelta

import pytest

from contracts.renewals import settle
from contracts.rollover import roll_over
from people.mailboxes import last_resort, mailbox
from people.models import Message, Person
from support import responses
from support.daily import run_day
from support.models import Alert, Response
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    MessageFactory,
    PersonFactory,
    RepairFactory,
    ResponseFactory,
    StockItemFactory,
    TermFactory,
)
from tests.support.ledgers import TODAY, answer, contract, day, look, passed_on, states, told

pytestmark = pytest.mark.django_db


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


# --- What went on by itself ---


def renewing(owner, **fields):
    """A contract that renews by itself for a year, with notice possible until TODAY."""
    contract = ContractFactory(owner=owner)
    about = {"starts_on": day(-300), "ends_on": day(60), "notice": 60, "renewal": "tacit"}
    TermFactory(contract=contract, renewal_months=12, **(about | fields))
    settle(contract, by=None, reason="signed")
    return contract


def live(number, kind="contract_notice"):
    """A day: contracts renew by themselves, then the rules run."""
    roll_over(day(number))
    return look(number, [kind])


def in_order():
    return list(
        Alert.objects.order_by("pk").values_list("recipient__name", "due_on", "lead", "state")
    )


def test_the_manager_hears_of_a_contract_that_renewed_since_nobody_gave_notice():
    head = PersonFactory(name="Head")
    contract = renewing(PersonFactory(name="Ada", manager=head))

    assert [live(number) for number in (0, 1, 2, 3)] == [1, 1, 0, 0]
    contract.refresh_from_db()
    assert contract.notice_by > day(300)
    assert in_order() == [("Ada", TODAY, 1, "open"), ("Head", TODAY, 0, "open")]
    assert Response.objects.get(kind="escalated").to == head


def test_the_mail_of_the_manager_says_what_was_missed_and_that_it_renewed(time_machine):
    time_machine.move_to(f"{TODAY} 12:00:00+00:00")
    head = PersonFactory(name="Head")
    renewing(PersonFactory(name="Ada", manager=head))
    run_day(TODAY)
    run_day(day(1))

    mail = Message.objects.get(recipient=head)
    assert "Notice was possible until 24 November 2026, yesterday" in mail.text
    assert "Nobody answered this: it was due 24 November 2026, with Ada." in mail.text


@pytest.mark.parametrize("silence", [1, 100, 1200])
def test_after_a_silence_it_goes_up_once_however_often_it_renewed_meanwhile(silence):
    renewing(PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    live(0)

    live(silence)
    live(silence + 1)

    escalated = Alert.objects.filter(escalates__isnull=False)
    assert [(it.recipient.name, it.due_on, it.state) for it in escalated] == [
        ("Head", TODAY, "open")
    ]


def test_who_knew_that_it_renews_by_itself_is_not_passed_over():
    renewing(PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    live(0)
    answer("acknowledged")

    assert [live(number) for number in (1, 2)] == [0, 0]
    assert in_order() == [("Ada", TODAY, 1, "acknowledged")]


def test_a_notice_date_moved_by_hand_is_moot_and_not_missed():
    contract = renewing(PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    live(0)
    term = contract.terms.get()
    term.ends_on = day(400)
    term.save()
    settle(contract, by=None, reason="it ends later")

    assert live(1) == 0
    assert in_order() == [("Ada", TODAY, 1, "moot")]


def test_what_was_missed_and_passed_on_is_told_there_and_goes_up_again(time_machine):
    head = PersonFactory(name="Head")
    renewing(PersonFactory(name="Ada", manager=head))
    PersonFactory(name="Grace", manager=head)
    live(0)
    live(1)
    pass_on(time_machine, 3, of="Head", to="Grace")

    assert [live(number) for number in (3, 4)] == [0, 1]
    assert {it[0]: it[3] for it in in_order()} == {"Ada": "moot", "Head": "open", "Grace": "open"}


def test_the_end_of_a_contract_that_renewed_in_time_is_moot_and_not_missed():
    renewing(PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    live(0, "contract_end")

    assert [live(number, "contract_end") for number in (1, 61)] == [0, 0]
    assert in_order() == [("Ada", day(60), 60, "moot")]


def test_the_end_of_one_that_needs_no_notice_is_missed_when_it_goes_on():
    renewing(PersonFactory(name="Ada", manager=PersonFactory(name="Head")), ends_on=TODAY, notice=0)
    live(0, "contract_end")

    assert [live(number, "contract_end") for number in (1, 2)] == [1, 0]
    assert in_order() == [("Ada", TODAY, 1, "open"), ("Head", TODAY, 0, "open")]


# --- What was passed on, and is not answered there either ---


def its(name):
    return Alert.objects.get(recipient__name=name)


def pass_on(clock, number, *, of, to):
    """One passes it on to another, so many days from TODAY."""
    clock.move_to(f"{day(number)} 12:00:00+00:00")
    responses.pass_on(its(of), to=Person.objects.get(name=to), by=None)


def test_what_a_manager_passed_on_and_nobody_did_comes_back_to_them(time_machine):
    boss = PersonFactory(name="Boss")
    PersonFactory(name="Report", manager=boss)
    AssetFactory(holder=PersonFactory(leaves_on=TODAY, manager=boss))
    look(kinds=["leaver"])
    Alert.objects.update(message=MessageFactory())
    pass_on(time_machine, 0, of="Boss", to="Report")

    assert [look(number, ["leaver"]) for number in (1, 2, 3)] == [0, 1, 0]
    assert told() == [("Boss", 0, "open"), ("Report", 0, "open")]
    back = its("Boss")
    assert (back.escalates, back.raised_on, back.message) == (its("Report"), day(2), None)
    note = Response.objects.get(kind="escalated")
    assert (note.alert, note.to) == (its("Report"), boss)


@pytest.mark.parametrize(("kind", "grace"), [("repair", 3), ("stock_low", 7)])
def test_what_a_mailbox_passed_on_comes_back_to_it_after_the_days_of_grace(
    kind, grace, time_machine
):
    PersonFactory(name="IT", kind=Person.Kind.SHARED, answers_for="it")
    PersonFactory(name="Colleague")
    RepairFactory(due_back_on=TODAY)
    StockItemFactory(quantity=1, minimum=2)
    look(kinds=[kind])
    pass_on(time_machine, 0, of="IT", to="Colleague")

    assert [look(number, [kind]) for number in (grace, grace + 1, grace + 2)] == [0, 1, 0]
    assert told() == [("IT", 0, "open"), ("Colleague", 0, "open")]


def test_what_was_escalated_and_handed_back_down_goes_up_again_and_again(time_machine):
    contract(1, owner=PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    look()
    look(2)
    pass_on(time_machine, 5, of="Head", to="Ada")

    assert [look(number) for number in (5, 6, 7)] == [0, 1, 0]
    assert told() == [("Ada", 1, "open"), ("Head", 0, "open")]
    pass_on(time_machine, 8, of="Head", to="Ada")
    assert [look(number) for number in (8, 9)] == [0, 1]
    assert Response.objects.filter(kind="escalated").count() == 3


def test_what_is_handed_up_by_hand_is_theirs_and_goes_on_up_when_they_ignore_it(time_machine):
    head = PersonFactory(name="Head", manager=PersonFactory(name="Director"))
    contract(1, owner=PersonFactory(name="Ada", manager=head))
    look()
    look(2)
    pass_on(time_machine, 2, of="Ada", to="Head")

    assert [look(number) for number in (2, 3, 4)] == [0, 1, 0]
    assert told() == [("Ada", 1, "passed_on"), ("Head", 0, "open"), ("Director", 0, "open")]


def test_a_manager_whose_own_alert_became_moot_is_told_when_the_next_one_does_nothing():
    head = PersonFactory(name="Head")
    leaver = PersonFactory(leaves_on=TODAY, manager=head)
    AssetFactory(holder=leaver)
    look(kinds=["leaver"])
    leaver.manager = PersonFactory(name="Deputy", manager=head)
    leaver.save()

    assert [look(number, ["leaver"]) for number in (1, 2, 3)] == [1, 0, 1]
    assert told() == [("Head", 0, "open"), ("Deputy", 0, "open")]
    assert its("Head").escalates == its("Deputy")


def test_what_a_manager_knows_of_does_not_come_back(time_machine):
    boss = PersonFactory(name="Boss")
    PersonFactory(name="Report", manager=boss)
    AssetFactory(holder=PersonFactory(leaves_on=TODAY, manager=boss))
    look(kinds=["leaver"])
    pass_on(time_machine, 0, of="Boss", to="Report")
    look(2, ["leaver"])
    responses.acknowledge(its("Boss"), by=None)

    assert [look(number, ["leaver"]) for number in (3, 30)] == [0, 0]


def test_what_comes_back_from_one_who_left_waits_its_days_of_grace_again():
    contract(1, owner=PersonFactory(name="Ada", manager=PersonFactory(name="Head")))
    look()
    passed_on(to=PersonFactory(name="Grace", leaves_on=day(1)))
    Alert.objects.filter(recipient__name="Grace").update(raised_on=day(1))

    assert [look(number) for number in (2, 3)] == [0, 1]
    assert told()[0] == ("Ada", 1, "open")
