"""What is said of each kind of record that somebody is told of, and at what price in queries."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Asset, Custody, Handover, Order, Product, Release, Repair, StockItem
from contracts.models import Contract, Decision, Licence
from people.models import Person
from support.alert_facts import facts, with_details
from support.alert_words import name_of
from support.alerts import RULES
from support.models import Approval, Ticket
from tests.factories import (
    ApprovalFactory,
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    DecisionFactory,
    HandoverFactory,
    LicenceFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    ReleaseFactory,
    RepairFactory,
    SeatFactory,
    StockItemFactory,
    TermFactory,
    TicketFactory,
    VendorFactory,
)

ON = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def said(record, costs=True):
    found = with_details(type(record), ON).get(pk=record.pk)
    return facts(found, costs=costs)


def licence(seats, taken, idle=0, **fields):
    found = LicenceFactory(seats=seats, annual_cost="1200.00", currency="EUR", **fields)
    for number in range(taken):
        last_used = None if number < idle else timezone.localdate()
        SeatFactory(licence=found, since=ON - timedelta(400), last_used_on=last_used)
    return found


def test_of_too_many_seats_it_says_how_many_and_what_the_missing_ones_are_worth():
    known = said(licence(seats=10, taken=12))

    assert "12 of 10 seats taken" in known
    assert "2 more than were bought, worth 240.00 EUR a year" in known


def test_of_unused_seats_it_says_what_they_cost_a_year():
    known = said(licence(seats=10, taken=8, idle=3))

    assert "3 seats not used for 90 days, which cost 360.00 EUR a year" in known
    assert "all seats cost 1,200.00 EUR a year" in known


def test_unused_seats_beyond_what_was_bought_cost_nothing():
    known = said(licence(seats=10, taken=12, idle=3))

    assert "3 seats not used for 90 days, which cost 120.00 EUR a year" in known


def test_a_contract_that_is_cancelled_does_not_renew_by_itself():
    contract = ContractFactory(decision="cancel", annual_cost=None)
    TermFactory(contract=contract, renewal="tacit", renewal_months=12)

    known = said(contract)

    assert "decided: cancel" in known
    assert not any("renews" in fact for fact in known)


def test_a_leaver_is_told_with_what_he_holds():
    ada = PersonFactory(manager=PersonFactory(name="Grace"))
    for number in range(5):
        AssetFactory(tag=f"LT-{number}", state="in_use", holder=ada)
    SeatFactory(person=ada)

    known = said(ada)

    assert known[0].endswith("and 2 more")
    assert "has 1 licence seat" in known
    assert "manager: Grace" in known


def test_an_order_says_what_is_awaited_and_what_that_is_worth():
    order = OrderFactory(currency="EUR")
    product = ProductFactory(name="Dock", maker=None)
    OrderLineFactory(order=order, product=product, quantity=5, received=2, unit_cost="100.00")

    assert "awaited: 3 × Dock" in said(order)
    assert "worth 300.00 EUR" in said(order)
    assert not any("EUR" in fact for fact in said(order, costs=False))


@pytest.mark.parametrize(
    ("record", "fact"),
    [
        (lambda: AssetFactory(serial="SN1"), "serial number SN1"),
        (lambda: StockItemFactory(quantity=2, minimum=5), "2 left, minimum 5"),
        (lambda: RepairFactory(vendor=VendorFactory(name="Fix")), "at Fix"),
        (lambda: DecisionFactory(kind="cancel", ends_on=ON), "notice not sent yet"),
        (
            lambda: AssetFactory(release=ReleaseFactory(), state="in_stock").release,
            "1 asset in service",
        ),
        (lambda: AssetFactory(state="in_stock").product, "1 asset in service"),
    ],
)
def test_each_kind_says_what_matters(record, fact):
    assert fact in said(record())


def make(model):
    made = {
        Asset: AssetFactory,
        Contract: lambda: TermFactory(contract=ContractFactory(owner=PersonFactory())).contract,
        Custody: CustodyFactory,
        Decision: DecisionFactory,
        Handover: lambda: CustodyFactory(handover=HandoverFactory()).handover,
        Licence: lambda: SeatFactory(licence=LicenceFactory(contract=ContractFactory())).licence,
        Order: lambda: OrderLineFactory().order,
        Person: lambda: AssetFactory(state="in_use", holder=PersonFactory()).holder,
        Product: ProductFactory,
        Release: ReleaseFactory,
        Repair: RepairFactory,
        StockItem: StockItemFactory,
        Approval: lambda: ApprovalFactory(ticket__price=100, for_whom=PersonFactory()),
        Ticket: lambda: TicketFactory(due_by=timezone.now(), asset=AssetFactory()),
    }
    return made[model]()


@pytest.mark.parametrize(
    "model", sorted({rule.model for rule in RULES}, key=lambda it: it.__name__)
)
def test_many_records_take_as_many_queries_as_one(model):
    def read():
        with CaptureQueriesContext(connection) as queries:
            for record in with_details(model, ON):
                assert name_of(record)
                assert all(isinstance(fact, str) for fact in facts(record, costs=True))
        return len(queries)

    make(model)
    once = read()
    for _ in range(3):
        make(model)

    assert read() == once
