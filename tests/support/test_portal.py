"""What an employee sees and sends, and that nothing else exists for him."""

import re
import uuid
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from people.models import Message
from support import tickets
from support.models import Ticket
from support.portal import access
from tests.factories import (
    AssetFactory,
    CommentFactory,
    CustodyFactory,
    PersonFactory,
    ProductFactory,
    TicketFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PAGES = ["/", "/equipment/", "/report/", "/requests/"]
XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def mine(client, employee):
    """A client that is signed in as the employee."""
    client.force_login(employee.user)
    return client


@pytest.fixture
def other():
    user = UserFactory()
    return PersonFactory(user=user, name="CANARY-PERSON", email=user.email)


def form(**fields):
    """What the last step of a report sends, or an answer."""
    filled = {"submission": uuid.uuid4(), "subject": "The screen stays black", "urgency": 2}
    filled["send"] = "1"
    return filled | fields


def text(response):
    return response.content.decode()


@pytest.mark.parametrize("address", [*PAGES, "/equipment/1/report/", "/requests/1/"])
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client, address):
    response = client.get(address)

    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", PAGES)
def test_a_login_without_a_person_is_told_whom_to_ask(client, address):
    PersonFactory(kind="shared", answers_for="service_desk", email="desk@example.com")
    client.force_login(UserFactory())

    response = client.get(address)

    assert response.status_code == 403
    assert "desk@example.com" in text(response)


def test_home_greets_and_shows_what_is_his_and_what_is_open(mine, employee):
    now = timezone.now()
    AssetFactory(holder=employee, tag="LT-000042")
    TicketFactory(requester=employee, subject="Open one")
    TicketFactory(
        requester=employee, subject="Ended one", state="resolved", opened_at=now, resolved_at=now
    )

    page = text(mine.get("/"))

    assert f"Hello {employee.name.split()[0]}" in page
    assert "Open one" in page
    assert "LT-000042" in page
    assert "Ended one" not in page[page.index("Open requests") :]


def test_equipment_says_what_since_when_until_when(mine, employee):
    today = timezone.localdate()
    asset = AssetFactory(
        tag="LT-000007",
        serial="SN-123",
        product=ProductFactory(name="ThinkPad T14"),
        state="in_use",
        holder=employee,
        custody=False,
        warranty_ends_on=today - timedelta(days=1),
    )
    asset.custodies.all().delete()
    CustodyFactory(asset=asset, holder=employee, due_back_on=today - timedelta(days=2))

    page = text(mine.get("/equipment/"))

    for words in ("LT-000007", "SN-123", "ThinkPad T14", "Yours since", "overdue", "ended on"):
        assert words in page
    assert f"/equipment/{asset.pk}/report/" in page


def test_empty_pages_say_what_to_do_next(mine):
    for address in ("/", "/equipment/", "/requests/"):
        page = text(mine.get(address))
        assert 'class="empty"' in page
        assert "/report/" in page


def test_nothing_of_another_person_is_on_any_page(mine, employee, other):
    asset = AssetFactory(
        tag="CANARY-TAG", product=ProductFactory(name="CANARY-PRODUCT"), holder=other
    )
    ticket = TicketFactory(requester=other, asset=asset, subject="CANARY-SUBJECT")
    CommentFactory(ticket=ticket, author=other, body="CANARY-BODY")

    for address in PAGES:
        assert "CANARY" not in text(mine.get(address))


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_persons_device_and_ticket_do_not_exist(mine, other, method):
    asset, ticket = AssetFactory(holder=other), TicketFactory(requester=other)
    data = form(body="Mine now.", asset=asset.pk) if method == "post" else {}

    for address in (f"/equipment/{asset.pk}/report/", f"/requests/{ticket.pk}/"):
        assert getattr(mine, method)(address, data).status_code == 404

    assert not ticket.comments.exists()
    assert Ticket.objects.count() == 1


def test_a_device_in_nobodys_hands_cannot_be_reported(mine):
    assert mine.get(f"/equipment/{AssetFactory().pk}/report/").status_code == 404


