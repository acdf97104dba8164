"""The warranty that an asset came with, in the spreadsheet of assets."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission

from assets import warranties
from assets.models import Asset, Warranty
from tests.factories import AssetFactory, ProductFactory, WarrantyFactory
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db
HEADER = ["tag", "product", "warranty start", "warranty expiration"]
Kind = Warranty.Kind


@pytest.fixture
def laptop(time_machine):
    time_machine.move_to("2026-06-15 12:00:00")  # its warranty runs, else none could be extended
    first, last = date(2024, 1, 1), date(2026, 12, 31)
    return AssetFactory(tag="A1", warranty_starts_on=first, warranty_ends_on=last)


def days(asset):
    asset.refresh_from_db()
    return asset.warranty_starts_on, asset.warranty_ends_on


def test_new_assets_come_with_the_warranty_of_their_columns(it):
    ProductFactory(name="Latitude", maker=None)
    report = load(
        "assets",
        HEADER,
        ["A1", "Latitude", "2024-01-01", "2026-12-31"],
        ["A2", "Latitude", "", "2025-06-30"],
        ["A3", "Latitude", "", ""],
        by=it,
    )
    assert report.created == 3
    rows = Warranty.objects.order_by("asset__tag")
    assert list(rows.values_list("asset__tag", "kind", "starts_on", "ends_on")) == [
        ("A1", "standard", date(2024, 1, 1), date(2026, 12, 31)),
        ("A2", "standard", None, date(2025, 6, 30)),
    ]
    assert {it.history.get().history_change_reason for it in rows} == {"imported from file.csv"}


def test_a_start_alone_is_kept_until_the_end_is_known(it):
    ProductFactory(name="Latitude", maker=None)
    load("assets", HEADER, ["A1", "Latitude", "2024-01-01", ""], by=it)
    asset = Asset.objects.get()
    assert days(asset) == (date(2024, 1, 1), None)
    assert not asset.warranties.exists()

    load("assets", ["tag", "warranty end"], ["A1", "2026-12-31"], by=it)

    made = asset.warranties.get()
    assert days(asset) == (made.starts_on, made.ends_on) == (date(2024, 1, 1), date(2026, 12, 31))


def test_changed_columns_change_the_standard_warranty_and_the_same_again_nothing(it, laptop):
    rows = ["tag", "warranty end"], ["A1", "2027-03-31"]

    assert load("assets", *rows, by=it).updated == 1

    made = laptop.warranties.get()
    assert days(laptop) == (made.starts_on, made.ends_on) == (date(2024, 1, 1), date(2027, 3, 31))
    assert made.history.first().history_user == it
    assert load("assets", *rows, by=it).unchanged == 1


def test_months_that_no_longer_fit_are_forgotten(it, laptop):
    made = laptop.warranties.get()
    made.months = 36
    made.save()
    load("assets", ["tag", "warranty end"], ["A1", "2027-03-31"], by=it)
    made.refresh_from_db()
    assert (made.months, made.ends_on) == (None, date(2027, 3, 31))


def test_where_an_extension_counts_the_columns_change_nothing_and_are_refused(it, laptop):
    warranties.extend([laptop], months=12, by=it)
    assert days(laptop) == (date(2024, 1, 1), date(2027, 12, 31))

    report = load("assets", ["tag", "warranty end"], ["A1", "2027-03-31"], by=it)

    assert problems(report) == [
        'row 2, column warranty end, "2027-03-31": the extension until 31 December 2027 counts:'
        " change it on the page of the asset"
    ]
    assert days(laptop) == (date(2024, 1, 1), date(2027, 12, 31))


def test_a_standard_warranty_that_outlasts_the_extension_counts_again(it, laptop):
    warranties.extend([laptop], months=12, by=it)
    extension = laptop.warranties.get(kind=Kind.EXTENSION)

    assert load("assets", ["tag", "warranty end"], ["A1", "2028-12-31"], by=it).updated == 1

    assert days(laptop) == (date(2024, 1, 1), date(2028, 12, 31))
    extension.refresh_from_db()
    assert extension.ends_on == date(2027, 12, 31)


def test_a_warranty_that_would_end_before_its_own_start_is_refused(it):
    asset = AssetFactory(tag="A1")
    first = date(2024, 1, 1)
    WarrantyFactory(asset=asset, kind=Kind.INSURANCE, starts_on=first, months=6)
    WarrantyFactory(asset=asset, starts_on=date(2024, 6, 1), months=12)
    warranties.settle([asset], by=it, reason="")

    report = load("assets", ["tag", "warranty end"], ["A1", "2024-07-01"], by=it)
    assert report.updated == 1
    report = load("assets", ["tag", "warranty end"], ["A1", "2024-06-30"], by=it)

    assert "the insurance until 30 June 2024 counts" in problems(report)[0]


def test_who_may_not_change_warranties_does_not_do_so_by_import(it, laptop):
    it.groups.clear()
    names = ["view_asset", "change_asset", "import_asset"]
    it.user_permissions.set(Permission.objects.filter(codename__in=names))
    report = load("assets", ["tag", "warranty end"], ["A1", "2027-03-31"], by=it)
    assert "you may not change warranties" in problems(report)[0]
    assert load("assets", ["tag", "hostname"], ["A1", "web"], by=it).updated == 1


def test_warranties_cost_an_import_no_query_a_row():
    ProductFactory(name="Latitude", maker=None)

    def new(first, last):
        return [HEADER, *([f"B{n}", "Latitude", "", "2027-01-01"] for n in range(first, last))]

    def changed(first, last):
        return [["tag", "warranty end"], *([f"B{n}", "2028-01-01"] for n in range(first, last))]

    assert queries("assets", new(0, 2)) == queries("assets", new(2, 12))
    assert queries("assets", changed(0, 2)) == queries("assets", changed(2, 12))
