"""SIMs in phones, modules in servers: put in, taken out, and carried along."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from assets import lifecycle
from assets.lifecycle import MOVES, one
from assets.models import Asset, Custody, Disposal
from people.models import Message
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
)

State = Asset.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def sim_card():
    return ProductFactory(name="SIM", maker=None, category=CategoryFactory(kind="sim"))


@pytest.fixture
def phone_model():
    return ProductFactory(name="Phone", maker=None, category=CategoryFactory(slots=1))


@pytest.fixture
def phone(phone_model):
    return AssetFactory(product=phone_model)


@pytest.fixture
def sim(sim_card):
    return AssetFactory(product=sim_card)


def fresh(*assets):
    return [Asset.objects.get(pk=asset.pk) for asset in assets]


def test_a_sim_in_stock_is_paired_with_a_phone_in_stock_and_taken_out_again(phone, sim, it):
    one(lifecycle.pair, sim, device=phone, by=it)
    assert fresh(sim)[0].installed_in == phone
    one(lifecycle.unpair, sim, by=it, reason="wrong tariff")
    (sim,) = fresh(sim)
    assert (sim.installed_in, sim.state) == (None, State.IN_STOCK)
    assert sim.history.latest().history_change_reason == "wrong tariff"


def test_a_sim_is_in_one_device_only(phone_model, phone, sim, it):
    other = AssetFactory(product=phone_model)
    one(lifecycle.pair, sim, device=phone, by=it)
    with pytest.raises(ValidationError, match=f"is installed in {phone}: take it out there first"):
        one(lifecycle.pair, sim, device=other, by=it)


def test_a_device_takes_no_more_sims_than_it_has_slots(phone, sim_card, it):
    first, second = AssetFactory.create_batch(2, product=sim_card)
    outcome = lifecycle.pair([first, second], device=phone, by=it)
    assert outcome.done == [first]
    assert outcome.refused == [f"{second} finds no free slot: {phone} has 1, all of them taken."]


def test_the_product_may_have_more_slots_than_its_category(phone, sim_card, it):
    phone.product.slots = 2
    phone.product.save()
    sims = AssetFactory.create_batch(2, product=sim_card)
    assert lifecycle.pair(sims, device=phone, by=it).done == sims


def test_a_module_needs_no_sim_slot(it):
    module, server = AssetFactory(), AssetFactory()
    one(lifecycle.pair, module, device=server, by=it)
    assert fresh(module)[0].installed_in == server


def test_device_and_sim_must_be_with_the_same_holder(phone_model, sim_card, it):
    ada, bob = PersonFactory(name="Ada Moss"), PersonFactory(name="Bob Reed")
    phone = AssetFactory(product=phone_model, holder=ada)
    sim = AssetFactory(product=sim_card, holder=bob)
    with pytest.raises(ValidationError, match=r"in use \(Bob Reed\) and .* in use \(Ada Moss\)"):
        one(lifecycle.pair, sim, device=phone, by=it)
    assert fresh(sim)[0].installed_in is None


@pytest.mark.parametrize("state", sorted(set(State) - {State.IN_STOCK, State.IN_USE}))
def test_nothing_is_installed_in_a_device_that_is_out_of_reach(state, phone_model, sim, it):
    phone = AssetFactory(product=phone_model, state=state)
    assert lifecycle.pair([sim], device=phone, by=it).done == []


def test_nothing_is_installed_in_itself_or_in_a_part_of_itself(it):
    outer, inner = AssetFactory.create_batch(2)
    one(lifecycle.pair, inner, device=outer, by=it)
    for device in (outer, inner):
        with pytest.raises(ValidationError, match="cannot be installed in itself"):
            one(lifecycle.pair, outer, device=device, by=it)


def test_a_sim_handed_over_into_a_phone_goes_to_its_holder(phone_model, sim, it):
    ada, desk = PersonFactory(), LocationFactory()
    phone = AssetFactory(product=phone_model, holder=ada, location=desk)

    one(lifecycle.hand_over, sim, into=phone, by=it)

    (sim,) = fresh(sim)
    assert (sim.state, sim.holder, sim.location, sim.installed_in) == (
        State.IN_USE,
        ada,
        desk,
        phone,
    )
    custody = sim.custodies.open().get()
    assert (custody.holder, custody.device) == (ada, phone)
    assert Message.objects.get(recipient=ada).subject.startswith("You have received")


def test_into_a_phone_that_nobody_uses_nothing_is_handed_over(phone, sim, it):
    with pytest.raises(ValidationError, match="nothing can be installed in it. It must be in use"):
        one(lifecycle.hand_over, sim, into=phone, by=it)


def test_from_the_page_of_the_device_a_sim_is_fitted_whatever_state_both_have(
    phone_model, sim_card, it
):
    for holder in (None, PersonFactory()):
        phone = AssetFactory(product=phone_model, holder=holder)
        sim = AssetFactory(product=sim_card)
        outcome = lifecycle.fit([phone], part=sim, by=it)
        assert outcome.done == [phone]
        assert (fresh(sim)[0].installed_in, fresh(sim)[0].holder) == (phone, holder)


WAYS = {
    "hand_over": (State.IN_STOCK, lambda: {"to": PersonFactory()}),
    "lend": (
        State.IN_STOCK,
        lambda: {"to": PersonFactory(), "due_back_on": timezone.localdate() + timedelta(3)},
    ),
    "extend_loan": (
        State.IN_USE,
        lambda: {"due_back_on": timezone.localdate() + timedelta(3)},
    ),
    "take_back": (State.IN_USE, lambda: {"location": LocationFactory()}),
    "move": (State.IN_STOCK, lambda: {"location": LocationFactory()}),
    "send_to_repair": (State.IN_USE, lambda: {"fault": "Battery"}),
    "return_from_repair": (State.IN_REPAIR, dict),
    "report_lost": (State.IN_USE, lambda: {"reason": "stolen"}),
    "find": (State.LOST, lambda: {"location": LocationFactory()}),
    "retire": (State.IN_STOCK, lambda: {"reason": "old"}),
    "dispose": (State.RETIRED, lambda: {"method": "recycled"}),
}
ARRIVING = {"plan", "order", "receive", "inspect", "stock"}  # nothing is installed in those


def test_every_move_that_carries_is_tried_below():
    carrying = {name for name, move in MOVES.items() if move.carries and not move.alone}
    assert carrying - ARRIVING == set(WAYS)


@pytest.mark.parametrize("move", WAYS)
def test_what_is_installed_travels_with_its_device_through_every_move(
    move, phone_model, sim_card, it
):
    state, options = WAYS[move]
    holder = PersonFactory() if state in Asset.HELD else None
    phone = AssetFactory(product=phone_model, state=state, holder=holder)
    sim = AssetFactory(product=sim_card, state=state, holder=holder, installed_in=phone)
    chip = AssetFactory(state=state, holder=holder, installed_in=sim)
    if move == "extend_loan":
        Custody.objects.update(due_back_on=timezone.localdate())

    outcome = getattr(lifecycle, move)([phone], by=it, **options())

    assert outcome.done == [phone]
    phone, sim, chip = fresh(phone, sim, chip)
    where = [(it.state, it.holder, it.location) for it in (phone, sim, chip)]
    assert len(set(where)) == 1
    assert phone.state in MOVES[move].leads_to(state)
    assert (sim.installed_in, chip.installed_in) == (phone, sim)
    custodies = [
        it.custodies.open().values_list("holder", "due_back_on") for it in (phone, sim, chip)
    ]
    assert len({rows.first() for rows in custodies}) == 1


def test_a_part_does_not_move_without_its_device(phone, sim, it):
    one(lifecycle.pair, sim, device=phone, by=it)
    with pytest.raises(ValidationError, match=f"installed in {phone}: it cannot be handed over"):
        one(lifecycle.hand_over, sim, to=PersonFactory(), by=it)


def test_a_device_and_its_part_chosen_together_move_once(phone, sim, it):
    one(lifecycle.pair, sim, device=phone, by=it)
    outcome = lifecycle.hand_over([phone, sim], to=PersonFactory(), by=it)
    assert (outcome.done, outcome.carried, outcome.refused) == ([phone, sim], [], [])
    assert Message.objects.count() == 1
    assert sim.custodies.count() == 1


def test_a_sim_taken_out_stays_with_the_holder(phone_model, sim, it):
    ada = PersonFactory()
    phone = AssetFactory(product=phone_model, holder=ada)
    one(lifecycle.hand_over, sim, into=phone, by=it)
    one(lifecycle.unpair, sim, by=it)
    (sim,) = fresh(sim)
    assert (sim.state, sim.holder) == (State.IN_USE, ada)
    assert sim.custodies.open().get().device is None


@pytest.mark.parametrize("way", ["pair", "hand_over"])
def test_what_is_inside_a_part_goes_with_it_into_a_device(way, it):
    here, there = LocationFactory.create_batch(2)
    module, chip = AssetFactory.create_batch(2, location=here)
    one(lifecycle.pair, chip, device=module, by=it)
    if way == "pair":
        server = AssetFactory(location=there)
        one(lifecycle.pair, module, device=server, by=it)
    else:
        server = AssetFactory(state=State.IN_USE, location=there)
        one(lifecycle.hand_over, module, into=server, by=it)
        assert fresh(chip)[0].custodies.open().get().location == there
    module, chip = fresh(module, chip)
    assert (module.location, chip.location) == (there, there)
    assert (module.state, chip.state) == (server.state, server.state)
    assert (module.installed_in, chip.installed_in) == (server, module)


def with_sim(phone_model, sim_card, it, **fields):
    """A phone with a SIM and a chip in that, in service, and the three anew."""
    phone = AssetFactory(product=phone_model, **fields)
    sim, chip = AssetFactory(product=sim_card), AssetFactory()
    one(lifecycle.pair, chip, device=sim, by=it)
    lifecycle.fit([phone], part=sim, by=it)
    return fresh(phone, sim, chip)


@pytest.mark.parametrize("held", [True, False])
def test_a_sim_out_of_a_phone_in_repair_is_back_in_service_or_in_stock(
    held, phone_model, sim_card, it
):
    ada = PersonFactory() if held else None
    phone, sim, chip = with_sim(phone_model, sim_card, it, holder=ada)
    one(lifecycle.send_to_repair, phone, fault="Battery", by=it)
    one(lifecycle.unpair, sim, by=it)
    for part in fresh(sim, chip):
        assert (part.state, part.holder) == (State.IN_USE if held else State.IN_STOCK, ada)
        assert part.custodies.open().exists() == held
    one(lifecycle.return_from_repair, phone, by=it)


def test_what_is_in_repair_itself_stays_there_when_it_is_taken_out(phone_model, sim_card, it):
    phone, sim, _ = with_sim(phone_model, sim_card, it)
    lifecycle.send_to_repair([phone, sim], fault="Water", by=it)
    one(lifecycle.unpair, sim, by=it)
    assert fresh(sim)[0].state == State.IN_REPAIR
    assert one(lifecycle.return_from_repair, sim, by=it).state == State.IN_STOCK


def test_a_sim_out_of_a_phone_that_was_lost_is_in_stock_and_nobody_answers_for_it(
    phone_model, sim_card, it
):
    phone, sim, chip = with_sim(phone_model, sim_card, it, holder=PersonFactory())
    one(lifecycle.report_lost, phone, reason="left on a train", by=it)
    one(lifecycle.unpair, sim, by=it)
    for part in fresh(sim, chip):
        assert (part.state, part.holder) == (State.IN_STOCK, None)
        assert not part.custodies.open().exists()
    assert fresh(phone)[0].custodies.open().exists()


def test_a_sim_out_of_a_retired_phone_is_used_again(phone_model, sim_card, it):
    phone, sim, chip = with_sim(phone_model, sim_card, it)
    one(lifecycle.retire, phone, reason="old", by=it)
    one(lifecycle.unpair, sim, by=it)
    assert [part.state for part in fresh(phone, sim, chip)] == [
        State.RETIRED,
        State.IN_STOCK,
        State.IN_STOCK,
    ]
    one(lifecycle.hand_over, sim, to=PersonFactory(), by=it)


def test_what_holds_data_is_not_used_again_out_of_a_retired_device_before_it_is_wiped(it):
    server, shelf, tray = AssetFactory.create_batch(3)
    disk = AssetFactory(product__category__holds_data=True)
    for part, device in [(disk, tray), (tray, shelf), (shelf, server)]:
        one(lifecycle.pair, part, device=device, by=it)
    one(lifecycle.retire, server, reason="old", by=it)

    assert one(lifecycle.unpair, shelf, by=it).state == State.RETIRED
    assert {part.state for part in fresh(tray, disk)} == {State.RETIRED}
    one(lifecycle.wipe, disk, method="purge", wiped_by="Ada Moss", by=it)
    assert one(lifecycle.unpair, tray, by=it).state == State.IN_STOCK
    assert fresh(disk)[0].state == State.IN_STOCK


def test_a_device_is_not_disposed_of_before_the_disk_in_it_is_wiped(it):
    server = AssetFactory(state=State.RETIRED)
    disk = AssetFactory(
        state=State.RETIRED, installed_in=server, product__category__holds_data=True
    )
    with pytest.raises(ValidationError, match=f"{disk} is retired and holds data"):
        one(lifecycle.dispose, server, method="sold", by=it)
    one(lifecycle.wipe, disk, method="destroy", wiped_by="Ada Moss", by=it)
    one(lifecycle.dispose, server, method="sold", proceeds="120.00", by=it)
    assert set(Disposal.objects.values_list("asset", "proceeds")) == {
        (server.pk, 120),
        (disk.pk, None),
    }


def test_data_two_levels_down_keeps_a_device_from_being_disposed_of(it):
    server = AssetFactory(state=State.RETIRED)
    enclosure = AssetFactory(state=State.RETIRED, installed_in=server)
    disk = AssetFactory(
        state=State.RETIRED, installed_in=enclosure, product__category__holds_data=True
    )
    with pytest.raises(ValidationError, match=f"{disk} is retired and holds data"):
        one(lifecycle.dispose, server, method="sold", by=it)
    assert fresh(server)[0].state == State.RETIRED


def test_a_part_chosen_with_a_device_that_is_refused_does_not_go_alone(it, sim_card):
    phone = AssetFactory(state=State.RETIRED, product__category__holds_data=True)
    sim = AssetFactory(state=State.RETIRED, product=sim_card, installed_in=phone)
    outcome = lifecycle.dispose([phone, sim], method="recycled", by=it)
    assert (outcome.done, outcome.carried) == ([], [])
    assert len(outcome.refused) == 2
    assert {it.state for it in fresh(phone, sim)} == {State.RETIRED}


def test_a_sim_that_serves_one_place_does_not_go_into_a_device_at_another(
    phone_model, sim_card, it
):
    here, there = LocationFactory.create_batch(2)
    phone = AssetFactory(product=phone_model, state=State.IN_USE, location=here)
    sims = [AssetFactory(product=sim_card, state=State.IN_USE, location=at) for at in (here, there)]
    outcome = lifecycle.pair(sims, device=phone, by=it)
    assert outcome.done == [sims[0]]
    assert "at the same place" in outcome.refused[0]
