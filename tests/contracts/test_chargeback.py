"""Costs charged to the cost centres of those who hold what they are for."""

from datetime import date, datetime
from decimal import Decimal as D
from random import Random

import pytest
from django.utils.timezone import make_aware

from config.money import Money, by_currency
from contracts.chargeback import Basis, by_cost_centre, charge_back
from contracts.models import Contract, Licence
from tests.contracts import day_by_day
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CoverageFactory,
    CustodyFactory,
    DepartmentFactory,
    LicenceFactory,
    LocationFactory,
    PersonFactory,
    SeatFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db
ON, OCTOBER = date(2026, 11, 24), date(2026, 10, 1)


@pytest.fixture
def sales():
    return DepartmentFactory(name="Sales", cost_centre="1000")


@pytest.fixture
def research():
    return DepartmentFactory(name="Research", cost_centre="2000")


@pytest.fixture
def ada(sales):
    return PersonFactory(department=sales)


@pytest.fixture
def bob(research):
    return PersonFactory(department=research)


def contract(amount="100.00", **fields):
    made = ContractFactory(**fields)
    TermFactory(
        contract=made,
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        amount=D(amount),
        currency="EUR",
        billing="monthly",
        renewal="none",
    )
    return made


def charged(first=OCTOBER, months=1, on=ON):
    return [(it.cost_centre, it.basis, it.money.amount) for it in charge_back(first, months, on=on)]


def held(asset, since, until=None, **holder):
    at = [
        make_aware(datetime.combine(day, datetime.min.time())) if day else None
        for day in (since, until)
    ]
    return CustodyFactory(asset=asset, since=at[0], until=at[1], **holder)


def test_seats_are_charged_to_their_holders_and_unused_ones_to_the_contracts_department(
    ada, bob, sales
):
    licence = LicenceFactory(contract=contract(department=sales), seats=4)
    SeatFactory(licence=licence, person=ada, since=date(2026, 1, 1))
    SeatFactory(licence=licence, person=bob, since=date(2026, 1, 1))
    assert charged() == [
        ("1000", Basis.SEATS, D("25.00")),
        ("1000", Basis.UNUSED, D("50.00")),
        ("2000", Basis.SEATS, D("25.00")),
    ]


def test_more_seats_than_were_bought_share_the_cost(ada, bob):
    licence = LicenceFactory(contract=contract(), seats=1)
    for person in (ada, bob):
        SeatFactory(licence=licence, person=person, since=date(2026, 1, 1))
    assert charged() == [("1000", Basis.SEATS, D("50.00")), ("2000", Basis.SEATS, D("50.00"))]


def test_a_seat_counts_where_it_was_at_the_close_of_the_month(ada, bob):
    licence = LicenceFactory(contract=contract(), seats=1)
    SeatFactory(licence=licence, person=ada, since=date(2026, 1, 1), until=date(2026, 10, 31))
    SeatFactory(licence=licence, person=bob, since=date(2026, 10, 31))
    assert charged(first=date(2026, 9, 1), months=2) == [
        ("1000", Basis.SEATS, D("100.00")),
        ("2000", Basis.SEATS, D("100.00")),
    ]


def test_a_seat_of_a_device_is_that_of_whoever_had_it(ada, bob):
    laptop = AssetFactory()
    licence = LicenceFactory(contract=contract(), seats=1, metric="device")
    SeatFactory(licence=licence, person=None, asset=laptop, since=date(2026, 1, 1))
    held(laptop, date(2026, 1, 5), date(2026, 10, 20), holder=ada)
    held(laptop, date(2026, 10, 20), holder=bob)
    assert charged(first=date(2026, 9, 1), months=2) == [
        ("1000", Basis.SEATS, D("100.00")),
        ("2000", Basis.SEATS, D("100.00")),
    ]


def test_a_seat_of_a_site_is_the_contracts_departments(research):
    licence = LicenceFactory(contract=contract(department=research), seats=1, metric="site")
    SeatFactory(licence=licence, person=None, location=LocationFactory(), since=date(2026, 1, 1))
    assert charged() == [("2000", Basis.SEATS, D("100.00"))]


def test_covered_assets_are_charged_alike_and_lose_no_cent(ada, bob):
    agreed, store = contract(), LocationFactory(name="Store")
    for holder in ({"holder": ada}, {"holder": bob}, {"location": store, "holder": None}):
        asset = AssetFactory()
        CoverageFactory(contract=agreed, asset=asset)
        held(asset, date(2026, 1, 1), **holder)
    assert charged() == [
        ("1000", Basis.ASSETS, D("33.34")),
        ("2000", Basis.ASSETS, D("33.33")),
        ("Store", Basis.ASSETS, D("33.33")),
    ]


def test_what_nobody_holds_is_where_it_lies():
    asset = AssetFactory(location=LocationFactory(name="Cellar"))
    CoverageFactory(contract=contract(), asset=asset)
    assert charged() == [("Cellar", Basis.ASSETS, D("100.00"))]


