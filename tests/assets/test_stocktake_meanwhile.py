"""A stocktake runs for days, and the register does not stand still."""

import pytest

from assets import lifecycle, stocktaking
from assets.lifecycle import one
from assets.models import Asset, Count
from tests.assets.test_stocktake import opened, result_of
from tests.factories import AssetFactory, DepartmentFactory, LocationFactory, PersonFactory

State, Result = Asset.State, Count.Result
pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return LocationFactory(name="Store")


@pytest.fixture
def office():
    return LocationFactory(name="Office")


@pytest.fixture
def cellar():
    return LocationFactory(name="Cellar")


def scan(stocktake, asset, place):
    return stocktaking.scan(stocktake, asset.tag, location=place, by=None)


def move(asset, place):
    one(lifecycle.move, asset, location=place, by=None)


def place_after_closing(stocktake, asset):
    stocktaking.close(stocktake, by=None)
    asset.refresh_from_db()
    return asset.location


# --- Moved on the register -----------------------------------------------------------------------


def test_what_lies_where_it_was_moved_on_the_register_is_found(store, office):
    asset = AssetFactory(location=store)
    stocktake = opened(store, office)
    move(asset, office)

    assert scan(stocktake, asset, office).sentence == f"Found: {asset}."

    assert place_after_closing(stocktake, asset) == office
    assert result_of(stocktake, asset) == Result.FOUND


def test_what_was_moved_on_the_register_only_is_in_another_place_and_moved_back(
    store, office, cellar
):
    asset = AssetFactory(location=store)
    stocktake = opened(store, office)
    move(asset, cellar)

    reading = scan(stocktake, asset, store)

    assert reading.sentence == f"In another place: {asset} was expected at Cellar."
    assert result_of(stocktake, asset) == Result.MISPLACED
    assert place_after_closing(stocktake, asset) == store


@pytest.mark.parametrize("first", ["store", "office"])
def test_what_is_moved_after_its_scan_stays_there(store, office, cellar, first):
    asset = AssetFactory(location=store)
    stocktake = opened(store, office)
    scan(stocktake, asset, {"store": store, "office": office}[first])
    move(asset, cellar)

    assert place_after_closing(stocktake, asset) == cellar


def test_what_is_scanned_at_its_place_once_more_after_a_move_is_counted_anew(store, cellar):
    asset = AssetFactory(location=store)
    stocktake = opened(store)
    scan(stocktake, asset, store)
    move(asset, cellar)

    assert scan(stocktake, asset, store).kind == Result.MISPLACED
    assert scan(stocktake, asset, store).kind == "again"

    assert place_after_closing(stocktake, asset) == store


def test_what_nobody_expected_is_moved_to_where_it_was_seen_last(store, office, cellar):
    asset = AssetFactory(location=cellar)
    stocktake = opened(store, office)
    scan(stocktake, asset, store)
    move(asset, LocationFactory())
    scan(stocktake, asset, office)

    assert place_after_closing(stocktake, asset) == office
    assert result_of(stocktake, asset) == Result.UNEXPECTED


# --- Known to be nowhere -------------------------------------------------------------------------


@pytest.fixture
def nowhere():
    """Ada's, of whose place nothing is known."""
    return AssetFactory(holder=PersonFactory(department=DepartmentFactory()))


def test_what_was_expected_at_no_place_is_afterwards_where_it_was_found(nowhere, store):
    stocktake = opened(departments=[nowhere.holder.department])

    assert scan(stocktake, nowhere, store).kind == Result.FOUND

    assert place_after_closing(stocktake, nowhere) == store
    assert nowhere.history.latest().history_change_reason == "stocktake Autumn"


def test_a_place_that_the_register_learned_after_the_scan_stays(nowhere, store, office):
    stocktake = opened(departments=[nowhere.holder.department])
    scan(stocktake, nowhere, store)
    move(nowhere, office)

    assert place_after_closing(stocktake, nowhere) == office


# --- Installed in a device -----------------------------------------------------------------------


@pytest.fixture
def phone(store):
    return AssetFactory(location=store, product__slots=1)


@pytest.fixture
def sim(store):
    return AssetFactory(location=store, product__category__kind="sim")


def pair(sim, phone):
    one(lifecycle.pair, sim, device=phone, by=None)


def test_a_sim_that_came_into_a_phone_meanwhile_is_found_with_it(phone, sim, store):
    stocktake = opened(store)
    pair(sim, phone)
    scan(stocktake, phone, store)

    stocktaking.close(stocktake, report_missing_lost=True, by=None)

    count = stocktake.counts.get(asset=sim)
    assert (count.result, count.found_at, count.source) == (Result.FOUND, store, "scan")
    assert count.history.latest().history_change_reason.startswith("counted with its device")
    sim.refresh_from_db()
    assert sim.state == State.IN_STOCK


def test_a_sim_is_missing_with_its_phone_and_both_are_lost(phone, sim, store):
    stocktake = opened(store)
    pair(sim, phone)

    outcome = stocktaking.close(stocktake, report_missing_lost=True, by=None)

    assert outcome.refused == []
    assert {result_of(stocktake, it) for it in (phone, sim)} == {Result.MISSING}
    assert set(Asset.objects.values_list("state", flat=True)) == {State.LOST}


def test_a_sim_goes_where_its_phone_was_found(phone, sim, store, office):
    stocktake = opened(store, office)
    pair(sim, phone)
    scan(stocktake, phone, office)

    assert place_after_closing(stocktake, sim) == office
    assert {result_of(stocktake, it) for it in (phone, sim)} == {Result.MISPLACED}


def test_a_sim_in_a_phone_that_nobody_expected_was_expected_all_the_same(sim, store, cellar):
    phone = AssetFactory(location=cellar, product__slots=1)
    stocktake = opened(store)
    pair(sim, phone)
    scan(stocktake, phone, store)

    assert place_after_closing(stocktake, sim) == store
    assert result_of(stocktake, sim) == Result.FOUND


def test_a_sim_in_a_phone_that_is_not_counted_was_in_somebodys_hands(sim, store, cellar):
    phone = AssetFactory(location=cellar, product__slots=1)
    stocktake = opened(store)
    pair(sim, phone)

    stocktaking.close(stocktake, report_missing_lost=True, by=None)

    assert result_of(stocktake, sim) == Result.FOUND


def test_what_is_in_a_part_of_a_device_follows_the_device(phone, sim, store):
    rack = AssetFactory(location=store)
    phone.installed_in = rack
    phone.save()
    stocktake = opened(store)
    pair(sim, phone)
    scan(stocktake, rack, store)

    stocktaking.close(stocktake, by=None)

    assert result_of(stocktake, sim) == Result.FOUND


def test_a_sim_that_was_counted_before_it_was_installed_stays_counted(phone, sim, store):
    stocktake = opened(store)
    scan(stocktake, sim, store)
    pair(sim, phone)

    stocktaking.close(stocktake, by=None)

    assert result_of(stocktake, sim) == Result.FOUND
    assert result_of(stocktake, phone) == Result.MISSING
