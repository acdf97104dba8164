import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from assets import products
from assets.models import Asset
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    ExtraFieldFactory,
    ProductFactory,
    VendorFactory,
)
from tests.importing import load, problems
from tests.test_exports import csv_rows, file_of
from tests.test_record_pages import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def dell():
    return VendorFactory(name="Dell")


@pytest.fixture
def latitude(dell):
    return ProductFactory(name="Latitude", maker=dell)


@pytest.fixture
def elitebook():
    return ProductFactory(name="EliteBook", maker=VendorFactory(name="HP"))


def change(client, product, **fields):
    page = reverse("admin:assets_product_change", args=[product.pk])
    return client.post(page, fields_of(client.get(page)) | fields)


def said(response):
    return response.context["adminform"].form.errors


# --- Its maker -----------------------------------------------------------------------------------


def test_serials_follow_a_product_to_its_new_maker(ann, it, dell, elitebook):
    asset, junk = AssetFactory(product=elitebook, serial="5CG-1"), AssetFactory(product=elitebook)

    response = change(ann, elitebook, maker=dell.pk, reason="a typing mistake")

    assert response.status_code == 302
    asset.refresh_from_db()
    assert asset.serial_key == f"{dell.pk}:5CG1"
    version = asset.history.latest()
    assert (version.history_user, version.history_change_reason) == (
        it,
        "its product is made by Dell",
    )
    assert junk.history.count() == 1


def test_a_serial_stays_unique_after_its_product_got_another_maker(dell, latitude, elitebook, it):
    AssetFactory(product=elitebook, serial="5CG-1")
    elitebook.maker = dell
    products.change(elitebook, by=it, reason="a typing mistake")

    report = load("assets", ["tag", "serial", "product"], ["A2", "5cg1", "Dell Latitude"])

    assert "Another asset of this maker has this serial number" in problems(report)[0]


def test_a_maker_whose_serials_would_clash_is_refused_with_both_tags(
    ann, dell, latitude, elitebook
):
    AssetFactory(product=latitude, tag="A1", serial="5cg1")
    AssetFactory(product=elitebook, tag="B1", serial="5CG-1")
    AssetFactory(product=elitebook, tag="B2", serial="5CG-2")

    response = change(ann, elitebook, maker=dell.pk)

    assert said(response)["maker"] == [
        "HP EliteBook cannot be made by Dell: B1 EliteBook and A1 Latitude would both have the"
        " serial number 5CG-1. Correct one of each pair first."
    ]
    elitebook.refresh_from_db()
    assert elitebook.maker.name == "HP"


def test_whoever_calls_it_is_refused_the_same_and_nothing_is_written(it, dell, latitude, elitebook):
    AssetFactory(product=latitude, serial="5cg1")
    clashing = AssetFactory(product=elitebook, serial="5CG-1")
    elitebook.maker = dell

    with pytest.raises(ValidationError, match="would both have the serial number 5CG-1"):
        products.change(elitebook, by=it, reason="a typing mistake")

    assert Asset.objects.get(pk=clashing.pk).serial_key == clashing.serial_key
    elitebook.refresh_from_db()
    assert elitebook.maker.name == "HP"


def test_a_product_without_a_maker_is_among_those_without_one(ann, it, elitebook):
    AssetFactory(product=ProductFactory(name="Clone", maker=None), tag="C1", serial="SN7")
    asset = AssetFactory(product=elitebook, tag="B1", serial="SN8")

    assert change(ann, elitebook, maker="").status_code == 302
    asset.refresh_from_db()
    assert asset.serial_key == ":SN8"

    asset.serial = "SN7"
    with pytest.raises(ValidationError, match="has this serial number"):
        asset.full_clean()


def test_of_many_clashes_a_few_are_told(dell, latitude, elitebook):
    for number in range(7):
        AssetFactory(product=latitude, serial=f"SN{number}")
        AssetFactory(product=elitebook, serial=f"SN{number}")

    with pytest.raises(ValidationError, match="serial number SN4, and 2 more pairs") as refused:
        products.refuse_clashes(elitebook, dell)

    assert "SN5" not in str(refused.value)


