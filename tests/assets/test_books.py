"""How book values change in a period, and what disposals bring: by hand, and against each other."""

import random
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from assets.books import book_values, departures, left_out, movements, results
from assets.models import Asset
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    CustodyFactory,
    DepartmentFactory,
    DisposalFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
)

pytestmark = pytest.mark.django_db
APRIL, CLOSE = date(2024, 4, 1), date(2024, 12, 31)


@pytest.fixture
def laptops():
    """30.00 a month and piece over three years."""
    return ProductFactory(category=CategoryFactory(depreciation="straight_line", useful_months=36))


def bought(product, on=date(2024, 1, 1), gone_on=None, **fields):
    paid = {name: fields.pop(name) for name in ("proceeds", "paid_in") if name in fields}
    facts = {"cost": D("1080.00"), "currency": "EUR", "purchased_on": on, **fields}
    asset = AssetFactory(product=product, **({"state": "disposed"} if gone_on else {}), **facts)
    if gone_on:
        currency = paid.pop("paid_in", "EUR")
        DisposalFactory(asset=asset, disposed_on=gone_on, currency=currency, **paid)
    return asset


def lines(since=APRIL, until=CLOSE):
    return [
        (it.belongs_to, it.currency, *amounts(it))
        for it in movements(Asset.objects.all(), since, until)
    ]


def amounts(row):
    return row.opening, row.additions, row.depreciation, row.disposals, row.closing


def test_a_period_rolls_the_opening_forward_to_the_closing(laptops):
    """
    bought      disposed   opening  addition  depreciation  disposal  closing
    1 January   –            990.00            9 x 30 = 270             720.00
    1 October   –                    1,080.00  3 x 30 =  90             990.00
    1 January   30 June      990.00            3 x 30 =  90    900.00
    1 January   31 March     (before)
    1 January next year      (after)
    """
    bought(laptops)
    bought(laptops, on=date(2024, 10, 1))
    bought(laptops, gone_on=date(2024, 6, 30))
    bought(laptops, gone_on=date(2024, 3, 31))
    bought(laptops, on=date(2025, 1, 1))
    expected = (D("1980.00"), D("1080.00"), D("450.00"), D("900.00"), D("1710.00"))
    assert lines() == [("", "EUR", *expected)]


def test_the_first_and_the_last_day_of_a_period_belong_to_it(laptops):
    bought(laptops, on=APRIL, gone_on=CLOSE)
    nothing, cost = D(0), D("1080.00")
    assert lines() == [("", "EUR", nothing, cost, D("270.00"), D("810.00"), nothing)]
    assert lines(APRIL, APRIL) == [("", "EUR", nothing, cost, D("1.00"), nothing, D("1079.00"))]
    assert lines(CLOSE + timedelta(1), CLOSE + timedelta(9)) == []


def test_a_period_is_kept_apart_by_cost_centre_and_currency(laptops):
    for centre, currency in [("4711", "EUR"), ("4711", "USD"), ("4712", "EUR")]:
        person = PersonFactory(department=DepartmentFactory(cost_centre=centre))
        bought(laptops, holder=person, currency=currency)
    assert [row[:2] for row in lines()] == [("4711", "EUR"), ("4711", "USD"), ("4712", "EUR")]


