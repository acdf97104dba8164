"""Licences and subscriptions from spreadsheets; keys come in and are never seen again."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from assets.models import Product
from config import exports
from config.resources import kinds
from contracts.models import Contract, Licence, Term
from people import importing
from tests.factories import (
    CategoryFactory,
    ContractFactory,
    DepartmentFactory,
    LicenceFactory,
    PersonFactory,
    ProductFactory,
    VendorFactory,
)
from tests.importing import load, problems

pytestmark = pytest.mark.django_db

CANARY = "4c2713a1-5b73-4ecb"
HEADER = [
    "Item name", "serial number", "Category", "manufacturer", "purchase date", "purchase cost",
    "order number", "Licensed To Name", "Licensed to Email", "expiration date", "maintained",
    "reassignable", "seats", "supplier", "notes",
]  # fmt: skip
ROW = [
    "Drawing", CANARY, "Design", "Acme", "11/24/2008", "$12.58", "749-8", "Jo", "jo@example.com",
    "02/26/2016", "false", "yes", "56", "Treutel Inc", "First.\n\nSecond.",
]  # fmt: skip


def row(**changes):
    cells = dict(zip(HEADER, ROW, strict=True))
    return [changes.get(header.replace(" ", "_"), cells[header]) for header in HEADER]


# --- Licences ------------------------------------------------------------------------------------


def test_a_row_is_a_licence_with_all_it_says():
    report = load("licences", HEADER, ROW, create_missing=True)

    licence = Licence.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert licence.number == "LIC-000001"
    assert str(licence.product) == "Acme Drawing"
    assert (licence.product.category.name, licence.product.category.kind) == ("Design", "service")
    assert (licence.cost, licence.currency) == (Decimal("12.58"), "USD")
    assert (licence.purchased_on, licence.ends_on) == (date(2008, 11, 24), date(2016, 2, 26))
    assert (licence.seats, licence.is_maintained, licence.is_reassignable) == (56, False, True)
    assert (licence.order_number, licence.licensed_to) == ("749-8", "Jo")
    assert licence.supplier.name == "Treutel Inc"
    assert licence.notes == "First.\n\nSecond."
    assert licence.key.reveal() == CANARY
    assert licence.history.count() == 1


def test_the_same_file_twice_changes_nothing_and_writes_no_history():
    load("licences", HEADER, ROW, create_missing=True)
    report = load("licences", HEADER, ROW, create_missing=True)
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Licence.history.count() == 1


def test_without_a_number_the_key_tells_which_of_two_it_is():
    other = row(serial_number="another-key")
    load("licences", HEADER, ROW, other, create_missing=True)
    load("licences", HEADER, row(serial_number="another-key", seats="7"))
    seats = {it.key.reveal(): it.seats for it in Licence.objects.all()}
    assert seats == {CANARY: 56, "another-key": 7}


def test_without_a_key_product_plan_and_order_tell_which_it_is():
    licence = LicenceFactory(product__name="Drawing", product__maker=None, order_number="A-1")
    LicenceFactory(product=licence.product, order_number="A-2")
    load("licences", ["product", "order number", "seats"], ["Drawing", "A-1", "7"])
    assert [it.seats for it in Licence.objects.order_by("order_number")] == [7, 10]


def test_by_its_number_a_licence_gets_another_key_and_the_history_says_so():
    licence = LicenceFactory(number="L-1", key="old")
    report = load("licences", ["number", "product", "key"], ["L-1", licence.product.name, CANARY])
    licence.refresh_from_db()
    assert licence.key.reveal() == CANARY
    [change] = report.changes
    assert (change.field, change.before, change.after) == ("licence key", "••••", "••••")


@pytest.mark.parametrize(
    ("word", "is_yes"),
    [("TRUE", True), ("true", True), ("yes", True), ("YES", True), ("1", True),
     ("FALSE", False), ("false", False), ("no", False), ("NO", False), ("", True)],
)  # fmt: skip
def test_yes_and_no_in_every_spelling(word, is_yes):
    load("licences", HEADER, row(reassignable=word), create_missing=True)
    assert Licence.objects.get().is_reassignable == is_yes


def test_what_is_neither_yes_nor_no_is_refused_in_words():
    report = load("licences", HEADER, row(reassignable="sometimes"), create_missing=True)
    assert "accepted are yes and no" in problems(report)[0]
    assert not Licence.objects.exists()


def test_a_key_that_comes_twice_is_refused_without_saying_it():
    report = load("licences", HEADER, ROW, row(order_number="x"), create_missing=True)
    [problem] = problems(report)
    assert problem == 'row 3, column serial number, "••••": row 2 has the same'


def test_one_key_for_every_row_is_refused():
    with pytest.raises(ValidationError, match="give it in a column") as refused:
        load("licences", ["product"], ["Drawing"], constants={"key": CANARY})
    assert CANARY not in str(refused.value)


def tables_with_text():
    """Everything that stands in the database, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += cursor.fetchall()
    return repr(found)


