"""From the catalogue to what is in one's hands: asking, agreeing, giving, each once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from assets.models import Asset, Handover
from people.mailboxes import mailbox
from people.models import Message
from support import approvals, catalogue, fulfilment
from support.models import Approval, Fulfilment, Offer, Ticket
from support.portal import access, asking
from tests.factories import (
    AbsenceFactory,
    AssetFactory,
    DepartmentFactory,
    KitFactory,
    KitLineFactory,
    LicenceFactory,
    LocationFactory,
    OfferFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    SeatFactory,
    StockItemFactory,
    somebody,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(boss):
    return somebody(name="Ada", manager=boss, department=DepartmentFactory(head=somebody()))


def asked(person, offer=None, **options):
    offer = offer or OfferFactory()
    return catalogue.ask(offer, requester=person, reason="For work.", by=person.user, **options)


def waiting(ticket):
    return ticket.approvals.get(state="waiting")


def agree(ticket):
    while approval := ticket.approvals.filter(state="waiting").first():
        approvals.approve(approval, by=approval.approver.user)
    ticket.refresh_from_db()
    return ticket


def told(person):
    return [it.subject for it in Message.objects.filter(recipient=person).order_by("pk")]


# --- Who may ask ---


def test_an_offer_is_for_its_departments_and_their_parts():
    whole = DepartmentFactory()
    part = DepartmentFactory(parent=whole)
    offer, open_to_all = OfferFactory(), OfferFactory()
    offer.departments.add(whole)

    seen = Offer.objects.visible_to(PersonFactory(department=part))

    assert set(seen) == {offer, open_to_all}
    assert list(Offer.objects.visible_to(PersonFactory())) == [open_to_all]


def test_contractors_see_what_is_meant_for_them_too():
    OfferFactory()
    offer = OfferFactory(for_contractors=True)

    assert list(Offer.objects.visible_to(PersonFactory(kind="contractor"))) == [offer]


def test_what_is_not_on_offer_for_the_receiver_is_refused(ada):
    offer = OfferFactory()
    offer.departments.add(DepartmentFactory())

    with pytest.raises(ValidationError, match="not on offer"):
        asked(ada, offer)
    with pytest.raises(ValidationError, match="1 to 1"):
        asked(ada, quantity=2)
    assert not Ticket.objects.exists()


def test_one_form_asks_once(ada):
    form, offer = uuid.uuid4(), OfferFactory()

    first, second = (asked(ada, offer, submission=form) for _ in range(2))

    assert first == second
    assert Approval.objects.count() == 1


def test_the_price_stays_as_it_was(ada):
    offer = OfferFactory(price=1200, most=3)
    ticket = asked(ada, offer, quantity=2)
    offer.price = 1500
    offer.save()

    ticket.refresh_from_db()
    assert str(ticket.total) == "2,400.00 EUR"


# --- Who must agree ---


def test_the_manager_is_asked_and_mailed_a_link(ada, boss):
    ticket = asked(ada)

    assert ticket.state == "waiting_approval"
    assert waiting(ticket).approver == boss
    text = Message.objects.get(recipient=boss).text
    assert f"/approvals/{waiting(ticket).pk}/" in text
    assert "For work." in text


def test_above_the_limit_the_budget_owner_is_asked_after_the_manager(ada, boss):
    offer = OfferFactory(price=600, budget_above=1000, most=2)

    assert [it.role for it in asked(ada, offer).approvals.all()] == ["manager"]
    ticket = asked(ada, offer, quantity=2)

    assert [it.approver for it in ticket.approvals.all()] == [boss, ada.department.head]
    assert [it.state for it in ticket.approvals.all()] == ["waiting", "to_come"]
    assert not told(ada.department.head)
    agree(ticket)
    assert ticket.state == "new"


def test_who_heads_the_department_too_is_asked_once(ada, boss):
    ada.department.head = boss
    ada.department.save()

    ticket = asked(ada, OfferFactory(price=600, budget_above=1, approver=boss))

    assert ticket.approvals.count() == 1


def test_nobody_agrees_to_his_own_request(boss):
    """The manager asks for one of his people: his own manager is asked."""
    ada = somebody(manager=boss)

    ticket = asked(boss, on_behalf_of=ada)

    assert waiting(ticket).approver == boss.manager
    with pytest.raises(ValidationError, match="not you"):
        approvals.approve(waiting(ticket), by=boss.user)


def test_where_nobody_is_above_finance_is_asked():
    lonely = somebody()

    ticket = asked(lonely)

    assert waiting(ticket).approver == mailbox("finance")


def test_a_deputy_is_asked_while_the_manager_is_away(ada, boss):
    deputy = somebody(name="Deputy")
    AbsenceFactory(person=boss, deputy=deputy)

    approval = waiting(asked(ada))

    assert (approval.approver, approval.for_whom) == (deputy, boss)
    assert "in place of Boss" in Message.objects.get(recipient=deputy).text
    approvals.approve(approval, by=deputy.user)
    assert approval.ticket.approvals.get().state == "approved"


def test_a_deputy_who_asks_himself_is_passed_over(boss):
    ada = somebody(manager=boss)
    AbsenceFactory(person=boss, deputy=ada)

    assert waiting(asked(ada)).approver == boss.manager


def test_deputies_in_a_circle_end_somewhere(ada, boss):
    other = somebody()
    AbsenceFactory(person=boss, deputy=other)
    AbsenceFactory(person=other, deputy=boss)

    assert waiting(asked(ada)).approver == boss.manager


def test_without_anybody_to_agree_the_desk_begins(ada):
    ticket = asked(ada, OfferFactory(needs_manager=False))

    assert ticket.state == "new"
    assert not ticket.approvals.exists()


# --- Answering ---


def test_a_refusal_says_why_and_ends_it(ada, boss):
    ticket = asked(ada, OfferFactory(price=9, budget_above=1))

    with pytest.raises(ValidationError, match="why"):
        approvals.refuse(waiting(ticket), text=" ", by=boss.user)
    approvals.refuse(waiting(ticket), text="There is one in the store room.", by=boss.user)

    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert [it.state for it in ticket.approvals.all()] == ["refused", "dropped"]
    assert "There is one in the store room." in Message.objects.filter(recipient=ada).first().text


def test_a_second_answer_is_told_of_the_first(ada, boss):
    approval = waiting(asked(ada))
    approvals.approve(approval, by=boss.user)

    with pytest.raises(ValidationError, match="approved"):
        approvals.refuse(approval, text="No.", by=boss.user)


def test_anybody_else_cannot_answer(ada, boss):
    approval = waiting(asked(ada))

    for person in (ada, somebody(), boss.manager):
        with pytest.raises(ValidationError, match="not you"):
            approvals.approve(approval, by=person.user)


def test_for_a_mailbox_those_with_the_right_answer(finance, it):
    approval = waiting(asked(somebody()))

    with pytest.raises(ValidationError, match="not you"):
        approvals.approve(approval, by=it)
    approvals.approve(approval, by=finance)

    assert approval.ticket.approvals.get().decided_by == finance


def test_silence_asks_the_next_above(ada, boss):
    approval = waiting(asked(ada))
    day = approval.due_on

    assert approvals.escalate_silent(day) == 0
    assert approvals.escalate_silent(day + timedelta(1)) == 1

    approval.refresh_from_db()
    assert (approval.approver, approval.for_whom) == (boss.manager, boss)
    assert len(told(boss.manager)) == 1


def test_a_request_is_taken_back_until_something_is_given(ada, boss):
    ticket = asked(ada)

    approvals.withdraw(ticket, by=ada.user)

    ticket.refresh_from_db()
    assert (ticket.state, ticket.approvals.get().state) == ("closed", "dropped")
    with pytest.raises(ValidationError, match="nothing to take back"):
        approvals.withdraw(ticket, by=ada.user)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_counts(ada, boss):
    approval = waiting(asked(ada))
    barrier, outcomes = threading.Barrier(2), []

    def answer(move, **options):
        barrier.wait()
        try:
            move(approval, by=boss.user, **options)
            outcomes.append("done")
        except ValidationError as refusal:
            outcomes.append(refusal.messages[0])
        finally:
            connection.close()

    threads = [
        threading.Thread(target=answer, args=[approvals.approve]),
        threading.Thread(target=answer, args=[approvals.refuse], kwargs={"text": "No."}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("done") == 1
    assert any("was answered" in it for it in outcomes)


# --- Giving ---


def laptop_offer(**fields):
    product = ProductFactory(category__needs_acceptance=True)
    return OfferFactory(product=product, needs_manager=False, **fields)


def test_stock_at_the_receivers_place_comes_first():
    place = LocationFactory()
    ada, offer = somebody(location=place), laptop_offer()
    away = AssetFactory(product=offer.product, location=LocationFactory())
    here = AssetFactory(product=offer.product, location=place)
    AssetFactory(product=offer.product, holder=PersonFactory())

    assert fulfilment.propose(asked(ada, offer)).assets == [here, away]


def test_for_who_has_no_place_the_oldest_comes_first():
    offer, day = laptop_offer(), timezone.localdate()
    unknown = AssetFactory(product=offer.product, location=None)
    new = AssetFactory(product=offer.product, location=LocationFactory(), purchased_on=day)
    old = AssetFactory(product=offer.product, purchased_on=day - timedelta(9))

    assert fulfilment.propose(asked(somebody(), offer)).assets == [old, new, unknown]


def test_what_is_in_a_device_is_not_proposed():
    offer = laptop_offer()
    AssetFactory(product=offer.product, installed_in=AssetFactory())

    assert fulfilment.propose(asked(somebody(), offer)).assets == []


def test_more_than_lies_at_the_receivers_place_is_given_from_elsewhere_too(client, service_desk):
    place = LocationFactory()
    ada, offer = somebody(location=place), laptop_offer(most=30)
    assets = [AssetFactory(product=offer.product, location=place)]
    assets += [AssetFactory(product=offer.product, location=LocationFactory()) for _ in range(24)]
    ticket = asked(ada, offer, quantity=25)
    client.force_login(service_desk)
    step = f"/admin/support/ticket/{ticket.pk}/step/hand-over/"

    assert all(it.tag in client.get(step).text for it in assets)
    client.post(step, {"apply": "1", "assets": [it.pk for it in assets]})

    ticket.refresh_from_db()
    assert (ticket.state, ada.assets.count()) == ("resolved", 25)


def test_what_is_handed_over_solves_the_request_and_waits_for_its_acceptance():
    ada, offer = somebody(), laptop_offer()
    asset = AssetFactory(product=offer.product)

    ticket = fulfilment.hand_over(asked(ada, offer), assets=[asset], by=None)

    asset.refresh_from_db()
    assert (asset.holder, ticket.state) == (ada, "resolved")
    assert ticket.fulfilment.handover == Handover.objects.get()
    assert ada.handovers.waiting().count() == 1
    with pytest.raises(ValidationError, match="fulfilled already"):
        fulfilment.hand_over(ticket, assets=[AssetFactory(product=offer.product)], by=None)


def test_nothing_is_given_before_all_have_agreed(ada):
    offer = OfferFactory(product=ProductFactory())
    asset = AssetFactory(product=offer.product)

    with pytest.raises(ValidationError, match="waits for approval"):
        fulfilment.hand_over(asked(ada, offer), assets=[asset], by=None)


def test_as_many_are_given_as_were_asked_for():
    ada, offer = somebody(), laptop_offer(most=2)
    asset = AssetFactory(product=offer.product)

    with pytest.raises(ValidationError, match="Choose 2"):
        fulfilment.hand_over(asked(ada, offer, quantity=2), assets=[asset], by=None)


def test_where_one_is_gone_none_is_given():
    ada, offer = somebody(), laptop_offer(most=2)
    there = AssetFactory(product=offer.product)
    gone = AssetFactory(product=offer.product, holder=PersonFactory())

    with pytest.raises(ValidationError, match=gone.tag):
        fulfilment.hand_over(asked(ada, offer, quantity=2), assets=[there, gone], by=None)

    there.refresh_from_db()
    assert there.state == Asset.State.IN_STOCK
    assert not Fulfilment.objects.exists()


def test_what_is_ordered_waits_and_is_handed_over_later():
    ada, offer = somebody(), laptop_offer()
    order = OrderFactory(state="ordered", ordered_on=timezone.localdate())
    OrderLineFactory(order=order, product=offer.product)
    ticket = asked(ada, offer)
    assert fulfilment.propose(ticket).orders == [order]

    ticket = fulfilment.put_on_order(ticket, order=order, note="Two weeks.", by=None)
    assert ticket.state == "waiting_vendor"
    ordered_at = ticket.fulfilment.done_at
    with pytest.raises(ValidationError, match="on order"):
        fulfilment.put_on_order(ticket, order=order, by=None)
    asset = AssetFactory(product=offer.product)
    ticket = fulfilment.hand_over(ticket, assets=[asset], note="With a bag.", by=None)

    given = ticket.fulfilment
    assert (ticket.state, given.way, given.order) == ("resolved", "handover", order)
    assert given.note == "Two weeks.\n\nWith a bag."
    assert given.done_at > ordered_at


def test_a_seat_is_given_while_there_is_one():
    offer = OfferFactory(licence=LicenceFactory(seats=1), needs_manager=False)
    first, second = (asked(somebody(), offer) for _ in range(2))

    ticket = fulfilment.give_seat(first, by=None)

    assert ticket.kind == "access"
    assert ticket.fulfilment.seats.get().person == ticket.requester
    assert fulfilment.propose(second).free_seats == 0
    with pytest.raises(ValidationError, match="seat"):
        fulfilment.give_seat(second, by=None)
    second.refresh_from_db()
    assert second.state == "new"


def test_a_kit_is_handed_over_whole_or_not_at_all():
    kit, place = KitFactory(), LocationFactory()
    line = KitLineFactory(kit=kit)
    KitLineFactory(kit=kit, item=StockItemFactory(location=place, quantity=3))
    ada, offer = somebody(), OfferFactory(kit=kit, needs_manager=False)
    ticket = asked(ada, offer)
    assert fulfilment.propose(ticket).shortages
    with pytest.raises(ValidationError):
        fulfilment.hand_over_kit(ticket, by=None)

    AssetFactory(product=line.product)
    ticket = fulfilment.hand_over_kit(ticket, by=None)

    assert (ticket.state, ticket.fulfilment.way) == ("resolved", "kit")
    assert ada.assets.count() == 1


@pytest.mark.parametrize("what", [{"kit": KitFactory}, {"licence": LicenceFactory}])
def test_of_a_seat_or_a_kit_one_is_offered_at_a_time(client, admin_user, what):
    offer = OfferFactory(**{name: make() for name, make in what.items()})
    client.force_login(admin_user)
    page = f"/admin/support/offer/{offer.pk}/change/"
    form = client.get(page).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields}

    assert "one is given at a time" in client.post(page, sent | {"most": 3}).text
    with pytest.raises(ValidationError, match="1 to 1"):
        asked(somebody(), offer, quantity=3)


def test_several_kits_of_a_request_from_before_are_not_passed_off_as_one():
    kit = KitFactory()
    KitLineFactory(kit=kit, item=StockItemFactory(quantity=9))
    ticket = asked(somebody(), OfferFactory(kit=kit, needs_manager=False))
    ticket.quantity = 3
    ticket.save()

    with pytest.raises(ValidationError, match="asks for 3, of which one is given"):
        fulfilment.hand_over_kit(ticket, by=None)
    with pytest.raises(ValidationError, match="asks for 3, of which one is given"):
        fulfilment.give_seat(ticket, by=None)

    assert fulfilment.done(ticket, note="Three kits by hand.", by=None).state == "resolved"


@pytest.mark.django_db(transaction=True)
def test_two_clerks_who_fulfil_at_once_give_one_device():
    ada, offer = somebody(), laptop_offer()
    ticket = asked(ada, offer)
    devices = [AssetFactory(product=offer.product) for _ in range(2)]
    barrier, outcomes = threading.Barrier(2), []

    def give(asset):
        barrier.wait()
        try:
            fulfilment.hand_over(ticket, assets=[asset], by=None)
            outcomes.append("given")
        except ValidationError as refusal:
            outcomes.append(refusal.messages[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=[asset]) for asset in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("given") == 1
    assert ada.assets.count() == 1
    assert any("fulfilled already" in it for it in outcomes)


# --- In the portal ---


@pytest.fixture
def mine(client, ada):
    client.force_login(ada.user)
    return client


def test_she_asks_and_sees_where_it_lies(mine, ada, boss):
    offer = OfferFactory(name="A second screen", price=250)

    assert "A second screen" in mine.get("/ask/").text
    assert "Boss" in mine.get(f"/ask/{offer.pk}/").text
    answer = mine.post(f"/ask/{offer.pk}/", {"reason": "Two tables.", "submission": uuid.uuid4()})

    ticket = Ticket.objects.get()
    assert answer.url == f"/requests/{ticket.pk}/"
    assert "waiting for approval" in mine.get(answer.url).text


def test_what_is_not_for_her_does_not_exist(mine):
    offer = OfferFactory()
    offer.departments.add(DepartmentFactory())

    for address in (f"/ask/{offer.pk}/", f"/ask/{offer.pk}/picture/"):
        assert mine.get(address).status_code == 404
    assert "Offer" not in mine.get("/ask/").text


def test_a_colleague_is_named_by_the_exact_address(mine):
    offer, bob = OfferFactory(), PersonFactory(email="bob@example.com")
    form = {"reason": "New here.", "submission": uuid.uuid4()}

    wrong = mine.post(f"/ask/{offer.pk}/", form | {"for_whom": "b@example.com"})
    assert wrong.context["form"].errors == {"for_whom": [asking.NOT_POSSIBLE]}
    mine.post(f"/ask/{offer.pk}/", form | {"for_whom": "BOB@example.com"})

    assert Ticket.objects.get().on_behalf_of == bob


def test_what_is_said_tells_nothing_of_a_colleague(mine):
    """The same for who is not here, may not have it, has it, and for more than there may be."""
    offer, two = OfferFactory(licence=LicenceFactory(seats=5)), OfferFactory(most=2)
    eve, gone = somebody(), somebody(leaves_on=timezone.localdate() - timedelta(1))
    SeatFactory(licence=offer.licence, person=eve)
    contractor = somebody(kind="contractor")
    form = {"reason": "For a project.", "quantity": "1", "submission": uuid.uuid4()}
    people = [eve.email, contractor.email, gone.email, "nobody@example.com"]

    def said(offer, **typed):
        answers = [mine.post(f"/ask/{offer.pk}/", form | typed | {"for_whom": it}) for it in people]
        return [(it.status_code, dict(it.context["form"].errors)) for it in answers]

    assert said(offer) == [(200, {"for_whom": [asking.NOT_POSSIBLE]})] * 4
    assert said(two, quantity="3") == [(200, {"quantity": ["Ask for at most 2 at a time."]})] * 4
    assert not Ticket.objects.exists()


def test_who_asks_for_oneself_is_told_why_not(mine, ada):
    offer = OfferFactory(licence=LicenceFactory(seats=5))
    SeatFactory(licence=offer.licence, person=ada)

    page = mine.post(f"/ask/{offer.pk}/", {"reason": "For work.", "submission": uuid.uuid4()})

    assert f"{ada} has a seat of {offer.licence.name} already." in page.text


def test_of_too_many_addresses_the_next_is_refused_known_or_not(mine, monkeypatch):
    monkeypatch.setattr(access, "NAMES_PER_HOUR", 2)
    offer, bob = OfferFactory(), somebody()
    form = {"reason": "For work.", "submission": uuid.uuid4()}
    tried = ["a@example.com", "b@example.com", bob.email, "c@example.com"]

    pages = [mine.post(f"/ask/{offer.pk}/", form | {"for_whom": it}) for it in tried]

    assert [it.status_code for it in pages] == [200, 200, 429, 429]
    assert mine.post(f"/ask/{offer.pk}/", form).status_code == 302  # for oneself one may go on
    assert Ticket.objects.get().on_behalf_of is None


def test_only_who_is_asked_opens_the_question(client, ada, boss):
    approval = waiting(asked(ada))
    client.force_login(ada.user)
    assert client.get(f"/approvals/{approval.pk}/").status_code == 404

    client.force_login(boss.user)
    assert "For work." in client.get(f"/approvals/{approval.pk}/").text
    refused = client.post(f"/approvals/{approval.pk}/", {"refuse": "1", "text": ""})
    assert "Say why you refuse it" in refused.text
    client.post(f"/approvals/{approval.pk}/", {"approve": "1"})

    assert approval.ticket.approvals.get().state == "approved"
    assert "approved" in client.get("/approvals/").text


def test_she_takes_her_request_back(mine, ada):
    ticket = asked(ada)

    mine.post(f"/requests/{ticket.pk}/withdraw/")

    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert mine.get(f"/requests/{ticket.pk}/withdraw/").status_code == 405


# --- In the back office ---


@pytest.mark.parametrize("role", ["it", "service_desk"])
def test_the_desk_hands_over_from_stock_on_the_tickets_page(client, request, role):
    client.force_login(request.getfixturevalue(role))
    offer = laptop_offer()
    asset, ticket = AssetFactory(product=offer.product), asked(somebody(), offer)
    step = f"/admin/support/ticket/{ticket.pk}/step/hand-over/"

    assert asset.tag in client.get(step).text
    client.post(step, {"apply": "1", "assets": [asset.pk]})

    ticket.refresh_from_db()
    assert ticket.state == "resolved"


def test_finance_answers_for_its_mailbox(client, finance):
    client.force_login(finance)
    approval = waiting(asked(somebody()))

    client.post(f"/admin/support/approval/{approval.pk}/step/approve/", {"apply": "1"})

    approval.refresh_from_db()
    assert approval.state == "approved"
