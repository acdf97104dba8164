"""What was bought outside IT and what contracts were paid, each figure added up a second way."""

import csv
import io
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts import matching, spending
from contracts.models import Contract, Spend
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    SpendFactory,
    TermFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
REPORT, FILE = "admin:contracts_spend_report", "admin:contracts_spend_report_export"
TODAY = date(2026, 6, 20)


@pytest.fixture(autouse=True)
def _in_june():
    with time_machine.travel("2026-06-20 12:00", tick=False):
        yield


@pytest.fixture
def signed_in(client, finance):
    client.force_login(finance)
    return client


def paid(amount=100, on=TODAY, **fields):
    facts = {"supplier": "Zenith", "amount": Decimal(amount), "booked_on": on}
    return SpendFactory(**facts | fields)


def agreement(amount, *, starts_on=date(2026, 1, 1), vendor=None, department=None, **term):
    contract = ContractFactory(vendor=vendor or VendorFactory(), department=department)
    TermFactory(contract=contract, starts_on=starts_on, amount=amount, **term)
    return contract


def rows_of(client, slug, **asked):
    """The rows of a report's file, as a spreadsheet has them."""
    response = client.get(reverse(FILE, args=[slug, "csv"]), asked)
    data = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(data)))


@pytest.fixture
def ledger():
    """Two hundred lines of anything, some matched, some set aside."""
    dice = random.Random(7)
    vendors, departments = VendorFactory.create_batch(3), DepartmentFactory.create_batch(2)
    contracts = [
        agreement(100 + 10 * at, vendor=vendors[at], department=departments[at % 2])
        for at in range(3)
    ]
    for _ in range(200):
        line = paid(
            dice.randint(-5_000, 90_000) / Decimal(100),
            TODAY - timedelta(dice.randint(0, 400)),
            supplier=dice.choice(["Zenith Ltd", "ZENITH", "Bolt", "Köln Büro AG"]),
            currency=dice.choice(["EUR", "EUR", "USD"]),
            vendor=dice.choice([*vendors, None]),
            department=dice.choice([*departments, None]),
        )
        chance = dice.random()
        if chance < 0.4:
            matching.match_by_hand(line, contract=dice.choice(contracts), by=None)
        elif chance < 0.5:
            matching.set_aside(line, by=None)
    return list(Spend.objects.select_related("vendor", "department", "contract"))


# --- Bought outside IT ---------------------------------------------------------------------------


def test_every_row_of_what_was_bought_outside_is_the_sum_of_its_lines(ledger):
    sums, counts = defaultdict(Decimal), defaultdict(int)
    for line in ledger:
        if line.contract is None:
            who = line.vendor.pk if line.vendor else line.supplier_key
            key = who, line.currency, line.department.name if line.department else ""
            sums[key] += line.amount
            counts[key] += 1

    rows = spending.outside(Spend.objects.all(), TODAY)

    found = {(row.who[0] or row.who[1], row.money.currency, row.department): row for row in rows}
    assert {key: row.money.amount for key, row in found.items()} == sums
    assert {key: row.lines for key, row in found.items()} == counts


def test_the_totals_of_the_page_are_those_of_the_raw_lines(signed_in, ledger):
    page = signed_in.get(reverse(REPORT, args=["outside"])).content.decode()

    for currency in ("EUR", "USD"):
        total = sum(it.amount for it in ledger if not it.contract and it.currency == currency)
        assert f"{total:,.2f} {currency}" in page
        assert f"Most was paid to, in {currency}" in page


def test_what_is_matched_and_what_is_outside_is_all_there_is(ledger):
    outside, inside = defaultdict(Decimal), defaultdict(Decimal)
    for row in spending.outside(Spend.objects.all(), TODAY):
        outside[row.money.currency] += row.money.amount
    rows = spending.paid_against_contracted(Contract.objects.all(), TODAY - timedelta(500), TODAY)
    for row in rows:
        inside[row.paid.currency] += row.paid.amount

    for currency in ("EUR", "USD"):
        everything = sum(line.amount for line in ledger if line.currency == currency)
        assert outside[currency] + inside[currency] == everything


