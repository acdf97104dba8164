"""Budgets and exchange rates come in from spreadsheets, and go out as they came."""

from datetime import date
from decimal import Decimal as D

import pytest

from contracts.models import Budget, ExchangeRate
from tests.factories import BudgetFactory, DepartmentFactory, ExchangeRateFactory
from tests.importing import load, problems

pytestmark = pytest.mark.django_db

BUDGETS = ["department", "year", "budget", "currency"]
RATES = ["date", "currency", "rate"]
ECB = ["TIME_PERIOD", "CURRENCY", "CURRENCY_DENOM", "OBS_VALUE"]


def test_a_budget_is_known_by_department_and_year(finance):
    sales = DepartmentFactory(name="Sales")
    BudgetFactory(department=sales, year=2026, amount=D("10.00"), currency="EUR")
    report = load(
        "budgets",
        BUDGETS,
        ["Sales", "2026", "12,000.00", "EUR"],
        ["sales", "2027", "$13,000.00", ""],
        by=finance,
    )
    assert report.summary == "1 created, 1 updated, 0 unchanged, 0 refused"
    found = Budget.objects.order_by("year").values_list("year", "amount", "currency")
    assert list(found) == [(2026, D("12000.00"), "EUR"), (2027, D("13000.00"), "USD")]


def test_a_budget_of_a_department_that_is_not_there_is_refused(finance):
    report = load("budgets", BUDGETS, ["Sales", "2026", "1.00", "EUR"], by=finance)
    assert "department" in problems(report)[0]
    assert not Budget.objects.exists()


def test_the_same_budget_twice_is_refused(finance):
    DepartmentFactory(name="Sales")
    rows = [["Sales", "2026", "1.00", "EUR"]] * 2
    report = load("budgets", BUDGETS, *rows, by=finance)
    assert report.refused
    assert not report.written


def test_a_rate_is_what_one_of_a_currency_is_in_the_base_currency(finance):
    load("exchange-rates", RATES, ["2026-11-20", "usd", "0.9234"], by=finance)
    rate = ExchangeRate.objects.get()
    assert str(rate) == "1 USD = 0.9234 EUR on 2026-11-20"


def test_the_central_bank_says_how_much_one_euro_is(finance):
    load("exchange-rates", ECB, ["2026-11-20", "USD", "EUR", "1.0835"], by=finance)
    assert str(ExchangeRate.objects.get()) == "1 EUR = 1.0835 USD on 2026-11-20"


def test_a_rate_of_a_day_that_is_there_is_corrected(finance):
    ExchangeRateFactory(currency="USD", base="EUR", on=date(2026, 11, 20), rate=D("0.92"))
    report = load("exchange-rates", RATES, ["2026-11-20", "USD", "0.93"], by=finance)
    assert report.updated == 1
    assert ExchangeRate.objects.get().rate == D("0.93")


def test_a_rate_the_wrong_way_round_is_refused(finance):
    ExchangeRateFactory(currency="USD", base="EUR", on=date(2026, 11, 20), rate=D("0.92"))
    report = load("exchange-rates", RATES, ["2026-11-21", "USD", "1.0835"], by=finance)
    [problem] = problems(report)
    assert "is the wrong way round: 1 USD = 0.92 EUR on 2026-11-20" in problem


@pytest.mark.parametrize(
    ("cell", "said"),
    [("0", "above zero"), ("-1.2", "above zero"), ("about one", "is no rate"), ("", "is missing")],
)
def test_what_is_no_rate_is_refused(finance, cell, said):
    report = load("exchange-rates", RATES, ["2026-11-20", "USD", cell], by=finance)
    assert said in problems(report)[0]
    assert not ExchangeRate.objects.exists()


def test_a_currency_has_no_rate_to_itself(finance):
    report = load("exchange-rates", RATES, ["2026-11-20", "EUR", "1"], by=finance)
    assert "always worth itself" in problems(report)[0]


def test_a_comma_stands_before_decimals(finance):
    load("exchange-rates", RATES, ["2026-11-20", "USD", "0,92345678"], by=finance)
    assert ExchangeRate.objects.get().rate == D("0.92345678")


@pytest.mark.parametrize("kind", ["budgets", "exchange-rates"])
def test_who_may_not_edit_may_not_import(auditor, kind):
    DepartmentFactory(name="Sales")
    header, row = {
        "budgets": (BUDGETS, ["Sales", "2026", "1.00", "EUR"]),
        "exchange-rates": (RATES, ["2026-11-20", "USD", "0.9"]),
    }[kind]
    assert load(kind, header, row, by=auditor).refused == 1
