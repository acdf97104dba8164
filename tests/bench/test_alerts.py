"""How long all rules take over half a million assets, and how much memory."""

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from assets.models import Asset, Product, Vendor
from contracts.models import Contract, Licence
from people.models import Person
from support.alerts import RULES
from support.models import Alert
from tests.bench.multiplying import a_key_of, analyse, forget, multiply
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    HandoverFactory,
    LicenceFactory,
    OrderFactory,
    PersonFactory,
    ProductFactory,
    RepairFactory,
    SeatFactory,
    StockItemFactory,
)
from tests.processes import database_url

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

CONTRACTS, ASSETS = 100_000, 500_000
PEOPLE, PRODUCTS, LICENCES = 5_000, 2_000, 20_000
SECONDS, MEGABYTES = 60, 500
TODAY = date(2026, 11, 24)


def a_day(spread, before):
    """The SQL of days from so many before TODAY on, spread over so many."""
    return f"DATE '{TODAY}' + (n % {spread} - {before})"


def write_people():
    person = PersonFactory()
    leaves = f"CASE WHEN n % 50 = 0 THEN {a_day(97, 30)} END"
    multiply(
        person,
        PEOPLE,
        name="'Person no. ' || n",
        email="'bench' || n || '@example.com'",
        leaves_on=leaves,
        manager_id=str(person.pk),
    )


def write_contracts():
    multiply(
        ContractFactory(),
        CONTRACTS,
        number="'B-' || n",
        owner_id=f"CASE WHEN n % 4 > 0 THEN {a_key_of(Person, PEOPLE)} END",
        notice_by=a_day(1500, 700),
        ends_on=a_day(1500, 610),
    )
    product = ProductFactory()
    multiply(product, PRODUCTS, name="'Product no. ' || n", end_of_life_on=a_day(3001, 1000))
    multiply(
        LicenceFactory(product=product),
        LICENCES,
        number="'L-' || n",
        contract_id=a_key_of(Contract, CONTRACTS),
        ends_on=a_day(1200, 300),
        seats="CASE WHEN n % 10 = 0 THEN 1 ELSE 10 END",
    )
    licence, person = a_key_of(Licence, LICENCES), a_key_of(Person, PEOPLE)
    multiply(
        SeatFactory(),
        5 * LICENCES,
        licence_id=licence,
        person_id=person.replace("n %", f"(n + n / {LICENCES}) %"),  # of each licence five others
        last_used_on=a_day(200, 199),
        since=f"DATE '{TODAY}' - 400",
    )


def write_assets():
    multiply(
        AssetFactory(state="in_use", holder=PersonFactory(), custody=False),
        ASSETS,
        tag="'B' || n",
        product_id=a_key_of(Product, PRODUCTS),
        holder_id=a_key_of(Person, PEOPLE),
        warranty_ends_on=a_day(2000, 900),
        warranty_starts_on=f"DATE '{TODAY}' - 2000",
    )
    multiply(
        CustodyFactory(asset=AssetFactory()),
        ASSETS,
        asset_id=a_key_of(Asset.objects.filter(tag__startswith="B"), ASSETS),
        holder_id=a_key_of(Person, PEOPLE),
        due_back_on=f"CASE WHEN n % 20 = 0 THEN {a_day(401, 100)} END",
    )


def write_the_rest():
    broken = a_key_of(Asset.objects.filter(tag__startswith="B"), 5_000)
    multiply(RepairFactory(), 5_000, asset_id=broken, due_back_on=a_day(60, 30))
    multiply(
        OrderFactory(),
        5_000,
        number="'P-' || n",
        state="'ordered'",
        ordered_on=a_day(9, 9),
        expected_on=a_day(60, 30),
    )
    multiply(HandoverFactory(), 20_000, needs_acceptance="true", to_id=a_key_of(Person, PEOPLE))
    multiply(StockItemFactory(), 2_000, name="'Item no. ' || n", minimum="n % 3")


def measure(tmp_path):
    environment = {**os.environ, "DATABASE_URL": database_url(), "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.alerting", str(TODAY)],
        cwd=Path(__file__).parents[2],
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def _forgotten(postgresql):
    """What was undone before lies about in the tables, and misleads whoever counts it."""
    forget(Alert, Person, Vendor)
    yield
    forget(Alert, Person, Vendor)


@pytest.mark.usefixtures("_forgotten")
def test_half_a_million_assets_are_scanned_for_all_rules_in_a_minute(tmp_path):
    began = time.perf_counter()
    write_people()
    write_contracts()
    write_assets()
    write_the_rest()
    analyse()
    written = time.perf_counter() - began
    took = measure(tmp_path)

    print(f"\n{CONTRACTS} contracts, {ASSETS} assets, {len(RULES)} rules on {connection.vendor}:")
    print(f"  written in {written:.1f} s")
    for name, (raised, seconds) in zip(
        ["first run", "the next day", "the day after"], took["runs"], strict=True
    ):
        print(f"  {name}: {raised} alerts in {seconds:.1f} s (limit {SECONDS} s)")
    print(f"  peak memory {took['peak']:.0f} MB (limit {MEGABYTES} MB)")
    print(f"  rules that raised something: {Alert.objects.values('rule').distinct().count()}")
    assert took["runs"][0][0] > 100_000
    assert max(seconds for _, seconds in took["runs"]) < SECONDS
    assert took["peak"] < MEGABYTES
