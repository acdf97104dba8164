"""A form whose button is clicked twice does its work once, and says so."""

import threading

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from config import once
from config.admin.steps import StepsAdmin
from config.settings import CACHES
from people.models import Message
from support.models import Comment, Work
from tests.factories import AssetFactory, StockItemFactory, TicketFactory

ADMINS = [it for it in admin.site._registry.values() if getattr(it, "steps", ())]
TICKETS = reverse("admin:support_ticket_changelist")


@pytest.fixture
def agent(client, service_desk):
    client.force_login(service_desk)
    return client


def step(record, name):
    kind = record._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{kind}_step", args=[record.pk, name])


def shown(client, record, name):
    """What the page of a step sends beside what is typed."""
    return {"apply": "1", "nonce": client.get(step(record, name)).context["nonce"]}


def told(response):
    return [str(it) for it in response.context["messages"]]


@pytest.mark.parametrize("model_admin", ADMINS, ids=lambda it: it.opts.label)
def test_every_step_is_taken_in_the_one_place_that_knows_a_second_click(model_admin):
    kind = type(model_admin)
    assert kind.take_step is StepsAdmin.take_step
    assert kind.step_view is StepsAdmin.step_view


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("answer", {"body": "Hello", "public": "yes"}),
        ("work", {"minutes": "30", "cost": "50"}),
        ("split", {"subject": "Another matter"}),
    ],
)
def test_the_second_click_does_nothing_and_leads_to_where_the_first_did(agent, name, typed):
    ticket = TicketFactory(state="in_progress", asset=AssetFactory())
    sent = shown(agent, ticket, name) | typed

    first = agent.post(step(ticket, name), sent)
    done = [ticket.comments.count(), ticket.work.count(), ticket.parts.count()]
    mails = Message.objects.count()
    second = agent.post(step(ticket, name), sent, follow=True)

    assert sum(done) == 1
    assert [ticket.comments.count(), ticket.work.count(), ticket.parts.count()] == done
    assert Message.objects.count() == mails
    assert second.redirect_chain == [(first.url, 302)]
    assert told(second)[-1] == once.SENT_ALREADY


@pytest.mark.django_db
def test_stock_is_issued_once(client, it):
    client.force_login(it)
    item = StockItemFactory(quantity=5)
    sent = shown(client, item, "deliver") | {"quantity": "2"}

    for _ in range(2):
        client.post(step(item, "deliver"), sent)

    item.refresh_from_db()
    assert item.movements.count() == 1
    assert item.quantity == 7


@pytest.mark.django_db
def test_many_are_answered_once_by_a_form_sent_twice(agent):
    tickets = TicketFactory.create_batch(2)
    chosen = {"action": "answer", "_selected_action": [it.pk for it in tickets]}
    asked = agent.post(TICKETS, chosen)
    assert f'name="nonce" value="{asked.context["nonce"]}"' in asked.text
    sent = {**chosen, "apply": "1", "nonce": asked.context["nonce"]}
    sent |= {"body": "Hello", "public": "yes"}

    agent.post(TICKETS, sent)
    second = agent.post(TICKETS, sent, follow=True)

    assert Comment.objects.count() == 2
    assert told(second)[-1] == once.SENT_ALREADY


@pytest.mark.django_db
def test_what_was_refused_may_be_sent_again_with_the_same_form(agent):
    ticket = TicketFactory()
    sent = shown(agent, ticket, "answer") | {"public": "yes"}

    refused = agent.post(step(ticket, "answer"), sent)

    assert refused.context["nonce"] == sent["nonce"]
    assert agent.post(step(ticket, "answer"), sent | {"body": "Hello"}).status_code == 302
    assert ticket.comments.count() == 1


@pytest.mark.django_db
def test_where_every_one_of_many_was_refused_the_form_may_be_sent_again(agent):
    tickets = TicketFactory.create_batch(2)
    sent = {"action": "answer", "_selected_action": [it.pk for it in tickets], "apply": "1"}
    sent |= {"nonce": once.number(), "body": "Hello", "public": "yes"}
    agent.post(TICKETS, sent | {"attachments": SimpleUploadedFile("run.exe", b"MZ")})
    assert not Comment.objects.exists()

    agent.post(TICKETS, sent)

    assert Comment.objects.count() == 2


@pytest.mark.django_db
def test_after_an_error_the_form_may_be_sent_again(agent, monkeypatch):
    ticket = TicketFactory()
    sent = shown(agent, ticket, "work") | {"minutes": "30"}
    agent.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(Work, "full_clean", lambda it: 1 / 0)
        assert agent.post(step(ticket, "work"), sent).status_code == 500

    agent.post(step(ticket, "work"), sent)

    assert ticket.work.count() == 1


@pytest.mark.django_db
def test_labels_are_given_out_again_and_again_by_one_form(client, it):
    client.force_login(it)
    asset = AssetFactory()
    form = client.get(step(asset, "print_labels")).context["form"]
    layout = form.fields["layout"].choices[0][0]
    sent = shown(client, asset, "print_labels") | {"layout": layout}

    files = [client.post(step(asset, "print_labels"), sent) for _ in range(2)]

    assert [it["Content-Type"] for it in files] == ["application/pdf"] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["", "\0", "x" * 41, "ä b"])
def test_a_script_that_sends_no_number_of_ours_does_what_it_says(agent, number):
    ticket = TicketFactory()

    for _ in range(2):
        agent.post(step(ticket, "work"), {"apply": "1", "minutes": "30", "nonce": number})

    assert ticket.work.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_clicks_at_the_same_moment_one_counts_whoever_serves_them(settings):
    settings.CACHES = CACHES  # that of the database, which all processes share
    number, ready, won = once.number(), threading.Barrier(4), []

    def click():
        ready.wait()
        won.append(once.is_first(number))
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for it in clicks:
        it.start()
    for it in clicks:
        it.join()

    assert sorted(won) == [False, False, False, True]
