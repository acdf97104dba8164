"""The requests of an employee: who may read them and their files, answer, follow and rate."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from people.models import Document, Message
from support import approvals, catalogue, merging, tickets
from support.portal import access
from tests.factories import (
    CommentFactory,
    OfferFactory,
    TicketFactory,
    somebody,
)

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60


@pytest.fixture(autouse=True)
def _private(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mine(client, employee):
    client.force_login(employee.user)
    return client


@pytest.fixture
def grace():
    return somebody(name="Grace Hopper")


def as_(client, person):
    client.force_login(person.user)
    return client


def text(response):
    return response.content.decode()


def solved(person, **fields):
    now = timezone.now()
    return TicketFactory(
        requester=person, state="resolved", opened_at=now, resolved_at=now, **fields
    )


def answer(**fields):
    return {"submission": uuid.uuid4(), "body": "Like this."} | fields


def picture(name="screen.png"):
    return SimpleUploadedFile(name, PNG)


def test_what_is_for_him_and_what_he_follows_is_listed_and_read(mine, employee, grace):
    for_him = TicketFactory(requester=grace, on_behalf_of=employee, subject="For him")
    followed = TicketFactory(requester=grace, subject="Followed")
    TicketFactory(requester=grace, subject="CANARY-SUBJECT")
    merging.follow(followed, person=employee, by=grace.user)

    listed = text(mine.get("/requests/"))

    assert "For him" in listed
    assert "from Grace Hopper" in listed
    assert "CANARY" not in listed
    for ticket in (for_him, followed):
        assert "Grace Hopper" in text(mine.get(f"/requests/{ticket.pk}/"))


def test_every_turn_says_who(mine, employee, grace, it):
    ticket = TicketFactory(requester=employee)
    merging.follow(ticket, person=grace, by=employee.user)
    tickets.answer(ticket, body="From the desk.", by=it)
    tickets.reply(ticket, body="From a colleague.", author=grace, by=grace.user)
    CommentFactory(ticket=ticket, author=None, body="From nobody in person.")

    page = text(mine.get(f"/requests/{ticket.pk}/"))

    assert f"{it.person}, service desk" in page
    assert 'class="who">Grace Hopper <time' in page
    assert 'class="who">Service desk <time' in page
    assert 'class="who">You <time' in page


def test_who_follows_answers_in_his_own_name(client, employee, grace):
    ticket = TicketFactory(requester=employee)
    merging.follow(ticket, person=grace, by=employee.user)

    as_(client, grace).post(f"/requests/{ticket.pk}/", answer())

    assert ticket.comments.get().author == grace


def test_an_answer_brings_its_files_and_others_may_not_have_them(client, mine, employee, grace):
    ticket = TicketFactory(requester=employee)

    mine.post(f"/requests/{ticket.pk}/", answer(attachments=[picture()]))

    document = Document.objects.get()
    address = f"/requests/{ticket.pk}/files/{document.pk}/"
    assert address in text(mine.get(f"/requests/{ticket.pk}/"))
    response = mine.get(address)
    assert b"".join(response.streaming_content) == PNG
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert as_(client, grace).get(address).status_code == 404


def test_files_of_internal_notes_of_other_tickets_and_of_other_records_do_not_exist(
    mine, employee, grace, it
):
    ticket = TicketFactory(requester=employee)
    tickets.answer(ticket, body="Inside.", public=False, attachments=[picture()], by=it)
    inside = Document.objects.get()
    other = TicketFactory(requester=grace)
    tickets.answer(other, body="Hers.", attachments=[picture()], by=it)
    hers = Document.objects.exclude(pk=inside.pk).get()

    for document in (inside.pk, hers.pk, 10**18):
        assert mine.get(f"/requests/{ticket.pk}/files/{document}/").status_code == 404
    assert mine.get(f"/requests/{other.pk}/files/{hers.pk}/").status_code == 404
    assert "screen.png" not in text(mine.get(f"/requests/{ticket.pk}/"))


def test_a_file_that_is_gone_from_the_disk_is_a_404(mine, employee, it):
    ticket = TicketFactory(requester=employee)
    tickets.answer(ticket, body="Look.", attachments=[picture()], by=it)
    document = Document.objects.get()
    document.file.storage.delete(document.file.name)

    assert mine.get(f"/requests/{ticket.pk}/files/{document.pk}/").status_code == 404


def test_a_refused_file_leaves_no_answer_and_keeps_the_words(mine, employee):
    ticket = TicketFactory(requester=employee)

    response = mine.post(
        f"/requests/{ticket.pk}/",
        answer(attachments=[SimpleUploadedFile("x.svg", b"<svg/>")]),
    )

    assert "x.svg is not accepted" in text(response)
    assert "Like this." in text(response)
    assert not ticket.comments.exists()
    assert not Document.objects.exists()


def test_a_colleague_is_let_in_by_his_exact_address(client, mine, employee, grace):
    ticket = TicketFactory(requester=employee)
    address = f"/requests/{ticket.pk}/follow/"

    for _ in range(2):
        mine.post(address, {"email": grace.email.upper()})

    assert ticket.followers.get().person == grace
    assert as_(client, grace).get(f"/requests/{ticket.pk}/").status_code == 200


def test_the_answer_is_the_same_for_an_address_that_nobody_has(mine, employee, grace):
    ticket = TicketFactory(requester=employee)
    address = f"/requests/{ticket.pk}/follow/"
    gone = somebody(leaves_on=timezone.localdate() - timedelta(1))

    said = {
        text(mine.post(address, {"email": email}, follow=True)).split('class="messages"')[1][:200]
        for email in ("nobody@example.org", gone.email, grace.email)
    }

    assert len(said) == 1
    assert ticket.followers.get().person == grace


def test_of_too_many_addresses_the_next_is_refused_known_or_not(mine, employee, monkeypatch):
    monkeypatch.setattr(access, "NAMES_PER_HOUR", 2)
    address = f"/requests/{TicketFactory(requester=employee).pk}/follow/"

    got = [mine.post(address, {"email": f"a{it}@example.org"}).status_code for it in range(3)]

    assert got == [302, 302, 429]


def test_only_who_asked_lets_others_in_and_sends_them_away(client, employee, grace):
    ticket = TicketFactory(requester=employee)
    third = somebody()
    for person in (grace, third):
        merging.follow(ticket, person=person, by=employee.user)
    hers = as_(client, grace)

    assert (
        hers.post(f"/requests/{ticket.pk}/follow/", {"email": "x@example.org"}).status_code == 404
    )
    # Whatever she names, she ends what is hers.
    hers.post(f"/requests/{ticket.pk}/unfollow/", {"person": third.pk})
    assert ticket.followers.get().person == third
    assert hers.get(f"/requests/{ticket.pk}/").status_code == 404
    as_(client, employee).post(f"/requests/{ticket.pk}/unfollow/", {"person": third.pk})
    assert not ticket.followers.exists()


@pytest.mark.parametrize("person", ["", "x", "9" * 30, "0"])
def test_sending_away_who_does_not_follow_is_a_404(mine, employee, person):
    ticket = TicketFactory(requester=employee)

    assert mine.post(f"/requests/{ticket.pk}/unfollow/", {"person": person}).status_code == 404


def test_a_solved_request_is_rated_and_the_last_word_counts(mine, employee):
    ticket = solved(employee, subject="The cable")

    assert "Was it solved well?" in text(mine.get("/"))
    for rating in (1, 3):
        mine.post(f"/requests/{ticket.pk}/rate/", {"rating": rating, "comment": "Quick."})

    ticket.refresh_from_db()
    assert (ticket.rating, ticket.rating_comment) == (3, "Quick.")
    assert "You said: solved well" in text(mine.get(f"/requests/{ticket.pk}/"))
    assert "Was it solved well?" not in text(mine.get("/"))


def test_what_is_open_is_not_rated_and_a_wrong_rating_says_so(mine, employee):
    ticket, ended = TicketFactory(requester=employee), solved(employee)

    refused = mine.post(f"/requests/{ticket.pk}/rate/", {"rating": 3}, follow=True)
    wrong = mine.post(f"/requests/{ended.pk}/rate/", {"rating": 9})

    assert "cannot be rated" in text(refused)
    assert wrong.status_code == 200
    assert "Select a valid choice" in text(wrong)


def taken_back(ticket, it):
    approvals.withdraw(ticket, by=ticket.requester.user)


def refused(ticket, it):
    asked = ticket.approvals.get()
    approvals.refuse(asked, text="No.", by=asked.approver.user)


def merged(ticket, it):
    merging.merge(ticket, into=TicketFactory(), by=it)


def merged_once_solved(ticket, it):
    merged(tickets.resolve(ticket, solution="Done.", by=it), it)


@pytest.mark.parametrize("end", [taken_back, refused, merged, merged_once_solved])
def test_what_was_closed_without_a_solution_is_not_rated(mine, employee, it, end):
    employee.manager = somebody()
    employee.save()
    ticket = catalogue.ask(OfferFactory(), requester=employee, reason="Work", by=employee.user)
    end(ticket, it)

    assert "How well was it solved?" not in text(mine.get(f"/requests/{ticket.pk}/"))
    answer = mine.post(f"/requests/{ticket.pk}/rate/", {"rating": 3}, follow=True)

    assert "was closed without a solution: it cannot be rated" in text(answer)
    ticket.refresh_from_db()
    assert ticket.rating is None


def test_what_was_solved_is_rated_once_it_is_closed_too(mine, employee, it):
    ticket = tickets.resolve(TicketFactory(requester=employee), solution="Done.", by=it)
    tickets.close(ticket, by=it)

    assert "How well was it solved?" in text(mine.get(f"/requests/{ticket.pk}/"))
    mine.post(f"/requests/{ticket.pk}/rate/", {"rating": 3})

    ticket.refresh_from_db()
    assert ticket.rating == 3


def test_who_only_follows_rates_nothing(client, employee, grace):
    ticket = solved(employee)
    merging.follow(ticket, person=grace, by=employee.user)

    hers = as_(client, grace)

    assert hers.post(f"/requests/{ticket.pk}/rate/", {"rating": 1}).status_code == 404
    assert "How well was it solved?" not in text(hers.get(f"/requests/{ticket.pk}/"))


@pytest.mark.parametrize("page", ["", "rate/", "follow/", "unfollow/", "withdraw/"])
def test_another_persons_request_does_not_exist_on_any_path(mine, grace, page):
    ticket = TicketFactory(requester=grace)
    data = answer(rating=3, email="a@example.org", person=grace.pk)

    assert mine.post(f"/requests/{ticket.pk}/{page}", data).status_code == 404


def test_it_says_who_must_agree_where_it_lies_and_is_taken_back(mine, employee):
    boss = somebody(name="Linus Boss")
    employee.manager = boss
    employee.save()
    last = somebody(name="Data Protection")
    ticket = catalogue.ask(
        OfferFactory(approver=last), requester=employee, reason="Work", by=employee.user
    )

    page = text(mine.get(f"/requests/{ticket.pk}/"))

    assert page.index("Linus Boss") < page.index("asked on") < page.index("Data Protection")
    assert "is asked after that" in page
    assert "Take the request back" in page
    mine.post(f"/requests/{ticket.pk}/withdraw/")
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert "Take the request back" not in text(mine.get(f"/requests/{ticket.pk}/"))


def test_a_manager_sees_at_home_that_somebody_waits_for_him(client, employee):
    boss = somebody(name="Boss")
    employee.manager = boss
    employee.save()
    ticket = catalogue.ask(OfferFactory(), requester=employee, reason="Work", by=employee.user)
    approval = ticket.approvals.get()

    page = text(as_(client, boss).get("/"))

    assert "Approve or refuse 1 request" in page
    mail = Message.objects.get(recipient=boss)
    assert f"/approvals/{approval.pk}/" in mail.text


def test_what_waits_for_an_answer_stands_first_at_home(mine, employee):
    TicketFactory(requester=employee, state="waiting_requester", subject="Which one?")

    page = text(mine.get("/"))

    assert page.index("Answer the service desk") < page.index("Report a problem</a>")


def test_a_merged_request_leads_to_where_it_goes_on(mine, employee, grace, it):
    ticket, into = TicketFactory(requester=employee), TicketFactory(requester=grace)
    merging.merge(ticket, into=into, by=it)

    page = text(mine.get(f"/requests/{ticket.pk}/"))

    assert f'href="/requests/{into.pk}/"' in page
    assert mine.get(f"/requests/{into.pk}/").status_code == 200


def test_queries_of_a_request_do_not_grow_with_its_turns(
    mine, employee, it, django_assert_max_num_queries
):
    ticket = TicketFactory(requester=employee)
    tickets.answer(ticket, body="One.", attachments=[picture()], by=it)
    with django_assert_max_num_queries(60) as one:
        mine.get(f"/requests/{ticket.pk}/")
    for _ in range(5):
        tickets.answer(ticket, body="More.", attachments=[picture()], by=it)
        merging.follow(ticket, person=somebody(), by=it)
    with django_assert_max_num_queries(len(one)):
        mine.get(f"/requests/{ticket.pk}/")
