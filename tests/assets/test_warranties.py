"""Warranties: which one counts, what the asset stores of them, how they are made and extended."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from assets import lifecycle, receiving, warranties
from assets.lifecycle import one
from assets.models import Asset, Repair, Warranty
from assets.protection import counting, runs, sentences, stretches
from tests.factories import (
    AssetFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    VendorFactory,
    WarrantyFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
Kind = Warranty.Kind


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-11-24 12:00", tick=False):
        yield


def stored(asset):
    asset.refresh_from_db()
    return asset.warranty_starts_on, asset.warranty_ends_on


def laptop(first=date(2024, 1, 1), last=date(2026, 12, 31), **fields):
    return AssetFactory(warranty_starts_on=first, warranty_ends_on=last, **fields)


# --- What the warranties of an asset say ---

near = st.dates(date(2024, 1, 1), date(2024, 4, 30))
spans = st.tuples(near | st.none(), near, st.integers(0, 40)).map(
    lambda it: Warranty(
        starts_on=it[0], ends_on=max(it[1], it[0] + timedelta(it[2]) if it[0] else it[1])
    )
)
EVERY_DAY = [date(2023, 12, 25) + timedelta(n) for n in range(190)]


@given(st.lists(spans, min_size=1, max_size=6))
def test_the_stretches_cover_the_days_on_which_some_warranty_runs_and_no_other(rows):
    covered = [any(runs(row, day) for row in rows) for day in EVERY_DAY]
    found = stretches(rows)
    assert [
        any((not first or first <= day) and day <= last for first, last in found)
        for day in EVERY_DAY
    ] == covered
    changes = zip(EVERY_DAY, pairwise(covered), strict=False)
    ends = [day for day, (now, then) in changes if now and not then]
    assert [last for _, last in found] == ends


@given(st.lists(spans, min_size=1, max_size=6))
def test_none_protects_longer_than_the_one_that_counts(rows):
    last = counting(rows)
    assert not any(row.ends_on > last.ends_on for row in rows)
    rivals = [row for row in rows if row.ends_on == last.ends_on]
    assert last.starts_on is None or all(row.starts_on >= last.starts_on for row in rivals)
    assert stretches(rows)[-1][1] == last.ends_on


def test_without_a_warranty_none_counts():
    assert counting([]) is None
    assert sentences([], TODAY) == ["No warranty is known."]


def test_the_page_is_told_what_counts_what_runs_and_when_none_does():
    dell = VendorFactory(name="Dell")
    came = Warranty(starts_on=date(2024, 1, 1), ends_on=date(2026, 12, 31), reference="4711")
    later = Warranty(
        kind=Kind.EXTENSION,
        provider=dell,
        starts_on=date(2027, 3, 1),
        ends_on=date(2028, 6, 30),
    )
    assert sentences([came, later], TODAY) == [
        "Counts: the extension by Dell until 30 June 2028.",
        "Runs today: the warranty that it came with, reference 4711, until 31 December 2026.",
        "From 1 January 2027 to 28 February 2027 none runs.",
    ]
    assert sentences([later], TODAY) == [
        "Counts: the extension by Dell until 30 June 2028.",
        "None runs today.",
    ]
    assert sentences([came], date(2027, 1, 1)) == [
        "Counts: the warranty that it came with until 31 December 2026, which has passed."
    ]


def test_one_that_follows_on_the_next_day_leaves_no_gap():
    rows = [
        Warranty(starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31)),
        Warranty(starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31), kind=Kind.INSURANCE),
    ]
    assert stretches(rows) == [(date(2024, 1, 1), date(2025, 12, 31))]
    assert len(sentences(rows, date(2024, 5, 1))) == 2


def test_the_list_knows_what_runs_has_ended_and_is_to_come():
    runs_since_ever = WarrantyFactory(starts_on=None, months=None, ends_on=TODAY)
    runs_now = WarrantyFactory(starts_on=TODAY, months=1)
    ended = WarrantyFactory(starts_on=date(2020, 1, 1), months=12)
    to_come = WarrantyFactory(starts_on=TODAY + timedelta(1), months=12)
    rows = Warranty.objects
    assert set(rows.running(TODAY)) == {runs_since_ever, runs_now}
    assert set(rows.ended(TODAY)) == {ended}
    assert set(rows.to_come(TODAY)) == {to_come}


# --- Adding and settling ---


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2026, 11, 24), 36, date(2029, 11, 23)),
    ],
)
def test_its_months_give_its_last_day_at_month_ends_too(it, first, months, last):
    asset = AssetFactory()
    made = warranties.add(asset, kind=Kind.SUPPLIER, starts_on=first, months=months, by=it)
    assert made.ends_on == last
    assert stored(asset) == (first, last)
    assert made.history.get().history_user == it


def test_the_asset_stores_the_unbroken_stretch_to_the_last_day(it):
    asset = laptop()
    days = date(2027, 1, 1), date(2027, 6, 30)
    warranties.add(asset, kind=Kind.INSURANCE, starts_on=days[0], ends_on=days[1], by=it)
    assert stored(asset) == (date(2024, 1, 1), date(2027, 6, 30))
    warranties.add(asset, kind=Kind.EXTENSION, starts_on=date(2027, 9, 1), months=12, by=it)
    assert stored(asset) == (date(2027, 9, 1), date(2028, 8, 31))


def test_a_shorter_one_beside_it_changes_nothing_that_is_stored(it):
    asset = laptop()
    warranties.add(asset, kind=Kind.INSURANCE, starts_on=TODAY, ends_on=TODAY, by=it)
    assert stored(asset) == (date(2024, 1, 1), date(2026, 12, 31))
    assert asset.history.count() == 1


def test_without_its_last_day_it_is_refused(it):
    with pytest.raises(ValidationError, match="Give its last day, or its first day"):
        warranties.add(AssetFactory(), kind=Kind.STANDARD, months=12, by=it)


def test_months_and_a_last_day_that_contradict_each_other_are_refused(it):
    asset = AssetFactory()
    first, wrong = date(2026, 1, 1), date(2026, 12, 1)
    with pytest.raises(ValidationError) as refusal:
        warranties.add(asset, kind=Kind.STANDARD, starts_on=first, months=12, ends_on=wrong, by=it)
    assert refusal.value.message_dict == {
        "ends_on": [
            "12 months last from 1 January 2026 until 31 December 2026."
            " Give the months or the last day."
        ]
    }
    assert not Warranty.objects.exists()


def test_what_ends_before_it_starts_is_refused(it):
    days = {"starts_on": TODAY, "ends_on": TODAY - timedelta(1)}
    with pytest.raises(ValidationError, match="ends before it starts"):
        warranties.add(AssetFactory(), kind=Kind.STANDARD, by=it, **days)


def test_what_would_end_beyond_the_calendar_is_refused(it):
    with pytest.raises(ValidationError, match="beyond the year 9999"):
        warranties.add(
            AssetFactory(), kind=Kind.STANDARD, starts_on=date(9999, 6, 1), months=12, by=it
        )


def test_settling_many_assets_asks_a_constant_number_of_times(it):
    def counted(number):
        assets = [WarrantyFactory(starts_on=TODAY, months=6).asset for _ in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(warranties.settle(assets, by=it, reason="counted")) == number
        return len(captured)

    assert counted(2) == counted(12)


def test_of_what_has_no_warranty_any_more_nothing_is_stored(it):
    asset = laptop()
    asset.warranties.all().delete()
    warranties.settle([asset], by=it, reason="it was none")
    assert stored(asset) == (None, None)
    assert asset.history.first().history_change_reason == "it was none"


# --- Extending ---


def test_an_extension_begins_the_day_after_the_one_that_counts_ends(it):
    dell = VendorFactory(name="Dell")
    soon, late = laptop(), laptop(last=date(2028, 1, 31))

    outcome = warranties.extend(
        [late, soon], months=1, provider=dell, cost=Decimal("99.00"), reference="X-1", by=it
    )

    assert set(outcome.done) == {soon, late}
    assert stored(soon) == (date(2024, 1, 1), date(2027, 1, 31))
    assert stored(late) == (date(2024, 1, 1), date(2028, 2, 29))
    made = soon.warranties.get(kind=Kind.EXTENSION)
    assert (made.starts_on, made.months, made.provider) == (date(2027, 1, 1), 1, dell)
    assert (made.cost, made.currency, made.reference) == (Decimal("99.00"), "EUR", "X-1")
    assert soon.history.first().history_change_reason == "extended by 1 months"


def test_extended_twice_it_lasts_twice_as_long(it):
    asset = laptop()
    for _ in range(2):
        warranties.extend([asset], months=12, by=it)
    assert stored(asset) == (date(2024, 1, 1), date(2028, 12, 31))
    assert asset.warranties.count() == 3


@pytest.mark.parametrize(
    ("asset", "sentence"),
    [
        ({"state": "retired"}, "is retired: its warranty is not extended any more"),
        ({"state": "disposed"}, "is disposed of: its warranty is not extended any more"),
        ({"warranty_ends_on": None}, "has no warranty to extend. Add one on its page"),
        (
            {"warranty_ends_on": date(2025, 3, 31)},
            "ended on 31 March 2025: 12 months more would be over since 31 March 2026",
        ),
        ({"warranty_ends_on": date(9999, 12, 31)}, "is protected until 31 December 9999"),
    ],
)
def test_what_cannot_be_extended_is_refused_by_name_and_the_rest_is_done(it, asset, sentence):
    other, fine = AssetFactory(**{"warranty_ends_on": date(2026, 12, 31), **asset}), laptop()
    before = stored(other)

    outcome = warranties.extend([other, fine], months=12, by=it)

    assert outcome.done == [fine]
    [refused] = outcome.refused
    assert str(other) in refused
    assert sentence in refused
    assert stored(other) == before


@pytest.mark.parametrize("months", [0, -1, 1201])
def test_an_extension_by_no_number_of_months_is_refused(it, months):
    with pytest.raises(ValidationError, match="Extend by 1 to 1200 months"):
        warranties.extend([laptop()], months=months, by=it)


def test_many_are_extended_in_a_constant_number_of_queries(it):
    def counted(number):
        assets = [laptop() for _ in range(number)]
        with CaptureQueriesContext(connection) as captured:
            warranties.extend(assets, months=12, by=it)
        return len(captured)

    assert counted(2) == counted(12)


# --- Assets that come in with days ---


def test_what_is_entered_with_days_came_with_a_warranty(it):
    asset = Asset(product=ProductFactory(), state="in_stock", warranty_ends_on=TODAY)
    [entered] = lifecycle.enter([asset], by=it, reason="found in a drawer")
    made = entered.warranties.get()
    assert (made.kind, made.starts_on, made.ends_on) == (Kind.STANDARD, None, TODAY)
    assert made.history.get().history_change_reason == "found in a drawer"


@pytest.mark.parametrize("planned", [True, False])
def test_what_is_received_has_the_warranty_of_its_line_from_that_day(it, planned):
    product, store = ProductFactory(warranty_months=24), LocationFactory()
    order = OrderFactory(state="ordered", ordered_on=date(2026, 1, 2))
    line = OrderLineFactory(order=order, product=product, quantity=1, warranty_months=13)
    if planned:
        AssetFactory(product=product, state="ordered", order_line=line)
    day = date(2026, 1, 31)

    [asset] = receiving.receive_line(line, quantity=1, location=store, received_on=day, by=it)

    made = asset.warranties.get()
    assert (made.kind, made.starts_on, made.ends_on) == (Kind.STANDARD, day, date(2027, 2, 28))
    assert stored(asset) == (made.starts_on, made.ends_on)


# --- A repair on warranty ---


def claim(asset, by):
    return one(lifecycle.send_to_repair, asset, fault="Hinge", on_warranty=True, by=by)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "has no warranty on 24 November 2026: none is known"),
        (
            [(date(2025, 1, 1), date(2025, 12, 31))],
            "the warranty that it came with ended on 31 December 2025",
        ),
        ([(date(2026, 12, 1), date(2027, 12, 31))], "none has begun"),
    ],
)
def test_nothing_is_claimed_where_no_warranty_runs(it, rows, sentence):
    asset = AssetFactory()
    for first, last in rows:
        WarrantyFactory(asset=asset, starts_on=first, months=None, ends_on=last)
    with pytest.raises(ValidationError, match=sentence):
        claim(asset, it)
    assert not Repair.objects.exists()


def test_on_the_last_day_of_any_warranty_it_is_claimed(it):
    asset = AssetFactory()
    WarrantyFactory(asset=asset, starts_on=date(2025, 1, 1), months=12)
    WarrantyFactory(asset=asset, kind=Kind.INSURANCE, starts_on=None, months=None, ends_on=TODAY)
    claim(asset, it)
    assert Repair.objects.get().on_warranty


def test_without_a_claim_it_goes_to_repair_all_the_same(it):
    one(lifecycle.send_to_repair, AssetFactory(), fault="Hinge", by=it)
    assert not Repair.objects.get().on_warranty
