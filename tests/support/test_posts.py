"""What a room of a chat is told: each open alert of its kinds once, in the format it reads."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import Asset
from people.delivery import deliver_posts
from people.models import Message, Webhook
from support import posts
from support.models import Alert, Post, Subscription
from support.posts import LINES, queue_posts, send_test
from tests.factories import (
    AlertFactory,
    AssetFactory,
    PersonFactory,
    SubscriptionFactory,
    WebhookFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def room(db):
    """A webhook that takes plain JSON and is told of warranties."""
    webhook = WebhookFactory(format="json")
    SubscriptionFactory(webhook=webhook, rule="warranty")
    return webhook


def posted():
    """The bodies of the posts that are owed, the oldest first."""
    return [json.loads(it.text) for it in Message.objects.posts().order_by("pk")]


def test_an_open_alert_is_posted_once(room, today):
    asset = AssetFactory(tag="LT-1")
    alert = AlertFactory(record=asset, due_on=today + timedelta(days=7), recipient__name="Ada")

    assert queue_posts(today) == 1
    assert queue_posts(today + timedelta(days=1)) == 0

    (line,) = posted()[0]["alerts"]
    assert line["rule"] == "warranty"
    assert line["record"] == str(asset)
    assert line["due_on"] == alert.due_on.isoformat()
    assert line["recipients"] == ["Ada"]
    assert line["when"].endswith("in 7 days")
    assert line["url"].endswith(reverse("admin:assets_asset_change", args=[asset.pk]))
    assert Post.objects.get().message.webhook == room


def test_a_record_that_cannot_be_named_stops_no_post_and_is_told_by_its_number(
    room, today, monkeypatch, caplog
):
    broken, sound = AssetFactory(tag="BROKEN"), AssetFactory(tag="SOUND")
    for asset in (broken, sound):
        AlertFactory(record=asset, due_on=today + timedelta(days=7))
    name = Asset.__str__
    monkeypatch.setattr(Asset, "__str__", lambda it: 1 / 0 if it.tag == "BROKEN" else name(it))

    assert queue_posts(today) == 1

    (post,) = posted()
    assert [it["record"] for it in post["alerts"]] == [f"Asset number {broken.pk}", name(sound)]
    assert f"warranty {broken.pk} cannot be named in a post." in caplog.text
    assert queue_posts(today) == 0


def test_a_webhook_whose_post_cannot_be_written_stops_no_other(room, today, monkeypatch, caplog):
    other = WebhookFactory(format="json")
    SubscriptionFactory(webhook=other, rule="warranty")
    AlertFactory(due_on=today + timedelta(days=7))
    write = posts.as_json
    monkeypatch.setattr(posts, "as_json", lambda it, to: 1 / 0 if to == room else write(it, to))

    assert queue_posts(today) == 1

    assert Message.objects.posts().get().webhook == other
    assert f"The post to the webhook {room.pk} of {today} cannot be written." in caplog.text
    monkeypatch.undo()
    assert queue_posts(today) == 1  # what was not told is told once it can be


def test_a_database_that_is_away_is_no_fault_of_a_webhook(room, today, monkeypatch):
    def away(content, webhook):
        raise OperationalError

    AlertFactory(due_on=today + timedelta(days=7))
    monkeypatch.setattr(posts, "as_json", away)

    with pytest.raises(OperationalError):
        queue_posts(today)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "acknowledged"},
        {"state": "moot"},
        {"state": "lapsed"},
        {"rule": "contract_end"},
    ],
    ids=str,
)
def test_what_is_not_open_or_of_another_kind_is_not_posted(room, today, fields):
    AlertFactory(**fields)

    assert queue_posts(today) == 0


def test_what_was_raised_before_the_room_was_told_of_it_is_not_posted(room, today):
    AlertFactory(raised_on=today - timedelta(days=1))

    assert queue_posts(today) == 0


def test_a_room_that_is_switched_off_is_told_nothing(room, today):
    Webhook.objects.filter(pk=room.pk).update(is_active=False)
    AlertFactory()

    assert queue_posts(today) == 0


def test_several_who_are_told_of_one_date_are_one_line(room, today):
    asset = AssetFactory()
    for name in ("Ada", "Bo", "Cy", "Di", "Ed"):
        AlertFactory(record=asset, recipient__name=name)

    queue_posts(today)

    (line,) = posted()[0]["alerts"]
    assert line["recipients"] == ["Ada", "Bo", "Cy", "2 others"]
    assert Post.objects.count() == 5


def test_what_is_passed_on_is_no_news_and_a_nearer_date_is(room, today):
    alert = AlertFactory(lead=30)
    queue_posts(today)

    AlertFactory(record=alert.record, lead=30, is_assigned=True)
    assert queue_posts(today) == 0
    AlertFactory(record=alert.record, lead=7)
    assert queue_posts(today) == 1


def test_that_nobody_answered_is_posted(room, today):
    alert = AlertFactory(lead=0)
    queue_posts(today)
    boss = PersonFactory(name="Grace")

    AlertFactory(record=alert.record, lead=0, escalates=alert, recipient=boss)
    queue_posts(today)

    (line,) = posted()[1]["alerts"]
    assert line["escalated"] is True
    assert line["recipients"] == ["Grace"]


def test_of_many_the_first_are_named_and_the_others_counted(room, today):
    for number in range(LINES + 5):
        AlertFactory(due_on=today + timedelta(days=number))

    assert queue_posts(today) == 1
    assert queue_posts(today) == 0

    (body,) = posted()
    assert len(body["alerts"]) == LINES
    assert body["more"] == 5
    assert Post.objects.count() == LINES + 5


def test_each_room_is_told_of_its_own_kinds(room, today):
    other = WebhookFactory(format="json")
    SubscriptionFactory(webhook=other, rule="contract_end")
    AlertFactory()

    queue_posts(today)

    assert Message.objects.posts().get().webhook == room


def test_forty_alerts_take_as_many_queries_as_two(today):
    counts = []
    for number in (2, 40):
        webhook = WebhookFactory()
        SubscriptionFactory(webhook=webhook)
        Subscription.objects.exclude(webhook=webhook).delete()
        for _ in range(number):
            AlertFactory()
        with CaptureQueriesContext(connection) as queries:
            queue_posts(today)
        counts.append(len(queries))

    assert counts[1] <= counts[0] + 1


# --- Formats ---


def test_slack_gets_text_for_mattermost_and_sections_within_its_limit(today):
    SubscriptionFactory(webhook=WebhookFactory(format="slack"))
    for _ in range(LINES + 1):
        AlertFactory(record=AssetFactory(product__name="x" * 100))

    queue_posts(today)

    (body,) = posted()
    texts = [section["text"]["text"] for section in body["blocks"]]
    assert all(len(text) <= 3000 for text in texts)
    assert "\n".join(texts) == body["text"]
    assert "and 1 more>" in body["text"]
    assert {section["text"]["type"] for section in body["blocks"]} == {"mrkdwn"}


def test_a_title_is_neither_link_nor_mention_in_slack(today):
    SubscriptionFactory(webhook=WebhookFactory(format="slack"))
    AlertFactory(record=AssetFactory(tag="<!channel> @all <https://evil|x> & co"))

    queue_posts(today)

    text = posted()[0]["text"]
    assert "<!channel>" not in text
    assert "<https://evil" not in text
    assert "@all" not in text
    assert "&amp; co" in text


def test_teams_gets_an_adaptive_card_whose_titles_are_no_markdown(today):
    SubscriptionFactory(webhook=WebhookFactory(format="teams"))
    AlertFactory(record=AssetFactory(tag="[x](https://evil)"))

    queue_posts(today)

    (attachment,) = posted()[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    links = [
        it["selectAction"]["url"]
        for block in card["body"]
        for it in block["inlines"]
        if "selectAction" in it
    ]
    assert len(links) == 1
    assert "/admin/assets/asset/" in links[0]


# --- From the alert to the chat ---


def test_an_alert_arrives_in_the_chat(receiver, today):
    webhook = WebhookFactory(url=receiver.url, format="slack", secret="between us")
    SubscriptionFactory(webhook=webhook)
    AlertFactory(record=AssetFactory(tag="LT-1"))
    queue_posts(today)

    assert deliver_posts() == 1

    assert "LT-1" in receiver.bodies[0]["text"]
    assert receiver.posts[0][1]["Steward-Signature"].startswith("t=")


def test_a_test_post_tells_who_tries_it_out(receiver, it):
    webhook = WebhookFactory(url=receiver.url)

    send_test(webhook, by=it)
    deliver_posts()

    assert it.name in receiver.bodies[0]["text"] or it.email in receiver.bodies[0]["text"]


def test_a_room_that_is_switched_off_takes_no_test():
    with pytest.raises(ValidationError, match="is switched off"):
        send_test(WebhookFactory(is_active=False), by=None)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_post_each_alert_once():
    SubscriptionFactory()
    for _ in range(5):
        AlertFactory()
    barrier, given = threading.Barrier(2), []

    def work():
        try:
            barrier.wait()
            given.append(queue_posts(timezone.localdate()))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == [0, 1]
    assert Post.objects.count() == Alert.objects.count() == 5
    assert Message.objects.posts().count() == 1


# --- The back office ---

ADD = "admin:people_webhook_add"


def fields(**changes):
    return {
        "name": "IT room",
        "format": "slack",
        "url": "https://chat.example.com/hooks/verysecret",
        "secret": "",
        "is_active": "on",
        "rules": ["warranty", "contract_end"],
        **changes,
    }


def test_staff_make_a_webhook_and_choose_what_it_is_told(client, it):
    client.force_login(it)

    client.post(reverse(ADD), fields())

    webhook = Webhook.objects.get()
    assert webhook.url.reveal() == "https://chat.example.com/hooks/verysecret"
    assert {it.rule for it in webhook.subscriptions.all()} == {"warranty", "contract_end"}
    made = Subscription.history.first()
    assert (made.history_user, made.history_type) == (it, "+")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://chat.example.com/hooks/verysecret", "must begin with https://"),
        ("https://chat.example.com:8443/hooks/verysecret", "must use the port 443"),
        ("", "Give the address"),
        ("-", "needs its address"),
    ],
)
def test_an_address_nothing_may_be_posted_to_is_refused_in_the_form(client, it, url, words):
    client.force_login(it)

    page = client.post(reverse(ADD), fields(url=url))

    assert words in page.text
    assert not Webhook.objects.exists()


def test_the_address_is_shown_nowhere_and_stays_when_it_is_left_empty(client, it):
    client.force_login(it)
    client.post(reverse(ADD), fields())
    webhook = Webhook.objects.get()
    page = reverse("admin:people_webhook_change", args=[webhook.pk])
    version = webhook.history.first().history_id

    rows = {"messages-TOTAL_FORMS": "0", "messages-INITIAL_FORMS": "0"}
    response = client.post(page, fields(url="", rules=["warranty"], version=version, **rows))

    assert response.status_code == 302
    webhook.refresh_from_db()
    assert webhook.url.reveal().endswith("verysecret")
    assert [it.rule for it in webhook.subscriptions.all()] == ["warranty"]
    for address in (page, reverse("admin:people_webhook_history", args=[webhook.pk])):
        assert "verysecret" not in client.get(address).text


def test_a_test_post_is_queued_by_its_button_and_its_end_is_seen(client, it, receiver):
    client.force_login(it)
    webhook = WebhookFactory(url=receiver.url)
    receiver.status, receiver.body = 404, b"no_service"

    client.post(reverse("admin:people_webhook_step", args=[webhook.pk, "test"]), {"apply": "1"})
    deliver_posts()

    page = client.get(reverse("admin:people_webhook_change", args=[webhook.pk])).text
    assert "A test post" in page
    assert "no_service" in page


def test_who_may_only_look_posts_nothing_and_sees_the_kinds(client, auditor, room):
    client.force_login(auditor)
    page = reverse("admin:people_webhook_change", args=[room.pk])
    step = reverse("admin:people_webhook_step", args=[room.pk, "test"])

    assert "Warranties" in client.get(page).text
    assert client.post(step, {"apply": "1"}).status_code == 403
    assert client.post(page, fields()).status_code == 403


def test_the_page_shows_the_last_ten_posts(client, it, room):
    client.force_login(it)
    sent = [send_test(room, by=it).pk for _ in range(12)]

    page = client.get(reverse("admin:people_webhook_change", args=[room.pk]))

    (inline,) = page.context["inline_admin_formsets"]
    assert [form.instance.pk for form in inline.formset.forms] == sent[:1:-1]
