"""People who join, move and leave, and that nothing of it is forgotten or done twice."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from assets import lifecycle, stock
from people.models import Message
from support import holdings, staffing
from support.models import Approval, StaffChange, Ticket
from tests.factories import (
    AlertFactory,
    ApprovalFactory,
    AssetFactory,
    ContractFactory,
    DepartmentFactory,
    LicenceFactory,
    LocationFactory,
    OfferFactory,
    PersonFactory,
    SeatFactory,
    StarterKitFactory,
    StockItemFactory,
    TicketFactory,
)

TODAY = timezone.localdate()
pytestmark = pytest.mark.django_db


def in_days(number):
    return TODAY + timedelta(number)


def leaver(days=10, **fields):
    person = PersonFactory(name="Ada", leaves_on=in_days(days), **fields)
    laptop = AssetFactory(tag="LT-1", holder=person)
    SeatFactory(person=person, licence=LicenceFactory(seats=5))
    return person, laptop


def leave_of(person):
    return StaffChange.objects.get(person=person, kind="leaves")


# --- Joining ---


def test_what_a_department_gets_is_asked_for_whoever_joins_it():
    whole = DepartmentFactory()
    StarterKitFactory(offer=OfferFactory(name="Laptop"), department=whole)
    StarterKitFactory(offer=OfferFactory(name="Poster"))
    boss = PersonFactory()
    ada = PersonFactory(
        name="Ada",
        starts_on=in_days(9),
        department=DepartmentFactory(parent=whole),
        manager=boss,
    )

    assert staffing.look_ahead(TODAY) == 1

    change = StaffChange.objects.get()
    assert (change.person, change.kind, change.on) == (ada, "joins", in_days(9))
    asked = Ticket.objects.get(offer__name="Laptop")
    assert (asked.requester, asked.state) == (ada, "waiting_approval")
    assert asked.approvals.get().approver == boss
    assert asked.number in change.ticket.description
    assert Ticket.objects.count() == 2


def test_the_kit_of_a_title_goes_before_that_of_all_titles():
    StarterKitFactory(offer=OfferFactory(name="Phone"), title="Sales")
    StarterKitFactory(offer=OfferFactory(name="Laptop"))

    sales = staffing.starter_kits(PersonFactory(title="Sales"))
    others = staffing.starter_kits(PersonFactory(title="Cook"))

    assert [it.offer.name for it in sales] == ["Phone"]
    assert [it.offer.name for it in others] == ["Laptop"]


def test_nobody_is_welcomed_twice_or_long_after_he_came():
    StarterKitFactory()
    PersonFactory(starts_on=in_days(3))
    PersonFactory(starts_on=in_days(-400))
    PersonFactory(starts_on=in_days(90))
    staffing.look_ahead(TODAY)

    assert staffing.look_ahead(TODAY) == 0
    assert StaffChange.objects.count() == 1


def test_what_is_not_on_offer_for_a_joiner_is_named_and_the_rest_is_asked_for():
    company = DepartmentFactory()
    taken = LicenceFactory(seats=5)
    for offer in (
        OfferFactory(name="Laptop"),
        OfferFactory(name="Badge", for_contractors=True),
        OfferFactory(name="Chat", licence=taken, for_contractors=True),
        OfferFactory(name="Fax", for_contractors=True, is_active=False),
    ):
        StarterKitFactory(offer=offer, department=company)
    bob = PersonFactory(name="Bob", kind="contractor", starts_on=in_days(3), department=company)
    SeatFactory(person=bob, licence=taken)

    assert staffing.look_ahead(TODAY) == 1

    assert Ticket.objects.get(offer__isnull=False).offer.name == "Badge"
    said = StaffChange.objects.get().ticket.description
    for sentence in (
        "Laptop is not on offer for Bob.",
        "Fax is not on offer for Bob.",
        f"Bob has a seat of {taken.name} already.",
    ):
        assert f"- {sentence}" in said


def test_one_whose_change_fails_stops_no_other_and_is_told_in_the_end(monkeypatch):
    StarterKitFactory()
    poison = PersonFactory(name="Poison", starts_on=in_days(1))
    ada = PersonFactory(name="Ada", starts_on=in_days(3))
    eve, _ = leaver()
    ask = staffing.joining.catalogue.ask

    def burst(offer, *, requester, **options):
        ticket = ask(offer, requester=requester, **options)
        if requester == poison:
            raise RuntimeError("never thought of")
        return ticket

    monkeypatch.setattr(staffing.joining.catalogue, "ask", burst)

    with pytest.raises(staffing.PeopleFailed, match=str(poison.pk)) as failure:
        staffing.look_ahead(TODAY)

    assert failure.value.people == [poison]
    assert {it.person for it in StaffChange.objects.all()} == {ada, eve}
    assert not Ticket.objects.filter(requester=poison).exists()


def test_who_comes_again_is_welcomed_again():
    StarterKitFactory()
    ada = PersonFactory(starts_on=in_days(-91))
    staffing.welcome(ada, by=None)
    ada.starts_on = TODAY
    ada.save()

    assert staffing.look_ahead(TODAY) == 1
    assert staffing.look_ahead(TODAY) == 0

    earlier, again = ada.staff_changes.order_by("on")
    assert earlier.completed_at is not None
    assert (again.on, again.completed_at) == (TODAY, None)


@pytest.mark.parametrize("done", [True, False])
def test_a_first_day_that_moves_keeps_its_ticket(done):
    StarterKitFactory()
    ada = PersonFactory(starts_on=in_days(-60))
    change = staffing.welcome(ada, by=None)
    if done:
        staffing.complete(change, by=None)
    ada.starts_on = in_days(30)
    ada.save()

    assert staffing.look_ahead(TODAY) == 0

    assert ada.staff_changes.get().on == in_days(30)


# --- Leaving ---


def test_a_leave_lists_all_that_must_come_back_and_tells_the_manager():
    boss = PersonFactory()
    ada, laptop = leaver(manager=boss)
    ContractFactory(number="C-7", owner=ada, ends_on=in_days(300))
    TicketFactory(subject="Printer", assignee=ada, state="in_progress")

    assert staffing.look_ahead(TODAY) == 1

    ticket = leave_of(ada).ticket
    assert ticket.kind == "return"
    for word in ("LT-1", "Seat of", "C-7", "Printer"):
        assert word in ticket.description
    assert Message.objects.filter(recipient=boss).exists()
    assert Message.objects.filter(recipient=ada, text__contains="LT-1").exists()
    assert staffing.look_ahead(in_days(1)) == 0


def test_who_left_unnoticed_and_still_holds_something_is_found():
    ada, _ = leaver(days=-40)
    PersonFactory(leaves_on=in_days(-40))

    staffing.look_ahead(TODAY)

    assert [it.person for it in StaffChange.objects.all()] == [ada]


def issued(person, quantity=2, back=0):
    item = StockItemFactory(name="Headset", quantity=9)
    stock.issue(item, quantity=quantity, to=person, by=None)
    if back:
        stock.give_back(item, quantity=back, person=person, by=None)
    return item


HELD = {
    "asset": lambda ada: AssetFactory(holder=ada),
    "seat": lambda ada: SeatFactory(person=ada),
    "stock": lambda ada: issued(ada, quantity=3, back=1),
    "contract that runs": lambda ada: ContractFactory(owner=ada, ends_on=in_days(90)),
    "contract without end": lambda ada: ContractFactory(owner=ada, ends_on=None),
    "ticket": lambda ada: TicketFactory(assignee=ada),
    "approval": lambda ada: ApprovalFactory(approver=ada),
    "alert": lambda ada: AlertFactory(recipient=ada),
    "department": lambda ada: DepartmentFactory(head=ada),
    "report": lambda ada: PersonFactory(manager=ada),
}
OVER = {
    "seat taken back": lambda ada: SeatFactory(person=ada, until=TODAY),
    "stock come back": lambda ada: issued(ada, quantity=2, back=2),
    "contract that ended": lambda ada: ContractFactory(owner=ada, ends_on=in_days(-1)),
    "ticket solved": lambda ada: TicketFactory(
        assignee=ada, state="resolved", resolved_at=timezone.now() + timedelta(1)
    ),
    "approval given": lambda ada: ApprovalFactory(
        approver=ada, state="approved", decided_at=timezone.now()
    ),
    "report who has left": lambda ada: PersonFactory(manager=ada, leaves_on=in_days(-1)),
}


def gone(has):
    """Somebody who left weeks ago, and for whom nothing was begun."""
    ada = PersonFactory(name="Ada")
    has(ada)
    ada.leaves_on = in_days(-30)
    ada.save()
    return ada


@pytest.mark.parametrize("kind", HELD)
def test_who_left_with_anything_is_found_and_not_marked_as_gone(kind):
    ada = gone(HELD[kind])

    assert staffing.look_ahead(TODAY) == 1

    change = leave_of(ada)
    (held,) = holdings.of(ada, TODAY).sentences()
    assert f"- {held}" in change.ticket.description
    with pytest.raises(ValidationError, match="take it back"):
        staffing.complete(change, by=None)


@pytest.mark.parametrize("kind", OVER)
def test_of_who_left_with_nothing_any_more_nothing_is_asked(kind):
    ada = gone(OVER[kind])

    assert staffing.look_ahead(TODAY) == 0
    assert not holdings.of(ada, TODAY)


def test_a_leave_that_moves_keeps_its_ticket():
    ada, _ = leaver()
    staffing.look_ahead(TODAY)
    ada.leaves_on = in_days(12)
    ada.save()

    assert staffing.depart(ada, by=None) is None

    assert leave_of(ada).on == in_days(12)
    assert Ticket.objects.count() == 1


def test_everything_is_taken_back_in_one_step():
    ada, laptop = leaver()
    sim = AssetFactory(tag="SIM-1", holder=ada, installed_in=laptop)
    staffing.look_ahead(TODAY)

    staffing.take_all_back(leave_of(ada), location=LocationFactory(), by=None)

    for asset in (laptop, sim):
        asset.refresh_from_db()
        assert asset.holder is None
    assert laptop.state == "in_stock"
    assert not ada.seats.taken().exists()
    with pytest.raises(ValidationError, match="holds nothing"):
        staffing.take_all_back(leave_of(ada), by=None)


def test_stock_that_was_handed_out_comes_back_with_everything_else():
    ada, _ = leaver()
    item = issued(ada)
    staffing.look_ahead(TODAY)
    assert "- 2 × Headset" in leave_of(ada).ticket.description

    staffing.take_all_back(leave_of(ada), by=None)

    item.refresh_from_db()
    assert (item.quantity, stock.held(item, ada)) == (9, 0)
    assert "- 2 × Headset" in leave_of(ada).ticket.comments.get().body
    staffing.complete(leave_of(ada), by=None)


def test_stock_that_is_used_up_stays_booked_out():
    ada = PersonFactory(leaves_on=in_days(10))
    item = issued(ada)
    laptop = AssetFactory(holder=ada)
    staffing.look_ahead(TODAY)

    staffing.take_all_back(leave_of(ada), stock=False, by=None)

    laptop.refresh_from_db()
    assert (laptop.holder, stock.held(item, ada)) == (None, 2)
    with pytest.raises(ValidationError, match="Only stock is left"):
        staffing.take_all_back(leave_of(ada), stock=False, by=None)
    staffing.complete(leave_of(ada), remark="Used up.", by=None)


def test_what_cannot_be_taken_back_is_named_and_the_rest_comes_back():
    ada, laptop = leaver()
    phone = AssetFactory(tag="PH-1", holder=ada)
    sim = AssetFactory(tag="SIM-1", holder=ada, installed_in=phone)
    lifecycle.send_to_repair([phone], fault="Cracked", by=None)
    staffing.look_ahead(TODAY)

    outcome = staffing.take_all_back(leave_of(ada), by=None)

    for asset in (laptop, phone, sim):
        asset.refresh_from_db()
    assert (laptop.holder, phone.holder, sim.holder) == (None, ada, ada)
    assert not ada.seats.taken().exists()
    (refused,) = outcome.refused
    assert "PH-1" in refused
    assert "in repair" in refused
    said = leave_of(ada).ticket.comments.get().body
    assert said.index("LT-1") < said.index("Still to be returned:") < said.index(refused)
    with pytest.raises(ValidationError, match="in repair"):
        staffing.take_all_back(leave_of(ada), by=None)


def test_a_successor_takes_over_what_he_answered_for(service_desk):
    ada, _ = leaver()
    bob, asker = service_desk.person, PersonFactory()
    contract = ContractFactory(owner=ada)
    ticket = TicketFactory(assignee=ada, state="in_progress")
    approval = ApprovalFactory(approver=ada, ticket__requester=asker)
    alert = AlertFactory(recipient=ada, due_on=in_days(7))
    staffing.look_ahead(TODAY)

    staffing.transfer(leave_of(ada), to=bob, by=None)
    staffing.transfer_contracts(leave_of(ada), to=bob, by=None)

    for row in (contract, ticket, approval, alert):
        row.refresh_from_db()
    assert contract.owner == ticket.assignee == approval.approver == bob
    assert alert.state == "passed_on"
    assert bob.alerts.open().count() == 1
    assert "taken over from Ada" in contract.history.first().history_change_reason


def test_a_successor_is_asked_with_a_mail_and_as_many_days_as_anybody():
    ada, bob = leaver()[0], PersonFactory()
    approval = ApprovalFactory(approver=ada, due_on=in_days(-1))
    staffing.look_ahead(TODAY)

    staffing.transfer(leave_of(ada), to=bob, by=None)

    approval.refresh_from_db()
    assert (approval.for_whom, approval.due_on) == (ada, in_days(3))
    mail = Message.objects.get(recipient=bob, subject__contains="Do you agree")
    assert f"/approvals/{approval.pk}/" in mail.text


def test_what_was_answered_meanwhile_is_not_passed_on(monkeypatch):
    """Between the look at what there is and its passing on, somebody else answers."""
    ada, bob = leaver()[0], PersonFactory()
    approval = ApprovalFactory(approver=ada)
    staffing.look_ahead(TODAY)
    looked = staffing.leaving.holdings.of

    def answered_after_the_look(*args):
        found = looked(*args)
        Approval.objects.filter(pk=approval.pk).update(state="dropped")
        return found

    monkeypatch.setattr(staffing.leaving.holdings, "of", answered_after_the_look)
    with pytest.raises(ValidationError, match="nothing waits any more"):
        staffing.transfer(leave_of(ada), to=bob, by=None)

    approval.refresh_from_db()
    assert approval.approver == ada
    assert not Message.objects.filter(recipient=bob).exists()


def test_a_leaver_takes_over_nothing():
    ada, _ = leaver()
    ContractFactory(owner=ada)
    staffing.look_ahead(TODAY)

    for to in (ada, PersonFactory(leaves_on=in_days(-1)), PersonFactory(email="")):
        for take_over in (staffing.transfer, staffing.transfer_contracts):
            with pytest.raises(ValidationError, match="cannot take over"):
                take_over(leave_of(ada), to=to, by=None)


def test_tickets_are_passed_on_to_nobody_who_is_not_staff():
    ada, _ = leaver()
    ticket = TicketFactory(assignee=ada, state="in_progress")
    alert = AlertFactory(recipient=ada, due_on=in_days(7))
    staffing.look_ahead(TODAY)

    with pytest.raises(ValidationError, match="Bob is not staff"):
        staffing.transfer(leave_of(ada), to=PersonFactory(name="Bob"), by=None)

    for row in (ticket, alert):
        row.refresh_from_db()
    assert (ticket.assignee, alert.state) == (ada, "open")


def test_nobody_is_gone_unnoticed_while_he_holds_something():
    ada, laptop = leaver()
    staffing.look_ahead(TODAY)
    change = leave_of(ada)

    with pytest.raises(ValidationError) as refusal:
        staffing.complete(change, by=None)
    assert any("LT-1" in it for it in refusal.value.messages)

    staffing.complete(change, remark="He bought the laptop.", by=None)

    change.refresh_from_db()
    assert change.remark == "He bought the laptop."
    assert change.ticket.state == "resolved"
    with pytest.raises(ValidationError, match="closed already"):
        staffing.complete(change, by=None)


def test_a_leave_from_its_date_to_clean(service_desk):
    ada, laptop = leaver()
    ContractFactory(owner=ada)
    staffing.look_ahead(TODAY)
    change = leave_of(ada)

    staffing.take_all_back(change, by=service_desk)
    staffing.transfer_contracts(change, to=PersonFactory(), by=service_desk)
    staffing.complete(change, by=service_desk)

    assert not holdings.of(ada, TODAY)
    assert staffing.look_ahead(in_days(20)) == 0


# --- Moving ---


def test_what_goes_along_moves_and_the_rest_is_to_come_back():
    old, new = LocationFactory(), LocationFactory()
    ada = PersonFactory(location=old)
    laptop, screen = (AssetFactory(holder=ada, location=old) for _ in range(2))

    change = staffing.move(ada, location=new, along=[laptop], by=None)

    for row in (ada, laptop, screen):
        row.refresh_from_db()
    assert (ada.location, laptop.location, screen.location) == (new, new, old)
    assert screen.tag in change.ticket.description
    assert laptop.tag not in change.ticket.description
    assert change.completed_at is None


def test_where_all_goes_along_nothing_is_left_to_do():
    ada = PersonFactory(location=LocationFactory())

    change = staffing.move(ada, department=DepartmentFactory(), by=None)

    assert (change.ticket, change.completed_at is None) == (None, False)


def test_a_move_to_where_he_is_or_with_what_is_anothers_is_refused():
    ada = PersonFactory(location=LocationFactory())

    with pytest.raises(ValidationError, match="there already"):
        staffing.move(ada, location=ada.location, by=None)
    with pytest.raises(ValidationError, match="not with"):
        staffing.move(ada, location=LocationFactory(), along=[AssetFactory()], by=None)
    ada.refresh_from_db()
    assert not StaffChange.objects.exists()


# --- In the back office ---


@pytest.mark.parametrize(("role", "status"), [("it", 200), ("service_desk", 200), ("finance", 403)])
def test_who_may_work_a_leave_off(client, request, role, status):
    client.force_login(request.getfixturevalue(role))
    ada, laptop = leaver()
    staffing.look_ahead(TODAY)
    page = reverse("admin:support_staffchange_step", args=[leave_of(ada).pk, "take-back"])

    assert client.get(page).status_code == status


@pytest.mark.parametrize(
    ("role", "step", "status"),
    [
        ("service_desk", "leaves", 403),
        ("service_desk", "moves", 403),
        ("it", "leaves", 200),
        ("it", "moves", 200),
    ],
)
def test_who_may_not_change_people_says_neither_that_they_leave_nor_move(
    client, request, role, step, status
):
    client.force_login(request.getfixturevalue(role))
    page = reverse("admin:people_person_step", args=[PersonFactory().pk, step])

    assert client.get(page).status_code == status


@pytest.mark.parametrize(("role", "status"), [("it", 403), ("service_desk", 403), ("finance", 200)])
def test_contracts_are_passed_on_by_who_may_change_them(client, request, role, status):
    client.force_login(request.getfixturevalue(role))
    ada, laptop = leaver()
    staffing.look_ahead(TODAY)
    page = reverse("admin:support_staffchange_step", args=[leave_of(ada).pk, "contracts"])

    assert client.get(page).status_code == status


def test_the_page_of_a_leave_says_what_he_still_has(client, it):
    client.force_login(it)
    ada, laptop = leaver()
    staffing.look_ahead(TODAY)

    page = client.get(reverse("admin:support_staffchange_change", args=[leave_of(ada).pk]))

    assert "LT-1" in page.text


def test_who_takes_everything_back_is_told_what_could_not_be(client, it):
    client.force_login(it)
    ada, laptop = leaver()
    item, phone = issued(ada), AssetFactory(tag="PH-1", holder=ada)
    lifecycle.send_to_repair([phone], fault="Cracked", by=None)
    staffing.look_ahead(TODAY)
    step = reverse("admin:support_staffchange_step", args=[leave_of(ada).pk, "take-back"])
    assert client.get(step).context["form"].fields["stock"].initial is True

    page = client.post(step, {"apply": "1", "stock": "on"}, follow=True)

    said = [str(it) for it in page.context["messages"]]
    assert said[0].startswith("Take everything back: Ada leaves")
    assert "PH-1" in said[1]
    assert stock.held(item, ada) == 0
    person = client.get(reverse("admin:people_person_change", args=[ada.pk])).text
    assert "PH-1" in person


def test_the_page_of_a_person_says_what_they_were_given_and_answer_for(client, it):
    client.force_login(it)
    ada = PersonFactory()
    issued(ada)
    AlertFactory(recipient=ada)
    DepartmentFactory(name="Sales", head=ada)
    PersonFactory(name="Bob", manager=ada)

    page = client.get(reverse("admin:people_person_change", args=[ada.pk])).text

    for words in ("2 × ", "Headset", "Has 1 open alert", "Heads the department", "Manages Bob"):
        assert words in page


def test_the_last_day_is_given_on_the_page_of_the_person(client, it):
    client.force_login(it)
    ada = PersonFactory()
    AssetFactory(holder=ada)
    step = reverse("admin:people_person_step", args=[ada.pk, "leaves"])

    client.post(step, {"apply": "1", "leaves_on": in_days(5).isoformat()})

    assert leave_of(ada).on == in_days(5)


def test_a_move_asks_what_goes_along(client, it):
    client.force_login(it)
    ada = PersonFactory(location=LocationFactory())
    laptop, new = AssetFactory(holder=ada, location=ada.location), LocationFactory()
    step = reverse("admin:people_person_step", args=[ada.pk, "moves"])
    assert laptop.tag in client.get(step).text

    client.post(step, {"apply": "1", "location": new.pk, "along": [laptop.pk]})

    laptop.refresh_from_db()
    assert laptop.location == new
