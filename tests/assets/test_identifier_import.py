import io

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import Asset, Identifier
from config import tables
from config.resources import kinds, run
from tests.factories import AssetFactory, IdentifierFactory, ProductFactory, VendorFactory
from tests.importing import load, problems, queries
from tests.test_exports import csv_rows, file_of, sheet_of

pytestmark = pytest.mark.django_db

IMEI, OTHER_IMEI = "490154203237518", "356938035643809"
ICCID = "8949020000123456788"
EID = "89049032000000000000000000000163"
PHONE = "+4930901820"
MAC = "001A2B3C4D5E"
UUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def pixel():
    return ProductFactory(name="Pixel", maker=VendorFactory(name="Google"))


@pytest.fixture
def phone(pixel):
    return AssetFactory(tag="A1", product=pixel)


def numbers(asset):
    return [(it.kind, it.value) for it in asset.identifiers.all()]


def workbook(*rows):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return tables.read(io.BytesIO(out.getvalue()), "phones.xlsx")


# --- In ------------------------------------------------------------------------------------------


def test_new_phones_come_with_their_numbers_each_in_its_stored_notation(pixel, it):
    header = ["tag", "product", "IMEI1", "IMEI 2", "SIM ICCID", "EID", "MSISDN", "Wi-Fi MAC"]
    row = ["A1", "Pixel", "49-015420-323751-8", OTHER_IMEI, "8949 0200 0012 3456 788", EID]

    report = load("assets", header, [*row, "+49 (30) 901820", "00-1a-2b-3c-4d-5e"], by=it)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused", problems(report)
    assert numbers(Asset.objects.get()) == [
        ("eid", EID),
        ("iccid", ICCID),
        ("imei", OTHER_IMEI),
        ("imei", IMEI),
        ("mac", MAC),
        ("phone", PHONE),
    ]
    version = Identifier.history.filter(kind="eid").get()
    assert (version.history_user, version.history_change_reason) == (it, "imported from file.csv")


@pytest.mark.parametrize(
    ("header", "cell", "kind", "value"),
    [
        ("imei", IMEI, "imei", IMEI),
        ("IMEI/MEID", IMEI, "imei", IMEI),
        ("imei_2", IMEI, "imei", IMEI),
        ("ICCID", ICCID, "iccid", ICCID),
        ("Phone Number", PHONE, "phone", PHONE),
        ("Mobile number", "030 901820", "phone", PHONE),
        ("MAC Address", "00:1A:2B:3C:4D:5E", "mac", MAC),
        ("Ethernet MAC", "001a.2b3c.4d5e", "mac", MAC),
        ("UUID", "{123E4567-E89B-12D3-A456-426614174000}", "uuid", UUID),
    ],
)
def test_the_headers_of_other_systems_are_known(phone, settings, header, cell, kind, value):
    settings.DEFAULT_REGION = "DE"

    report = load("assets", ["tag", header], ["A1", cell])

    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused", problems(report)
    assert numbers(phone) == [(kind, value)]


def test_each_adapter_may_have_a_column_of_its_own(phone):
    header = ["tag", "MAC address", "Wi-Fi MAC", "Ethernet MAC"]

    load("assets", header, ["A1", "00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5F", "00:1A:2B:3C:4D:60"])

    assert len(numbers(phone)) == 3


def test_rows_may_be_known_by_their_serial_number_alone(pixel):
    phone = AssetFactory(product=pixel, serial="SN1")
    rows = [["serial", "product", "imei"], ["SN1", "Google Pixel", IMEI]]

    assert load("assets", *rows).updated == 1
    assert load("assets", *rows).unchanged == 1
    assert numbers(phone) == [("imei", IMEI)]


def test_the_same_file_twice_changes_nothing_and_writes_no_history(phone):
    rows = [["tag", "imei", "mac"], ["A1", IMEI, "00:1A:2B:3C:4D:5E"]]
    load("assets", *rows)
    versions = Identifier.history.count(), Asset.history.count()

    report = load("assets", *rows)

    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert (Identifier.history.count(), Asset.history.count()) == versions == (2, 1)


def test_neither_a_blank_nor_another_number_takes_one_away(phone):
    IdentifierFactory(asset=phone, kind="imei", value=IMEI)

    assert load("assets", ["tag", "imei"], ["A1", ""]).unchanged == 1
    load("assets", ["tag", "imei"], ["A1", OTHER_IMEI])

    assert numbers(phone) == [("imei", OTHER_IMEI), ("imei", IMEI)]


