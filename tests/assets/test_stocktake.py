"""A count from its opening to its report, as clerks and holders live through it."""

import csv
import io
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from assets import lifecycle, stocktaking
from assets.lifecycle import one
from assets.models import Asset, Count, Stocktake
from assets.stocktaking import closing
from config.exports import FORMATS
from people.models import Message
from tests.assets.test_races import at_once
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    DepartmentFactory,
    IdentifierFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    StocktakeFactory,
    VendorFactory,
)

State, Result = Asset.State, Count.Result
pytestmark = pytest.mark.django_db


@pytest.fixture
def berlin():
    return LocationFactory(name="Berlin")


@pytest.fixture
def store(berlin):
    return LocationFactory(name="Store", parent=berlin)


@pytest.fixture
def office(berlin):
    return LocationFactory(name="Office", parent=berlin)


def opened(*locations, departments=(), by=None):
    stocktake = StocktakeFactory(name="Autumn")
    stocktake.locations.set(locations)
    stocktake.departments.set(departments)
    return stocktaking.open(stocktake, by=by)


def result_of(stocktake, asset):
    return stocktake.counts.get(asset=asset).result


# --- Opening -------------------------------------------------------------------------------------


def test_opening_freezes_what_should_be_there(berlin, store, it):
    there = [AssetFactory(location=store, state=state) for state in ("received", "in_stock")]
    used = AssetFactory(location=store, state="in_use")
    away = [
        AssetFactory(location=store, state=state)
        for state in ("planned", "ordered", "in_repair", "lost", "retired", "rejected", "disposed")
    ]
    sim = AssetFactory(location=store, state="in_use", installed_in=used)
    cloud = AssetFactory(location=store, product__category=CategoryFactory(kind="cloud"))
    elsewhere = AssetFactory(location=LocationFactory(name="Berlin 2"))

    stocktake = opened(berlin, by=it)

    counts = {count.asset: count for count in stocktake.counts.all()}
    assert set(counts) == {*there, used}
    assert not {*away, sim, cloud, elsewhere} & set(counts)
    assert {count.expected_location for count in counts.values()} == {store}
    assert stocktake.history.latest().history_user == it
    assert stocktake.history.latest().history_change_reason == "opened for Berlin"
    assert Count.history.filter(history_user=it).count() == 3


def test_departments_are_counted_with_everything_below_them():
    sales = DepartmentFactory()
    abroad = DepartmentFactory(parent=DepartmentFactory(parent=sales))
    phone = AssetFactory(holder=PersonFactory(department=abroad))
    AssetFactory(holder=PersonFactory(department=DepartmentFactory()))

    stocktake = opened(departments=[sales])

    count = stocktake.counts.get()
    assert (count.asset, count.expected_holder) == (phone, phone.holder)


def test_each_holder_gets_one_mail_that_names_only_his_own(berlin):
    ada, ben = PersonFactory(), PersonFactory()
    hers = [AssetFactory(holder=ada, location=berlin) for _ in range(2)]
    his = AssetFactory(holder=ben, location=berlin)
    gone = PersonFactory(leaves_on=timezone.localdate() - timedelta(1))
    AssetFactory(holder=gone, location=berlin)

    stocktake = opened(berlin)

    mails = {mail.recipient: mail for mail in Message.objects.all()}
    assert set(mails) == {ada, ben}
    assert mails[ada].key == f"stocktake:{stocktake.pk}:{ada.pk}"
    assert all(asset.tag in mails[ada].text for asset in hers)
    assert his.tag not in mails[ada].text
    assert "/stocktake/" in mails[ada].text


def test_what_is_open_or_names_nothing_is_not_opened(berlin):
    with pytest.raises(ValidationError, match="counts nothing yet: name at least one place"):
        stocktaking.open(StocktakeFactory(), by=None)
    stocktake = opened(berlin)
    with pytest.raises(ValidationError, match="Autumn is open: it cannot be opened again"):
        stocktaking.open(stocktake, by=None)


