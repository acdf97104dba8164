"""Who has to agree is asked, whatever else is done with the request; nothing is given before."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from people.models import Message
from support import approvals, catalogue, device_steps, fulfilment, merging, tickets
from tests.factories import (
    ApprovalFactory,
    AssetFactory,
    OfferFactory,
    ProductFactory,
    TicketFactory,
    somebody,
)

pytestmark = pytest.mark.django_db

PARTIES = ["requester", "on_behalf_of"]


@pytest.fixture
def ada(boss):
    return somebody(name="Ada", manager=boss)


@pytest.fixture
def offer():
    return OfferFactory(product=ProductFactory(), price=300)


def asked(person, offer=None, **options):
    offer = offer or OfferFactory()
    return catalogue.ask(offer, requester=person, reason="For work.", by=person.user, **options)


def waiting(ticket):
    return ticket.approvals.get(state="waiting")


def states(ticket):
    return [it.state for it in ticket.approvals.all()]


def told(person):
    return [it.subject for it in Message.objects.filter(recipient=person).order_by("pk")]


# --- No way around those who must agree ---


@pytest.mark.parametrize("step", ["resume", "wait"])
def test_what_waits_for_somebody_to_agree_goes_on_with_that_alone(client, service_desk, ada, step):
    ticket = asked(ada)
    client.force_login(service_desk)
    address = f"/admin/support/ticket/{ticket.pk}/step/{step}/"

    answer = client.post(address, {"apply": "1", "state": "waiting_vendor"}, follow=True)

    assert "waits for Boss to agree" in answer.text
    ticket.refresh_from_db()
    assert ticket.state == "waiting_approval"


def test_its_device_does_not_lead_past_the_approval_either(ada):
    ticket = asked(ada)
    ticket.asset = AssetFactory(holder=ada)
    ticket.save()

    with pytest.raises(ValidationError, match="waits for Boss to agree"):
        device_steps.repair(ticket, fault="None.", by=None)


def test_what_the_desk_lets_wait_for_an_approval_of_its_own_is_taken_up_again():
    ticket = tickets.wait(TicketFactory(), state="waiting_approval", by=None)

    assert tickets.resume(ticket, by=None).state == "in_progress"


@pytest.mark.parametrize("state", ["to_come", "waiting", "refused", "dropped"])
def test_nothing_is_given_while_an_agreement_is_lacking(client, service_desk, ada, offer, state):
    """However the request came to be in progress."""
    ticket = TicketFactory(requester=ada, offer=offer, state="in_progress")
    ended = {"decided_at": ticket.opened_at, "reason": "No."} if state == "refused" else {}
    approval = ApprovalFactory(ticket=ticket, state=state, **ended)
    asset = AssetFactory(product=offer.product)
    client.force_login(service_desk)
    page = f"/admin/support/ticket/{ticket.pk}"

    assert "/step/hand-over/" not in client.get(f"{page}/change/").text
    client.post(f"{page}/step/hand-over/", {"apply": "1", "assets": [asset.pk]})
    with pytest.raises(ValidationError, match="is not approved"):
        fulfilment.done(ticket, note="They have it.", by=None)

    asset.refresh_from_db()
    assert (asset.state, approval.ticket.state) == ("in_stock", "in_progress")


def test_the_refusal_to_give_names_who_has_not_agreed(ada, boss, offer):
    ticket = TicketFactory(requester=ada, offer=offer, state="in_progress")
    ApprovalFactory(ticket=ticket, approver=boss, state="dropped")

    with pytest.raises(ValidationError, match="Boss: no longer needed"):
        fulfilment.hand_over(ticket, assets=[AssetFactory(product=offer.product)], by=None)


def test_what_was_refused_and_is_opened_again_asks_again(ada, boss, offer, it):
    ticket = asked(ada, offer)
    approvals.refuse(waiting(ticket), text="No.", by=boss.user)

    ticket = tickets.reopen(ticket, reason="they have talked", by=it)

    assert (ticket.state, states(ticket)) == ("waiting_approval", ["waiting"])
    assert (waiting(ticket).reason, told(boss)[0]) == ("", told(boss)[1])
    with pytest.raises(ValidationError, match="waits for approval"):
        fulfilment.hand_over(ticket, assets=[AssetFactory(product=offer.product)], by=it)
    approvals.approve(waiting(ticket), by=boss.user)
    ticket = fulfilment.hand_over(ticket, assets=[AssetFactory(product=offer.product)], by=it)
    assert ticket.state == "resolved"


def test_of_those_who_must_agree_only_who_has_not_is_asked_again(ada, boss, it):
    last = somebody(name="Data protection")
    ticket = asked(ada, OfferFactory(approver=last))
    approvals.approve(waiting(ticket), by=boss.user)
    approvals.withdraw(ticket, by=ada.user)

    ticket = tickets.reopen(ticket, reason="they need it after all", by=it)

    assert (states(ticket), waiting(ticket).approver) == (["approved", "waiting"], last)


def test_an_answer_to_what_was_solved_without_agreement_asks_for_it(ada, boss, it):
    ticket = tickets.resolve(asked(ada), solution="Take the one in the hall.", by=it)

    ticket = tickets.reply(ticket, body="It is gone.", by=ada.user)

    assert (ticket.state, waiting(ticket).approver) == ("waiting_approval", boss)


def test_what_all_agreed_to_is_opened_again_without_a_question(ada, boss, it):
    ticket = asked(ada)
    approvals.approve(waiting(ticket), by=boss.user)
    ticket = tickets.resolve(ticket, solution="Done.", by=it)

    ticket = tickets.reopen(ticket, reason="it is broken", by=it)

    assert (ticket.state, states(ticket)) == ("in_progress", ["approved"])


@pytest.mark.parametrize("of_the_catalogue", [True, False])
def test_whom_a_request_is_for_stays_as_those_knew_who_agreed(
    client, service_desk, ada, offer, of_the_catalogue
):
    ticket = TicketFactory(requester=ada, offer=offer if of_the_catalogue else None)
    client.force_login(service_desk)

    page = client.get(f"/admin/support/ticket/{ticket.pk}/change/")

    fields = {"subject", "requester", "on_behalf_of"} & {*page.context["adminform"].form.fields}
    assert fields == ({"subject"} if of_the_catalogue else {"subject", *PARTIES})


# --- Who is told ---


@pytest.mark.parametrize(
    ("decide", "subject"),
    [(approvals.approve, "Approved"), (approvals.refuse, "Refused")],
)
def test_whom_it_is_for_and_who_follows_it_are_told_of_the_decision(ada, boss, decide, subject):
    eve, bob = somebody(name="Eve", manager=boss), somebody(name="Bob")
    ticket = asked(ada, on_behalf_of=eve)
    merging.follow(ticket, person=bob, by=ada.user)
    merging.follow(ticket, person=boss, by=ada.user)
    before = len(told(boss))

    decide(waiting(ticket), text="Not without a word.", by=boss.user)

    for person in (ada, eve, bob):
        assert [it for it in told(person) if subject in it] == told(person)[-1:]
    assert len(told(boss)) == before
    said = Message.objects.filter(recipient=eve).order_by("pk").last().text
    assert ("> Not without a word." in said) == (subject == "Refused")


# --- What has ended asks nobody ---


def merged(ticket, by):
    merging.merge(ticket, into=TicketFactory(requester=ticket.requester), by=by)


def resolved(ticket, by):
    tickets.resolve(ticket, solution="Take the one in the hall.", by=by)


def taken_back(ticket, by):
    approvals.withdraw(ticket, by=ticket.requester.user)


@pytest.mark.parametrize("end", [merged, resolved, taken_back])
def test_about_what_has_ended_nobody_is_asked_any_more(client, ada, boss, it, end):
    ticket = asked(ada, OfferFactory(approver=somebody()))
    approval = waiting(ticket)

    end(ticket, it)

    ticket.refresh_from_db()
    state = ticket.state
    assert states(ticket) == ["dropped", "dropped"]
    assert len(told(boss)) == 2
    assert "No longer asked" in told(boss)[1]
    client.force_login(boss.user)
    answer = client.post(f"/approvals/{approval.pk}/", {"approve": "1"})
    assert "no longer needed" in answer.text
    assert approvals.escalate_silent(approval.due_on + timedelta(1)) == 0
    ticket.refresh_from_db()
    assert (ticket.state, states(ticket)) == (state, ["dropped", "dropped"])


def test_who_ends_what_they_were_asked_about_is_not_told_of_it(ada, boss):
    ticket = asked(ada)

    tickets.resolve(ticket, solution="I gave them mine.", by=boss.user)

    assert len(told(boss)) == 1


def test_a_question_that_outlived_its_request_waits_for_nobody(client, boss):
    """As such rows were left behind before requests took their questions with them."""
    now = timezone.now()
    ticket = TicketFactory(state="resolved", opened_at=now, resolved_at=now)
    approval = ApprovalFactory(ticket=ticket, approver=boss)
    client.force_login(boss.user)

    with pytest.raises(ValidationError, match="is resolved: there is nothing left to decide"):
        approvals.approve(approval, by=boss.user)
    with pytest.raises(ValidationError, match="nothing waits"):
        approvals.escalate(approval)
    assert "Nobody waits for your approval" in client.get("/approvals/").text
    assert "Approve or refuse" not in client.get("/").text