def test_the_posted_number_of_another_persons_device_is_a_form_error(mine, other):
    asset = AssetFactory(holder=other, tag="CANARY-TAG")

    response = mine.post("/report/", form(asset=asset.pk))

    assert response.status_code == 200
    assert "Choose one of your own devices" in text(response)
    assert "CANARY" not in text(response)
    assert not Ticket.objects.exists()


def test_a_ticket_the_person_only_commented_on_is_not_his(mine, employee, other):
    ticket = TicketFactory(requester=other)
    CommentFactory(ticket=ticket, author=employee)

    assert mine.get(f"/requests/{ticket.pk}/").status_code == 404


def test_the_link_of_a_device_chooses_it(mine, employee):
    asset = AssetFactory(holder=employee)

    page = text(mine.get(f"/equipment/{asset.pk}/report/"))

    assert f'<option value="{asset.pk}" selected>' in page


def test_a_report_opens_a_ticket_with_requester_and_device(mine, employee):
    asset = AssetFactory(holder=employee)

    response = mine.post("/report/", form(asset=asset.pk, urgency=1), follow=True)

    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.asset, ticket.urgency) == (employee, asset, 1)
    assert ticket.history.get().history_user == employee.user
    assert ticket.number in text(response)
    assert response.redirect_chain == [(f"/requests/{ticket.pk}/", 302)]


def test_a_report_may_be_about_something_else(mine):
    mine.post("/report/", form(asset=""))

    assert Ticket.objects.get().asset is None


def test_a_double_click_opens_one_ticket_and_shows_it_twice(mine):
    sent = form()

    first, second = mine.post("/report/", sent), mine.post("/report/", sent)

    assert first.url == second.url
    assert Ticket.objects.count() == 1


def test_a_double_click_on_an_answer_writes_it_once(mine, employee):
    ticket, sent = TicketFactory(requester=employee), form(body="Once.")

    for _ in range(2):
        assert mine.post(f"/requests/{ticket.pk}/", sent).status_code == 302

    assert ticket.comments.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subject": ""}, "Say in a few words what is wrong."),
        ({"subject": "x" * 251}, "at most 250"),
        ({"subject": "a\x00b"}, "Null characters"),
        ({"description": "x" * 20_001}, "at most 20000"),
        ({"urgency": ""}, "Choose how badly it stops you."),
        ({"urgency": "9"}, "Select a valid choice"),
        ({"asset": "x"}, "Choose one of your own devices"),
        ({"submission": ""}, "This form is incomplete."),
        ({"submission": "x"}, "This form is damaged."),
    ],
)
def test_a_wrong_report_is_refused_in_words_and_keeps_what_was_typed(mine, fields, words):
    response = mine.post("/report/", form(description="Typed before.") | fields)

    assert response.status_code == 200
    assert words in text(response)
    assert "description" in fields or "Typed before." in text(response)
    assert not Ticket.objects.exists()


def test_fields_that_are_not_in_the_form_are_ignored(mine, employee, other):
    mine.post("/report/", form(requester=other.pk, state="closed", priority=1, assignee=other.pk))

    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.state, ticket.assignee) == (employee, "new", None)
    assert ticket.priority == Ticket.Priority.LOW


def test_internal_comments_are_not_shown_to_the_requester(mine, employee, it):
    ticket = TicketFactory(requester=employee)
    tickets.answer(ticket, body="For everybody.", by=it)
    tickets.answer(ticket, body="CANARY-INTERNAL", public=False, by=it)

    page = text(mine.get(f"/requests/{ticket.pk}/"))

    assert "For everybody." in page
    assert f"{it.person}, service desk" in page
    assert "CANARY" not in page


def test_open_requests_come_before_the_ended(mine, employee):
    now = timezone.now()
    TicketFactory(
        requester=employee, subject="Ended", state="resolved", opened_at=now, resolved_at=now
    )
    TicketFactory(requester=employee, subject="Older", opened_at=now - timedelta(days=9))

    page = text(mine.get("/requests/"))

    assert page.index("Older") < page.index("Ended")


