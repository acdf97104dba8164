"""Posts go to a real HTTPS server, and nowhere that a stranger could not reach."""

import hashlib
import hmac
import logging
import socket
import time

import pytest
from django.core.management import call_command
from django.utils import timezone

from people import webhooks
from people.delivery import deliver, deliver_posts, retry
from people.models import Message
from people.outbox import queue_post
from people.webhooks import Target, signature
from tests.factories import MessageFactory, WebhookFactory
from tests.receiver import NAME

pytestmark = pytest.mark.django_db
PUBLIC = "93.184.216.34"


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(webhooks, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(webhooks, "WHOLE_SECONDS", 1.0)


def owed(url, text='{"text": "Hallo, Ädä"}', secret="", **fields):
    webhook = WebhookFactory(url=url, secret=secret, **fields)
    return queue_post(webhook, key=f"post:{webhook.pk}", subject="Alerts", text=text)


def again(message):
    message.refresh_from_db()
    return message


# --- What arrives ---


def test_a_post_arrives_as_json_with_the_number_of_its_message(receiver):
    message = owed(receiver.url)

    assert deliver_posts() == 1

    ((path, headers, body),) = receiver.posts
    assert path == "/hooks/T0/verysecret"
    assert body == '{"text": "Hallo, Ädä"}'.encode()
    assert headers["Host"] == receiver.host
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Steward-Message"] == message.message_id
    assert headers["Steward-Signature"] is None
    assert (again(message).state, message.attempts, message.error) == ("sent", 1, "")


def test_a_receiver_can_tell_by_the_signature_whose_it_is(receiver):
    owed(receiver.url, secret="between us")

    deliver_posts()

    ((_, headers, body),) = receiver.posts
    seconds, digest = (it.partition("=")[2] for it in headers["Steward-Signature"].split(","))
    signed = hmac.new(b"between us", seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert digest == signed
    assert abs(int(seconds) - time.time()) < 10


def test_the_signature_is_the_one_that_the_documentation_gives():
    at = timezone.datetime.fromtimestamp(1_700_000_000, timezone.get_default_timezone())
    given = signature(b'{"a":1}', "secret", at)["Steward-Signature"]
    by_hand = hmac.new(b"secret", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()

    assert given == f"t=1700000000,v1={by_hand}"


def test_a_retry_bears_the_same_number(receiver):
    owed(receiver.url, secret="between us")
    receiver.status = 503
    deliver_posts()
    receiver.status = 204
    Message.objects.update(next_attempt_at=timezone.now())

    assert deliver_posts() == 1

    first, second = (headers for _, headers, _ in receiver.posts)
    assert first["Steward-Message"] == second["Steward-Message"]


# --- What the receiver answers ---


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_the_receiver_takes_is_sent(receiver, status):
    message = owed(receiver.url)
    receiver.status, receiver.body = status, b""

    deliver_posts()

    assert again(message).state == "sent"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_what_is_refused_for_now_is_tried_again_later(receiver, status):
    message = owed(receiver.url)
    receiver.status, receiver.body = status, b"come back"

    assert deliver_posts() == 0

    assert (again(message).state, message.attempts) == ("queued", 1)
    assert 40 < (message.next_attempt_at - timezone.now()).total_seconds() < 80
    assert f"answered {status}" in message.error
    assert "come back" in message.error


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_is_refused_for_good_fails_at_once_in_the_words_of_the_receiver(receiver, status):
    message = owed(receiver.url)
    receiver.status, receiver.body = status, b"no_service"

    deliver_posts()

    assert again(message).state == "failed"
    assert message.error.startswith(f"The receiver answered {status}")
    assert message.error.endswith(": no_service")


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("600", 590, 610),
        ("999999999", 4 * 3600 - 10, 4 * 3600 + 10),
        ("0", 40, 80),
        ("-5", 40, 80),
        ("soon", 40, 80),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 40, 80),
        # A year far away: what each worker worked out for itself would name another test.
        ("Fri, 01 Jan 2100 00:00:00 +0000", 14390, 14410),
    ],
)
def test_a_receiver_may_say_when_within_limits(receiver, text, least, most):
    message = owed(receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": text}

    deliver_posts()

    assert least < (again(message).next_attempt_at - timezone.now()).total_seconds() < most


def test_a_redirect_is_not_followed(receiver):
    message = owed(receiver.url)
    receiver.status = 307
    receiver.headers = {"Location": "https://127.0.0.1:1/latest/meta-data"}

    deliver_posts()

    assert len(receiver.posts) == 1
    assert again(message).state == "failed"
    assert "Redirects are not followed" in message.error
    assert "meta-data" not in message.error


def test_a_receiver_that_hangs_is_given_up_in_time_and_tried_again(receiver):
    message = owed(receiver.url)
    receiver.behave = lambda handler: time.sleep(3)
    begun = time.monotonic()

    deliver_posts()

    assert time.monotonic() - begun < 2.5
    assert again(message).state == "queued"
    assert "did not answer within" in message.error


def test_a_receiver_that_drips_letters_is_given_up_in_time(receiver):
    def drip(handler):
        for _ in range(40):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.1)

    message = owed(receiver.url)
    receiver.behave = drip
    begun = time.monotonic()

    deliver_posts()

    assert time.monotonic() - begun < 2.5
    assert again(message).state == "queued"


