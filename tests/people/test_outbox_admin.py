"""The outbox page: who sees which mail, and that its body can do nothing there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from people.models import Message
from tests.factories import MessageFactory, PersonFactory, WebhookFactory

pytestmark = pytest.mark.django_db
LIST = "admin:people_message_changelist"


def page_of(message):
    return reverse("admin:people_message_change", args=[message.pk])


@pytest.mark.parametrize("role", ["it", "finance", "service_desk", "auditor", "administrator"])
def test_staff_see_the_list_and_a_mail(client, request, role):
    client.force_login(request.getfixturevalue(role))
    message = MessageFactory(subject="About your laptop", text="Come by.")

    assert "About your laptop" in client.get(reverse(LIST)).text
    assert "Come by." in client.get(page_of(message)).text


@pytest.mark.parametrize(
    ("role", "reads"),
    [("service_desk", False), ("auditor", True), ("it", True), ("administrator", True)],
)
def test_a_body_that_takes_a_permission_is_read_by_who_has_it(client, request, role, reads):
    client.force_login(request.getfixturevalue(role))
    message = MessageFactory(
        text="Canary", html="<p>Canary</p>", readable_with="assets.view_cost", state="failed"
    )

    page = client.get(page_of(message)).text

    assert ("Canary" in page) == reads
    assert ("The body needs the permission “Can see what assets cost”." in page) != reads
    assert not client.get(reverse(LIST), {"q": "Canary"}).context["cl"].result_list


def test_a_body_that_takes_a_permission_nobody_knows_is_read_by_an_administrator(client, it):
    """Of an app that is no more, for example."""
    client.force_login(it)
    message = MessageFactory(text="Canary", readable_with="gone.view_gone")

    page = client.get(page_of(message)).text

    assert "Canary" not in page
    assert "The body needs the permission “gone.view_gone”." in page


def test_an_employee_sees_nothing(client, employee):
    client.force_login(employee.user)
    MessageFactory(subject="About your laptop")

    assert "About your laptop" not in client.get(reverse(LIST), follow=True).text


def test_nobody_writes_mails_by_hand(client, administrator):
    client.force_login(administrator)
    message = MessageFactory()

    assert client.get(reverse("admin:people_message_add")).status_code == 403
    assert client.post(page_of(message), {"subject": "x"}).status_code == 403
    assert client.post(reverse("admin:people_message_delete", args=[message.pk])).status_code == 403
    assert Message.objects.get().subject == message.subject


def test_the_markup_of_a_mail_stays_in_a_frame_that_may_do_nothing(client, it):
    client.force_login(it)
    message = MessageFactory(text="<script>a()</script>", html='"><script>b()</script>')

    page = client.get(page_of(message)).text

    assert "<script>a()" not in page
    assert "<script>b()" not in page
    assert 'sandbox=""' in page
    assert "&quot;&gt;&lt;script&gt;b()" in page


def test_a_list_without_a_mail_server_says_so(client, it, settings):
    client.force_login(it)

    assert "No mail server is set up" in client.get(reverse(LIST)).text
    settings.MAIL_IS_SENT = True
    assert "No mail server is set up" not in client.get(reverse(LIST)).text


def test_a_secret_is_shown_to_nobody_where_mail_is_sent(client, administrator, settings):
    settings.MAIL_IS_SENT = True
    client.force_login(administrator)
    message = MessageFactory(is_confidential=True, text="Code 123456", html="<p>123456</p>")

    page = client.get(page_of(message)).text

    assert "123456" not in page
    assert "The body holds a sign-in code and is shown to nobody." in page


def test_where_no_mail_is_sent_an_administrator_may_read_a_secret_and_it_may_not(
    client, administrator, it
):
    message = MessageFactory(is_confidential=True, text="Code 123456")

    client.force_login(administrator)
    assert "123456" in client.get(page_of(message)).text
    client.force_login(it)
    assert "123456" not in client.get(page_of(message)).text


@pytest.mark.parametrize("lookup", ["text__startswith", "html__regex", "key__startswith", "q"])
def test_a_body_cannot_be_read_letter_by_letter(client, administrator, lookup):
    client.force_login(administrator)
    MessageFactory(subject="Sign-in", is_confidential=True, text="123456")

    response = client.get(reverse(LIST), {lookup: "1234"})

    assert response.status_code in {302, 400} or "Sign-in" not in response.text


def test_a_failed_mail_is_queued_again_from_its_page(client, it):
    client.force_login(it)
    message = MessageFactory(state="failed", error="550 No")
    step = reverse("admin:people_message_step", args=[message.pk, "retry"])

    assert step in client.get(page_of(message)).text
    client.post(step, {"apply": "1"})

    assert Message.objects.get().state == "queued"


def test_failed_mails_are_queued_again_from_the_list(client, it):
    client.force_login(it)
    failed = [MessageFactory(state="failed") for _ in range(2)]
    kept = MessageFactory()
    chosen = [message.pk for message in [*failed, kept]]

    page = client.post(
        reverse(LIST), {"action": "retry", "_selected_action": chosen, "apply": "1"}, follow=True
    )

    assert Message.objects.filter(state="queued").count() == 3
    assert "only what failed is sent again" in page.text


def test_who_may_only_look_cannot_send_again(client, auditor):
    client.force_login(auditor)
    message = MessageFactory(state="failed")
    step = reverse("admin:people_message_step", args=[message.pk, "retry"])

    assert client.post(step, {"apply": "1"}).status_code == 403
    assert step not in client.get(page_of(message)).text


def test_ten_mails_take_as_many_queries_as_one(client, it):
    client.force_login(it)
    counts = []
    client.get(reverse(LIST))
    for number in (1, 9):
        for _ in range(number):
            MessageFactory()
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- What waits, by what it is looked through, and whose it is ---


def shown(client, **filters):
    return {it.subject for it in client.get(reverse(LIST), filters).context["cl"].result_list}


def test_the_first_line_says_what_waits_failed_and_was_sent_today(client, it):
    client.force_login(it)
    now = timezone.now()
    old = MessageFactory()
    Message.objects.filter(pk=old.pk).update(created_at=now - timedelta(hours=3))
    MessageFactory(state="sending", leased_until=now)
    MessageFactory(state="failed")
    MessageFactory.create_batch(4, state="sent", sent_at=now)
    MessageFactory(state="sent", sent_at=now - timedelta(days=2))

    page = client.get(reverse(LIST))

    figures = page.context["figures"]
    assert (figures["waiting"], figures["failed"], figures["sent_today"]) == (2, 1, 4)
    assert "the oldest for 3\xa0hours" in page.text


def test_it_is_looked_through_by_channel_state_recipient_and_list(client, it):
    client.force_login(it)
    ada = PersonFactory(name="Ada Moss", email="ada@example.org")
    MessageFactory(subject="to Ada", recipient=ada, list_name="alerts")
    MessageFactory(subject="failed", state="failed")
    room = WebhookFactory(name="IT room")
    MessageFactory(subject="to the room", recipient=None, webhook=room)

    assert shown(client, channel="post") == {"to the room"}
    assert shown(client, channel="mail") == {"to Ada", "failed"}
    assert shown(client, state__exact="failed") == {"failed"}
    assert shown(client, to="ada m") == {"to Ada"}
    assert shown(client, to="it room") == {"to the room"}
    assert shown(client, series="alerts") == {"to Ada"}


def test_a_person_s_page_leads_to_what_he_was_sent(client, it):
    client.force_login(it)
    ada = PersonFactory()
    MessageFactory(subject="to Ada", recipient=ada)
    MessageFactory(subject="to another")
    link = f"{reverse(LIST)}?recipient__id__exact={ada.pk}"

    assert link in client.get(reverse("admin:people_person_change", args=[ada.pk])).text
    assert shown(client, recipient__id__exact=ada.pk) == {"to Ada"}


def test_a_post_shows_where_it_went_and_is_sent_again_when_it_failed(client, it):
    client.force_login(it)
    room = WebhookFactory(name="IT room", url="https://chat.example.com/verysecret")
    post = MessageFactory(recipient=None, webhook=room, text='{"text": "x"}', state="failed")

    page = client.get(page_of(post)).text
    client.post(reverse("admin:people_message_step", args=[post.pk, "retry"]), {"apply": "1"})

    assert "IT room" in page
    assert "verysecret" not in page
    assert Message.objects.get().state == "queued"
