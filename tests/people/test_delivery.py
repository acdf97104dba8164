"""The outbox is emptied into a real SMTP server, whatever that server answers."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from people import courier, crowding, delivery
from people.delivery import LEASE, MOST_ATTEMPTS, deliver, deliver_posts, retry
from people.models import Message
from people.outbox import queue
from tests.factories import MessageFactory, PersonFactory, WebhookFactory
from tests.smtp import free_port

pytestmark = pytest.mark.django_db


def owed(email="ada@example.com", **fields):
    return MessageFactory(recipient=PersonFactory(email=email), **fields)


def again(message):
    message.refresh_from_db()
    return message


def test_a_mail_arrives_with_both_parts_and_its_headers(smtp):
    ada = PersonFactory(name="Ada Löwe", email="ada@example.com")
    queue(ada, key="k", subject="Grüße\r\nBcc: x@example.com", text="Hallo, Ädä", html="<p>Ä</p>")

    assert deliver() == 1

    (mail,), message = smtp.mails, Message.objects.get()
    assert mail["Subject"] == "Grüße Bcc: x@example.com"
    assert mail["To"] == "Ada Löwe <ada@example.com>"
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == message.created_at.replace(microsecond=0)
    assert mail.get_body(("plain",)).get_content().strip() == "Hallo, Ädä"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Ä</p>"
    assert (message.state, message.attempts, message.error) == ("sent", 1, "")


def test_a_line_break_in_a_name_begins_no_header(smtp):
    owed(subject="s\nX-Evil: 1").recipient.__class__.objects.update(name="Eve\r\nX-Evil: 1")

    deliver()

    assert smtp.mails[0]["X-Evil"] is None


def test_without_a_mail_server_mails_stay_queued(settings):
    message = owed()

    assert deliver() == 0
    assert again(message).state == "queued"


def test_one_connection_serves_many_mails(smtp):
    for number in range(5):
        owed(f"p{number}@example.com")

    assert deliver() == 5
    assert smtp.connections == 1


def test_a_new_connection_is_opened_before_a_server_grows_tired(smtp, monkeypatch):
    monkeypatch.setattr(courier, "PER_CONNECTION", 2)
    for number in range(5):
        owed(f"p{number}@example.com")

    assert deliver() == 5
    assert smtp.connections == 3


def test_one_bad_address_of_ten_does_not_stop_the_others(smtp):
    messages = [owed(f"p{number}@example.com") for number in range(10)]
    smtp.refuse["p3@example.com"] = "550 No such user"

    assert deliver() == 9

    bad = again(messages[3])
    assert (bad.state, bad.error) == ("failed", "The mail server answered 550 No such user")


def test_a_mail_refused_for_now_is_tried_again_later_and_later(smtp):
    message = owed()
    smtp.refuse["ada@example.com"] = "451 Try later"
    waits = []

    for _ in range(4):
        before = timezone.now()
        Message.objects.update(next_attempt_at=before)
        assert deliver() == 0
        waits.append((again(message).next_attempt_at - before).total_seconds())

    assert message.state == "queued"
    assert message.attempts == 4
    assert all(48 * 2**n <= wait <= 75 * 2**n for n, wait in enumerate(waits))
    smtp.refuse.clear()
    Message.objects.update(next_attempt_at=timezone.now())
    assert deliver() == 1


def test_a_mail_refused_for_now_too_often_fails(smtp):
    message = owed(attempts=MOST_ATTEMPTS - 1)
    smtp.refuse["ada@example.com"] = "451 Try later"

    deliver()

    assert again(message).state == "failed"
    assert "Given up after 25 attempts" in message.error


def test_a_content_the_server_refuses_fails_at_once(smtp):
    message = owed()
    smtp.on_data["ada@example.com"] = "554 Looks like spam"

    deliver()

    assert again(message).state == "failed"


def test_a_server_that_hangs_costs_its_mail_one_attempt_and_the_others_nothing(smtp):
    slow, other = owed("slow@example.com"), owed("other@example.com")
    smtp.on_data["slow@example.com"] = "hang"

    assert deliver() == 1

    assert (again(slow).state, slow.attempts) == ("queued", 1)
    assert slow.next_attempt_at > timezone.now() + timedelta(seconds=40)
    assert again(other).state == "sent"


def test_a_connection_dropped_after_the_data_brings_a_twin_of_the_same_message_id(smtp):
    message = owed()
    smtp.on_data["ada@example.com"] = "drop"
    deliver()
    smtp.on_data.clear()
    Message.objects.update(next_attempt_at=timezone.now())

    deliver()

    assert [mail["Message-ID"] for mail in smtp.mails] == [message.message_id] * 2
    assert str(smtp.mails[0]) == str(smtp.mails[1])


def test_a_server_that_is_away_counts_as_no_attempt_and_ends_the_run(smtp, settings):
    messages = [owed(f"p{number}@example.com") for number in range(3)]
    settings.EMAIL_PORT = free_port()

    assert deliver() == 0

    assert [again(message).attempts for message in messages] == [0, 0, 0]
    assert {message.state for message in messages} == {"queued"}
    assert "ConnectionRefusedError" in messages[0].error
    assert messages[0].next_attempt_at > timezone.now() + timedelta(seconds=6)
    settings.EMAIL_PORT = smtp.port
    Message.objects.update(next_attempt_at=timezone.now())
    assert deliver() == 3


def test_a_sender_the_server_refuses_fails_no_mail(smtp):
    smtp.refuse_senders = "550 Not you"
    message = owed()

    deliver()

    assert (again(message).state, message.attempts) == ("queued", 0)


def test_a_mail_too_large_for_the_server_fails_alone(smtp):
    smtp.controller.SMTP_kwargs["data_size_limit"] = 20_000
    large, other = owed("large@example.com", text="x " * 20_000), owed("other@example.com")

    assert deliver() == 1

    assert (again(large).state, large.attempts) == ("failed", 1)
    assert large.error.startswith("The mail server answered 552")
    assert again(other).state == "sent"
    assert smtp.connections == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("552 Too much for us", "failed"),
        ("554 5.3.4 Message too big", "failed"),
        ("452 5.3.4 Message too big", "queued"),
        ("554 5.7.1 Not you", "queued"),
    ],
)
def test_a_refused_sender_is_the_fault_of_a_mail_only_where_it_is_too_large(smtp, answer, state):
    smtp.refuse_senders = answer
    message = owed()

    deliver()

    assert again(message).state == state


@pytest.mark.parametrize("when", ["refuse", "on_data"])
def test_a_server_that_closes_over_one_mail_costs_the_next_nothing(smtp, when):
    """As many do where somebody gets too many mails at once."""
    getattr(smtp, when)["ada@example.com"] = "421 4.7.0 Too many at once"
    first, *others = owed(), owed("bob@example.com"), owed("eve@example.com")

    assert deliver() == 2

    assert (again(first).state, first.attempts) == ("queued", 1)
    assert "421 4.7.0" in first.error
    assert [(again(it).state, it.attempts, it.error) for it in others] == [("sent", 1, "")] * 2


def test_a_row_that_cannot_be_written_as_a_mail_is_failed_alone(smtp, monkeypatch):
    poison, other = owed("poison@example.com", text="poison"), owed("other@example.com")
    compose = courier.compose

    def refuse_poison(message):
        if message.text == "poison":
            raise UnicodeError("surrogates not allowed")
        return compose(message)

    monkeypatch.setattr(courier, "compose", refuse_poison)

    assert deliver() == 1
    assert (again(poison).state, again(other).state) == ("failed", "sent")
    assert "surrogates not allowed" in poison.error


def test_a_header_that_no_mail_can_have_fails_its_own_row_only(smtp):
    poison, other = owed(message_id="<1@example.com>\nX-Evil: 1"), owed("other@example.com")

    deliver()

    assert (again(poison).state, again(other).state) == ("failed", "sent")
    assert poison.error


def test_a_row_that_changed_since_it_was_read_is_left_to_whoever_changed_it(smtp):
    message = owed()
    Message.objects.update(attempts=3)

    assert delivery._claim(message) is None


def test_somebody_without_an_address_is_named_in_the_error(smtp):
    message = owed()
    message.recipient.__class__.objects.update(email="", name="Ada")

    deliver()

    assert "Ada has no e-mail address" in again(message).error


def test_a_row_whose_worker_died_is_sent_when_its_lease_has_run_out(smtp):
    now = timezone.now()
    message = owed(state="sending", leased_until=now + timedelta(minutes=1), attempts=1)
    assert deliver() == 0

    Message.objects.update(leased_until=now - timedelta(seconds=1))

    assert deliver() == 1
    assert again(message).attempts == 2


def test_a_row_that_kills_every_worker_is_given_up(smtp):
    past = timezone.now() - timedelta(minutes=1)
    message = owed(state="sending", leased_until=past, attempts=MOST_ATTEMPTS)

    deliver()

    assert again(message).state == "failed"


def test_a_worker_that_lost_its_lease_does_not_write_over_the_other_ones_mark(smtp):
    message = owed()
    mine = delivery._claim(message)
    Message.objects.update(leased_until=timezone.now() + 2 * LEASE)

    delivery._fail(mine, "too late")

    assert again(message).state == "sending"


def test_a_run_ends_in_time(smtp):
    for number in range(3):
        owed(f"p{number}@example.com")

    assert deliver(seconds=0) == 0


@pytest.mark.parametrize("reply", [None, "550 No"], ids=["sent", "failed"])
def test_a_secret_leaves_the_outbox_once_it_is_sent_or_failed(smtp, reply):
    message = owed(is_confidential=True, text="123456", html="123456")
    if reply:
        smtp.refuse["ada@example.com"] = reply

    deliver()

    assert (again(message).text, message.html) == ("", "")
    assert reply or "123456" in str(smtp.mails[0])


def test_a_mail_of_a_series_says_which_and_where_to_leave_it(smtp, settings):
    owed(list_name="alerts")
    owed("bo@example.com")

    deliver()

    of_series, alone = smtp.mails
    assert of_series["List-Id"] == f"Steward alerts <alerts.{settings.SITE_HOST}>"
    preferences = settings.SITE_URL + reverse("portal:alert_settings")
    assert of_series["List-Unsubscribe"] == f"<{preferences}>"
    assert (alone["List-Id"], alone["List-Unsubscribe"]) == (None, None)


def test_a_post_is_no_mail_and_a_mail_no_post(smtp):
    post = MessageFactory(recipient=None, webhook=WebhookFactory(is_active=False))
    mail = owed()

    assert deliver() == 1
    assert again(post).state == "queued"
    deliver_posts()
    assert (again(post).state, again(mail).state) == ("failed", "sent")


# --- Two at once ---


def race(jobs):
    """Run the jobs at once, each on a connection of its own, and return what each gave."""
    barrier, given = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait()
            given.append(job())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(smtp):
    for number in range(20):
        owed(f"p{number}@example.com")

    sent = race([deliver, deliver])

    assert sum(sent) == 20
    assert len({mail["Message-ID"] for mail in smtp.mails}) == len(smtp.mails) == 20


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_two_workers_send_the_same_twice(smtp, monkeypatch):
    for number in range(5):
        owed(f"p{number}@example.com")

    def take_anyway(message):
        seen.wait(5)
        return message

    seen = threading.Barrier(2)
    monkeypatch.setattr(delivery, "_claim", take_anyway)
    monkeypatch.setattr(delivery, "_mark", lambda message, **fields: None)
    monkeypatch.setattr(delivery, "_claimed", lambda rows, until: map(delivery._claim, messages))
    messages = list(Message.objects.select_related("recipient"))

    race([deliver, deliver])

    assert len(smtp.mails) == 10


# --- Sending again ---


def test_a_failed_mail_is_sent_again_by_hand_and_says_by_whom(smtp, it):
    message = owed(state="failed", attempts=25, error="550 No such user")

    result = retry([message], by=it)

    assert (result.done, result.refused) == ([message], [])
    assert again(message).error == f"550 No such user\nQueued again by {it}."
    assert deliver() == 1


def test_what_did_not_fail_is_not_sent_again(it):
    message = owed(subject="Hello")

    assert retry([message], by=it).refused == ["“Hello” is queued: only what failed is sent again."]


def test_a_secret_is_not_sent_again(it):
    message = owed(state="failed", is_confidential=True, text="", subject="Your code")

    assert "ask for a new one" in retry([message], by=it).refused[0]


# --- Too many to one person ---


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def going_round(person, count):
    return [owed_to(person) for _ in range(count)]


def owed_to(person, **fields):
    return MessageFactory(recipient=person, thread="ticket-1", **fields)


def test_of_a_mail_that_goes_round_in_circles_an_hours_worth_is_sent_and_none_lost(smtp, clock):
    ada, bob = PersonFactory(name="Ada", email="ada@example.com"), PersonFactory()
    going_round(ada, 500)
    other = owed_to(bob)

    assert deliver(60) == crowding.MOST_AN_HOUR + 1

    assert again(other).state == "sent"
    held = Message.objects.filter(state="queued")
    assert set(held.values_list("recipient__name", "attempts", "error")) == {
        ("Ada", 0, "Held back: Ada got 120 mails within an hour.")
    }
    for _ in range(5):
        assert deliver(60) == 0
        clock.shift(crowding.HOLD)
    clock.shift(crowding.HOLD + timedelta(seconds=1))
    assert deliver(60) == crowding.MOST_AN_HOUR
    assert set(Message.objects.filter(state="sent").values_list("error")) == {("",)}


def test_the_last_that_an_hour_allows_is_sent_the_next_is_not(smtp, monkeypatch):
    monkeypatch.setattr(crowding, "MOST_AN_HOUR", 3)
    ada = PersonFactory(email="ada@example.com")
    going_round(ada, 2)
    assert deliver() == 2

    going_round(ada, 2)

    assert deliver() == 1
    assert Message.objects.waiting().count() == 1


def test_a_sign_in_code_and_a_digest_wait_for_nothing_and_fill_no_hour(smtp, monkeypatch):
    monkeypatch.setattr(crowding, "MOST_AN_HOUR", 1)
    ada = PersonFactory(email="ada@example.com")
    urgent = [{"is_confidential": True}, {"list_name": "alerts"}]
    for fields in urgent * 2:
        owed_to(ada, **fields)
    going_round(ada, 2)
    for fields in urgent:
        owed_to(ada, **fields)

    assert deliver() == 7
    assert Message.objects.waiting().get().list_name == ""


def test_a_mail_left_in_doubt_is_not_held_back(smtp, monkeypatch):
    monkeypatch.setattr(crowding, "MOST_AN_HOUR", 1)
    ada, past = PersonFactory(email="ada@example.com"), timezone.now() - timedelta(minutes=1)
    going_round(ada, 1)
    deliver()
    in_doubt = owed_to(ada, state="sending", attempts=1, leased_until=past)

    deliver()

    assert again(in_doubt).state == "sent"


def test_to_look_whom_to_hold_back_takes_one_query_for_many_mails(smtp):
    for number in range(delivery.TOGETHER):
        owed(f"p{number}@example.com")
    with CaptureQueriesContext(connection) as captured:
        deliver()
    counted = [it["sql"] for it in captured if "COUNT" in it["sql"]]
    assert len(counted) == 1
