"""The edges of each move beyond who may come from where; the table itself is tested elsewhere."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from assets import handovers, lifecycle
from assets.costs import cost_of_ownership
from assets.lifecycle import one
from assets.models import Asset, Custody, Handover, Inspection, Repair, StateLabel
from assets.precaution import told
from people.models import Message
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    CustodyFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    VendorFactory,
    WarrantyFactory,
)

State = Asset.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def inspected():
    """A product whose category asks for an inspection."""
    category = CategoryFactory(needs_inspection=True, checklist="Screen\n\nCamera\n")
    return ProductFactory(category=category)


def test_what_is_planned_is_numbered_and_planned(it):
    product = ProductFactory(category=CategoryFactory(tag_prefix="PH"))
    outcome = lifecycle.plan([product], quantity=2, by=it, reason="new branch")
    assert [(asset.tag, asset.state) for asset in outcome.done] == [
        ("PH-000001", State.PLANNED),
        ("PH-000002", State.PLANNED),
    ]
    with pytest.raises(ValidationError, match="at least one"):
        lifecycle.plan([product], quantity=0, by=it)


def test_planned_assets_fill_the_line_of_their_product_and_no_more(it):
    line = OrderLineFactory(
        quantity=2, received=1, order=OrderFactory(state="ordered", ordered_on=date(2026, 1, 5))
    )
    first, second = AssetFactory.create_batch(2, product=line.product, state=State.PLANNED)
    other = AssetFactory(state=State.PLANNED)

    outcome = lifecycle.order([first, second, other], order=line.order, by=it)

    assert outcome.done == [first]
    assert [sentence.split(" finds")[0] for sentence in outcome.refused] == [
        str(second),
        str(other),
    ]
    first.refresh_from_db()
    assert (first.order_line, first.supplier) == (line, line.order.supplier)
    assert first.order_number == line.order.number


@pytest.mark.parametrize("state", ["draft", "received", "cancelled"])
def test_nothing_is_ordered_with_an_order_that_awaits_nothing(state, it):
    order = OrderFactory(state=state, ordered_on=date(2026, 1, 5))
    with pytest.raises(ValidationError, match="nothing is awaited from it"):
        lifecycle.order([AssetFactory(state=State.PLANNED)], order=order, by=it)


def test_what_needs_an_inspection_waits_for_it(inspected, it):
    asset, dock = AssetFactory(product=inspected, state=State.ORDERED), LocationFactory()
    asset = one(lifecycle.receive, asset, location=dock, by=it)
    assert asset.state == State.RECEIVED
    with pytest.raises(ValidationError, match="before it passes its inspection"):
        one(lifecycle.stock, asset, by=it)


def test_what_was_planned_is_in_service_from_its_arrival_unless_somebody_knew_better(it):
    known = date(2026, 1, 5)
    asset, other = (AssetFactory(state=State.PLANNED, in_service_on=on) for on in (None, known))
    lifecycle.receive([asset, other], location=LocationFactory(), by=it)
    for each, day in [(asset, timezone.localdate()), (other, known)]:
        each.refresh_from_db()
        assert each.in_service_on == day
        assert each.history.latest().in_service_on == day


def test_passing_puts_into_stock_and_keeps_what_was_checked(inspected, it):
    asset, shelf = AssetFactory(product=inspected, state=State.RECEIVED), LocationFactory()
    points = [{"point": it, "passed": True} for it in inspected.category.points]

    asset = one(lifecycle.inspect, asset, passed=True, points=points, location=shelf, by=it)

    assert (asset.state, asset.location) == (State.IN_STOCK, shelf)
    inspection = Inspection.objects.get()
    assert (inspection.asset, inspection.passed, inspection.points) == (asset, True, points)
    assert inspected.category.points == ["Screen", "Camera"]


def test_failing_rejects_and_says_why(inspected, it):
    asset = AssetFactory(product=inspected, state=State.RECEIVED)
    points = [{"point": "Screen", "passed": False}]
    with pytest.raises(ValidationError, match="It cannot pass: Screen did not"):
        one(lifecycle.inspect, asset, passed=True, points=points, by=it)
    with pytest.raises(ValidationError, match="Say what is wrong"):
        one(lifecycle.inspect, asset, passed=False, by=it)
    one(lifecycle.inspect, asset, passed=False, remark="Cracked.", by=it)
    asset.refresh_from_db()
    assert asset.state == State.REJECTED
    one(lifecycle.retire, asset, reason="sent back", by=it)


def test_what_serves_a_place_serves_the_next_one_once_it_is_moved(it):
    here, there = LocationFactory.create_batch(2)
    printers = AssetFactory.create_batch(3, state=State.IN_USE, location=here)
    due = timezone.localdate() + timedelta(7)
    Custody.objects.filter(asset=printers[0]).update(due_back_on=due)

    lifecycle.move(printers, location=there, by=it, reason="new floor")

    for printer in printers:
        now, before = printer.custodies.all()
        assert (now.location, now.until, now.since) == (there, None, before.until)
        assert before.location == here
        assert {it.history.latest().history_change_reason for it in (now, before)} == {"new floor"}
    assert printers[0].custodies.open().get().due_back_on == due
    lifecycle.move(printers, location=there, by=it)
    assert Custody.objects.count() == 6


def test_a_move_leaves_the_custody_of_a_person_as_it_is(it):
    asset = AssetFactory(holder=PersonFactory(), location=LocationFactory())
    one(lifecycle.move, asset, location=LocationFactory(), by=it)
    assert asset.custodies.get().until is None


def test_what_comes_back_from_repair_to_another_place_serves_that_one(it):
    here, there = LocationFactory.create_batch(2)
    printer = AssetFactory(state=State.IN_USE, location=here)
    one(lifecycle.send_to_repair, printer, fault="Fuser", by=it)
    one(lifecycle.return_from_repair, printer, location=there, by=it)
    assert printer.custodies.open().get().location == there


def test_a_loan_has_the_day_it_is_due_back(it):
    ada, due = PersonFactory(), timezone.localdate() + timedelta(7)
    asset = one(lifecycle.lend, AssetFactory(), to=ada, due_back_on=due, by=it)
    assert asset.custodies.open().get().due_back_on == due
    assert Custody.objects.overdue(due + timedelta(1)).get().asset == asset
    assert not Custody.objects.overdue(due).exists()


def test_a_loan_is_extended_with_one_mail_that_names_the_new_day(it):
    ada, today = PersonFactory(), timezone.localdate()
    lent = AssetFactory.create_batch(2)
    lifecycle.lend(lent, to=ada, due_back_on=today, by=it)
    given = AssetFactory(holder=ada)
    later = today + timedelta(14)
    Message.objects.all().delete()

    outcome = lifecycle.extend_loan([*lent, given], due_back_on=later, by=it, reason="project")

    assert outcome.done == lent
    assert outcome.refused == [f"{given} is in use and was not lent: it cannot be lent for longer."]
    for asset in lent:
        custody = asset.custodies.get()
        assert (custody.due_back_on, custody.until) == (later, None)
        assert custody.history.latest().history_change_reason == "project"
        assert asset.history.latest().history_change_reason == "project"
    assert Handover.objects.get().due_back_on == later
    message = Message.objects.get()
    assert (message.recipient, message.subject) == (ada, f"Due back on {told(later)}: 2 devices")
    assert all(asset.tag in message.text for asset in lent)


def test_only_a_later_day_that_has_not_passed_extends_a_loan(it):
    due = timezone.localdate() + timedelta(7)
    asset = one(lifecycle.lend, AssetFactory(), to=PersonFactory(), due_back_on=due, by=it)
    for day, sentence in [
        (due, f"is due back on {told(due)}: only a later day extends the loan"),
        (due - timedelta(1), "only a later day"),
        (timezone.localdate() - timedelta(1), "has passed"),
    ]:
        with pytest.raises(ValidationError, match=sentence):
            one(lifecycle.extend_loan, asset, due_back_on=day, by=it)
    assert asset.custodies.get().due_back_on == due


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_signed_for_or_is_only_in_part_extended_keeps_the_day_of_its_handover(
    answered, it
):
    due = timezone.localdate() + timedelta(7)
    lent = AssetFactory.create_batch(2)
    lifecycle.lend(lent, to=PersonFactory(), due_back_on=due, by=it)
    handover = Handover.objects.get()
    if answered:
        handovers.accept(handover, name="Ada Moss", by=it)
    lifecycle.extend_loan(lent if answered else lent[:1], due_back_on=due + timedelta(7), by=it)
    handover.refresh_from_db()
    assert handover.due_back_on == due


def test_the_condition_on_return_stays_with_the_custody(it):
    asset = AssetFactory(holder=PersonFactory())
    one(lifecycle.take_back, asset, condition="damaged", by=it)
    assert asset.custodies.get().condition == "damaged"


def test_a_device_in_repair_stays_with_its_holder_and_comes_back_to_him(it):
    ada, workshop = PersonFactory(), VendorFactory()
    ends = timezone.localdate()
    asset = AssetFactory(holder=ada, cost="1000.00", currency="EUR", warranty_ends_on=ends)
    one(
        lifecycle.send_to_repair,
        asset,
        fault="Hinge",
        vendor=workshop,
        reference="RMA 7",
        on_warranty=True,
        by=it,
    )
    asset.refresh_from_db()
    assert (asset.state, asset.holder) == (State.IN_REPAIR, ada)
    assert asset.custodies.open().get().holder == ada

    cost = Decimal("80.50")
    one(lifecycle.return_from_repair, asset, cost=cost, currency="EUR", outcome="fixed", by=it)

    asset.refresh_from_db()
    repair = Repair.objects.get()
    assert (asset.state, asset.holder) == (State.IN_USE, ada)
    assert (repair.returned_on, repair.cost) == (timezone.localdate(), cost)
    assert cost_of_ownership(asset) == {"EUR": Decimal("1080.50")}


def test_what_nobody_holds_comes_back_from_repair_into_stock(it):
    asset = one(lifecycle.send_to_repair, AssetFactory(), fault="Fan", by=it)
    assert one(lifecycle.return_from_repair, asset, by=it).state == State.IN_STOCK


def test_the_days_out_of_a_repair_count_until_it_is_back():
    repair = Repair(sent_on=date(2024, 2, 27))
    assert repair.days_out(date(2024, 3, 1)) == 3
    repair.returned_on = date(2024, 2, 28)
    assert repair.days_out(date(2024, 3, 1)) == 1


def test_an_upgrade_adds_to_what_it_cost_in_its_own_currency(it):
    asset = AssetFactory(cost=Decimal("100"), currency="EUR")
    one(lifecycle.upgrade, asset, what="Memory", cost=Decimal("40"), currency="USD", by=it)
    assert cost_of_ownership(asset) == {"EUR": Decimal("100"), "USD": Decimal("40")}


def test_a_warranty_that_was_paid_for_counts_in_what_it_cost_in_all():
    asset = AssetFactory(cost=Decimal("100"), currency="EUR")
    for cost, currency in [(Decimal("30"), "EUR"), (Decimal("9"), "USD"), (None, "CHF")]:
        WarrantyFactory(asset=asset, cost=cost, currency=currency)
    assert cost_of_ownership(asset) == {"EUR": Decimal("130"), "USD": Decimal("9")}


def test_the_holder_of_what_is_lost_answers_for_it_until_it_is_found(it):
    ada, office = PersonFactory(), LocationFactory()
    asset = AssetFactory(holder=ada)
    one(lifecycle.report_lost, asset, reason="left on a train", by=it)
    asset.refresh_from_db()
    assert (asset.state, asset.holder) == (State.LOST, ada)
    one(lifecycle.find, asset, location=office, by=it)
    asset.refresh_from_db()
    assert (asset.state, asset.holder, asset.location) == (State.IN_STOCK, None, office)
    assert not asset.custodies.open().exists()


def test_what_is_beyond_repair_is_retired_with_its_custody_and_its_repair_ended(it):
    asset = AssetFactory(holder=PersonFactory())
    one(lifecycle.send_to_repair, asset, fault="Water", by=it)
    asset = one(lifecycle.retire, asset, reason="beyond repair", by=it)
    assert (asset.state, asset.holder) == (State.RETIRED, None)
    assert not asset.custodies.open().exists()
    assert Repair.objects.get().returned_on == timezone.localdate()


def test_what_holds_data_is_wiped_after_its_last_holder_before_it_goes(it):
    asset = AssetFactory(state=State.RETIRED, product__category__holds_data=True)
    wiped_on = timezone.localdate()
    with pytest.raises(ValidationError, match="cannot be disposed of before its wipe"):
        one(lifecycle.dispose, asset, method="sold", by=it)
    long_ago = date(2020, 1, 1)
    one(lifecycle.wipe, asset, method="clear", wiped_by="Ada", wiped_on=long_ago, by=it)
    Custody.objects.create(
        asset=asset, holder=PersonFactory(), since=timezone.now(), until=timezone.now()
    )
    with pytest.raises(ValidationError, match="cannot be disposed of before its wipe"):
        one(lifecycle.dispose, asset, method="sold", by=it)
    one(lifecycle.wipe, asset, method="purge", wiped_by="Ada", wiped_on=wiped_on, by=it)
    assert one(lifecycle.dispose, asset, method="sold", by=it).state == State.DISPOSED


def test_a_wipe_does_not_count_once_it_was_handed_out_again_even_on_the_same_day(it):
    asset = AssetFactory(product__category__holds_data=True)
    wipe = {"method": "purge", "wiped_by": "Ada", "by": it}
    one(lifecycle.wipe, asset, **wipe)
    one(lifecycle.hand_over, asset, to=PersonFactory(), by=it)
    one(lifecycle.take_back, asset, by=it)
    one(lifecycle.retire, asset, reason="old", by=it)
    with pytest.raises(ValidationError, match="cannot be disposed of before its wipe"):
        one(lifecycle.dispose, asset, method="sold", by=it)
    one(lifecycle.wipe, asset, **wipe)
    assert one(lifecycle.dispose, asset, method="sold", by=it).state == State.DISPOSED


def test_nothing_is_wiped_or_disposed_of_tomorrow(it):
    asset, tomorrow = AssetFactory(state=State.RETIRED), timezone.localdate() + timedelta(1)
    with pytest.raises(ValidationError, match="still to come"):
        one(lifecycle.wipe, asset, method="clear", wiped_by="Ada", wiped_on=tomorrow, by=it)
    with pytest.raises(ValidationError, match="still to come"):
        one(lifecycle.dispose, asset, method="sold", disposed_on=tomorrow, by=it)


def test_nothing_is_disposed_of_or_wiped_before_it_was_bought(it):
    bought = date(2024, 5, 3)
    asset = AssetFactory(state=State.RETIRED, purchased_on=bought)
    wipe = {"method": "clear", "wiped_by": "Ada", "by": it}
    dispose = {"method": "sold", "by": it}
    before = bought - timedelta(1)
    for step, options in [
        (lifecycle.wipe, {**wipe, "wiped_on": before}),
        (lifecycle.dispose, {**dispose, "disposed_on": before}),
    ]:
        refused = step([asset], **options).refused
        assert refused[0].startswith(f"{asset} was bought on 3 May 2024: it cannot have been ")
        assert refused[0].endswith(" on 2 May 2024.")
    one(lifecycle.wipe, asset, **wipe, wiped_on=bought)
    assert one(lifecycle.dispose, asset, **dispose, disposed_on=bought).state == State.DISPOSED


def test_a_disposal_is_no_earlier_than_the_last_wipe_or_holder_of_it_and_its_parts(it):
    server = AssetFactory(state=State.RETIRED)
    disk = AssetFactory(
        state=State.RETIRED, installed_in=server, product__category__holds_data=True
    )
    wiped = date(2026, 3, 4)
    one(lifecycle.wipe, disk, method="purge", wiped_by="Ada", wiped_on=wiped, by=it)
    early = {"method": "sold", "disposed_on": wiped - timedelta(1), "by": it}
    sentence = f"{disk} was wiped on 4 March 2026: it cannot have been disposed of on 3 March 2026."
    assert lifecycle.dispose([server], **early).refused == [sentence]

    handed = timezone.now() - timedelta(9)
    CustodyFactory(asset=server, holder=PersonFactory(), since=handed, until=timezone.now())
    with pytest.raises(ValidationError, match=f"{server} was held until"):
        one(lifecycle.dispose, server, **{**early, "disposed_on": wiped})
    assert one(lifecycle.dispose, server, method="sold", by=it).state == State.DISPOSED


def test_a_label_belongs_to_its_state_and_goes_with_it(it):
    ready = StateLabel.objects.create(state=State.IN_STOCK, name="ready for dispatch")
    asset, lost = AssetFactory(), AssetFactory(state=State.LOST)

    outcome = lifecycle.relabel([asset, lost], label=ready, by=it)

    assert outcome.done == [asset]
    assert outcome.refused == [f"{lost} is lost: “ready for dispatch” is a label for in stock."]
    asset = one(lifecycle.hand_over, asset, to=PersonFactory(), by=it)
    asset.refresh_from_db()
    assert asset.label is None