def test_opening_takes_as_many_queries_for_many_assets(berlin, django_assert_max_num_queries):
    product = ProductFactory()
    for _ in range(60):
        AssetFactory(product=product, location=berlin)
    with django_assert_max_num_queries(25):
        assert opened(berlin).counts.count() == 60


# --- Scanning ------------------------------------------------------------------------------------


def test_a_scan_finds_what_is_expected_here(store, it):
    asset = AssetFactory(location=store)
    stocktake = opened(store)

    reading = stocktaking.scan(stocktake, asset.tag, location=store, by=it)

    assert (reading.kind, reading.sentence) == ("found", f"Found: {asset}.")
    count = stocktake.counts.get()
    assert (count.result, count.source, count.found_at) == ("found", "scan", store)
    assert count.history.latest().history_user == it


def test_any_code_on_the_device_will_do(store):
    maker = VendorFactory(name="Lenovo", is_maker=True)
    asset = AssetFactory(
        tag="LT-000012",
        serial="PF-3XK1AA",
        product=ProductFactory(maker=maker),
        location=store,
    )
    IdentifierFactory(asset=asset, kind="imei", value="490154203237518")
    codes = [
        "LT-000012",
        " lt-000012 ",
        "https://steward.example.org/a/LT-000012/",
        "http://old.example.org/a/LT-000012",
        "49-015420-323751-8",
        "pf3xk1aa",
    ]
    for code in codes:
        stocktake = opened(store)
        reading = stocktaking.scan(stocktake, code, location=store, by=None)
        assert reading.count.asset == asset, code


def test_the_second_scan_says_when_it_was_counted_and_writes_nothing(store):
    asset = AssetFactory(location=store)
    stocktake = opened(store)
    first = stocktaking.scan(stocktake, asset.tag, location=store, by=None)
    versions = Count.history.count()

    again = stocktaking.scan(stocktake, asset.tag, location=store, by=None)

    when = timezone.localtime(first.count.counted_at)
    assert again.sentence == f"Already counted at {when:%H:%M}: {asset}."
    assert again.kind == "again"
    assert Count.history.count() == versions


def test_what_is_expected_elsewhere_is_misplaced_and_a_later_scan_corrects_it(store, office):
    asset = AssetFactory(location=store)
    stocktake = opened(store, office)

    reading = stocktaking.scan(stocktake, asset.tag, location=office, by=None)
    assert reading.sentence == f"In another place: {asset} was expected at Berlin / Store."
    assert result_of(stocktake, asset) == Result.MISPLACED

    stocktaking.scan(stocktake, asset.tag, location=store, by=None)
    assert result_of(stocktake, asset) == Result.FOUND


def test_who_counts_a_whole_site_finds_what_is_in_its_rooms_and_the_other_way_round(berlin, store):
    in_room, on_site = AssetFactory(location=store), AssetFactory(location=berlin)
    stocktake = opened(berlin)
    stocktaking.scan(stocktake, in_room.tag, location=berlin, by=None)
    stocktaking.scan(stocktake, on_site.tag, location=store, by=None)
    assert set(stocktake.counts.values_list("result", flat=True)) == {Result.FOUND}


def test_what_nobody_expected_is_noted_with_where_the_register_has_it(store, office):
    asset = AssetFactory(location=office)
    stocktake = opened(store)

    reading = stocktaking.scan(stocktake, asset.tag, location=store, by=None)

    assert "Not expected here" in reading.sentence
    assert "in stock at Berlin / Office on the register" in reading.sentence
    assert result_of(stocktake, asset) == Result.UNEXPECTED


def test_an_unknown_code_is_noted_once(store):
    stocktake = opened(store)
    for _ in range(2):
        reading = stocktaking.scan(stocktake, "ZZ-1", location=store, by=None)
    assert (reading.kind, stocktake.counts.get().code) == ("again", "ZZ-1")