def test_no_key_is_in_any_report_preview_page_export_table_or_stored_file(
    client, it, superuser, django_capture_on_commit_callbacks
):
    """One canary, followed everywhere a file goes."""
    rounded = [*ROW]
    rounded[1] = "4.5E+20"
    for cells, outcome in ((ROW, "previewed"), (rounded, "previewed")):
        text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in (HEADER, cells))
        file = SimpleUploadedFile("licences.csv", text.encode())
        options = importing.Options(create_missing=True)
        job = importing.upload(file, kind="licences", options=options, by=superuser)
        assert job.state == outcome
        client.force_login(superuser)
        page = reverse("admin:contracts_licence_import_job", args=[job.pk])
        shown = client.get(page).content.decode()
        assert CANARY not in shown
        assert "4.5E+20" not in shown
        if not job.report["refused"]:
            with django_capture_on_commit_callbacks(execute=True):
                importing.confirm(job, by=superuser)
            job.refresh_from_db()
            assert job.state == "done"
            assert not job.file.storage.exists(job.file.name)
    assert CANARY not in tables_with_text()

    licence = Licence.objects.get()
    assert licence.key.reveal() == CANARY
    for extension in ("csv", "xlsx"):
        data = b"".join(
            exports.export(kinds()["licences"], Licence.objects.all(), exports.FORMATS[extension])
        )
        assert CANARY.encode() not in data
        assert b"Key" not in data
    names = ["change", "history"]
    pages = [reverse(f"admin:contracts_licence_{name}", args=[licence.pk]) for name in names]
    pages += [
        reverse("admin:contracts_licence_changelist"),
        reverse("admin:autocomplete")
        + f"?app_label=contracts&model_name=seat&field_name=licence&term={CANARY}",
    ]
    for user in (superuser, it):
        client.force_login(user)
        for page in pages:
            text = client.get(page).content.decode()
            assert CANARY not in text, page
            assert licence.key.token not in text, page
        found = client.get(reverse("admin:contracts_licence_changelist"), {"q": CANARY})
        assert found.context["cl"].result_count == 0


def test_who_may_not_import_cannot_by_any_path(client, finance, service_desk, auditor):
    for user in (finance, service_desk, auditor):
        client.force_login(user)
        assert client.get(reverse("admin:contracts_licence_import")).status_code == 403
        assert client.get(reverse("admin:contracts_seat_import_seat_use")).status_code == 403
        with pytest.raises(ValidationError, match="may not import"):
            importing.upload(
                SimpleUploadedFile("x.csv", b"product\nx"),
                kind="licences",
                options=importing.Options(),
                by=user,
            )


def test_a_row_by_somebody_who_may_not_add_licences_is_refused(auditor):
    report = load("licences", HEADER, ROW, by=auditor, create_missing=True)
    assert problems(report)


def test_an_export_imported_again_changes_nothing():
    LicenceFactory(contract=ContractFactory(), key=CANARY, annual_cost=10, plan="Pro", seats=None)
    LicenceFactory(product__maker=VendorFactory(), metric="site")
    data = b"".join(
        exports.export(kinds()["licences"], Licence.objects.all(), exports.FORMATS["csv"])
    )
    header, *rows = [line.split(",") for line in data.decode("utf-8-sig").splitlines()]
    report = load("licences", header, *rows)
    assert report.summary == "0 created, 0 updated, 2 unchanged, 0 refused", problems(report)
    assert not report.ignored


# --- Subscriptions -------------------------------------------------------------------------------

TOOLS = [
    "Tool Name", "Vendor", "Category", "Monthly Cost", "Annual Cost", "Users Licensed",
    "Users Active", "Utilization %", "Plan Level", "Renewal Date", "Owner/Champion", "Notes",
]  # fmt: skip
SLACK = [
    "Slack", "Slack Technologies", "Communication", "$125", "$1500", "10", "8", "80%", "Business+",
    "2026-03-15", "IT / John", "Annual contract",
]  # fmt: skip
BLANK = [""] * len(TOOLS)
TOTALS = ["", "", "", "TOTALS", "$6", "361", *[""] * 6]


def tool(**changes):
    cells = dict(zip(TOOLS, SLACK, strict=True))
    names = {re.sub(r"\W+", "_", name).strip("_"): name for name in TOOLS}
    cells |= {names[name]: value for name, value in changes.items()}
    return [cells[name] for name in TOOLS]


def subscribe(*rows, **options):
    return load("subscriptions", TOOLS, *rows, **{"create_missing": True, **options})


