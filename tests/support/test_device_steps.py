"""What is done about the device of a ticket, on both of them at once."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from assets.models import Asset, Repair
from people.models import Message
from support import device_steps
from support.device_steps import swap
from support.models import Comment, Ticket
from tests.assets.test_races import at_once
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    FollowerFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    TicketFactory,
    VendorContactFactory,
    VendorFactory,
    WarrantyFactory,
)

State = Asset.State
pytestmark = pytest.mark.django_db


def held(**fields):
    return AssetFactory(holder=PersonFactory(), state=State.IN_USE, **fields)


def about(asset, **fields):
    return TicketFactory(
        asset=asset, requester=asset.holder, description="It flickers.", state="new", **fields
    )


@pytest.fixture
def ticket():
    product = ProductFactory(name="T14", category=CategoryFactory(name="Laptop"))
    laptop = held(tag="LT-1", serial="PF-1", product=product, location=LocationFactory())
    return about(laptop)


@pytest.fixture
def protected(ticket):
    giver = VendorFactory(name="Elbsystem")
    WarrantyFactory(asset=ticket.asset, provider=giver, reference="W-77")
    VendorContactFactory(vendor=giver, email="rma@elb.example")
    ticket.asset.warranty_ends_on = timezone.localdate() + timedelta(700)
    ticket.asset.save()
    return ticket


@pytest.fixture
def spare(ticket):
    return AssetFactory(tag="LT-2", product=ticket.asset.product, state=State.IN_STOCK)


def step(ticket, name):
    return reverse("admin:support_ticket_step", args=[ticket.pk, name])


# --- Claim ---


def test_a_claim_is_mailed_with_the_numbers_and_the_ticket_waits(protected, it):
    ticket = device_steps.claim_warranty(protected, to="rma@elb.example", by=it)

    mail = Message.objects.get(address="rma@elb.example")
    assert ticket.number in mail.subject
    for words in ("PF-1", "W-77", "It flickers.", "T14"):
        assert words in mail.text
    note = Comment.objects.get(ticket=ticket)
    assert not note.is_public
    assert mail.text.strip() in note.body
    assert ticket.state == Ticket.State.WAITING_VENDOR


def test_a_second_click_sends_no_second_claim(protected, it):
    device_steps.claim_warranty(protected, to="rma@elb.example", by=it)

    with pytest.raises(ValidationError, match="went out today already"):
        device_steps.claim_warranty(protected, to="rma@elb.example", by=it)

    assert Message.objects.filter(address="rma@elb.example").count() == 1
    assert Comment.objects.count() == 1


def test_what_no_warranty_protects_is_not_claimed(ticket, it):
    with pytest.raises(ValidationError, match="has no warranty"):
        device_steps.claim_warranty(ticket, to="rma@elb.example", by=it)
    assert not Message.objects.exists()


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example\nBcc: c@d.example"])
def test_a_claim_goes_to_one_address(protected, it, address):
    with pytest.raises(ValidationError):
        device_steps.claim_warranty(protected, to=address, by=it)


def test_who_follows_is_told_of_the_claim_once(protected, it):
    follower = FollowerFactory(ticket=protected).person

    device_steps.claim_warranty(protected, to="rma@elb.example", by=it)

    assert Message.objects.filter(recipient=follower).count() == 1


def test_the_form_shows_the_mail_and_the_address_before_it_is_sent(protected, client, it):
    client.force_login(it)

    shown = client.get(step(protected, "claim")).text

    assert "rma@elb.example" in shown
    assert "Serial number: PF-1" in shown
    assert "It flickers." in shown
    answer = client.post(
        step(protected, "claim"),
        {"apply": "1", "to": "rma@elb.example", "text": "Please mend PF-1."},
    )
    assert answer.status_code == 302
    assert Message.objects.get(address="rma@elb.example").text == "Please mend PF-1."


# --- Repair ---


def test_a_repair_moves_the_device_and_its_ticket_and_is_told_once(ticket, it):
    follower, vendor = FollowerFactory(ticket=ticket).person, VendorFactory(name="Fixit")
    back = timezone.localdate() + timedelta(7)

    ticket = device_steps.repair(ticket, fault="Hinge", vendor=vendor, due_back_on=back, by=it)

    ticket.asset.refresh_from_db()
    assert (ticket.state, ticket.asset.state) == ("waiting_vendor", State.IN_REPAIR)
    assert Repair.objects.get().vendor == vendor
    said = Comment.objects.get()
    assert said.is_public
    assert "sent to repair to Fixit" in said.body
    assert Message.objects.filter(recipient=follower).count() == 1
    assert Message.objects.filter(recipient=ticket.requester).count() == 1
    assert ticket.responded_at


def test_what_is_in_repair_is_not_sent_again(ticket, it):
    device_steps.repair(ticket, fault="Hinge", by=it)

    with pytest.raises(ValidationError, match="is in repair"):
        device_steps.repair(ticket, fault="Hinge", by=it)

    assert (Repair.objects.count(), Comment.objects.count()) == (1, 1)


def test_the_form_proposes_the_fault_and_who_gives_the_warranty(protected, client, it):
    client.force_login(it)
    shown = client.get(step(protected, "repair"))
    assert "It flickers." in shown.text
    assert "Elbsystem" in shown.text


# --- Swap ---


def test_a_swap_hands_the_other_over_and_takes_this_one_back(ticket, spare, it):
    store, holder = LocationFactory(name="Store"), ticket.asset.holder

    device_steps.swap(ticket, replacement=spare, location=store, by=it)

    old, new = Asset.objects.get(tag="LT-1"), Asset.objects.get(tag="LT-2")
    assert (old.state, old.holder, old.location) == (State.IN_STOCK, None, store)
    assert (new.state, new.holder) == (State.IN_USE, holder)
    assert "LT-2" in Comment.objects.get().body


def test_a_second_click_swaps_nothing(ticket, spare, it):
    device_steps.swap(ticket, replacement=spare, by=it)

    with pytest.raises(ValidationError, match="is with nobody"):
        device_steps.swap(ticket, replacement=spare, by=it)

    assert Comment.objects.count() == 1


def test_a_swap_that_cannot_be_finished_leaves_the_device_where_it_was(ticket, it):
    taken = held(tag="LT-9")

    with pytest.raises(ValidationError, match="LT-9.*is in use"):
        device_steps.swap(ticket, replacement=taken, by=it)

    ticket.asset.refresh_from_db()
    assert ticket.asset.holder == ticket.requester
    assert not Comment.objects.exists()


def test_nothing_takes_its_own_place(ticket, it):
    with pytest.raises(ValidationError, match="its own place"):
        device_steps.swap(ticket, replacement=ticket.asset, by=it)


def test_the_same_product_is_proposed_first_and_nothing_of_another_category(ticket, spare):
    like = ProductFactory(name="A14", category=ticket.asset.product.category)
    alike = AssetFactory(product=like, state=State.IN_STOCK)
    AssetFactory(product=like, state=State.RETIRED)
    AssetFactory(state=State.IN_STOCK)

    assert list(device_steps.replacements(ticket)) == [spare, alike]


def test_the_service_desk_swaps_by_the_form(ticket, spare, client, service_desk):
    client.force_login(service_desk)
    address = step(ticket, "swap")
    assert "LT-2" in client.get(address).text

    refused = client.post(address, {"apply": "1"})
    assert "Choose what takes its place." in refused.text
    assert client.post(address, {"apply": "1", "replacement": spare.pk}).status_code == 302

    spare.refresh_from_db()
    assert spare.holder == ticket.requester


# --- Retire ---


def test_to_retire_takes_it_back_first_and_only_staff_read_why(ticket, it):
    device_steps.retire(ticket, reason="Battery swollen", by=it)

    ticket.asset.refresh_from_db()
    assert (ticket.asset.state, ticket.asset.holder) == (State.RETIRED, None)
    assert not Comment.objects.get().is_public


def test_what_is_retired_is_not_retired_again(ticket, it):
    device_steps.retire(ticket, reason="Battery swollen", by=it)
    with pytest.raises(ValidationError, match="is retired"):
        device_steps.retire(ticket, reason="Battery swollen", by=it)


# --- All of them ---


CALLS = [
    lambda it, by: device_steps.claim_warranty(it, to="a@b.example", by=by),
    lambda it, by: device_steps.repair(it, fault="Hinge", by=by),
    lambda it, by: device_steps.swap(it, replacement=AssetFactory(), by=by),
    lambda it, by: device_steps.retire(it, reason="Old", by=by),
]


@pytest.mark.parametrize("call", CALLS, ids=["claim", "repair", "swap", "retire"])
def test_without_a_device_each_is_refused_in_words(call, it):
    with pytest.raises(ValidationError, match="is about no device"):
        call(TicketFactory(), it)


@pytest.mark.parametrize("call", CALLS, ids=["claim", "repair", "swap", "retire"])
def test_on_a_closed_ticket_each_is_refused_and_the_device_stays(call, ticket, it):
    now = timezone.now()
    Ticket.objects.filter(pk=ticket.pk).update(state="closed", closed_at=now, resolved_at=now)
    with pytest.raises(ValidationError, match="is closed"):
        call(ticket, it)
    ticket.asset.refresh_from_db()
    assert ticket.asset.state == State.IN_USE


def offered(client, ticket):
    page = client.get(reverse("admin:support_ticket_change", args=[ticket.pk])).text
    return [name for name in ("claim", "repair", "swap", "retire") if step(ticket, name) in page]


def test_each_is_offered_where_the_device_and_the_role_allow_it(
    protected, client, it, service_desk, auditor
):
    bare, stored = TicketFactory(), TicketFactory(asset=AssetFactory(state=State.IN_STOCK))
    gone = TicketFactory(asset=AssetFactory(state=State.DISPOSED))
    client.force_login(it)
    assert offered(client, protected) == ["claim", "repair", "swap", "retire"]
    assert offered(client, bare) == offered(client, gone) == []
    assert offered(client, stored) == ["repair", "retire"]
    client.force_login(service_desk)
    assert offered(client, protected) == ["claim", "swap"]
    client.force_login(auditor)
    assert offered(client, protected) == []


def test_who_may_repair_but_not_answer_takes_no_step_of_a_ticket(ticket, client, finance):
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    finance.user_permissions.add(Permission.objects.get(codename="repair_asset"))
    client.force_login(finance)
    assert client.post(step(ticket, "repair"), {"apply": "1", "fault": "x"}).status_code == 403


# --- At once ---


@pytest.mark.django_db(transaction=True)
def test_of_two_swaps_at_once_for_one_spare_one_wins_and_the_other_changes_nothing():
    for _ in range(4):
        spare = AssetFactory(state=State.IN_STOCK)
        both = [about(held()), about(held())]

        results = at_once(*(partial(swap, it, replacement=spare, by=None) for it in both))

        refused = [it for it in results if isinstance(it, ValidationError)]
        assert len(refused) == 1, results
        spare.refresh_from_db()
        winner = next(it for it in both if it.requester_id == spare.holder_id)
        loser = next(it for it in both if it != winner)
        loser.asset.refresh_from_db()
        assert loser.asset.holder_id == loser.requester_id
        assert (winner.comments.count(), loser.comments.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_swaps_of_one_ticket_at_once_one_wins():
    for _ in range(4):
        ticket, spares = about(held()), AssetFactory.create_batch(2, state=State.IN_STOCK)

        results = at_once(*(partial(swap, ticket, replacement=it, by=None) for it in spares))

        assert len([it for it in results if isinstance(it, ValidationError)]) == 1, results
        assert Asset.objects.filter(holder=ticket.requester).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_one_mail_goes_out():
    ticket = about(held(serial="S-1"))
    WarrantyFactory(asset=ticket.asset)

    results = at_once(
        *[lambda: device_steps.claim_warranty(ticket, to="rma@elb.example", by=None)] * 2
    )

    assert len([it for it in results if isinstance(it, ValidationError)]) == 1, results
    assert Message.objects.filter(address="rma@elb.example").count() == 1