def test_a_serial_of_two_makers_is_refused_with_both_names(store):
    assets = [AssetFactory(serial="12X4567", location=store) for _ in range(2)]
    stocktake = opened(store)
    with pytest.raises(ValidationError) as refusal:
        stocktaking.scan(stocktake, "12X4567", location=store, by=None)
    assert all(str(asset) in str(refusal.value) for asset in assets)


def test_what_a_firmware_says_instead_of_a_serial_finds_nothing(store):
    AssetFactory(serial="To be filled by O.E.M.", location=store)
    stocktake = opened(store)
    reading = stocktaking.scan(stocktake, "To be filled by O.E.M.", location=store, by=None)
    assert reading.kind == "unknown"


@pytest.mark.parametrize("code", ["", "   ", "\n"])
def test_nothing_read_is_refused(store, code):
    with pytest.raises(ValidationError, match="Nothing was read"):
        stocktaking.scan(opened(store), code, location=store, by=None)


def test_nothing_is_counted_before_the_opening_or_after_the_closing(store):
    stocktake = StocktakeFactory(name="Spring")
    with pytest.raises(ValidationError, match="Spring is being prepared: .* Open it first"):
        stocktaking.scan(stocktake, "T-1", location=store, by=None)
    stocktake = opened(store)
    stocktaking.close(stocktake, by=None)
    with pytest.raises(ValidationError, match="Autumn is closed"):
        stocktaking.scan(stocktake, "T-1", location=store, by=None)


def test_a_part_that_lies_alone_is_named_with_its_device(store):
    phone = AssetFactory(location=store, state="in_use")
    sim = AssetFactory(location=store, state="in_use", installed_in=phone)
    stocktake = opened(store)
    reading = stocktaking.scan(stocktake, sim.tag, location=store, by=None)
    assert reading.sentence == f"Not expected here: {sim} should be inside {phone}."


def test_an_upload_counts_a_whole_list_and_reports_the_strange_ones(store, office, it):
    here, there = AssetFactory(location=store), AssetFactory(location=office)
    foreign = AssetFactory()
    stocktake = opened(store, office)
    codes = [here.tag, there.tag, foreign.tag, "NOBODY", here.tag, ""]

    done = stocktaking.upload(stocktake, codes, location=store, by=it)

    assert done.totals == {"found": 1, "misplaced": 1, "unexpected": 1, "unknown": 1, "again": 1}
    assert [reading.code for reading in done.strange] == [there.tag, foreign.tag, "NOBODY"]
    assert stocktake.counts.get(asset=here).source == "upload"


def test_an_upload_asks_as_many_queries_for_many_codes(store, django_assert_max_num_queries):
    product = ProductFactory()
    assets = [AssetFactory(product=product, location=store) for _ in range(50)]
    stocktake = opened(store)
    codes = [asset.tag for asset in assets] + [f"X-{number}" for number in range(50)]
    with django_assert_max_num_queries(20):
        stocktaking.upload(stocktake, codes, location=store, by=None)


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"Asset tag;Name\r\nLT-1;x\r\n\r\nLT-2;y\r\n", ["LT-1", "LT-2"]),
        (b"\xef\xbb\xbfLT-1\nLT-2", ["LT-1", "LT-2"]),
        ("LT-1\nMÜ-2".encode("cp1252"), ["LT-1", "MÜ-2"]),
        ("LT-1\tx".encode("utf-16"), ["LT-1"]),
        (b"", []),
    ],
)
def test_the_first_cells_of_a_file_are_its_codes(data, codes):
    assert stocktaking.codes_in(data, "codes.csv") == codes


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04...", "is an Excel file; save it as .csv"),
        (b"\x00\x01\x02", "is no text file"),
        (b"x" * 2**22, "is larger than 2 MB"),
    ],
)
def test_a_file_that_holds_no_codes_is_refused(data, sentence):
    with pytest.raises(ValidationError, match=sentence):
        stocktaking.codes_in(data, "codes")


