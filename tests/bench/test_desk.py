"""How long the renewal desk takes with ten thousand contracts, and how many queries it asks."""

import time
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.history import create_all_as
from contracts.models import Contract, Coverage, Licence, Seat, Term
from people.roles import FINANCE
from tests.conftest import member
from tests.factories import AssetFactory, PersonFactory, ProductFactory, VendorFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

CONTRACTS, SECONDS = 10_000, 0.3
ADDRESS = "/admin/contracts/contract/report/desk/?within=36500"


def made(count):
    """So many contracts that must be decided, each with a term, a covered asset and two seats."""
    today, vendor, asset = date.today(), VendorFactory(), AssetFactory()
    product, people = ProductFactory(), [PersonFactory(), PersonFactory()]
    first = Contract.objects.count()
    contracts = write(
        Contract(
            number=f"B-{first + at:06}",
            title=f"Contract {first + at}",
            vendor=vendor,
            starts_on=today - timedelta(365),
            notice_by=today + timedelta(at % 700),
            ends_on=today + timedelta(at % 700 + 90),
            annual_cost=100 + at,
        )
        for at in range(count)
    )
    write(
        Term(
            contract=it,
            starts_on=it.starts_on,
            ends_on=it.ends_on,
            amount=it.annual_cost,
            renewal="tacit",
            renewal_months=12,
        )
        for it in contracts
    )
    write(Coverage(contract=it, asset=asset) for it in contracts)
    licences = write(Licence(product=product, seats=10, contract=it) for it in contracts)
    write(
        Seat(licence=it, person=person, since=today - timedelta(200), last_used_on=today)
        for it in licences
        for person in people
    )


def write(rows):
    return create_all_as(list(rows), by=None, reason="bench")


def asked(client):
    """The best of three, in seconds, and the number of queries."""
    tries = []
    for _ in range(3):
        began = time.perf_counter()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(ADDRESS)
        tries.append((time.perf_counter() - began, len(queries)))
        assert page.status_code == 200
    return min(tries)


def test_the_desk_with_ten_thousand_contracts_is_as_quick_as_with_a_hundred():
    client = Client()
    client.force_login(member(FINANCE))
    made(CONTRACTS // 100)
    few, queries_of_few = asked(client)
    made(CONTRACTS - CONTRACTS // 100)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many, queries_of_many = asked(client)
    print(f"\nThe renewal desk on {connection.vendor}:")
    print(f"  {many * 1000:.0f} ms with {CONTRACTS} contracts (limit {SECONDS * 1000:.0f} ms)")
    print(f"  {many / few:.1f} times as long as with {CONTRACTS // 100}")
    print(f"  {queries_of_many} queries, {queries_of_few} with {CONTRACTS // 100}")
    assert queries_of_many == queries_of_few
    assert many < SECONDS
