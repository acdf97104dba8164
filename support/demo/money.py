"""Budgets of this and the next year, and what dollars, pounds and francs were worth each month."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from config.history import create_all_as
from config.periods import month_of, months_after, months_from
from contracts.models import Budget, Contract, ExchangeRate
from support.demo.company import Company

WORTH = {"USD": Decimal("0.92"), "GBP": Decimal("1.17"), "CHF": Decimal("1.05")}
"""In euros, roughly; a month takes it up or down by a hundredth at most."""
SOURCE = "European Central Bank"
LEAST, STEP = 4_000, 500
UNBUDGETED = {"Quality"}


def write(company: Company) -> None:
    _write_budgets(company)
    _write_rates(company)


def _write_budgets(company: Company) -> None:
    """About what its contracts cost a year and something for the rest; some have planned low."""
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    rows = Contract.objects.filter(currency="EUR").exclude(annual_cost=None)
    for name, cost in rows.order_by("pk").values_list("department__name", "annual_cost"):
        costs[name or ""] += cost or 0
    year, planned = company.today.year, []
    for name, department in company.departments.items():
        if name in UNBUDGETED:
            continue
        amount = LEAST + int(costs[name] * company.random.randint(85, 130) / 100)
        for later in (0, 1):
            rounded = Decimal(amount * (100 + 3 * later) // 100 // STEP * STEP)
            planned.append(
                Budget(department=department, year=year + later, amount=rounded, currency="EUR")
            )
    by, at = company.users["finance"], company.at(date(year, 1, 1))
    create_all_as(planned, by=by, reason="imported from budgets.xlsx", at=at)


def _write_rates(company: Company) -> None:
    first = months_after(month_of(company.today), -11)
    rates = []
    for currency, worth in WORTH.items():
        for month in months_from(first, 12):
            worth *= 1 + Decimal(company.random.randint(-100, 100)) / 10_000
            rate = worth.quantize(Decimal("0.0001"))
            rates.append(
                ExchangeRate(currency=currency, base="EUR", on=month, rate=rate, source=SOURCE)
            )
    by, at = company.users["finance"], company.at(month_of(company.today))
    create_all_as(rates, by=by, reason="imported from rates.csv", at=at)