def test_long_lists_have_pages_and_a_wrong_one_gives_the_nearest(mine, employee):
    TicketFactory.create_batch(21, requester=employee)

    assert "Page 1 of 2" in text(mine.get("/requests/?page=x"))
    assert "Page 2 of 2" in text(mine.get("/requests/?page=99"))


@pytest.mark.parametrize("address", ["/", "/equipment/", "/requests/"])
def test_queries_do_not_grow_with_the_rows(mine, employee, address, django_assert_max_num_queries):
    def add(count):
        for _ in range(count):
            TicketFactory(requester=employee, asset=AssetFactory(holder=employee))

    add(1)
    with django_assert_max_num_queries(50) as one:
        mine.get(address)
    add(9)
    with django_assert_max_num_queries(len(one)):
        mine.get(address)


def test_a_closed_request_takes_no_answer_and_says_what_to_do(mine, employee):
    now = timezone.now()
    ticket = TicketFactory(
        requester=employee, state="closed", opened_at=now, resolved_at=now, closed_at=now
    )

    page = text(mine.get(f"/requests/{ticket.pk}/"))
    sent = mine.post(f"/requests/{ticket.pk}/", form(body="But"), follow=True)

    assert 'name="body"' not in page
    assert "report it again" in page
    assert "it cannot be answered" in text(sent)
    assert not ticket.comments.exists()


def test_payloads_are_shown_as_text_everywhere(mine, employee, administrator):
    asset = AssetFactory(holder=employee, product=ProductFactory(name=XSS))
    mine.post("/report/", form(asset=asset.pk, subject=XSS, description=XSS))
    ticket = Ticket.objects.get()
    mine.post(f"/requests/{ticket.pk}/", form(body=XSS))
    staff = Client()
    staff.force_login(administrator)

    pages = [mine.get(address) for address in (*PAGES, f"/requests/{ticket.pk}/")]
    pages += [
        staff.get(address)
        for address in (
            "/admin/support/ticket/",
            f"/admin/support/ticket/{ticket.pk}/change/",
            f"/admin/support/ticket/{ticket.pk}/step/answer/",
            f"/admin/support/ticket/{ticket.pk}/history/",
            f"/admin/assets/asset/{asset.pk}/change/",
        )
    ]

    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in text(page)
        assert "<img src=x" not in text(page)


def test_too_many_reports_are_refused_with_429_and_keep_what_was_typed(mine, monkeypatch):
    monkeypatch.setattr(access, "REPORTS_PER_HOUR", 2)
    for _ in range(2):
        mine.post("/report/", form())

    response = mine.post("/report/", form(subject="One too many"))

    assert response.status_code == 429
    assert "Please wait a little" in text(response)
    assert "One too many" in text(response)
    assert Ticket.objects.count() == 2


def test_too_many_answers_are_refused_with_429(mine, employee, monkeypatch):
    monkeypatch.setattr(access, "ANSWERS_PER_HOUR", 1)
    ticket = TicketFactory(requester=employee)
    mine.post(f"/requests/{ticket.pk}/", form(body="First."))

    assert mine.post(f"/requests/{ticket.pk}/", form(body="Second.")).status_code == 429
    assert ticket.comments.count() == 1


def test_what_the_desk_opened_does_not_count_against_the_requester(mine, employee, monkeypatch):
    monkeypatch.setattr(access, "REPORTS_PER_HOUR", 1)
    TicketFactory(requester=employee)

    assert mine.post("/report/", form()).status_code == 302


def test_a_form_without_its_token_is_refused_in_our_words(employee):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(employee.user)

    response = strict.post("/report/", form())

    assert response.status_code == 403
    assert "Nothing was saved" in text(response)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("address", [*PAGES, "/accounts/password/change/"])
def test_the_policy_allows_nothing_inline(mine, address):
    response = mine.get(address)

    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)", text(response))


def test_staff_see_the_way_to_the_back_office_and_employees_do_not(mine, client, it):
    assert "Back office" not in text(mine.get("/"))

    client.force_login(it)

    assert "Back office" in text(client.get("/"))


