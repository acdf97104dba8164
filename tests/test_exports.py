"""Exports: who may, what leaves, and how it streams."""

import csv
import io
import itertools
import re
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import Asset
from config import exports, formulas, tables, workbooks
from config.admin import ExportAdmin
from config.resources import kinds, run
from contracts.models import Contract
from people.models import Person
from tests.factories import (
    AssetFactory,
    ContractFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    StockItemFactory,
    TermFactory,
    TicketFactory,
    VendorFactory,
)
from tests.rendering import bare, unrendered

DANGEROUS = [
    "=1+1",
    "+cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    " =1+1",
    "\u00a0@x",
    "'=1",
    "''=1",
]
NUMBER = re.compile(r"[+-]?[0-9.,]+")
ALL = ["people", "locations", "vendors", "products", "assets", "stock", "contracts", "tickets"]
HARMLESS = ["-5", "+4930123456", "-1.5", "O'Brien", "'s-Hertogenbosch", "a=b", "", "'"]


def admins():
    from django.contrib import admin

    return [it for it in admin.site._registry.values() if isinstance(it, ExportAdmin)]


def address(model, extension="csv"):
    options = model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_export", args=[extension])


def content(response):
    return b"".join(response.streaming_content)


def csv_rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheet_of(data):
    return openpyxl.load_workbook(io.BytesIO(data)).active


def file_of(kind, extension, hidden=()):
    resource = kinds()[kind]
    rows = resource._meta.model.objects.all()
    return b"".join(exports.export(resource, rows, exports.FORMATS[extension], hidden=hidden))


