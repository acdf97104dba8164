"""How long it takes to say what would be told in the next 90 days, of a large register."""

import time
from datetime import date, timedelta
from itertools import cycle

import pytest
from django.db import connection

from assets.models import Asset
from contracts.models import Contract
from people.models import Person
from support import preview
from support.ledger import raise_due
from support.models import Alert
from tests.factories import MessageFactory, PersonFactory, ProductFactory, VendorFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

CONTRACTS, ASSETS, SECONDS = 10_000, 50_000, 2
ON = date(2026, 11, 24)


def enter():
    """Contracts that end within the year, assets whose warranty ends within three."""
    vendor, product = VendorFactory(), ProductFactory()
    staying = [PersonFactory() for _ in range(190)]
    leaving = [PersonFactory(leaves_on=ON + timedelta(it)) for it in range(5, 105, 10)]
    owners = cycle([*staying, *leaving])
    # Only as much as the rules read, and without versions: what is measured is reading.
    Contract.objects.bulk_create(
        [
            Contract(
                number=f"B-{at}",
                vendor=vendor,
                owner=next(owners),
                starts_on=ON - timedelta(400),
                notice_by=ON + timedelta(at % 365 - 90) if at % 3 else None,
                ends_on=ON + timedelta(at % 365),
            )
            for at in range(CONTRACTS)
        ]
    )
    Asset.objects.bulk_create(
        [
            Asset(tag=f"B-{at}", product=product, warranty_ends_on=ON + timedelta(at % 1095 - 200))
            for at in range(ASSETS)
        ],
        batch_size=2000,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def measured():
    began, busy = time.perf_counter(), time.process_time()
    found = preview.coming(ON, ON + timedelta(90))
    return time.perf_counter() - began, time.process_time() - busy, found


@pytest.mark.parametrize("told", [False, True], ids=["at first", "in use"])
def test_ninety_days_of_a_large_register_are_foreseen_in_two_seconds(told):
    enter()
    if told:
        raise_due(ON - timedelta(1))
        Alert.objects.unsent().update(message=MessageFactory())
    preview.coming(ON, ON)  # what is imported and prepared once per process
    took, busy, found = min((measured() for _ in range(3)), key=lambda run: run[0])
    print(f"\n{len(found):,} tellings of {CONTRACTS:,} contracts and {ASSETS:,} assets")
    print(f"  on {connection.vendor}: {took:.2f} s, {busy:.2f} s of them here (limit {SECONDS} s)")
    assert Person.objects.count() >= 200
    assert len(found) > 10_000
    assert took < SECONDS
