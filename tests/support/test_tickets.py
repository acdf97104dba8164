"""The moves of a ticket, and what its two sides are told."""

import threading
import uuid
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from config.outcomes import each
from people.models import Message, Person
from support import priorities, tickets
from support.models import Comment, Ticket, TicketSequence
from tests.factories import AssetFactory, PersonFactory, TicketFactory

State = Ticket.State


@pytest.fixture
def desk(db):
    return PersonFactory(
        name="Service desk", email="desk@example.com", kind="shared", answers_for="service_desk"
    )


@pytest.fixture
def ada(db):
    return PersonFactory(name="Ada", email="ada@example.com")


def opened(ada, **fields):
    fields = {"subject": "The screen stays black", "by": None} | fields
    return tickets.open_ticket(requester=ada, **fields)


def texts_to(person):
    return [mail.text for mail in Message.objects.filter(recipient=person).order_by("pk")]


def test_the_first_two_tickets_are_numbered_in_order(ada, desk):
    assert [opened(ada).number, opened(ada).number] == ["T-000001", "T-000002"]


def test_a_number_that_came_in_with_an_import_is_skipped(ada, desk):
    TicketFactory(number="T-000001")

    assert opened(ada).number == "T-000002"


def test_opening_tells_the_requester_the_number_and_the_link(ada, desk, settings):
    ticket = opened(ada, description="Since Monday.", asset=AssetFactory(tag="LT-1", holder=ada))

    (text,) = texts_to(ada)
    assert ticket.number in text
    assert f"{settings.SITE_URL}/requests/{ticket.pk}/" in text
    assert "> Since Monday." in text
    assert "LT-1" in text


def test_opening_tells_the_desk_with_a_link_to_the_back_office(ada, desk, settings):
    ticket = opened(ada)

    (text,) = texts_to(desk)
    assert f"{settings.SITE_URL}/admin/support/ticket/{ticket.pk}/change/" in text


def test_without_a_mailbox_of_the_desk_the_fallback_is_told(ada, settings):
    opened(ada)

    told = Message.objects.exclude(recipient=ada).get()
    assert told.recipient.email == settings.FALLBACK_MAILBOX


def test_one_form_opens_one_ticket_and_owes_one_mail(ada, desk):
    form = uuid.uuid4()

    first, second = opened(ada, submission=form), opened(ada, submission=form)

    assert first == second
    assert Ticket.objects.count() == 1
    assert len(texts_to(ada)) == len(texts_to(desk)) == 1


def test_the_form_of_another_person_gives_nothing_of_his_away(ada, desk):
    form = uuid.uuid4()
    hers = opened(ada, submission=form)

    assert opened(PersonFactory(), submission=form) != hers


def test_a_subject_of_blanks_is_refused_and_takes_no_number(ada, desk):
    with pytest.raises(ValidationError, match="blank"):
        opened(ada, subject="  \n ")

    assert opened(ada).number == "T-000001"


@pytest.mark.parametrize("urgency", Ticket.Level)
@pytest.mark.parametrize("impact", Ticket.Level)
def test_priority_grows_with_urgency_and_with_impact(urgency, impact):
    priority = priorities.USUAL[urgency, impact]

    for (other_urgency, other_impact), other in priorities.USUAL.items():
        if other_urgency <= urgency and other_impact <= impact:
            assert other <= priority


def test_the_priority_follows_from_urgency_and_impact(ada, desk, it):
    ticket = opened(ada, urgency=Ticket.Level.HIGH)
    assert ticket.priority == Ticket.Priority.MODERATE

    ticket = tickets.prioritise(ticket, urgency=1, impact=1, by=it)

    assert ticket.priority == Ticket.Priority.CRITICAL


def test_a_public_answer_is_mailed_once_and_takes_the_ticket_up(ada, desk, it):
    ticket = tickets.answer(opened(ada), body="Is it plugged in?", by=it)

    assert ticket.state == State.IN_PROGRESS
    assert [text for text in texts_to(ada) if "> Is it plugged in?" in text] == texts_to(ada)[1:]
    assert ticket.comments.get().author == it.person