# --- Formulas ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_disarmed_and_restored(text):
    assert formulas.disarmed(text) == f"'{text}"
    assert formulas.restored(formulas.disarmed(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_no_spreadsheet_would_run_is_left_alone(text):
    assert formulas.disarmed(text) == text
    assert formulas.restored(text) == text


# --- What leaves is what an import reads ---------------------------------------------------------


@pytest.fixture
def register(db):
    """Some of everything, with names that a careless export would break."""
    site = LocationFactory(name="Berlin")
    room = LocationFactory(name="Room 1", parent=site)
    boss = PersonFactory(name="=Boss", location=room, starts_on=date(2020, 2, 29))
    PersonFactory(name="Ada", manager=boss, title="-Lead", phone="+49 30 1234", kind="contractor")
    vendor = VendorFactory(name="@Home", website="https://home.example")
    product = ProductFactory(maker=vendor, name="X-1", part_number="PN 1", warranty_months=36)
    ProductFactory(maker=vendor, name="X-1", part_number="PN 2")
    asset = AssetFactory(
        product=product,
        holder=boss,
        serial="00123",
        cost=Decimal("1234.50"),
        currency="EUR",
        purchased_on=date(2024, 5, 31),
        in_service_on=date(2024, 6, 3),
        notes="first\nsecond, \u201cthird\u201d; \U0001f4bb",
    )
    AssetFactory(product=product, location=room)
    StockItemFactory(
        name="-3 dB pad", location=room, supplier=vendor, quantity=3, part_number="007"
    )
    contract = ContractFactory(vendor=vendor, owner=boss)
    TermFactory(contract=contract, starts_on=date(2022, 1, 1), ends_on=date(2022, 12, 31))
    TermFactory(contract=contract, starts_on=date(2023, 1, 1), ends_on=date(2023, 12, 31))
    ContractFactory(vendor=vendor)
    moment = datetime(2024, 5, 1, 10, 30, 15, 123456, tzinfo=UTC)
    TicketFactory(requester=boss, asset=asset, subject="=HYPERLINK(1)", opened_at=moment)


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ALL)
def test_an_export_imported_again_changes_nothing(register, kind, extension):
    data = file_of(kind, extension)
    table = tables.read(io.BytesIO(data), f"{kind}.{extension}")
    count = kinds()[kind]._meta.model.objects.count()

    report = run(kinds()[kind], table)

    assert report.summary == f"0 created, 0 updated, {count} unchanged, 0 refused", report.refusals
    assert not report.ignored
    assert not [note for note in report.notes if "another" in note]


def cells_of(data, extension):
    """The text of every cell; in a workbook the cells that are a formula would differ in type."""
    if extension == "csv":
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        return [cell for row in rows for cell in row]
    cells = [cell for row in sheet_of(data).iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    return [cell.value for cell in cells if cell.data_type == "s"]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ALL)
def test_no_cell_of_an_export_is_a_formula(register, kind, extension):
    if kind == "people":
        for number, text in enumerate(DANGEROUS):
            PersonFactory(name=text, title=text, phone=text, employee_number=f"={number}")
    texts = cells_of(file_of(kind, extension), extension)
    starts = {text.lstrip(" \u00a0")[:1] for text in texts if not NUMBER.fullmatch(text)}
    assert not starts & set("=+-@\t\r\n\0\uff1d")
    assert kind not in ("people", "vendors", "tickets") or "'" in starts


def test_numbers_and_days_are_such_in_excel(register):
    header, first, *_ = sheet_of(file_of("assets", "xlsx")).iter_rows(values_only=True)
    row = dict(zip(header, first, strict=True))
    assert row["Cost"] == 1234.5
    assert row["Purchased on"] == datetime(2024, 5, 31)
    assert row["Serial"] == "00123"


def test_an_export_without_records_has_its_header(db):
    assert list(csv.reader([file_of("people", "csv").decode("utf-8-sig")]))[0][0] == "Name"
    assert sheet_of(file_of("people", "xlsx"))["A1"].value == "Name"


# --- Streaming -----------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_first_bytes_come_before_the_first_record_is_read(db, extension):
    resource = kinds()["people"]
    stream = exports.export(resource, Person.objects.all(), exports.FORMATS[extension])
    with CaptureQueriesContext(connection) as captured:
        assert next(stream)
    assert not captured.captured_queries


@pytest.mark.parametrize("kind", ["assets", "contracts"])
def test_the_queries_do_not_grow_with_the_records(register, kind, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 100)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            file_of(kind, "csv")
        return len(captured.captured_queries)

    few = queries()
    for _ in range(10):
        AssetFactory(holder=PersonFactory(), location=LocationFactory())
        TermFactory(contract=ContractFactory(owner=PersonFactory()))
    assert queries() == few


def peak_of(extension):
    """The most memory that an export of all people takes, in bytes, and how much it gives."""
    stream = exports.export(kinds()["people"], Person.objects.all(), exports.FORMATS[extension])
    tracemalloc.start()
    size = sum(len(part) for part in stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, size


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_memory_does_not_grow_with_the_records(db, extension):
    def make(numbers):
        people = [Person(name=f"Person {n}", email=f"p{n}@example.com") for n in numbers]
        Person.objects.bulk_create(people, batch_size=500)

    make(range(1_000))
    peak_of(extension)  # what is imported and cached once
    few, small = peak_of(extension)
    make(range(1_000, 8_000))
    many, large = peak_of(extension)
    assert large > small * 6
    assert many < few * 1.3


def test_the_records_are_read_chunk_by_chunk(db, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 10)
    PersonFactory.create_batch(35)
    stream = exports.export(kinds()["people"], Person.objects.all(), exports.FORMATS["csv"])
    lines = [part.count(b"\r\n") for part in itertools.islice(stream, 3)]
    assert lines == [1, 10, 10]


def test_the_workbook_is_one_that_needs_no_repair(db):
    values = ["a", None, "", 5, Decimal("1.5"), date(2024, 2, 29), datetime(2024, 1, 1, 6)]
    data = b"".join(workbooks.stream([f"H{n}" for n in range(7)], iter([[values]])))
    sheet = sheet_of(data)
    read = ["a", None, None, 5, 1.5, datetime(2024, 2, 29), datetime(2024, 1, 1, 6)]
    assert [cell.value for cell in sheet[2]] == read
    assert sheet["F2"].number_format == "yyyy-mm-dd"
    assert sheet.freeze_panes == "A2"


def test_what_xml_cannot_hold_is_replaced():
    data = b"".join(workbooks.stream(["H"], iter([[['a\x01b<&>"]]>\ud800']]])))
    assert sheet_of(data)["A2"].value == 'a\ufffdb<&>"]]>\ufffd'


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_admin", admins(), ids=lambda it: it.opts.label)
@pytest.mark.parametrize(
    "who", ["administrator", "it", "finance", "service_desk", "auditor", "superuser"]
)
def test_only_who_may_export_can_by_any_path(request, client, model_admin, who):
    user = request.getfixturevalue(who)
    options = model_admin.opts
    allowed = user.has_perm(f"{options.app_label}.export_{options.model_name}")
    client.force_login(user)
    from tests import factories

    record = getattr(factories, f"{options.object_name}Factory")()
    page = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    for extension in ("csv", "xlsx"):
        response = client.get(address(model_admin.model, extension))
        assert response.status_code == (200 if allowed else 403)
        chosen = {"action": f"export_{extension}", "_selected_action": [record.pk]}
        with unrendered():
            response = client.post(page, chosen)
        assert ("attachment" in response.headers.get("Content-Disposition", "")) == allowed
    with bare():
        shown = client.get(page).content.decode()
    assert (address(model_admin.model) in shown) == allowed


def test_an_employee_and_a_stranger_are_sent_away(client, employee):
    assert client.get(address(Person)).status_code == 302
    client.force_login(employee.user)
    assert client.get(address(Person)).status_code in (302, 403)


def test_an_export_is_only_read(client, it):
    client.force_login(it)
    assert client.post(address(Person)).status_code == 405
    assert client.get(address(Person, "exe")).status_code == 404


def test_costs_do_not_leave_for_who_may_not_see_them(client, it, register):
    from django.contrib.auth.models import Group, Permission

    client.force_login(it)
    with_cost = content(client.get(address(Asset))).decode()
    assert "1234.50" in with_cost
    Group.objects.get(name="IT").permissions.remove(Permission.objects.get(codename="view_cost"))
    for extension in ("csv", "xlsx"):
        data = content(client.get(address(Asset, extension)))
        headers = (
            csv_rows(data)[0] if extension == "csv" else [cell.value for cell in sheet_of(data)[1]]
        )
        assert not {"Cost", "Currency"} & set(headers)
    assert b"1234.50" not in content(client.get(address(Asset)))


def test_an_export_is_the_list_as_it_is_filtered_and_searched(client, it, register):
    client.force_login(it)
    AssetFactory(tag="LT-7", serial="FIND-ME")
    found = csv_rows(content(client.get(address(Asset), {"q": "find-me"})))
    assert [row["Tag"] for row in found] == ["LT-7"]
    held = csv_rows(content(client.get(address(Asset), {"state__exact": "in_use"})))
    assert [row["Serial"] for row in held] == ["00123"]


def test_the_chosen_records_are_exported_alone(client, it):
    client.force_login(it)
    chosen, _ = PersonFactory(name="Chosen"), PersonFactory(name="Other")
    page = reverse("admin:people_person_changelist")
    data = {"action": "export_csv", "_selected_action": [chosen.pk]}
    assert [row["Name"] for row in csv_rows(content(client.post(page, data)))] == ["Chosen"]


def test_an_export_tells_no_more_than_the_list_by_its_filters(client, it, register):
    client.force_login(it)
    response = client.get(address(Asset), {"cost__gt": "1000"})
    assert response.status_code == 400
    response = client.get(address(Person), {"leaves_on": "no day"})
    assert response.status_code in (302, 400)


def test_a_contract_is_exported_with_its_last_term(register):
    first = csv_rows(file_of("contracts", "csv"))[0]
    assert first["Starts on"] == "2023-01-01"
    assert Contract.objects.count() == 2
