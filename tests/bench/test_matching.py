"""How long the rules take over a hundred thousand lines, and whether that grows in proportion."""

import time
import tracemalloc
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from assets.models import Vendor, VendorAlias
from contracts import matching
from contracts.models import Contract, Spend, Term

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

LINES, SECONDS, PROPORTION, MEGABYTES = 100_000, 30, 20, 60
VENDORS, CONTRACTS = 1_000, 10_000
FIRST = date(2025, 1, 1)


def write_contracts():
    """Ten contracts of each vendor, each with an amount of its own and two terms."""
    vendors = Vendor.objects.bulk_create(
        Vendor(name=f"Vendor {number:04}") for number in range(VENDORS)
    )
    VendorAlias.objects.bulk_create(
        VendorAlias(vendor=vendor, name=f"Alias of {vendor}") for vendor in vendors[::10]
    )
    contracts = Contract.objects.bulk_create(
        Contract(number=f"C-{number:05}", title="x", vendor=vendors[number % VENDORS])
        for number in range(CONTRACTS)
    )
    Term.objects.bulk_create(
        Term(
            contract=contract,
            starts_on=FIRST + timedelta(365 * year),
            ends_on=FIRST + timedelta(365 * year + 364),
            amount=amount_of(number),
        )
        for number, contract in enumerate(contracts)
        for year in range(2)
    )


def amount_of(number):
    return Decimal(100 + number // VENDORS * 10) + Decimal(number % 100) / 100


def write_ledger(count):
    """Of ten lines eight pay for a contract, one for none, one is of nobody known."""
    Spend.objects.all().delete()
    Spend.history.all().delete()
    lines = (line(number, number % CONTRACTS) for number in range(count))
    Spend.objects.bulk_create(lines, batch_size=5_000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def line(number, contract):
    vendor, kind = contract % VENDORS, number % 10
    supplier = f"Stranger {number % 3_000}" if kind == 9 else f"VENDOR {vendor:04}, Inc."
    supplier = f"Alias of Vendor {vendor:04}" if kind == 0 and vendor % 10 == 0 else supplier
    amount = Decimal(9_999) if kind == 8 else amount_of(contract) * (1 if kind < 5 else -1)
    spend = Spend(
        reference=f"L{number:07}",
        booked_on=FIRST + timedelta(number % 700),
        supplier=supplier,
        amount=amount,
    )
    spend.derive()
    return spend


def seconds(count):
    write_ledger(count)
    began = time.perf_counter()
    vendors, contracts = matching.match_vendors(None), matching.match_contracts(None)
    took = time.perf_counter() - began
    assert vendors == count * 9 // 10
    assert contracts == count * 8 // 10
    assert Spend.history.count() == vendors + contracts
    began = time.perf_counter()
    assert matching.match_vendors(None) == matching.match_contracts(None) == 0
    return took, time.perf_counter() - began


def test_a_hundred_thousand_lines_are_matched_in_time():
    write_contracts()
    few, _ = seconds(LINES // 10)
    many, again = seconds(LINES)
    print(f"\n{LINES} lines, {CONTRACTS} contracts on {connection.vendor}:")
    print(f"  {many:.1f} s (limit {SECONDS} s), once more {again:.1f} s")
    print(f"  {many / few:.1f} times as long as {LINES // 10} (limit {PROPORTION})")
    began = time.perf_counter()
    rows = matching.suggestions(matching.unknown()[:50])
    page = time.perf_counter() - began
    print(f"  {len(rows)} suggestions among {VENDORS} vendors in {page:.2f} s (limit 1 s)")
    assert many < SECONDS
    assert many / few < PROPORTION
    assert page < 1


def test_the_memory_that_the_rules_take_is_bounded():
    write_contracts()
    write_ledger(LINES)
    tracemalloc.start()
    matching.match_vendors(None)
    matching.match_contracts(None)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"\n  at most {peak:.0f} MB at once (limit {MEGABYTES} MB)")
    assert peak < MEGABYTES
