"""The worked example in the document is what the forecast says."""

from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from contracts.forecast import By, Method, forecast
from contracts.models import Contract
from tests.factories import ContractFactory, TermFactory, VendorFactory

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "forecast.md"
ON, MONTHS = date(2026, 11, 24), 6


@pytest.fixture
def contracts():
    shared = {"currency": "EUR", "notice_unit": "months"}
    first, second = (ContractFactory(vendor=VendorFactory(name=name)) for name in ("C-1", "C-2"))
    TermFactory(
        contract=first,
        starts_on=date(2026, 4, 1),
        ends_on=date(2027, 3, 31),
        amount=D("1200.00"),
        billing="yearly",
        renewal="tacit",
        renewal_months=12,
        notice=3,
        **shared,
    )
    TermFactory(
        contract=second,
        starts_on=date(2026, 1, 15),
        amount=D("310.00"),
        billing="monthly",
        renewal="open",
        notice=1,
        notice_to="month",
        **shared,
    )


def lines(on):
    found = {}
    for column, method in enumerate((Method.CASH, Method.ACCRUAL)):
        foreseen = forecast(
            Contract.objects.all(),
            first_month=ON,
            months=MONTHS,
            method=method,
            on=on,
            by=By.VENDOR,
        )
        for line in foreseen.lines:
            row = found.setdefault((line.group, f"{line.month:%B %Y}"), ["0.00"] * 4)
            row[2 * column + 1 - line.is_committed] = f"{line.money.amount:,.2f}"
    return [[*key, *row] for key, row in found.items()]


def test_the_table_of_the_example_is_the_forecast(contracts):
    written = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in DOCUMENT.read_text().splitlines()
        if line.startswith("| C-")
    ]
    assert sorted(written) == sorted(lines(ON))


def test_on_the_day_after_the_last_one_for_notice_the_next_term_is_committed(contracts):
    april = {
        on: row
        for on in (date(2026, 12, 31), date(2027, 1, 1))
        for row in lines(on)
        if row[:2] == ["C-1", "April 2027"]
    }
    assert [row[2] for row in april.values()] == ["0.00", "1,200.00"]