# --- What holders say ----------------------------------------------------------------------------


def test_a_holder_confirms_his_own_and_nobody_elses(it):
    ada, ben = PersonFactory(department=DepartmentFactory()), PersonFactory()
    asset = AssetFactory(holder=ada)
    stocktake = opened(departments=[ada.department])
    count = stocktake.counts.get()

    with pytest.raises(ValidationError, match="not among what is recorded as yours"):
        stocktaking.confirm([count], person=ben, by=it)
    assert stocktaking.confirm([count], person=ada, by=it) == [count]

    count.refresh_from_db()
    assert (count.asset, count.result, count.source) == (asset, "found", "portal")
    with pytest.raises(ValidationError, match="counted already"):
        stocktaking.confirm([count], person=ada, by=it)


def test_who_says_no_is_asked_on_and_it_is_told_once():
    ada = PersonFactory(department=DepartmentFactory())
    AssetFactory(holder=ada)
    stocktake = opened(departments=[ada.department])
    Message.objects.all().delete()
    count = stocktake.counts.get()

    for _ in range(2):
        stocktaking.deny(count, person=ada, by=None)

    count.refresh_from_db()
    assert (count.result, count.denied_at is not None) == (Result.AWAITED, True)
    assert Message.objects.get().subject == f"{ada} does not have {count.asset}"
    stocktaking.confirm([count], person=ada, by=None)
    count.refresh_from_db()
    assert count.denied_at is None


# --- Closing -------------------------------------------------------------------------------------


def test_closing_moves_what_was_found_elsewhere_and_flags_what_is_missing(store, office, it):
    strayed, gone = AssetFactory(location=store), AssetFactory(location=store)
    foreign = AssetFactory(location=LocationFactory(name="Hamburg"))
    stocktake = opened(store, office)
    for asset in (strayed, foreign):
        stocktaking.scan(stocktake, asset.tag, location=office, by=it)

    outcome = stocktaking.close(stocktake, by=it, reason="year end")

    assert {asset.tag for asset in outcome.done} == {strayed.tag, foreign.tag}
    assert outcome.refused == []
    for asset in (strayed, foreign, gone):
        asset.refresh_from_db()
    assert (strayed.location, foreign.location) == (office, office)
    assert strayed.history.latest().history_change_reason == "stocktake Autumn: year end"
    assert (gone.state, result_of(stocktake, gone)) == (State.IN_STOCK, Result.MISSING)
    stocktake.refresh_from_db()
    assert stocktake.closed_at
    assert stocktake.history.latest().history_user == it


def test_what_is_missing_is_reported_lost_only_where_the_closer_asks_for_it(store, it):
    gone, present = AssetFactory(location=store), AssetFactory(location=store)
    stocktake = opened(store)
    stocktaking.scan(stocktake, present.tag, location=store, by=it)

    stocktaking.close(stocktake, report_missing_lost=True, by=it)

    gone.refresh_from_db()
    present.refresh_from_db()
    assert (gone.state, present.state) == (State.LOST, State.IN_STOCK)
    assert gone.history.latest().history_change_reason == "missing in stocktake Autumn"


def test_what_was_lost_and_is_counted_is_found_again(store):
    lost = AssetFactory(state="lost", holder=PersonFactory())
    stocktake = opened(store)
    stocktaking.scan(stocktake, lost.tag, location=store, by=None)

    stocktaking.close(stocktake, by=None)

    lost.refresh_from_db()
    assert (lost.state, lost.location, lost.holder) == (State.IN_STOCK, store, None)
    assert lost.custodies.open().count() == 0