def test_what_covers_nothing_is_its_departments_else_nobodys(sales):
    contract(department=sales)
    contract("7.00")
    assert charged() == [("1000", Basis.OWN, D("100.00")), ("", Basis.OWN, D("7.00"))]


def test_two_licences_of_a_contract_are_charged_by_what_they_cost(ada, bob):
    agreed = contract()
    Contract.objects.filter(pk=agreed.pk).update(annual_cost=D("1200.00"), currency="EUR")
    dear = LicenceFactory(contract=agreed, seats=1, annual_cost=D("900.00"), currency="EUR")
    cheap = LicenceFactory(contract=agreed, seats=1)
    SeatFactory(licence=dear, person=ada, since=date(2026, 1, 1))
    SeatFactory(licence=cheap, person=bob, since=date(2026, 1, 1))
    assert charged() == [("1000", Basis.SEATS, D("75.00")), ("2000", Basis.SEATS, D("25.00"))]


def test_a_licence_without_a_contract_is_charged_with_its_own_cost(ada):
    licence = LicenceFactory(annual_cost=D("120.00"), seats=1, starts_on=date(2026, 1, 1))
    SeatFactory(licence=licence, person=ada, since=date(2026, 1, 1))
    assert charged() == [("1000", Basis.SEATS, D("10.00"))]


def test_what_is_not_agreed_is_charged_to_nobody(sales):
    contract(department=sales)
    assert charged(first=date(2027, 1, 1)) == []


# --- Nothing is lost -----------------------------------------------------------------------------


@pytest.fixture
def many(sales, research):
    """Contracts and licences, seats and covered assets of all sorts; the same in every run."""
    choose = Random(7)
    people = [PersonFactory(department=choose.choice([sales, research, None])) for _ in range(8)]
    for _ in range(25):
        agreed = ContractFactory(department=choose.choice([sales, research, None]))
        term = TermFactory(
            contract=agreed,
            starts_on=date(2026, choose.randrange(1, 12), choose.randrange(1, 28)),
            ends_on=date(2027, choose.randrange(1, 12), choose.randrange(1, 28)),
            amount=D(choose.randrange(1, 99_999)) / 100,
            currency=choose.choice(["EUR", "USD"]),
            billing=choose.choice(["once", "monthly", "quarterly", "yearly"]),
            renewal="none",
        )
        Contract.objects.filter(pk=agreed.pk).update(
            annual_cost=D(choose.randrange(0, 9_999)), currency=term.currency
        )
        for _ in range(choose.randrange(0, 4)):
            asset = AssetFactory()
            CoverageFactory(contract=agreed, asset=asset)
            if choose.random() < 0.7:
                held(asset, date(2026, choose.randrange(1, 12), 3), holder=choose.choice(people))
        for _ in range(choose.choice([0, 0, 1, 2, 3])):
            licence = LicenceFactory(
                contract=choose.choice([agreed, agreed, None]),
                seats=choose.choice([None, 0, 2, 7]),
                annual_cost=choose.choice([None, D(choose.randrange(1, 999_999)) / 100]),
                currency=term.currency,
                starts_on=choose.choice([None, date(2026, 11, 5)]),
                purchased_on=date(2025, 3, 1),
            )
            for person in choose.sample(people, choose.randrange(0, 4)):
                SeatFactory(
                    licence=licence, person=person, since=date(2026, choose.randrange(1, 12), 9)
                )


def recomputed(months):
    """What the months cost, by currency, from the raw rows."""
    moneys, last = [], day_by_day.end(OCTOBER, months)
    for agreed in Contract.objects.all():
        terms = list(agreed.terms.order_by("starts_on"))
        moneys += _costs(day_by_day.ahead(terms, None, ON, last), last)
    for licence in Licence.objects.filter(contract=None).exclude(annual_cost=None):
        start = licence.starts_on or licence.purchased_on
        term = start, None, licence.annual_cost, "yearly"
        paid = [days[-1] for _, days, _ in day_by_day.periods(*term, ON) if days[0] <= ON]
        moneys += _costs([(term, licence.currency, max([ON, *paid]))], last)
    return by_currency(moneys)


def _costs(stretches, last):
    for term, currency, sure in stretches:
        for (month, committed), amount in day_by_day.accrual(term, sure, last).items():
            if committed and month >= OCTOBER:
                yield Money(amount, currency)


def test_the_charges_add_up_to_what_the_months_cost(many):
    charges = charge_back(OCTOBER, 4, on=ON)
    assert by_currency(it.money for it in charges) == recomputed(4)
    assert by_currency(money for _, money in by_cost_centre(charges)) == recomputed(4)
    assert {it.basis for it in charges} == set(Basis)


def test_months_add_up_to_their_range(many):
    apart = [it.money for first in (10, 11) for it in charge_back(date(2026, first, 1), 1, on=ON)]
    together = [it.money for it in charge_back(OCTOBER, 2, on=ON)]
    assert by_currency(apart) == by_currency(together)


def test_the_number_of_queries_does_not_depend_on_what_there_is(many, django_assert_num_queries):
    with django_assert_num_queries(9):
        charge_back(OCTOBER, 4, on=ON)