def test_a_number_and_a_plain_field_change_together(phone):
    report = load("assets", ["tag", "imei", "notes"], ["A1", IMEI, "cracked"])

    assert {change.field for change in report.changes} == {"notes", "IMEI"}
    assert Asset.objects.get().notes == "cracked"
    assert numbers(phone) == [("imei", IMEI)]


def test_a_semicolon_stands_between_several_in_one_cell(phone):
    load("assets", ["tag", "imei"], ["A1", f"{IMEI}; {OTHER_IMEI};"])

    assert numbers(phone) == [("imei", OTHER_IMEI), ("imei", IMEI)]


def test_one_number_twice_in_a_row_is_one(phone):
    load("assets", ["tag", "imei", "imei 2"], ["A1", IMEI, "49-015420-323751-8"])

    assert numbers(phone) == [("imei", IMEI)]


def test_what_an_asset_has_stays_good_though_it_would_be_refused_today(phone):
    IdentifierFactory(asset=phone, kind="imei", value="490154203237510")

    assert load("assets", ["tag", "imei"], ["A1", "490154203237510"]).unchanged == 1


# --- Refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cell", "said"),
    [
        ("IMEI", "490154203237510", "has a wrong digit"),
        ("IMEI", "12", "is no IMEI; accepted are the 15 digits"),
        ("ICCID", "8.94E+18", "has lost digits, Excel took it for a number; format the column as"),
        ("ICCID", "8,94900000000001E+18", "has lost digits"),
        ("ICCID", "8949000000000000000", "has lost digits"),
        ("MAC address", "00:1A", "is no MAC address; accepted are 12 hexadecimal digits"),
        ("UUID", "1234", "is no UUID"),
        ("Phone number", "12345", "accepted are numbers with + and country code"),
        ("IMEI", "#REF!", "is what Excel shows where a formula failed"),
    ],
)
def test_a_refused_value_is_told_with_row_column_value_and_what_is_accepted(
    phone, settings, header, cell, said
):
    settings.DEFAULT_REGION = "DE"

    report = load("assets", ["tag", header], ["A1", cell])

    (refusal,) = report.refusals
    assert (refusal.row, refusal.column, refusal.value) == (2, header, cell)
    assert said in refusal.problem
    assert not report.written
    assert not numbers(phone)


def test_of_several_in_a_cell_the_wrong_one_is_named(phone):
    report = load("assets", ["tag", "imei"], ["A1", f"{IMEI}; 12"])

    assert "12 is no IMEI" in report.refusals[0].problem
    assert not numbers(phone)


def test_a_number_of_another_asset_is_refused_with_its_name(phone):
    IdentifierFactory(asset=AssetFactory(tag="B7"), kind="imei", value=IMEI)

    report = load("assets", ["tag", "imei"], ["A1", "49-015420-323751-8"])

    assert report.refusals[0].problem == "is a number of B7 already"
    assert not numbers(phone)


def test_a_number_of_two_rows_is_refused_in_both_in_whatever_column_and_notation(phone, pixel):
    AssetFactory(tag="A2", product=pixel)
    rows = [["A1", IMEI, ""], ["A2", "", "49-015420-323751-8"]]

    report = load("assets", ["tag", "imei", "imei 2"], *rows)

    assert [refusal.row for refusal in report.refusals] == [2, 3]
    assert {it.problem for it in report.refusals} == {"rows 2 and 3 have the same"}
    assert not Identifier.objects.exists()


def test_refused_rows_are_skipped_on_request_and_the_others_get_their_numbers(phone, pixel):
    rows = [["A1", "Pixel", "12"], ["A2", "Pixel", IMEI]]

    report = load("assets", ["tag", "product", "imei"], *rows, skip_refused=True)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 1 refused"
    assert [it.asset.tag for it in Identifier.objects.all()] == ["A2"]


def test_other_problems_of_the_row_are_told_beside(phone):
    report = load("assets", ["tag", "imei", "purchased on"], ["A1", "12", "never"])

    assert {refusal.column for refusal in report.refusals} == {"imei", "purchased on"}


