"""What a department may spend, has spent, is bound to spend, and has left."""

from datetime import date
from decimal import Decimal as D

import pytest

from config.money import Money
from contracts.budgets import budgets
from contracts.rates import Rates
from tests.factories import (
    BudgetFactory,
    ContractFactory,
    DepartmentFactory,
    ExchangeRateFactory,
    LicenceFactory,
    SpendFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 8, 15)


def eur(amount):
    return Money(D(amount), "EUR")


@pytest.fixture
def sales():
    return DepartmentFactory(name="Sales")


def budget(department, amount="1000.00", **fields):
    return BudgetFactory(
        department=department, year=2026, amount=D(amount), **{"currency": "EUR", **fields}
    )


def spend(amount, department=None, **fields):
    fields = {"booked_on": date(2026, 7, 31), "currency": "EUR", **fields}
    return SpendFactory(department=department, amount=D(amount), **fields)


def contract(department, amount, starts_on, ends_on=None, **fields):
    made = ContractFactory(department=department)
    fields = {"billing": "monthly", "currency": "EUR", "renewal": "none", **fields}
    TermFactory(contract=made, starts_on=starts_on, ends_on=ends_on, amount=D(amount), **fields)
    return made


def rows(year=2026, on=ON):
    return budgets(year, on=on, rates=Rates(on))


def test_what_is_left_is_neither_spent_nor_committed(sales):
    budget(sales)
    spend("300.00", sales)
    # Five bills from August to December; the renewal on 1 October is not decided.
    contract(sales, "20.00", date(2026, 1, 1), date(2026, 12, 31))
    contract(
        sales, "50.00", date(2025, 10, 1), date(2026, 9, 30), renewal="express", billing="yearly"
    )
    [row] = rows()
    assert (row.spent, row.committed, row.undecided) == (eur("300.00"), eur("100.00"), eur("50.00"))
    assert (row.left, row.left_if_renewed) == (eur("600.00"), eur("550.00"))


def test_no_bill_falls_between_the_ledger_and_the_rest_of_the_year(sales):
    budget(sales)
    contract(sales, "20.00", date(2026, 1, 1), date(2026, 12, 31))
    assert rows()[0].committed == eur("240.00")
    spend("20.00", booked_on=date(2026, 10, 31), department=sales)
    assert rows(on=date(2026, 11, 2))[0].committed == eur("40.00")


def test_a_part_without_a_budget_counts_in_the_one_above_it(sales):
    north = DepartmentFactory(name="North", parent=DepartmentFactory(name="Field", parent=sales))
    own = DepartmentFactory(name="Own", parent=sales)
    budget(sales)
    budget(own)
    spend("1.00", sales)
    spend("2.00", north)
    spend("4.00", own)
    assert [(row.department.name, row.spent) for row in rows()] == [
        ("Own", eur("4.00")),
        ("Sales", eur("3.00")),
    ]


def test_departments_in_a_circle_are_looked_at_once(sales):
    other = DepartmentFactory(name="Other", parent=sales)
    sales.parent = other
    sales.save()
    spend("1.00", sales)
    assert [(row.department, row.spent) for row in rows()] == [(None, eur("1.00"))]


def test_a_line_without_a_department_counts_in_that_of_its_contract(sales):
    budget(sales)
    agreed = contract(sales, "20.00", date(2025, 1, 1), date(2025, 12, 31))
    spend("7.00", contract=agreed, matched="hand")
    assert rows()[0].spent == eur("7.00")


def test_what_belongs_to_no_budget_stands_last(sales):
    budget(sales)
    spend("9.00")
    LicenceFactory(annual_cost=D("90.00"), starts_on=date(2024, 9, 1))
    last = rows()[-1]
    assert (last.department, last.budget, last.left) == (None, None, None)
    assert (last.spent, last.undecided) == (eur("9.00"), eur("90.00"))


def test_another_year_has_its_own_budget_and_bills(sales):
    BudgetFactory(department=sales, year=2027, amount=D("500.00"), currency="EUR")
    spend("300.00", sales)
    contract(sales, "20.00", date(2026, 1, 1), date(2027, 2, 28))
    [row] = rows(year=2027)
    assert (row.spent, row.committed) == (eur("0"), eur("40.00"))


def test_a_budget_in_another_currency_is_kept_in_that(sales):
    budget(sales, currency="USD")
    ExchangeRateFactory(currency="USD", base="EUR", rate=D("0.5"), on=date(2026, 8, 1))
    spend("10.00", sales)
    spend("5.00", sales, currency="GBP")
    [row] = rows()
    assert row.spent == Money(D("20.00"), "USD")
    assert row.left_out == [Money(D("5.00"), "GBP")]
    assert row.left == Money(D("980.00"), "USD")


def test_the_number_of_queries_does_not_depend_on_what_there_is(sales, django_assert_num_queries):
    for name in "abc":
        part = DepartmentFactory(name=name, parent=sales)
        budget(part)
        spend("1.00", part, currency="USD")
        contract(part, "20.00", date(2026, 1, 1), None, renewal="open")
        LicenceFactory(annual_cost=D("90.00"), starts_on=date(2024, 9, 1))
    with django_assert_num_queries(9):
        rows()