def test_an_unknown_address_is_answered_in_our_words(mine):
    response = mine.get("/nowhere/")

    assert response.status_code == 404
    assert "There is no such page" in text(response)


def test_the_error_page_needs_neither_database_nor_context(rf, django_assert_num_queries):
    from django.views.defaults import bad_request, server_error

    with django_assert_num_queries(0):
        pages = server_error(rf.get("/")), bad_request(rf.get("/"), ValueError())

    assert [page.status_code for page in pages] == [500, 400]
    assert "went wrong on our side" in text(pages[0])


def test_the_desk_opens_a_ticket_for_a_person_through_the_same_function(client, it, employee):
    client.force_login(it)
    data = {
        "requester": employee.pk,
        "subject": "Called in",
        "description": "By phone.",
        "kind": "incident",
        "urgency": 1,
        "impact": 1,
        "nonce": "one",
    }

    response = client.post("/admin/support/ticket/add/", data, follow=True)

    assert response.status_code == 200
    ticket = Ticket.objects.get()
    assert (ticket.number, ticket.priority) == ("T-000001", Ticket.Priority.CRITICAL)
    assert ticket.history.get().history_change_reason == "opened"
    assert Message.objects.filter(recipient=employee).count() == 1


def test_the_desk_answers_assigns_and_resolves_by_steps(client, service_desk, employee):
    ticket = TicketFactory(requester=employee)
    client.force_login(service_desk)
    steps = {
        "answer": {"body": "Try it again.", "public": "yes"},
        "take": {},
        "wait": {"state": "waiting_vendor"},
        "resume": {},
        "resolve": {"solution": "It was the cable."},
        "close": {},
    }

    for step, data in steps.items():
        address = f"/admin/support/ticket/{ticket.pk}/step/{step}/"
        assert client.post(address, data | {"apply": "1"}).status_code == 302, step

    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == ("closed", service_desk.person)
    assert Message.objects.filter(recipient=employee).count() == 2


def test_who_may_only_look_at_tickets_takes_no_step(client, auditor, employee):
    ticket = TicketFactory(requester=employee)
    client.force_login(auditor)

    response = client.post(
        f"/admin/support/ticket/{ticket.pk}/step/answer/", {"apply": "1", "body": "x"}
    )

    assert response.status_code == 403
    assert not ticket.comments.exists()


def test_an_asset_shows_its_tickets(client, it, employee):
    asset = AssetFactory(holder=employee)
    TicketFactory(requester=employee, asset=asset, number="T-004711")
    client.force_login(it)

    assert "T-004711" in text(client.get(f"/admin/assets/asset/{asset.pk}/change/"))


@pytest.mark.parametrize("query", ["T-004711", "black", "ada@example", "LT-77", "SN-88"])
def test_a_ticket_is_found_by_what_one_knows_of_it(client, it, query):
    ada = PersonFactory(name="Ada", email="ada@example.com")
    asset = AssetFactory(tag="LT-77", serial="SN-88")
    ticket = TicketFactory(number="T-004711", subject="Screen black", requester=ada, asset=asset)
    TicketFactory()
    client.force_login(it)

    response = client.get("/admin/support/ticket/", {"q": query})

    assert response.url == f"/admin/support/ticket/{ticket.pk}/change/"


def test_a_warranty_that_runs_says_until_when(mine, employee):
    AssetFactory(holder=employee, warranty_ends_on=date(2099, 5, 1))

    assert "until 1 May 2099" in text(mine.get("/equipment/"))


def test_the_desk_reads_the_whole_conversation_on_the_tickets_page(client, auditor, it, employee):
    ticket = TicketFactory(requester=employee, asset=AssetFactory(tag="LT-55", serial="SN-55"))
    tickets.answer(ticket, body="Said aloud.", by=it)
    tickets.answer(ticket, body="Said inside.", public=False, by=it)
    client.force_login(auditor)

    page = text(client.get(f"/admin/support/ticket/{ticket.pk}/change/"))

    assert page.index("Said aloud.") < page.index("Said inside.")
    assert "staff only" in page
    assert "SN-55" in page