def test_a_mail_does_not_wait_for_a_webhook_that_hangs(receiver, smtp):
    owed(receiver.url)
    MessageFactory()

    assert deliver() == 1
    assert receiver.posts == []


def test_only_the_beginning_of_a_long_answer_is_read(receiver):
    message = owed(receiver.url)
    receiver.status, receiver.body = 400, b"x" * 10_000_000

    deliver_posts()

    assert again(message).error == f"The receiver answered 400 Bad Request: {'x' * 200}"


def test_what_is_no_http_is_tried_again(receiver):
    message = owed(receiver.url)
    receiver.behave = lambda handler: handler.wfile.write(b"220 smtp ready\r\n")

    deliver_posts()

    assert (again(message).state, "not HTTP" in message.error) == ("queued", True)


def test_a_receiver_that_is_away_is_tried_again(receiver):
    message = owed(receiver.url)
    receiver.close()

    deliver_posts()

    assert (again(message).state, message.error) == (
        "queued",
        "The receiver refused the connection.",
    )


def test_a_certificate_nobody_vouches_for_is_refused(receiver, monkeypatch):
    message = owed(receiver.url)
    monkeypatch.delenv("SSL_CERT_FILE")

    deliver_posts()

    assert receiver.posts == []
    assert "certificate is not valid" in again(message).error


def test_a_certificate_of_another_name_is_refused(receiver, resolver, settings):
    resolver.answers["other.example.com"] = [["127.0.0.1"]]
    settings.WEBHOOK_HOSTS = [f"other.example.com:{receiver.port}"]
    message = owed(f"https://other.example.com:{receiver.port}/")

    deliver_posts()

    assert receiver.posts == []
    assert "certificate is not valid" in again(message).error


def test_a_webhook_that_is_switched_off_gets_nothing_more(receiver):
    message = owed(receiver.url, is_active=False)

    deliver_posts()

    assert receiver.posts == []
    assert "is switched off" in again(message).error


def test_a_failed_post_is_queued_again_by_hand(receiver, it):
    message = owed(receiver.url)
    receiver.status = 404
    deliver_posts()
    receiver.status = 200

    retry([message], by=it)

    assert deliver_posts() == 1
    assert again(message).state == "sent"


def test_an_address_that_no_key_opens_fails_in_words(receiver, settings):
    message = owed(receiver.url)
    settings.FIELD_KEYS = ["another key that is long enough, 32 or more"]

    deliver_posts()

    assert "No key in FIELD_KEYS opens this value." in again(message).error


# --- Where it may go ---

INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_at_once(resolver, monkeypatch, address):
    resolver.answers["evil.example.com"] = [[address]]
    monkeypatch.setattr(socket, "create_connection", lambda *args: pytest.fail("It connected."))
    message = owed("https://evil.example.com/hook")

    deliver_posts()

    assert again(message).state == "failed"
    assert "inside a private network" in message.error


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_as_a_literal_too(monkeypatch, address):
    monkeypatch.setattr(socket, "create_connection", lambda *args: pytest.fail("It connected."))
    message = owed(f"https://{f'[{address}]' if ':' in address else address}/hook")

    deliver_posts()

    assert again(message).state == "failed"


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "localhost", "127。0。0。1"],
)
def test_other_spellings_of_this_machine_are_refused(monkeypatch, host):
    monkeypatch.setattr(socket, "create_connection", lambda *args: pytest.fail("It connected."))
    message = owed(f"https://{host}/hook")

    deliver_posts()

    assert again(message).state == "failed"


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_outside_is_gone_to(resolver, monkeypatch, address):
    resolver.answers["good.example.com"] = [[address]]
    gone_to = []

    def connect(target, seconds):
        gone_to.append(target)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    owed("https://good.example.com/hook")

    deliver_posts()

    assert gone_to == [(address, 443)]