@pytest.mark.parametrize(
    ("amounts", "steady"),
    [
        ({3: 100, 4: 100, 5: 100}, True),
        ({3: 100, 4: 105, 5: 98, 6: 100}, True),
        ({3: 100, 4: 100, 6: 100}, True),
        ({3: 100, 4: 100, 5: 5_000, 6: 100}, True),
        ({3: 100, 4: 120, 5: 100, 6: 80}, False),
        ({4: 100, 6: 100}, False),
        ({1: 100, 2: 100, 3: 100}, False),
        ({3: -100, 4: -100, 5: -100}, False),
        ({3: 100, 4: 90, 5: 110}, True),
        ({3: 100, 4: 89, 5: 110}, False),
    ],
)
def test_it_recurs_if_about_the_same_was_paid_in_three_of_the_last_four_months(amounts, steady):
    for month, amount in amounts.items():
        paid(amount, date(2026, month, 12))

    found = spending.recurring(Spend.objects.all(), TODAY)

    assert found == ({(None, "zenith", "EUR")} if steady else set())


def test_a_month_counts_with_all_its_lines_and_a_vendor_with_all_his_spellings():
    vendor = VendorFactory()
    for month in (3, 4, 5):
        paid(60, date(2026, month, 1), supplier="One", vendor=vendor)
        paid(40, date(2026, month, 28), supplier="Two", vendor=vendor)
        paid(40, date(2026, month, 28), supplier="Two", vendor=vendor, currency="USD")

    found = spending.recurring(Spend.objects.all(), TODAY)

    assert found == {(vendor.pk, "", "EUR"), (vendor.pk, "", "USD")}


def test_the_report_is_filtered_by_days_vendor_department_currency_and_recurring(signed_in):
    vendor, sales = VendorFactory(name="Acme"), DepartmentFactory(name="Sales")
    for month in (3, 4, 5):
        paid(10, date(2026, month, 2), department=sales)
    paid(20, date(2025, 1, 1), vendor=vendor)
    matching.set_aside(paid(30, supplier="Bolt", currency="USD"), by=None)

    def names(**asked):
        return [row["Paid to"] for row in rows_of(signed_in, "outside", **asked)]

    assert names() == ["Zenith", "Acme", "Bolt"]
    assert names(booked_from="2026-01-01") == ["Zenith", "Bolt"]
    assert names(vendor=vendor.pk) == ["Acme"]
    assert names(department=sales.pk) == ["Zenith"]
    assert names(currency="usd") == ["Bolt"]
    assert names(recurring="true") == ["Zenith"]
    assert names(recurring="false") == ["Acme", "Bolt"]
    assert names(decided="true") == ["Bolt"]
    assert names(decided="false") == ["Zenith", "Acme"]


def test_a_row_leads_to_its_lines_and_to_the_page_that_asks_who_it_is(signed_in, auditor):
    paid(supplier="Zenith & Söhne")
    paid(supplier="Bolt")

    page = signed_in.get(reverse(REPORT, args=["outside"])).content.decode()

    assert "supplier_key=zenith+%26+sohne&amp;state=outside&amp;currency=EUR" in page
    assert f"{reverse('admin:contracts_spend_suggestions_vendor')}?key=zenith" in page
    lines = signed_in.get(
        reverse("admin:contracts_spend_changelist"),
        {"supplier_key": "zenith & sohne", "state": "outside", "currency": "EUR"},
    )
    assert [it.supplier for it in lines.context["cl"].result_list] == ["Zenith & Söhne"]
    signed_in.force_login(auditor)
    page = signed_in.get(reverse(REPORT, args=["outside"])).content.decode()
    assert "Say who it is" not in page


# --- Paid against contracted ---------------------------------------------------------------------