def test_an_iccid_in_a_cell_of_numbers_is_refused_with_the_explanation(phone):
    table = workbook(["tag", "ICCID"], ["A1", 8949020000123456788])

    report = run(kinds()["assets"], table)

    (refusal,) = report.refusals
    assert (refusal.row, refusal.column) == (2, "ICCID")
    assert refusal.problem.startswith("has lost digits, Excel took it for a number; format")


def test_an_imei_in_a_cell_of_numbers_is_whole_and_accepted(phone):
    run(kinds()["assets"], workbook(["tag", "IMEI"], ["A1", int(IMEI)]))

    assert numbers(phone) == [("imei", IMEI)]


def test_who_may_not_add_numbers_cannot_by_a_spreadsheet(phone, it, django_user_model):
    allowed = ["change_asset", "import_asset", "view_asset"]
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=allowed))

    report = load("assets", ["tag", "imei"], ["A1", IMEI], by=clerk)

    assert "you may not add numbers to assets" in problems(report)[0]
    assert not numbers(phone)


# --- Preview, queries ----------------------------------------------------------------------------


def test_a_preview_shows_numbers_before_and_after_and_writes_none(phone):
    IdentifierFactory(asset=phone, kind="imei", value=IMEI)

    report = load("assets", ["tag", "imei"], ["A1", OTHER_IMEI], dry_run=True)

    (change,) = report.changes
    assert (change.field, change.before) == ("IMEI", "49-015420-323751-8")
    assert change.after == "49-015420-323751-8; 35-693803-564380-9"
    assert numbers(phone) == [("imei", IMEI)]


def test_the_preview_of_the_import_page_shows_numbers(client, it, phone):
    client.force_login(it)
    file = SimpleUploadedFile("phones.csv", f"tag,IMEI\nA1,{IMEI}\n".encode())

    page = client.post(reverse("admin:assets_asset_import"), {"file": file}, follow=True)

    assert "49-015420-323751-8" in page.content.decode()
    assert not numbers(phone)


def test_the_queries_do_not_grow_with_the_rows(pixel):
    def rows(numbers):
        made = [f"{number:014}" for number in numbers]
        return [["tag", "product", "imei"], *([f"T{it}", "Pixel", it] for it in made)]

    queries("assets", rows([1]))
    one = queries("assets", rows([1002]))
    assert queries("assets", rows(range(2000, 2010))) == one
    for number in (3001, *range(3010, 3020)):
        AssetFactory(tag=f"T{number:014}", product=pixel)
    one = queries("assets", rows([3001]))
    assert queries("assets", rows(range(3010, 3020))) == one


# --- Out -----------------------------------------------------------------------------------------


@pytest.fixture
def full(phone):
    values = [("imei", IMEI), ("imei", OTHER_IMEI), ("iccid", ICCID), ("eid", EID)]
    for kind, value in [*values, ("phone", PHONE), ("mac", MAC), ("uuid", UUID)]:
        IdentifierFactory(asset=phone, kind=kind, value=value)
    return phone


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_numbers_that_leave_come_in_again_at_another_company(full, extension):
    was = numbers(full)
    table = tables.read(io.BytesIO(file_of("assets", extension)), f"assets.{extension}")
    assert run(kinds()["assets"], table).unchanged == 1
    Identifier.objects.all().delete()

    report = run(kinds()["assets"], table)

    assert report.updated == 1, problems(report)
    assert numbers(full) == was


def test_numbers_leave_as_people_read_them_several_with_a_semicolon_between(full):
    (cells,) = csv_rows(file_of("assets", "csv"))

    assert cells["IMEI"] == "35-693803-564380-9; 49-015420-323751-8"
    assert cells["ICCID"] == "8949 0200 0012 3456 788"
    assert cells["MAC address"] == "00:1A:2B:3C:4D:5E"
    assert cells["Phone number"] == "'+49 30 901820"


def test_in_excel_each_number_is_a_text_that_it_does_not_round(full):
    sheet = sheet_of(file_of("assets", "xlsx"))
    cells = {top.value: cell for top, cell in zip(sheet[1], sheet[2], strict=True)}

    names = ["IMEI", "ICCID", "EID", "Phone number", "MAC address", "UUID"]
    assert {name: cells[name].data_type for name in names} == dict.fromkeys(names, "s")


def test_the_queries_of_an_export_do_not_grow_with_the_numbers(full, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        file_of("assets", "csv")
    for _ in range(5):
        IdentifierFactory()
    with django_assert_num_queries(len(few)):
        file_of("assets", "csv")