# --- Its category --------------------------------------------------------------------------------


@pytest.fixture
def tablets():
    """Tablets have a RAM as text, a lease as a day, and a colour that may be silver."""
    category = CategoryFactory(name="Tablet")
    for name, kind in [("RAM", "text"), ("Leased until", "date"), ("Colour", "choice")]:
        choices = "Silver" if kind == "choice" else ""
        ExtraFieldFactory(category=category, name=name, kind=kind, choices=choices)
    return category


@pytest.fixture
def leased(latitude):
    """An asset with a number, a text and a text that is a day."""
    for name, kind in [("RAM", "number"), ("Leased until", "text"), ("Colour", "text")]:
        ExtraFieldFactory(category=latitude.category, name=name, kind=kind)
    values = {"ram": 8, "leased-until": "31.05.2024", "colour": "silver"}
    return AssetFactory(product=latitude, tag="A1", extra=values)


def test_values_are_read_anew_by_the_fields_of_the_new_category(ann, it, latitude, leased, tablets):
    assert change(ann, latitude, category=tablets.pk).status_code == 302

    leased.refresh_from_db()
    assert leased.extra == {"ram": "8", "leased-until": "2024-05-31", "colour": "Silver"}
    version = leased.history.latest()
    assert (version.history_user, version.history_change_reason) == (
        it,
        "its product is of Tablet",
    )


def test_a_category_that_loses_values_is_refused_until_there_is_a_reason(
    ann, latitude, leased, tablets
):
    leased.extra |= {"leased-until": "soon"}
    leased.save()

    refused = change(ann, latitude, category=tablets.pk)

    assert said(refused)["category"] == [
        "Tablet has no fields that take 1 × Leased until: its assets would lose these values, only"
        " their history keeps them. To change it all the same, give the reason below."
    ]
    assert change(ann, latitude, category=tablets.pk, reason="it is one").status_code == 302
    leased.refresh_from_db()
    assert leased.extra == {"ram": "8", "colour": "Silver"}
    assert "soon" in leased.history.latest().prev_record.extra.values()


def test_a_product_without_such_values_changes_its_category_as_before(ann, latitude, tablets):
    asset = AssetFactory(product=latitude)

    assert change(ann, latitude, category=tablets.pk).status_code == 302

    assert asset.history.count() == 1


def test_an_import_that_changes_the_category_takes_the_values_along(latitude, leased, tablets):
    rows = ["manufacturer", "model", "category"], ["Dell", "Latitude", "Tablet"]

    assert load("products", *rows).summary == "0 created, 1 updated, 0 unchanged, 0 refused"

    leased.refresh_from_db()
    assert leased.extra == {"ram": "8", "leased-until": "2024-05-31", "colour": "Silver"}


def test_an_import_that_would_lose_values_is_refused_in_words(latitude, leased):
    CategoryFactory(name="Dock")
    rows = ["manufacturer", "model", "category"], ["Dell", "Latitude", "Dock"]

    assert problems(load("products", *rows)) == [
        'row 2, column category, "Dock": has no fields that take 1 × Colour, 1 × Leased until,'
        " 1 × RAM: its assets would lose these values; change it on the product's page, which asks"
        " why"
    ]


def test_an_asset_that_becomes_another_product_by_import_keeps_what_fits(leased, tablets):
    ProductFactory(name="Slate", maker=None, category=tablets)
    leased.extra |= {"leased-until": "soon"}
    leased.save()

    load("assets", ["tag", "product"], ["A1", "Slate"])

    leased.refresh_from_db()
    assert leased.extra == {"ram": "8", "colour": "Silver"}


def test_a_value_that_its_field_would_not_take_is_exported_as_it_stands(leased, tablets):
    Asset.objects.filter(pk=leased.pk).update(product=ProductFactory(category=tablets))
    leased.refresh_from_db()
    leased.extra = {"leased-until": "soon"}
    leased.save()

    (row,) = csv_rows(file_of("assets", "csv"))

    assert row["Leased until"] == "soon"