def test_what_was_handed_over_meanwhile_is_not_missing(store, it):
    dispatched, idle = AssetFactory(location=store), AssetFactory(location=store)
    stocktake = opened(store)
    one(lifecycle.hand_over, dispatched, to=PersonFactory(), by=it)

    stocktaking.close(stocktake, report_missing_lost=True, by=it)

    dispatched.refresh_from_db()
    assert dispatched.state == State.IN_USE
    count = stocktake.counts.get(asset=dispatched)
    assert (count.result, count.source) == (Result.FOUND, "")
    assert "register entry changed" in count.history.latest().history_change_reason
    assert result_of(stocktake, idle) == Result.MISSING


def test_what_went_out_and_came_back_to_its_place_is_not_missing(store, it):
    asset = AssetFactory(location=store)
    stocktake = opened(store)
    one(lifecycle.hand_over, asset, to=PersonFactory(location=store), by=it)
    one(lifecycle.take_back, asset, location=store, by=it)
    stocktaking.close(stocktake, by=it)
    assert result_of(stocktake, asset) == Result.FOUND


def test_what_was_reported_lost_meanwhile_stays_missing(store, it):
    asset = AssetFactory(location=store)
    stocktake = opened(store)
    one(lifecycle.report_lost, asset, by=it, reason="stolen")
    outcome = stocktaking.close(stocktake, report_missing_lost=True, by=it)
    assert result_of(stocktake, asset) == Result.MISSING
    assert outcome.refused == []


def test_the_register_wins_where_it_was_changed_after_the_count(store, office, it):
    asset, cellar = AssetFactory(location=store), LocationFactory(name="Cellar")
    stocktake = opened(store, office)
    stocktaking.scan(stocktake, asset.tag, location=office, by=it)
    one(lifecycle.move, asset, location=cellar, by=it)

    outcome = stocktaking.close(stocktake, by=it)

    asset.refresh_from_db()
    assert (asset.location, outcome.done) == (cellar, [])


def test_what_cannot_be_moved_is_told_in_words_and_stops_nothing(store, office):
    gone, strayed = AssetFactory(state="disposed"), AssetFactory(location=office)
    stocktake = opened(store)
    for asset in (gone, strayed):
        stocktaking.scan(stocktake, asset.tag, location=store, by=None)

    outcome = stocktaking.close(stocktake, by=None)

    assert [asset.tag for asset in outcome.done] == [strayed.tag]
    assert outcome.refused[0].startswith(f"{gone} is disposed of: it cannot be moved.")


@pytest.mark.parametrize("state", ["retired", "rejected"])
def test_what_waits_for_its_end_elsewhere_is_moved_there(store, office, state):
    waiting = AssetFactory(state=state, location=office)
    stocktake = opened(store)
    stocktaking.scan(stocktake, waiting.tag, location=store, by=None)

    assert stocktaking.close(stocktake, by=None).refused == []

    waiting.refresh_from_db()
    assert (waiting.location, waiting.state) == (store, state)


def test_a_device_is_moved_with_what_is_installed_in_it(store, office):
    phone = AssetFactory(location=store, state="in_use")
    sim = AssetFactory(location=store, state="in_use", installed_in=phone)
    stocktake = opened(store, office)
    stocktaking.scan(stocktake, phone.tag, location=office, by=None)
    stocktaking.close(stocktake, by=None)
    sim.refresh_from_db()
    assert sim.location == office


def test_a_stocktake_is_closed_once_and_only_when_open(store):
    with pytest.raises(ValidationError, match="being prepared: it cannot be closed. It has to be"):
        stocktaking.close(StocktakeFactory(), by=None)
    stocktake = opened(store)
    stocktaking.close(stocktake, by=None)
    with pytest.raises(ValidationError, match="Autumn is closed: it cannot be closed"):
        stocktaking.close(stocktake, by=None)


# --- The report ----------------------------------------------------------------------------------


