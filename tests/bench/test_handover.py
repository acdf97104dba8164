"""How long a thousand assets take to hand over in one step, and whether it grows in proportion."""

import time

import pytest
from django.db import connection

from assets import lifecycle
from assets.models import Asset, Custody
from tests.factories import AssetFactory, CategoryFactory, PersonFactory, ProductFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ASSETS, SECONDS, PROPORTION = 1000, 5, 20
"""The limit of a thousand, and how many times a hundred may take when ten times as many move."""


def seconds(count, start):
    product = ProductFactory(category=CategoryFactory(needs_acceptance=True))
    fresh = [Asset(product=product, state="in_stock") for _ in range(count)]
    assets = lifecycle.enter(fresh, by=None, reason="bought")
    ada = PersonFactory(name=start)
    began = time.perf_counter()
    outcome = lifecycle.hand_over(assets, to=ada, by=None)
    took = time.perf_counter() - began
    assert len(outcome.done) == count
    assert Custody.objects.open().filter(holder=ada).count() == count
    assert Asset.history.filter(holder=ada).count() == count
    return took


def test_a_thousand_assets_are_handed_over_in_one_step():
    AssetFactory()  # what is imported and prepared once per process
    few, many = seconds(ASSETS // 10, "few"), seconds(ASSETS, "many")
    print(f"\n{ASSETS} assets handed over on {connection.vendor}:")
    print(f"  {many:.1f} s (limit {SECONDS} s)")
    print(f"  {many / few:.1f} times as long as {ASSETS // 10} (limit {PROPORTION})")
    assert many < SECONDS
    assert many / few < PROPORTION
