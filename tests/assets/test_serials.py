import pytest
from django.urls import reverse

from assets.models import Asset
from assets.serials import scanned_serial, serial_key
from tests.factories import AssetFactory, ProductFactory
from tests.test_record_pages import fields_of


@pytest.mark.parametrize(
    "junk",
    [
        "To Be Filled By O.E.M.",
        "System Serial Number",
        "Chassis Serial Number",
        "Not Specified",
        "Not Present",
        "No Asset Tag",
        "No Asset Information",
        "Asset-1234567890",
        "MB-1234567890",
        "0000000000",
        "12345678901234567890123456789012",
        "XXXXXXXXXX",
        ".........",
        "<BAD INDEX>",
        "OEM_Serial",
        " " * 32,
        "None\r",
        "EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE",
        "03000200-0400-0500-0006-000700080009",
    ],
)
def test_what_firmware_says_in_place_of_a_serial_is_no_key(junk):
    assert serial_key(1, junk) == ""


@pytest.mark.parametrize("serial", ["CNC819R159", "PF1ABCDE", "12345678901234567890124", "0000001"])
def test_a_serial_is_a_key_whatever_it_looks_like(serial):
    assert serial_key(1, f" {serial.lower()}\r") == f"1:{serial}"


@pytest.mark.parametrize(
    ("maker", "scanned", "serial"),
    [
        ("HP", "SCNC819R159", "CNC819R159"),
        ("Hewlett-Packard", "s5CG1234ABC\r", "5CG1234ABC"),
        ("HPE", "SGH123ABCD", "SGH123ABCD"),
        ("HPE", "SSGH123ABCD", "SGH123ABCD"),
        ("HP", "SCNC899R159", "SCNC899R159"),
        ("HP", "CNC819R159", "CNC819R159"),
        ("Dell", "SCNC819R159", "SCNC819R159"),
        ("LENOVO", "1S679021UKA87DND", "KA87DND"),
        ("IBM", "1S679021UKA87DND", "KA87DND"),
        ("Lenovo", "1S20L5CTO1WWPF1ABCDE", "PF1ABCDE"),
        ("Lenovo", "1S20L5CTO1WWPF1ABCD", "1S20L5CTO1WWPF1ABCD"),
        ("Samsung", "1S679021UKA87DND", "1S679021UKA87DND"),
    ],
)
def test_only_what_its_maker_prints_before_a_serial_is_taken_off(maker, scanned, serial):
    assert scanned_serial(scanned, maker) == serial


# --- Typed on the asset's page -------------------------------------------------------------------


@pytest.fixture
def ann(client, it, without_menus):
    client.force_login(it)
    return client


@pytest.mark.parametrize("serial", ["3.56E+14", "8,94902E+18", "#N/A"])
def test_what_a_spreadsheet_left_of_a_serial_is_refused_for_a_new_asset(ann, serial):
    add = reverse("admin:assets_asset_add")
    data = fields_of(ann.get(add)) | {"product": ProductFactory().pk, "serial": serial}

    (sentence,) = ann.post(add, data).context["adminform"].form.errors["serial"]

    assert sentence.startswith(f"“{serial}” ")
    assert "Excel" in sentence
    assert not Asset.objects.exists()


def test_one_that_is_there_may_not_become_such_a_serial_and_an_old_one_stops_nothing(ann):
    asset = AssetFactory(serial="3.56E+14")
    page = reverse("admin:assets_asset_change", args=[asset.pk])
    data = fields_of(ann.get(page))

    assert ann.post(page, data | {"hostname": "pc-7"}).status_code == 302
    refused = ann.post(page, fields_of(ann.get(page)) | {"serial": "8.94902E+18"})

    assert "has lost digits" in refused.context["adminform"].form.errors["serial"][0]
    asset.refresh_from_db()
    assert (asset.hostname, asset.serial) == ("pc-7", "3.56E+14")


def test_a_serial_that_only_looks_like_a_number_is_taken(ann):
    asset = AssetFactory()
    page = reverse("admin:assets_asset_change", args=[asset.pk])

    assert ann.post(page, fields_of(ann.get(page)) | {"serial": "5E10"}).status_code == 302
