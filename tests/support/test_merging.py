"""Tickets that have to do with each other, and who is mailed about them."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from people.documents import documents_of
from people.models import Message
from support import conversation, merging, tickets, work
from support.models import Comment, Ticket, TicketLink
from tests.factories import (
    AssetFactory,
    CannedAnswerFactory,
    CommentFactory,
    PersonFactory,
    QueueFactory,
    TicketFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def told(person):
    return list(Message.objects.filter(recipient=person).values_list("subject", flat=True))


def staff(**fields):
    user = UserFactory(is_staff=True)
    return PersonFactory(user=user, email=user.email, **fields)


# --- Following ---


def test_who_follows_is_mailed_each_change_once_and_not_his_own():
    ticket, bob, desk = TicketFactory(), staff(), staff()
    merging.follow(ticket, person=bob, by=None)

    tickets.answer(ticket, body="We look.", by=desk.user)
    tickets.wait(ticket, state="waiting_vendor", by=desk.user)
    tickets.answer(ticket, body="I know this one.", by=bob.user)
    tickets.resolve(ticket, solution="New cable.", by=desk.user)

    assert [subject.split("] ")[1].split(":")[0] for subject in told(bob)][::-1] == [
        "Answer",
        "Changed",
        "Solved",
    ]


def test_of_who_follows_only_staff_who_may_read_notes_are_mailed_them(service_desk):
    clerk, role = service_desk.person, PersonFactory(kind="shared", answers_for="it")
    others = [
        PersonFactory(),
        PersonFactory(kind="shared"),
        staff(),
        PersonFactory(user=UserFactory()),
    ]
    ticket = TicketFactory(on_behalf_of=PersonFactory(kind="shared"))
    for person in (clerk, role, *others):
        merging.follow(ticket, person=person, by=None)

    tickets.answer(ticket, body="His third this year.", public=False, by=None)

    assert [len(told(it)) for it in (clerk, role)] == [1, 1]
    assert [told(it) for it in (*others, ticket.requester, ticket.on_behalf_of)] == [[]] * 6


def test_who_came_with_a_duplicate_reads_no_note(service_desk):
    reception, ticket = PersonFactory(kind="shared"), TicketFactory()
    merging.merge(TicketFactory(requester=reception), into=ticket, by=None)
    merged = len(told(reception))

    tickets.answer(ticket, body="His third this year.", public=False, by=service_desk)

    assert len(told(reception)) == merged


@pytest.mark.parametrize("lost", ["is_staff", "is_active", "groups", "leaves_on"])
def test_an_assignee_who_is_no_longer_staff_reads_no_note(service_desk, lost):
    ticket = TicketFactory(assignee=service_desk.person)
    if lost == "groups":
        service_desk.groups.clear()
    elif lost == "leaves_on":
        type(service_desk.person).objects.update(leaves_on="2020-01-31")
    else:
        type(service_desk).objects.update(**{lost: False})

    tickets.answer(ticket, body="His third this year.", public=False, by=UserFactory())

    assert told(service_desk.person) == []


def test_whom_it_is_for_is_told_and_reads_it():
    ada, boss = PersonFactory(), PersonFactory()

    ticket = tickets.open_ticket(requester=boss, on_behalf_of=ada, subject="A laptop", by=None)
    tickets.answer(ticket, body="On its way.", by=None)

    assert len(told(ada)) == 2
    assert list(Ticket.objects.visible_to(ada)) == [ticket]
    assert not Ticket.objects.visible_to(PersonFactory()).exists()


def test_nobody_follows_twice_or_without_an_address():
    ticket, bob = TicketFactory(), PersonFactory()
    merging.follow(ticket, person=bob, by=None)

    with pytest.raises(ValidationError, match="follows .* already"):
        merging.follow(ticket, person=bob, by=None)
    with pytest.raises(ValidationError, match="cannot be mailed"):
        merging.follow(ticket, person=PersonFactory(email=""), by=None)


def test_the_assignee_hears_of_what_others_do_to_his_ticket():
    clerk, other = staff(), staff()
    ticket = TicketFactory(assignee=clerk, state="in_progress")

    tickets.move_to(ticket, queue=QueueFactory(name="Network"), by=other.user)
    tickets.prioritise(ticket, urgency=1, impact=1, by=clerk.user)

    (subject,) = told(clerk)
    assert "Changed" in subject


# --- Linking ---


def test_a_link_is_the_same_from_both_ends():
    old, new = TicketFactory(), TicketFactory()

    merging.link(new, other=old, by=None)

    assert merging.linked_to(old) == [new]
    assert merging.linked_to(new) == [old]
    with pytest.raises(ValidationError, match="linked already"):
        merging.link(old, other=new, by=None)
    with pytest.raises(ValidationError, match="to itself"):
        merging.link(old, other=old, by=None)
    assert TicketLink.objects.count() == 1


# --- Merging ---


def test_a_duplicate_is_closed_and_its_people_follow_the_other():
    watcher = PersonFactory()
    first, second = TicketFactory(), TicketFactory(description="No sound since noon.")
    merging.follow(second, person=watcher, by=None)

    merged = merging.merge(second, into=first, by=None)

    assert (merged.state, merged.merged_into) == ("closed", first)
    assert {it.person for it in first.followers.all()} == {second.requester, watcher}
    assert "No sound since noon." in first.comments.get().body
    assert not first.comments.get().is_public
    assert "goes on" in told(second.requester)[0].lower()


def test_who_asked_twice_himself_follows_nothing():
    ada = PersonFactory()
    first, second = TicketFactory(requester=ada), TicketFactory(requester=ada)

    merging.merge(second, into=first, by=None)

    assert not first.followers.exists()


def test_nothing_is_merged_into_what_is_closed():
    now = timezone.now()
    ended = TicketFactory(state="closed", opened_at=now, resolved_at=now, closed_at=now)

    with pytest.raises(ValidationError, match="closed"):
        merging.merge(TicketFactory(), into=ended, by=None)


def test_what_was_merged_is_not_reopened():
    first, second = TicketFactory(), TicketFactory()
    merged = merging.merge(second, into=first, by=None)

    with pytest.raises(ValidationError, match="reopen that one"):
        tickets.reopen(merged, reason="again", by=None)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_merge_a_pair_into_each_other_one_is_told():
    first, second = TicketFactory(), TicketFactory()
    barrier, outcomes = threading.Barrier(2), []

    def run(ticket, into):
        barrier.wait()
        try:
            merging.merge(ticket, into=into, by=None)
            outcomes.append("merged")
        except ValidationError as refusal:
            outcomes.append(refusal.messages[0])
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=pair) for pair in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("merged") == 1
    assert any("closed" in it for it in outcomes)


# --- Splitting ---


def test_another_matter_becomes_a_ticket_of_its_own():
    ticket = TicketFactory(asset=AssetFactory())
    comment = CommentFactory(ticket=ticket, body="And the mouse is broken too.")

    part = merging.split(ticket, subject="The mouse", comments=[comment], by=None)

    assert part.split_from == ticket
    assert (part.requester, part.asset) == (ticket.requester, ticket.asset)
    assert "the mouse is broken too" in part.description
    assert ticket.comments.count() == 1


def test_a_note_of_the_staff_is_not_split_off_to_the_requester():
    ticket = TicketFactory()
    note = CommentFactory(ticket=ticket, is_public=False)

    with pytest.raises(ValidationError, match="public"):
        merging.split(ticket, subject="Other", comments=[note], by=None)
    assert Ticket.objects.count() == 1


# --- Files, ready answers, work ---


def png(name="screen.png", content=PNG):
    return SimpleUploadedFile(name, content)


def test_files_stand_with_the_turn_they_came_with():
    ticket = tickets.open_ticket(
        requester=PersonFactory(), subject="Screen", attachments=[png()], by=None
    )
    tickets.answer(ticket, body="See here.", attachments=[png("how.png")], by=None)
    tickets.answer(ticket, body="Ours.", public=False, attachments=[png("ours.png")], by=None)

    public = {it.name for it in conversation.files_of(ticket, public=True)}
    assert public == {"screen.png", "how.png"}
    assert conversation.files_of(ticket, public=False).count() == 3
    assert [it.name for it in conversation.turns(ticket, public=True)[0].attached] == ["how.png"]


def test_a_file_that_is_not_what_it_says_keeps_the_answer_from_being_sent():
    ticket = TicketFactory()

    with pytest.raises(ValidationError, match="no PNG file"):
        tickets.answer(ticket, body="See.", attachments=[png(content=b"MZ" + b"\0" * 99)], by=None)

    assert not Comment.objects.exists()
    assert not Message.objects.exists()


def test_eleven_files_are_too_many():
    with pytest.raises(ValidationError, match="At most 10"):
        tickets.answer(TicketFactory(), body="All.", attachments=[png()] * 11, by=None)


def test_a_ready_answer_speaks_of_this_ticket():
    canned = CannedAnswerFactory(body="Hello {requester}, {asset} is {unknown}.")
    ticket = TicketFactory(requester__name="Ada", asset=AssetFactory(tag="LT-1"))

    tickets.answer(ticket, canned=canned, body="Bye.", by=None)

    body = ticket.comments.get().body
    assert body.startswith("Hello Ada, LT-1")
    assert body.endswith("is {unknown}.\n\nBye.")
    assert not documents_of(ticket).exists()


def test_work_takes_time_or_money_and_no_day_to_come():
    ticket = work.book(TicketFactory(), minutes=30, note="Replaced the cable", by=None)

    assert ticket.work.get().minutes == 30
    with pytest.raises(ValidationError, match="minutes"):
        work.book(ticket, by=None)
    with pytest.raises(ValidationError, match="to come"):
        work.book(ticket, minutes=5, done_on=timezone.localdate() + timedelta(1), by=None)
