"""What people do about an alert, and what is refused in words. On both databases."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from support import responses
from support.models import Alert, Response
from tests.assets.test_races import at_once
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    PersonFactory,
    RepairFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def day(days):
    return localdate() + timedelta(days)


def alert(days=20, **fields):
    return AlertFactory(**{"due_on": day(days), **fields})


def sibling(of, **fields):
    """Another alert of the same matter."""
    fields = {"rule": of.rule, "record": of.record, "due_on": of.due_on, "lead": 0} | fields
    return AlertFactory(**fields)


def states(*alerts):
    return [Alert.objects.get(pk=it.pk).state for it in alerts]


@pytest.fixture
def clerk():
    return UserFactory(name="Grace Hopper")


# --- Acknowledge ---


def test_who_acknowledges_does_so_for_all_who_were_told_of_the_date(clerk):
    told = alert()
    manager = sibling(told, escalates=told)
    asleep = sibling(told, lead=30, state="snoozed", snoozed_until=day(3))
    followed = sibling(told, lead=60, state="followed")
    other_date, other_rule = sibling(told, due_on=day(21)), sibling(told, rule="other")

    responses.acknowledge(told, text=" The new one is ordered. ", by=clerk)

    assert states(told, manager, asleep) == ["acknowledged"] * 3
    assert states(followed, other_date, other_rule) == ["followed", "open", "open"]
    said = Response.objects.get()
    assert (said.alert, said.kind, said.by) == (told, "acknowledged", clerk)
    assert said.text == "The new one is ordered."


def test_a_second_acknowledgement_is_told_by_whom_it_was_already(clerk):
    told = alert()
    responses.acknowledge(told, by=clerk)

    with pytest.raises(ValidationError, match=r"is acknowledged already by Grace Hopper"):
        responses.acknowledge(told, by=UserFactory())

    assert Response.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("followed", "followed by a nearer alert"),
        ("moot", "no longer true"),
        ("lapsed", "lapsed before it was watched"),
        ("passed_on", "passed on already"),
    ],
)
@pytest.mark.parametrize("answer", ["acknowledge", "snooze", "pass_on", "reopen"])
def test_what_is_over_is_answered_no_more_and_says_why(state, words, answer, clerk):
    asset = AssetFactory()
    told = alert(record=asset, state=state)
    asked = {"snooze": {"until": day(3)}, "pass_on": {"to": PersonFactory()}}.get(answer, {})

    with pytest.raises(ValidationError) as refusal:
        getattr(responses, answer)(told, by=clerk, **asked)

    (sentence,) = refusal.value.messages
    assert words in sentence
    assert str(asset) in sentence
    assert states(told) == [state]
    assert not Response.objects.exists()
    assert answer not in responses.possible(told, on=localdate())


def test_a_refusal_names_the_asset_of_a_repair_and_not_its_number(clerk):
    repair = RepairFactory()
    told = alert(record=repair, state="moot")

    with pytest.raises(ValidationError, match=repair.asset.tag):
        responses.acknowledge(told, by=clerk)


# --- Snooze ---


def test_a_snoozed_date_is_told_again_on_the_day_to_nobody_before(clerk):
    told = alert(days=20)
    manager = sibling(told)

    responses.snooze(told, until=day(7), by=clerk)

    for each in (told, manager):
        each.refresh_from_db()
        assert (each.state, each.snoozed_until) == ("snoozed", day(7))
    assert Response.objects.get().until == day(7)
    assert not Alert.objects.waking(day(6)).exists()
    assert Alert.objects.waking(day(7)).count() == 2


@pytest.mark.parametrize(
    ("due", "until", "may"),
    [
        (20, 0, False),
        (20, 1, True),
        (20, 20, True),
        (20, 21, False),
        (1, 1, True),
        (1, 2, False),
        (0, 1, True),
        (0, 30, True),
        (0, 31, False),
        (-5, 30, True),
        (-5, 31, False),
        (-5, -1, False),
    ],
)
def test_it_is_snoozed_up_to_its_date_and_past_that_for_thirty_days(due, until, may, clerk):
    told = alert(days=due)

    if may:
        responses.snooze(told, until=day(until), by=clerk)
        assert states(told) == ["snoozed"]
    else:
        with pytest.raises(ValidationError, match="can be snoozed until a day"):
            responses.snooze(told, until=day(until), by=clerk)
        assert states(told) == ["open"]


def test_it_may_be_snoozed_for_longer_but_not_twice_until_the_same_day(clerk):
    told = alert()
    responses.snooze(told, until=day(3), by=clerk)

    with pytest.raises(ValidationError, match="is already snoozed until"):
        responses.snooze(told, until=day(3), by=clerk)

    responses.snooze(told, until=day(5), by=clerk)
    told.refresh_from_db()
    assert told.snoozed_until == day(5)


# --- Pass on ---


def test_whom_it_is_passed_on_to_is_told_by_his_next_mail(clerk):
    told, other = alert(lead=14), PersonFactory()

    responses.pass_on(told, to=other, text="You know the vendor.", by=clerk)

    given = other.alerts.get()
    assert states(told) == ["passed_on"]
    assert (given.lead, given.due_on, given.record) == (14, told.due_on, told.record)
    assert given.is_assigned
    assert given in Alert.objects.unsent()
    said = Response.objects.get()
    assert (said.kind, said.to, said.text) == ("passed_on", other, "You know the vendor.")


def test_it_comes_back_to_the_first_as_the_same_alert(clerk):
    told, other = alert(), PersonFactory()
    first = told.recipient
    responses.pass_on(told, to=other, by=clerk)

    responses.pass_on(other.alerts.get(), to=first, by=clerk)

    back = first.alerts.get()
    assert back == told
    assert (back.state, back.is_assigned, back.message) == ("open", True, None)
    assert states(other.alerts.get()) == ["passed_on"]
    assert not other.alerts.get().is_assigned  # what follows goes to one person


def test_who_has_an_alert_of_the_date_gets_no_second_one(clerk):
    told = alert(lead=14)
    manager = sibling(told, lead=0, state="snoozed", snoozed_until=day(2))

    responses.pass_on(told, to=manager.recipient, by=clerk)

    manager.refresh_from_db()
    assert manager.recipient.alerts.get() == manager
    assert (manager.state, manager.is_assigned) == ("open", True)


def test_it_is_passed_on_to_somebody_else_who_is_here_and_can_be_told(clerk):
    told = alert()
    left = PersonFactory(leaves_on=day(-1))
    silent = PersonFactory(email="")

    for to, words in [
        (told.recipient, "already"),
        (left, "has left"),
        (silent, "has no e-mail"),
    ]:
        with pytest.raises(ValidationError, match=words):
            responses.pass_on(told, to=to, by=clerk)

    assert states(told) == ["open"]
    assert Alert.objects.count() == 1


# --- Comment, reopen ---


def test_anybody_comments_at_any_time_but_not_without_words(clerk):
    told = alert(state="moot")

    responses.comment(told, text="It was sold.", by=clerk)
    with pytest.raises(ValidationError, match="Write something"):
        responses.comment(told, text=" \n", by=clerk)

    assert [turn.text for turn in responses.turns_of(told)] == ["It was sold."]


def test_a_word_of_another_who_was_told_is_part_of_the_conversation(clerk):
    told = alert()
    manager, elsewhere = sibling(told), alert()
    responses.comment(manager, text="Of it.", by=clerk)
    responses.comment(elsewhere, text="Not of it.", by=clerk)

    assert [turn.text for turn in responses.turns_of(told)] == ["Of it."]


def test_a_text_that_is_too_long_is_refused_and_changes_nothing(clerk):
    told = alert()

    with pytest.raises(ValidationError, match="too long"):
        responses.acknowledge(told, text="x" * 5001, by=clerk)

    assert states(told) == ["open"]


def test_what_was_acknowledged_is_opened_again_until_its_date_is_over(clerk):
    told, passed = alert(days=0), alert(days=-1, rule="contract_end", record=ContractFactory())
    for each in (told, passed):
        responses.acknowledge(each, by=clerk)

    responses.reopen(told, text="The vendor went back on it.", by=clerk)
    with pytest.raises(ValidationError, match="has passed"):
        responses.reopen(passed, by=clerk)

    assert states(told, passed) == ["open", "acknowledged"]
    with pytest.raises(ValidationError, match="is open already"):
        responses.reopen(told, by=clerk)


def test_what_was_passed_on_stays_with_the_other_when_it_is_opened_again(clerk):
    told, other = alert(), PersonFactory()
    responses.pass_on(told, to=other, by=clerk)
    given = other.alerts.get()
    responses.acknowledge(given, by=clerk)

    responses.reopen(given, by=clerk)

    assert states(told, given) == ["passed_on", "open"]


# --- Who may ---


def test_the_recipient_may_answer_and_staff_who_may_see_the_record(
    employee, it, finance, service_desk, auditor
):
    told = alert(recipient=employee)

    may = [responses.may_respond(user, told) for user in (employee.user, it, finance, service_desk)]

    assert may == [True] * 4
    assert not responses.may_respond(auditor, told)
    assert not responses.may_respond(UserFactory(), told)
    assert not responses.may_respond(None, told)


def clerk_with(*names):
    """Of the staff, with these permissions and no others."""
    user = UserFactory(is_staff=True)
    for name in names:
        app, codename = name.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user


def test_who_may_answer_may_not_where_he_may_not_see_the_record():
    told = alert()

    assert not responses.may_respond(clerk_with("support.respond_alert"), told)
    assert responses.may_respond(clerk_with("support.respond_alert", "assets.view_asset"), told)


def test_a_login_that_was_switched_off_answers_nothing(employee):
    told = alert(recipient=employee)
    employee.user.is_active = False

    assert not responses.may_respond(employee.user, told)


# --- Two at once ---


@pytest.mark.django_db(transaction=True)
def test_of_two_who_acknowledge_at_once_one_is_told_of_the_other():
    for _ in range(5):
        told = alert()
        manager = sibling(told)
        users = UserFactory.create_batch(2)
        works = zip((told, manager), users, strict=True)

        results = at_once(
            *(lambda each=each, by=by: responses.acknowledge(each, by=by) for each, by in works)
        )

        (refusal,) = [it for it in results if isinstance(it, Exception)]
        assert "acknowledged already by" in refusal.messages[0]
        assert states(told, manager) == ["acknowledged"] * 2
        assert responses.turns_of(told).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_pass_it_on_at_once_one_wins():
    for _ in range(5):
        told, people = alert(), PersonFactory.create_batch(2)

        results = at_once(
            *(lambda to=to, it=told: responses.pass_on(it, to=to, by=None) for to in people)
        )

        (refusal,) = [it for it in results if isinstance(it, Exception)]
        assert "passed on already to" in refusal.messages[0]
        assert Alert.objects.of_matter(told).filter(is_assigned=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_pass_it_on(monkeypatch, postgresql):
    told, people = alert(), PersonFactory.create_batch(2)
    both = Barrier(2)

    def unlocked(alert):
        matter = list(Alert.objects.of_matter(alert).select_related("recipient"))
        both.wait(10)
        return next(it for it in matter if it.pk == alert.pk), matter

    monkeypatch.setattr(responses, "_locked", unlocked)

    at_once(*(lambda to=to: responses.pass_on(told, to=to, by=None) for to in people))

    assert Alert.objects.of_matter(told).filter(is_assigned=True).count() == 2