def test_an_internal_comment_is_mailed_to_nobody(ada, desk, it):
    ticket = opened(ada)
    before = Message.objects.count()

    ticket = tickets.answer(ticket, body="He broke it himself.", public=False, by=it)

    assert Message.objects.count() == before
    assert ticket.state == State.NEW
    assert not ticket.comments.public().exists()


def test_a_reply_tells_the_assignee_instead_of_the_mailbox(ada, desk, it):
    ticket = tickets.assign(opened(ada), to=it.person, by=None)

    tickets.reply(ticket, body="Yes, it is.", by=None)

    assert "> Yes, it is." in texts_to(it.person)[-1]
    assert len(texts_to(desk)) == 1


def test_a_reply_tells_the_mailbox_where_the_assignee_has_left(ada, desk, it):
    ticket = tickets.assign(opened(ada), to=it.person, by=it)
    Person.objects.filter(pk=it.person.pk).update(leaves_on="2020-01-31")

    tickets.reply(ticket, body="Hello?", by=None)

    assert "> Hello?" in texts_to(desk)[-1]


def test_the_requesters_answer_reopens_what_was_resolved(ada, desk, it):
    ticket = tickets.resolve(opened(ada), solution="New cable.", by=it)
    assert (ticket.state, ticket.resolved_at is not None) == (State.RESOLVED, True)
    assert "> New cable." in texts_to(ada)[-1]

    ticket = tickets.reply(ticket, body="Still black.", by=ada.user)

    assert (ticket.state, ticket.resolved_at) == (State.IN_PROGRESS, None)
    assert "reopened" in ticket.history.latest().history_change_reason


def test_the_requesters_answer_ends_the_waiting_for_him(ada, desk, it):
    ticket = tickets.wait(opened(ada), state=State.WAITING_REQUESTER, by=it)

    assert tickets.reply(ticket, body="Here.", by=None).state == State.IN_PROGRESS


def test_the_requesters_answer_does_not_end_the_waiting_for_a_vendor(ada, desk, it):
    ticket = tickets.wait(opened(ada), state=State.WAITING_VENDOR, by=it)

    assert tickets.reply(ticket, body="Any news?", by=None).state == State.WAITING_VENDOR


def test_one_reply_form_writes_one_comment_and_owes_one_mail(ada, desk):
    ticket, form = opened(ada), uuid.uuid4()

    for _ in range(2):
        tickets.reply(ticket, body="Once.", submission=form, by=None)

    assert ticket.comments.count() == 1
    assert len(texts_to(desk)) == 2


def test_a_closed_ticket_refuses_an_answer_in_words(ada, desk, it):
    ticket = tickets.close(tickets.resolve(opened(ada), solution="Done.", by=it), by=it)

    with pytest.raises(ValidationError, match=r"T-000001 .* is closed: it cannot be answered"):
        tickets.reply(ticket, body="But", by=None)


def test_a_refused_move_writes_and_owes_nothing(ada, desk, it):
    ticket = opened(ada)
    before = Message.objects.count(), ticket.history.count(), Comment.objects.count()

    with pytest.raises(ValidationError, match="new: it cannot be closed"):
        tickets.close(ticket, by=it)

    assert (Message.objects.count(), ticket.history.count(), Comment.objects.count()) == before


def test_reopening_a_closed_ticket_forgets_when_it_ended(ada, desk, it):
    ticket = tickets.close(tickets.resolve(opened(ada), solution="Done.", by=it), by=it)

    ticket = tickets.reopen(ticket, reason="it is back", by=it)

    assert (ticket.state, ticket.resolved_at, ticket.closed_at) == (State.IN_PROGRESS, None, None)


def test_what_has_come_is_taken_up_again(ada, desk, it):
    ticket = tickets.wait(opened(ada), state=State.WAITING_VENDOR, by=it)

    assert tickets.resume(ticket, by=it).state == State.IN_PROGRESS


def test_a_state_that_is_no_waiting_is_refused(ada, desk, it):
    with pytest.raises(ValidationError, match="cannot wait"):
        tickets.wait(opened(ada), state=State.CLOSED, by=it)