def test_a_month_compares_what_fell_due_with_what_was_booked():
    contract = agreement(100, billing="monthly")
    matching.match_by_hand(paid(100, date(2026, 1, 20)), contract=contract, by=None)
    matching.match_by_hand(paid(130, date(2026, 3, 2)), contract=contract, by=None)
    matching.match_by_hand(paid(-30, date(2026, 3, 9)), contract=contract, by=None)
    matching.match_by_hand(paid(7, date(2026, 3, 9), currency="USD"), contract=contract, by=None)

    rows = spending.paid_against_contracted(
        Contract.objects.all(), date(2026, 1, 1), date(2026, 3, 31)
    )

    assert [
        (row.month.month, str(row.contracted), str(row.paid), str(row.difference), row.lines)
        for row in rows
    ] == [
        (1, "100.00 EUR", "100.00 EUR", "0.00 EUR", 1),
        (2, "100.00 EUR", "0.00 EUR", "-100.00 EUR", 0),
        (3, "100.00 EUR", "100.00 EUR", "0.00 EUR", 2),
        (3, "0.00 USD", "7.00 USD", "7.00 USD", 1),
    ]


@pytest.mark.parametrize(
    ("billing", "due"),
    [
        ("monthly", {1: 90, 2: 90, 3: 90, 4: 90, 5: 90, 6: 90}),
        ("quarterly", {1: 90, 4: 90}),
        ("yearly", {1: 90}),
        ("once", {1: 90}),
    ],
)
def test_a_bill_falls_due_in_the_month_in_which_its_period_begins(signed_in, billing, due):
    agreement(90, billing=billing)

    rows = rows_of(signed_in, "paid")

    assert {int(row["Month"][5:7]): Decimal(row["Contracted"]) for row in rows} == due


def test_the_report_is_filtered_by_year_vendor_department_contract_and_difference(signed_in):
    sales = DepartmentFactory()
    first = agreement(100, department=sales)
    second = agreement(50, starts_on=date(2025, 1, 1), ends_on=date(2026, 12, 31))
    matching.match_by_hand(paid(100, date(2026, 1, 5)), contract=first, by=None)

    def found(**asked):
        return [(row["Contract"], row["Month"][:7]) for row in rows_of(signed_in, "paid", **asked)]

    one, two = (str(first), "2026-01"), (str(second), "2026-01")
    assert found() == [one, two]
    assert found(year=2025) == [(str(second), "2025-01")]
    assert found(vendor=second.vendor.pk) == [two]
    assert found(department=sales.pk) == [one]
    assert found(contract=first.pk) == [one]
    assert found(differs="true") == [two]
    assert found(differs="false") == [one]


def test_what_is_not_due_yet_is_no_difference(signed_in):
    agreement(10, billing="monthly")

    assert [row["Month"][5:7] for row in rows_of(signed_in, "paid")][-1] == "06"


def test_the_page_adds_up_per_currency_and_draws_both(signed_in, ledger):
    page = signed_in.get(reverse(REPORT, args=["paid"])).content.decode()

    for currency in ("EUR", "USD"):
        total = sum(
            line.amount
            for line in ledger
            if line.contract and line.currency == currency and line.booked_on.year == 2026
        )
        assert f"{total:,.2f} {currency}" in page
        assert f"Paid against contracted in {currency}" in page


# --- Both ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["outside", "paid"])
def test_more_lines_take_no_more_queries(signed_in, slug):
    def queries():
        signed_in.get(reverse(REPORT, args=[slug]))
        with CaptureQueriesContext(connection) as captured:
            assert signed_in.get(reverse(REPORT, args=[slug])).status_code == 200
        return len(captured)

    def add():
        line = paid(supplier=f"S{Spend.objects.count()}", department=DepartmentFactory())
        contract = agreement(100, billing="monthly", department=DepartmentFactory())
        matching.match_by_hand(paid(), contract=contract, by=None)
        return line

    add()
    few = queries()
    for _ in range(8):
        add()
    assert queries() == few


@pytest.mark.parametrize("slug", ["outside", "paid"])
@pytest.mark.parametrize(("role", "status"), [("finance", 200), ("auditor", 200), ("it", 403)])
def test_who_may_not_export_spend_exports_no_report_of_it(client, slug, role, status, request):
    client.force_login(request.getfixturevalue(role))

    assert client.get(reverse(REPORT, args=[slug])).status_code == 200
    assert client.get(reverse(FILE, args=[slug, "csv"])).status_code == status