def test_a_row_is_a_contract_a_term_and_a_licence():
    it = DepartmentFactory(name="IT")
    john = PersonFactory(name="John Doe", department=it)
    PersonFactory(name="John Elsewhere", department=DepartmentFactory())

    report = subscribe(SLACK)

    contract, term, licence = Contract.objects.get(), Term.objects.get(), Licence.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert (contract.number, contract.title, contract.kind) == (
        "SUB-SLACK", "Slack", "subscription",
    )  # fmt: skip
    assert (contract.vendor.name, contract.owner, contract.department) == (
        "Slack Technologies", john, it,
    )  # fmt: skip
    assert contract.notes == "Annual contract"
    assert (term.starts_on, term.ends_on) == (date(2025, 3, 16), date(2026, 3, 15))
    assert (term.amount, term.currency, term.billing) == (Decimal(1500), "USD", "yearly")
    assert (contract.ends_on, contract.annual_cost, contract.currency) == (
        term.ends_on, Decimal(1500), "USD",
    )  # fmt: skip
    assert (licence.contract, licence.product.name, licence.plan) == (
        contract, "Slack", "Business+",
    )  # fmt: skip
    assert licence.product.category.name == "Communication"
    assert (licence.seats, licence.reported_in_use) == (10, 8)
    assert [it.history.count() for it in (contract, term, licence)] == [1, 1, 1]


def test_the_same_list_twice_changes_nothing():
    subscribe(SLACK)
    report = subscribe(SLACK)
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert [it.history.count() for it in (Contract, Term, Licence)] == [1, 1, 1]


def test_an_owner_who_is_nobody_here_is_kept_in_the_notes_and_said():
    PersonFactory(name="John One", department=DepartmentFactory(name="IT"))
    PersonFactory(name="John Two", department=PersonFactory._meta.model.objects.get().department)
    report = subscribe(SLACK)
    contract = Contract.objects.get()
    assert contract.owner is None
    assert contract.notes == "Annual contract\nOwner in file.csv: IT / John"
    assert "unknown here, whose names are kept in the notes: IT / John (row 2)" in report.notes[-1]


def test_a_later_renewal_date_is_another_term_and_the_old_one_keeps_its_price():
    subscribe(SLACK)
    report = subscribe(tool(Renewal_Date="2027-03-15", Annual_Cost="$1800"))
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert [(it.ends_on.year, it.amount) for it in Term.objects.all()] == [
        (2026, Decimal(1500)),
        (2027, Decimal(1800)),
    ]
    assert Contract.objects.get().annual_cost == Decimal(1800)
    assert Licence.objects.count() == 1


def test_a_renewal_date_inside_the_term_is_refused():
    subscribe(SLACK)
    report = subscribe(tool(Renewal_Date="2026-05-15"))
    assert "overlaps" in problems(report)[0]


def test_another_price_of_the_same_term_is_a_correction():
    subscribe(SLACK)
    subscribe(tool(Annual_Cost="$1600"))
    term = Term.objects.get()
    assert term.amount == Contract.objects.get().annual_cost == Decimal(1600)
    assert "imported from file.csv" in term.history.first().history_change_reason


def test_other_counts_change_the_licence():
    subscribe(SLACK)
    subscribe(tool(Users_Licensed="5", Users_Active="8", Utilization="160%"))
    assert Licence.objects.over_allocated().get().seats == 5


def test_blank_rows_are_skipped_and_the_totals_refused_without_stopping_the_rest():
    report = subscribe(SLACK, BLANK, BLANK, TOTALS, skip_refused=True)
    assert report.summary == "1 created, 0 updated, 0 unchanged, 1 refused"
    assert problems(report) == ["row 5: names no tool: it is left out, as a row of totals is"]
    assert not subscribe(tool(Tool_Name="Zoom"), TOTALS).written


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Utilization": "75%"}, "does not fit: 8 of 10 are 80%"),
        ({"Utilization": "most"}, "is no share, such as 80%"),
        ({"Annual_Cost": "a lot"}, "is no amount"),
        ({"Renewal_Date": "soon"}, "is no day"),
        ({"Renewal_Date": ""}, 'Renewal Date, "": is missing'),
        ({"Users_Licensed": "ten"}, "is no whole number"),
        ({"Vendor": ""}, 'Vendor, "": is missing'),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(changes, problem):
    report = subscribe(tool(**changes))
    assert problem in " ".join(problems(report)), problems(report)
    assert not Contract.objects.exists()


def test_two_tools_of_one_number_are_refused():
    report = subscribe(SLACK, tool(Tool_Name="SLACK!"))
    assert "row 2 has the same" in " ".join(problems(report))


def test_a_tool_that_begins_with_its_vendors_name_does_not_say_it_twice():
    CategoryFactory(name="Communication")
    subscribe(
        tool(Tool_Name="Google Workspace", Vendor="Google"),
        tool(Tool_Name="Loom", Vendor="Loom"),
        tool(Tool_Name="Asana", Vendor="Asana Inc."),
    )
    assert {str(it) for it in Product.objects.all()} == {"Google Workspace", "Loom", "Asana"}


def test_who_may_not_write_each_part_is_refused(finance, it):
    ProductFactory(name="Slack", maker=VendorFactory(name="Slack Technologies"))
    assert "may not add licences" in problems(subscribe(SLACK, by=finance))[0]
    assert problems(subscribe(SLACK, by=it))
    assert not Contract.objects.exists()
