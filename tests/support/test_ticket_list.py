"""The list of tickets: found by what was said, filtered by whose they are and how late."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from people.models import Person
from support import conversation, search
from support.models import Comment, Ticket
from tests.factories import AssetFactory, CommentFactory, PersonFactory, TicketFactory
from tests.people.test_documents import PNG

LIST = reverse("admin:support_ticket_changelist")
pytestmark = pytest.mark.django_db


def found(*words, comments=True):
    return list(search.matching(Ticket.objects.all(), list(words), comments=comments))


def test_a_word_is_found_wherever_it_stands():
    ada = PersonFactory(name="Ada Zeppelin")
    tickets = [
        TicketFactory(subject="A ZEPPELIN landed"),
        TicketFactory(description="It is like a zeppelin."),
        TicketFactory(requester=ada),
        TicketFactory(asset=AssetFactory(serial="ZEPPELIN-1")),
        CommentFactory(body="The zeppelin is back.").ticket,
        CommentFactory(body="A zeppelin, for us alone", is_public=False).ticket,
    ]
    TicketFactory()

    assert set(found("zeppelin")) == set(tickets)
    assert set(found("zeppelin", comments=False)) == set(tickets[:4])


def test_words_may_stand_in_different_places_and_a_ticket_comes_once():
    ticket = TicketFactory(subject="The lamp of the hall")
    for _ in range(3):
        CommentFactory(ticket=ticket, body="We exchanged the halogen lamp.")
    CommentFactory(body="halogen")

    assert found("lamp", "halogen") == found("halogen", "lamp") == [ticket]
    assert found("lamp", "zeppelin") == []


def test_more_than_are_kept_by_their_keys_are_found_as_well(monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)
    tickets = [TicketFactory(subject=f"Lamp {number}") for number in range(5)]
    said = [CommentFactory(ticket=it, body="Halogen").ticket for it in tickets[:4]]

    assert set(found("lamp")) == set(tickets)
    assert set(found("halogen", "lamp")) == set(said)


@pytest.mark.parametrize("words", ["%", "_", "'", '"', "\\", "ünï"])
def test_marks_of_a_pattern_stand_for_themselves(words):
    TicketFactory(subject="Nothing of it")
    ticket = TicketFactory(subject=f"With {words} in it")
    assert found(words) == [ticket]


def test_notes_are_searched_for_those_who_may_read_them(client, service_desk, employee):
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    CommentFactory(body="He lost the zeppelin.", is_public=False, ticket__subject="Bag is gone")
    TicketFactory(subject="zeppelin one")
    TicketFactory(subject="zeppelin two")
    client.force_login(service_desk)
    assert "Bag is gone" in client.get(LIST, {"q": "zeppelin"}).text
    user = employee.user
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_ticket"))
    client.force_login(user)
    text = client.get(LIST, {"q": "zeppelin"}).text
    assert "zeppelin two" in text
    assert "Bag is gone" not in text


def test_the_list_says_in_words_what_is_late_and_shows_mine(client, service_desk):
    client.force_login(service_desk)
    me, now = Person.objects.get(user=service_desk), timezone.now()
    late = TicketFactory(subject="Late one", assignee=me, due_by=now - timedelta(hours=3))
    soon = TicketFactory(
        subject="Soon one",
        assignee=me,
        due_by=now + timedelta(minutes=90),
        at_risk_at=now - timedelta(minutes=1),
    )
    TicketFactory(subject="Waiting one", assignee=me, state="waiting_vendor")
    TicketFactory(subject="Nobody has it")

    def shown(**query):
        response = client.get(LIST, query)
        return [it.subject for it in response.context_data["cl"].result_list], response.text

    subjects, text = shown(whose="me", o="9")
    assert subjects == [late.subject, soon.subject]
    assert "late by 3 hours" in text
    assert "1 hour left" in text
    assert set(shown(whose="mine")[0]) == {"Late one", "Soon one", "Waiting one"}
    assert shown(whose="nobody")[0] == ["Nobody has it"]
    assert shown(clock="missed")[0] == ["Late one"]
    assert shown(clock="risk")[0] == ["Soon one"]
    assert f"{LIST}?whose=me&amp;o=9" in client.get(LIST).text


def test_many_are_answered_at_once_with_a_ready_answer(client, service_desk):
    from tests.factories import CannedAnswerFactory  # noqa: PLC0415

    client.force_login(service_desk)
    canned = CannedAnswerFactory(body="Hello {requester}, we look at {number}.")
    tickets = [TicketFactory(requester__name=name) for name in ("Ada", "Ben")]
    client.post(
        LIST,
        {
            "action": "answer",
            "_selected_action": [it.pk for it in tickets],
            "apply": "1",
            "canned": canned.pk,
            "public": "yes",
        },
    )
    said = dict(Comment.objects.values_list("ticket", "body"))
    assert said == {it.pk: f"Hello {it.requester.name}, we look at {it.number}." for it in tickets}


@pytest.mark.parametrize(
    ("step", "said"), [("answer", {"body": "See here."}), ("resolve", {"solution": "See here."})]
)
def test_many_are_answered_and_solved_with_the_same_picture(client, service_desk, step, said):
    client.force_login(service_desk)
    tickets = TicketFactory.create_batch(2, state="in_progress")
    chosen = {"action": step, "_selected_action": [it.pk for it in tickets], "apply": "1"}
    file = SimpleUploadedFile("screen.png", PNG)

    client.post(LIST, {**chosen, **said, "public": "yes", "attachments": [file]})

    for ticket in tickets:
        (turn,) = conversation.turns(ticket, public=True)
        assert [it.file.read() for it in turn.attached] == [PNG]


def test_a_file_that_is_not_accepted_is_told_of_each_ticket_and_answers_none(client, service_desk):
    client.force_login(service_desk)
    tickets = TicketFactory.create_batch(2)
    chosen = {"action": "answer", "_selected_action": [it.pk for it in tickets], "apply": "1"}
    file = SimpleUploadedFile("screen.png", b"<svg/>")

    page = client.post(
        LIST, {**chosen, "body": "See.", "public": "yes", "attachments": [file]}, follow=True
    )

    told = [str(it) for it in page.context["messages"]]
    assert told == [f"{it}: screen.png is no PNG file, whatever its name says." for it in tickets]
    assert not Comment.objects.exists()