def test_an_empty_answer_is_refused(ada, desk, it):
    with pytest.raises(ValidationError, match="Write something"):
        tickets.answer(opened(ada), body=" \n", by=it)


def test_a_leaver_is_assigned_nothing(ada, desk, it):
    with pytest.raises(ValidationError, match="left on"):
        tickets.assign(opened(ada), to=PersonFactory(leaves_on=date(2020, 1, 31)), by=it)


@pytest.mark.parametrize("kind", ["employee", "shared"])
def test_who_is_not_staff_is_assigned_nothing(ada, desk, it, kind):
    ticket, bob = opened(ada), PersonFactory(name="Bob", kind=kind)

    with pytest.raises(ValidationError, match="Bob is not staff .* cannot be assigned to them"):
        tickets.assign(ticket, to=bob, by=it)

    ticket.refresh_from_db()
    assert (ticket.assignee, texts_to(bob)) == (None, [])


def test_the_mailbox_of_a_role_may_be_assigned_a_ticket(ada, desk, it):
    assert tickets.assign(opened(ada), to=desk, by=it).assignee == desk


def test_assigning_twice_is_refused_and_told_once(ada, desk, it, service_desk):
    ticket = tickets.assign(opened(ada), to=it.person, by=service_desk)

    with pytest.raises(ValidationError, match="already"):
        tickets.assign(ticket, to=it.person, by=service_desk)

    assert len(texts_to(it.person)) == 1


def test_who_takes_a_ticket_is_not_mailed_that_he_did(ada, desk, it):
    ticket = tickets.take(opened(ada), by=it)

    assert ticket.assignee == it.person
    assert texts_to(it.person) == []


def test_a_login_without_a_person_takes_nothing(ada, desk, superuser):
    with pytest.raises(ValidationError, match="belongs to no person"):
        tickets.take(opened(ada), by=superuser)


def test_each_names_the_refused_and_does_the_others(ada, desk, it):
    done = tickets.resolve(opened(ada), solution="Done.", by=it)
    new = opened(ada)

    outcome = each(tickets.close)([new, done], by=it)

    assert outcome.done == [done]
    assert outcome.refused == ["T-000002 The screen stays black is new: it cannot be closed."]


def test_an_error_at_one_of_many_is_told_of_it_alone_and_logged(ada, desk, it, caplog):
    ticket, broken, last = (opened(ada) for _ in range(3))

    def take_up(row, *, by):
        if row == broken:
            raise ZeroDivisionError
        return row

    outcome = each(take_up)([ticket, broken, last], by=it)

    assert outcome.done == [ticket, last]
    assert outcome.refused == [f"{broken} was stopped by an error, and is as it was."]
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(ZeroDivisionError):
        each(take_up)([broken], by=it)


def test_every_move_is_in_the_history_with_actor_and_reason(ada, desk, it):
    ticket = tickets.take(opened(ada, by=it), by=it)

    versions = [(v.history_user, v.history_change_reason) for v in ticket.history.all()]
    assert versions == [(it, f"assigned to {it.person}"), (it, "opened")]


def test_a_line_break_in_a_subject_begins_no_other_header(ada, desk):
    opened(ada, subject="Broken\r\nBcc: everyone@example.com")

    subjects = Message.objects.values_list("subject", flat=True)
    assert all("\n" not in subject and "\r" not in subject for subject in subjects)


@pytest.mark.django_db(transaction=True)
def test_many_reports_at_once_get_numbers_of_their_own():
    ada = PersonFactory(name="Ada", email="ada@example.com")
    PersonFactory(kind="shared", answers_for="service_desk")
    form, barrier, problems = uuid.uuid4(), threading.Barrier(6), []

    def report(submission):
        try:
            barrier.wait()
            opened(ada, submission=submission)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    forms = [form, form, *(uuid.uuid4() for _ in range(4))]
    threads = [threading.Thread(target=report, args=[one]) for one in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert sorted(Ticket.objects.values_list("number", flat=True)) == [
        f"T-{number:06}" for number in range(1, 6)
    ]
    assert TicketSequence.objects.get().last == 5
