"""The warranties that assets came with become rows, and the other way round."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from assets.models import Warranty
from tests.factories import AssetFactory, WarrantyFactory

pytestmark = pytest.mark.django_db
migration = import_module("assets.migrations.0013_standard_warranties")


class Editor:
    connection = connection


def take_over():
    migration.take_over(apps, Editor)


def give_back():
    migration.give_back(apps, Editor)


def asset(first, last):
    """One as it was before there were warranties."""
    made = AssetFactory(warranty_starts_on=first, warranty_ends_on=last)
    made.warranties.all().delete()
    return made


def test_each_asset_with_a_last_day_gets_its_warranty_with_a_version():
    first, last = date(2024, 2, 29), date(2027, 2, 28)
    full, bare = asset(first, last), asset(None, last)
    asset(first, None)
    asset(None, None)
    Warranty.history.all().delete()

    take_over()

    rows = Warranty.objects.order_by("asset")
    assert list(rows.values_list("asset", "kind", "starts_on", "ends_on", "months")) == [
        (full.pk, "standard", first, last, None),
        (bare.pk, "standard", None, last, None),
    ]
    for row in rows:
        row.full_clean()
        version = row.history.get()
        assert (version.history_type, version.history_user) == ("+", None)
        assert version.history_change_reason == "taken over from the asset"
        assert version.instance.ends_on == row.ends_on


def test_a_second_time_adds_nothing_and_what_has_warranties_keeps_them():
    known = AssetFactory(warranty_ends_on=date(2027, 2, 28))
    WarrantyFactory(asset=known, kind="insurance")
    asset(None, date(2027, 2, 28))
    for _ in range(2):
        take_over()
    assert Warranty.objects.count() == 3
    assert known.warranties.count() == 2


def test_back_again_only_what_it_made_goes():
    mine = AssetFactory(warranty_ends_on=date(2027, 2, 28)).warranties.get()
    other = asset(None, date(2027, 2, 28))
    versions = Warranty.history.count()
    take_over()

    give_back()

    assert Warranty.objects.get() == mine
    assert Warranty.history.count() == versions
    other.refresh_from_db()
    assert other.warranty_ends_on == date(2027, 2, 28)