def test_the_report_counts_by_place_and_values_what_is_missing_for_those_who_may_know(
    store, office, django_assert_num_queries
):
    present = AssetFactory(location=store)
    AssetFactory(location=store, cost=100, currency="EUR")
    AssetFactory(location=office, cost=50, currency="EUR")
    AssetFactory(location=office, cost=7, currency="USD")
    stocktake = opened(store, office)
    stocktaking.scan(stocktake, present.tag, location=store, by=None)
    stocktaking.scan(stocktake, "NOBODY", location=store, by=None)
    stocktaking.close(stocktake, by=None)

    with django_assert_num_queries(3):
        report = stocktaking.report(stocktake, with_cost=True)

    assert (report.expected, report.found, report.missing, report.unknown) == (4, 1, 3, 1)
    assert [(it.name, it.expected, it.missing) for it in report.places] == [
        ("Berlin / Office", 2, 2),
        ("Berlin / Store", 2, 1),
    ]
    assert report.missing_value == [(150, "EUR"), (7, "USD")]
    assert stocktaking.report(stocktake, with_cost=False).missing_value == []


def test_the_file_has_a_line_each_no_formula_and_costs_only_for_those_who_may_know(store, it):
    asset = AssetFactory(location=store, cost=100)
    stocktake = opened(store)
    stocktaking.scan(stocktake, asset.tag, location=store, by=it)
    stocktaking.scan(stocktake, "=cmd()", location=store, by=it)

    def read(with_cost):
        data = b"".join(stocktaking.write(stocktake, FORMATS["csv"], with_cost=with_cost))
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))

    found, unknown = read(with_cost=True)
    assert (found["Result"], found["Asset tag"], found["By"]) == ("found", asset.tag, it.email)
    assert found["Cost"] == "100.00"
    assert unknown["What was read"] == "'=cmd()"
    assert "Cost" not in read(with_cost=False)[0]
    assert b"".join(stocktaking.write(stocktake, FORMATS["xlsx"], with_cost=True))[:2] == b"PK"


def test_the_file_asks_as_many_queries_for_many_lines(store, django_assert_num_queries):
    for _ in range(20):
        AssetFactory(location=store)
    stocktake = opened(store)
    with django_assert_num_queries(1):
        list(stocktaking.write(stocktake, FORMATS["csv"], with_cost=True))


# --- Two at once ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_wins_and_the_other_is_told():
    for _ in range(5):
        store, office = LocationFactory(), LocationFactory()
        asset = AssetFactory(location=store)
        stocktake = opened(store, office)
        stocktaking.scan(stocktake, asset.tag, location=office, by=None)
        versions = asset.history.count()

        results = at_once(*[lambda it=stocktake: stocktaking.close(it, by=None)] * 2)

        refused = [it for it in results if isinstance(it, ValidationError)]
        assert len(refused) == 1, results
        assert "is closed: it cannot be closed" in refused[0].messages[0]
        assert asset.history.count() == versions + 1


@contextmanager
def unlocked():
    """The same closing without its lock: each reads first, then waits for the other."""
    barrier = Barrier(2)

    def read_without_lock(stocktake):
        row = Stocktake.objects.get(pk=stocktake.pk)
        barrier.wait(timeout=5)
        return row

    # On SQLite outside a transaction too, which takes its own lock at once.
    bare = stocktaking.close if connection.vendor == "postgresql" else closing.close.__wrapped__
    with patch("assets.stocktaking.closing.locked", read_without_lock):
        yield bare


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_believe_to_have_closed_it():
    stocktake = opened(LocationFactory())
    with unlocked() as close:
        results = at_once(*[lambda: close(stocktake, by=None)] * 2)
    assert [it for it in results if isinstance(it, Exception)] == []
    assert stocktake.history.filter(history_change_reason="closed").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_scanners_of_one_unknown_code_note_it_once():
    store = LocationFactory()
    stocktake = opened(store)
    scan = lambda: stocktaking.scan(stocktake, "ZZ-9", location=store, by=None)  # noqa: E731
    results = at_once(scan, scan)
    assert sorted(reading.kind for reading in results) == ["again", "unknown"]
    assert Stocktake.objects.get().counts.count() == 1
