"""The finance ledger comes in as finance writes it."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from config import amounts
from config.amounts import Point
from contracts.models import MatchRun, Spend
from people.models import Department
from tests.factories import DepartmentFactory
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db

HEADER = ["line id", "date", "supplier", "description", "amount", "cost center"]
ROW = ["RE-1", "2026-03-31", "Acme, Inc.", "Licences 03/26", "1,500.00", "4711"]


def test_a_row_is_a_line_with_all_that_finance_wrote(finance):
    it = DepartmentFactory(name="IT", cost_centre="4711")

    report = load("spend", HEADER, ROW, by=finance)

    line = Spend.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert (line.reference, line.booked_on) == ("RE-1", date(2026, 3, 31))
    assert (line.supplier, line.supplier_key) == ("Acme, Inc.", "acme")
    assert (line.amount, line.currency, line.text) == (1500, "EUR", "Licences 03/26")
    assert (line.department, line.cost_centre) == (it, "4711")
    assert (line.vendor, line.contract, line.matched) == (None, None, "")
    assert line.history.get().history_user == finance


def test_the_rules_run_soon_after_new_lines_came_in(finance):
    load("spend", HEADER, ROW, by=finance, dry_run=True)
    assert not MatchRun.objects.exists()
    load("spend", HEADER, ROW, by=finance)

    assert MatchRun.objects.get().asked_by == finance


@pytest.mark.parametrize(
    ("cell", "point", "amount", "currency"),
    [
        ("-12.50", None, "-12.50", ""),
        ("1.234,56", None, "1234.56", ""),
        ("-1.234,56 €", None, "-1234.56", "EUR"),
        ("$1,500.00", None, "1500.00", "USD"),
        ("(1,500.00)", None, "-1500.00", ""),
        ("($1,500.00)", None, "-1500.00", "USD"),
        ("$(1,500.00)", None, "-1500.00", "USD"),
        ("EUR (75,00)", None, "-75.00", "EUR"),
        ("1.500,00-", None, "-1500.00", ""),
        ("1.500,00- EUR", None, "-1500.00", "EUR"),
        ("\u221299.00", None, "-99.00", ""),
        ("1.500", Point.COMMA, "1500.00", ""),
    ],
)
def test_an_amount_is_read_as_ledgers_write_it(cell, point, amount, currency):
    assert amounts.money(cell, point).amount == Decimal(amount)
    assert amounts.currency(cell) == currency


@pytest.mark.parametrize("cell", ["(-5.00)", "-(5.00)", "((5.00))", "(5.00", "5-3", "()", "abc"])
def test_what_is_no_amount_is_refused_with_what_is_accepted(cell):
    report = load("spend", HEADER, [*ROW[:4], cell, ""])

    assert "is no amount; accepted are amounts such as" in problems(report)[0]
    assert not Spend.objects.exists()


def test_the_currency_may_stand_beside_the_amount_or_in_its_column():
    load(
        "spend",
        [*HEADER[:5], "currency"],
        ["1", *ROW[1:4], "$1,500.00", ""],
        ["2", *ROW[1:4], "1500.00", "gbp"],
    )

    assert list(Spend.objects.order_by("reference").values_list("currency", flat=True)) == [
        "USD",
        "GBP",
    ]


def test_the_same_file_twice_changes_nothing_and_writes_no_history():
    nameless = ["", *ROW[1:]]
    load("spend", HEADER, ROW, nameless, nameless)
    assert Spend.objects.count() == 3

    report = load("spend", HEADER, ROW, nameless, nameless)

    assert report.summary == "0 created, 0 updated, 3 unchanged, 0 refused"
    assert Spend.history.count() == 3


@pytest.mark.parametrize(
    ("place", "cell", "said"),
    [
        (1, "2026-04-01", "is 2026-03-31 in the line that was imported under this number"),
        (2, "Bolt", "is Acme, Inc. in the line"),
        (4, "1,600.00", "is 1500.00 in the line"),
    ],
)
def test_a_booked_line_does_not_change(place, cell, said):
    load("spend", HEADER, ROW)
    changed = [*ROW]
    changed[place] = cell

    report = load("spend", HEADER, changed)

    assert said in problems(report)[0]
    assert "give a correction as a line of its own" in problems(report)[0]
    assert Spend.history.count() == 1


def test_its_account_cost_centre_department_and_text_may_be_corrected():
    load("spend", HEADER, ROW)
    DepartmentFactory(name="Sales")

    report = load(
        "spend", [*HEADER, "department"], ["RE-1", *ROW[1:3], "Licences", *ROW[4:5], "9", "Sales"]
    )

    line = Spend.objects.get()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert (line.text, line.cost_centre, line.department.name) == ("Licences", "9", "Sales")
    assert line.history.count() == 2


def test_lines_without_a_number_are_known_by_what_they_say():
    header = HEADER[1:]
    load("spend", header, ROW[1:])

    report = load("spend", header, ROW[1:], ROW[1:], [*ROW[1:3], "Other text", *ROW[4:]])

    assert report.summary == "2 created, 0 updated, 1 unchanged, 0 refused"
    first, second = Spend.objects.filter(text="Licences 03/26").order_by("pk")
    assert first.reference.startswith("2026-03-31 1500.00 ")
    assert second.reference == f"{first.reference} #2"


def test_a_line_without_a_number_and_day_is_refused_by_the_day_alone():
    report = load("spend", HEADER, ["", "yesterday", *ROW[2:]])

    (problem,) = problems(report)
    assert problem.startswith('row 2, column date, "yesterday": is no day; accepted are days')


def test_two_lines_of_one_number_are_refused():
    report = load("spend", HEADER, ROW, ROW)

    assert "rows 2 and 3 have the same" in problems(report)[0]


def test_a_department_is_known_by_its_cost_centre_too():
    DepartmentFactory(name="IT", cost_centre="4711")
    DepartmentFactory(name="4712", cost_centre="1")
    DepartmentFactory(name="Sales", cost_centre="4712")

    load(
        "spend",
        [*HEADER[:5], "department"],
        ["1", *ROW[1:5], "4711"],
        ["2", *ROW[1:5], "4712"],
        ["3", *ROW[1:5], "sales"],
    )

    named = Spend.objects.order_by("reference").values_list("department__name", flat=True)
    assert list(named) == ["IT", "4712", "Sales"]


def test_a_cost_centre_of_two_departments_or_of_none_gives_no_department():
    DepartmentFactory(name="A", cost_centre="4711")
    DepartmentFactory(name="B", cost_centre="4711")

    load("spend", HEADER, ROW, ["RE-2", *ROW[1:5], "unheard of"])

    assert set(Spend.objects.values_list("department", flat=True)) == {None}
    assert Department.objects.count() == 2


def test_an_unknown_department_is_refused_with_what_is_accepted():
    report = load("spend", [*HEADER[:5], "department"], [*ROW[:5], "Nowhere"])

    assert "accepted is the name or the cost centre of a department" in problems(report)[0]


@pytest.mark.parametrize("role", ["it", "service_desk", "auditor"])
def test_who_may_not_import_the_ledger_imports_nothing(role, request):
    report = load("spend", HEADER, ROW, by=request.getfixturevalue(role))

    assert "you may not import the finance ledger" in problems(report)[0]
    assert not Spend.objects.exists()


def test_more_lines_take_no_more_queries():
    few = queries("spend", [HEADER, *([f"A{n}", *ROW[1:]] for n in range(2))])

    assert queries("spend", [HEADER, *([f"B{n}", *ROW[1:]] for n in range(60))]) <= few


def test_an_export_is_what_an_import_reads_again(client, finance):
    load("spend", HEADER, ROW, ["", *ROW[1:4], "(12.50)", ""])
    client.force_login(finance)
    address = reverse("admin:contracts_spend_export", args=["csv"])

    data = b"".join(client.get(address).streaming_content).decode("utf-8-sig")

    rows = [line.split(",") for line in data.replace('"Acme, Inc."', "Acme").splitlines()]
    assert rows[0][:5] == ["Reference", "Booked on", "Supplier", "Text", "Amount"]
    assert rows[0][-3:] == ["Known vendor", "Contract", "Matched"]
    import csv
    import io

    again = load("spend", *csv.reader(io.StringIO(data)))
    assert again.summary == "0 created, 0 updated, 2 unchanged, 0 refused"