def test_what_was_disposed_of_belongs_to_whoever_had_it_last(laptops):
    centre, room = DepartmentFactory(cost_centre="4711"), LocationFactory(name="Lab")
    now = timezone.now()
    person = PersonFactory(department=centre)
    had, stood = (bought(laptops, gone_on=date(2024, 6, 30)) for _ in range(2))
    CustodyFactory(asset=had, holder=PersonFactory(), since=now - timedelta(9), until=now)
    CustodyFactory(asset=had, holder=person, since=now - timedelta(5), until=now)
    CustodyFactory(asset=stood, holder=None, location=room, since=now - timedelta(9), until=now)
    back = bought(laptops)
    CustodyFactory(asset=back, holder=person, since=now - timedelta(5), until=now)
    assert [(row[0], row[5]) for row in lines()] == [
        ("", D(0)),
        ("4711", D("900.00")),
        ("Lab", D("900.00")),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_period_begins_and_ends_with_the_reports_of_those_days_to_the_cent(seed):
    dice = random.Random(seed)
    day = date(2023, 1, 1)
    categories = [
        CategoryFactory(depreciation="straight_line", useful_months=7, residual_percent=3),
        CategoryFactory(
            depreciation="declining_balance", useful_months=23, declining_percent=D("31.7")
        ),
    ]
    products = [ProductFactory(category=category) for category in categories]
    for _ in range(40):
        on = day + timedelta(dice.randint(0, 900))
        gone = on + timedelta(dice.randint(0, 500)) if dice.random() < 0.5 else None
        cost = D(dice.randint(1, 300_000)) / 100
        bought(dice.choice(products), on, gone, cost=cost, currency=dice.choice(["EUR", "USD"]))
    since = day + timedelta(dice.randint(1, 900))
    until = since + timedelta(dice.randint(0, 400))

    found = movements(Asset.objects.all(), since, until)

    for name, on in [("opening", since - timedelta(1)), ("closing", until)]:
        worth = {it.currency: it.book_value for it in book_values(Asset.objects.all(), on)}
        assert {it.currency: getattr(it, name) for it in found if getattr(it, name)} == {
            currency: value for currency, value in worth.items() if value
        }
    for row in found:
        assert row.opening + row.additions - row.depreciation - row.disposals == row.closing
        assert row.depreciation >= 0
    gone = results(departures(Asset.objects.all(), since, until))
    assert {it.currency: it.book_value for it in gone if it.book_value} == {
        it.currency: it.disposals for it in found if it.disposals
    }


def test_disposals_gain_or_lose_against_their_book_value_on_the_day(laptops):
    """After six months each is worth 900.00; of another currency nobody says what that is."""
    day = date(2024, 6, 30)
    for proceeds, paid_in in [("950.00", "EUR"), ("880.00", "EUR"), (None, "USD"), ("1.00", "USD")]:
        bought(laptops, gone_on=day, proceeds=proceeds and D(proceeds), paid_in=paid_in)
    bought(laptops, gone_on=APRIL - timedelta(1))

    gone = departures(Asset.objects.all(), APRIL, CLOSE)

    assert [(it.book_value, it.result) for it in gone] == [
        (D("900.00"), D("50.00")),
        (D("900.00"), D("-20.00")),
        (D("900.00"), D("-900.00")),
        (D("900.00"), None),
    ]
    assert [
        (it.paid_in, it.assets, it.book_value, it.proceeds, it.result) for it in results(gone)
    ] == [
        ("EUR", 3, D("2700.00"), D("1830.00"), D("-870.00")),
        ("USD", 1, D("900.00"), D("1.00"), None),
    ]


def test_what_left_before_it_came_is_on_no_report(laptops):
    bought(laptops, on=date(2024, 6, 1), gone_on=date(2024, 5, 1))
    assert lines() == []
    assert departures(Asset.objects.all(), APRIL, CLOSE) == []
    assert book_values(Asset.objects.all(), CLOSE) == []


def test_a_period_counts_apart_what_left_in_it_without_a_book_value(laptops):
    bought(laptops, gone_on=APRIL, cost=None)
    bought(laptops, gone_on=APRIL - timedelta(1), cost=None)
    assert left_out(Asset.objects.all(), CLOSE, since=APRIL) == 1
    assert left_out(Asset.objects.all(), CLOSE) == 0


def test_the_queries_of_a_period_do_not_grow_with_the_assets(laptops, django_assert_num_queries):
    for day in range(1, 10):
        bought(laptops, on=date(2024, 1, day), gone_on=date(2024, 5, day))
    with django_assert_num_queries(2):
        assert len(lines()) == 1
        assert len(departures(Asset.objects.all(), APRIL, CLOSE)) == 9


@pytest.mark.parametrize("days", [(date.min, date.max), (date.min, date.min), (date.max, date.max)])
def test_a_period_at_the_end_of_time_is_one(laptops, days):
    bought(laptops)
    assert len(lines(*days)) == (days[1] == date.max)