def test_one_address_inside_among_others_is_enough_to_refuse(resolver):
    resolver.answers["evil.example.com"] = [[PUBLIC, "10.0.0.1"]]
    message = owed("https://evil.example.com/")

    deliver_posts()

    assert again(message).state == "failed"


def test_a_name_that_changes_its_mind_after_the_check_is_not_asked_again(resolver, monkeypatch):
    """DNS rebinding: the second answer would be this machine."""
    resolver.answers["evil.example.com"] = [[PUBLIC], ["127.0.0.1"]]
    gone_to = []

    def connect(target, seconds):
        gone_to.append(target[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    owed("https://evil.example.com/")

    deliver_posts()

    assert resolver.asked == ["evil.example.com"]
    assert gone_to == [PUBLIC]


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::a9fe:a9fe%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "::ffff:100.100.100.200",
        "192.0.0.192",
    ],
)
def test_a_host_of_ours_may_not_lead_to_where_clouds_keep_secrets(receiver, resolver, address):
    resolver.answers[NAME] = [[address]]
    message = owed(receiver.url)

    deliver_posts()

    assert again(message).state == "failed"


def test_a_host_of_ours_is_ours_at_its_port_only(receiver, settings):
    settings.WEBHOOK_HOSTS = [f"{NAME}:443"]
    message = owed(receiver.url)

    deliver_posts()

    assert receiver.posts == []
    assert "port 443" in again(message).error


def test_a_name_that_is_not_known_is_tried_again(resolver):
    resolver.answers["gone.example.com"] = [socket.gaierror("unknown")]
    message = owed("https://gone.example.com/")

    deliver_posts()

    assert again(message).state == "queued"


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example.com/hook",
        "ftp://chat.example.com/hook",
        "//chat.example.com/hook",
        "https:///hook",
        "https://user:pass@chat.example.com/hook",
        "https://chat.example.com:80/hook",
        "https://chat.example.com:99999/hook",
        "https://chat.example.com:x/hook",
        "https://chat.example.com/hook\r\nX: 1",
        "https://chat.example.com/ho ok",
        "https://chat.example.com/höök",
        "https://[::1/hook",
        "https://chat..example.com/hook",
        "javascript:alert(1)",
        "hook",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="The address") as refusal:
        Target.of(url)

    assert "hook" not in str(refusal.value)
    assert "alert" not in str(refusal.value)


# --- What nobody may read ---


@pytest.mark.parametrize("fault", ["status", "echo", "hang", "away", "name", "scheme"])
def test_neither_errors_nor_logs_repeat_the_address(receiver, resolver, caplog, fault):
    caplog.set_level(logging.DEBUG)
    url = receiver.url
    if fault in ("status", "echo"):
        receiver.status = 404
        receiver.body = b"No /hooks/T0/very%73ecret here" if fault == "echo" else b"no"
    if fault == "hang":
        receiver.behave = lambda handler: time.sleep(2)
    if fault == "away":
        receiver.close()
    if fault == "name":
        resolver.answers[NAME] = [socket.gaierror("unknown")]
    if fault == "scheme":
        url = url.replace("https", "http")
    message = owed(url)

    deliver_posts()

    assert again(message).error
    assert "secret" not in message.error
    assert "secret" not in caplog.text


def test_neither_dump_nor_history_holds_the_address(capsys):
    webhook = WebhookFactory(url="https://chat.example.com/hooks/T0/verysecret", secret="signed")

    call_command("dumpdata", "people.webhook", "people.historicalwebhook")

    told = capsys.readouterr().out + str(vars(webhook)) + repr(webhook.history.values_list())
    assert "verysecret" not in told
    assert "chat.example.com" not in told
    assert "signed" not in told
