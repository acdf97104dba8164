"""How long the forecast of ten thousand contracts takes, and whether it grows in proportion."""

import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle

import pytest
from django.db import connection

from config.history import create_all_as
from contracts.forecast import By, Method, forecast
from contracts.models import Contract, Term
from tests.factories import DepartmentFactory, VendorFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

CONTRACTS, SECONDS, PROPORTION = 10_000, 2, 20
"""The limit of ten thousand, and how many times as long as of a thousand they may take."""
ON = date(2026, 11, 24)


def enter(count):
    """As many contracts with two terms each, of every billing and renewal, from any day."""
    vendors = cycle([VendorFactory() for _ in range(100)])
    departments = cycle([DepartmentFactory() for _ in range(20)])
    contracts = create_all_as(
        [
            Contract(number=f"B-{count}-{at}", vendor=next(vendors), department=next(departments))
            for at in range(count)
        ],
        by=None,
        reason="bought",
    )
    terms = [term for at, contract in enumerate(contracts) for term in terms_of(contract, at)]
    create_all_as(terms, by=None, reason="bought")


def terms_of(contract, at):
    first = date(2023, 1, 1) + timedelta(at % 700)
    last = first + timedelta(729)
    renewal = ("tacit", "open", "express", "none")[at % 4]
    shared = {
        "contract": contract,
        "amount": Decimal(1000 + at) / 7 // Decimal("0.01") / 100,
        "currency": ("EUR", "EUR", "USD")[at % 3],
        "billing": Term.Billing.values[at % 4 - 1],
        "renewal_months": 12,
        "notice": 90,
    }
    second = last + timedelta(1)
    end = None if renewal == "open" else second + timedelta(729)
    return [
        Term(starts_on=first, ends_on=last, renewal="express", **shared),
        Term(starts_on=second, ends_on=end, renewal=renewal, **shared),
    ]


def seconds(contracts, method):
    began = time.perf_counter()
    found = forecast(contracts, first_month=ON, method=method, on=ON, by=By.VENDOR)
    took = time.perf_counter() - began
    assert len(found.lines) > 1000
    return took


def test_ten_thousand_contracts_are_foreseen_in_two_seconds():
    enter(CONTRACTS)
    few = Contract.objects.filter(
        pk__in=list(Contract.objects.values_list("pk", flat=True)[: CONTRACTS // 10])
    )
    for method in Method:
        seconds(few, method)  # what is imported and prepared once per process
        tenth, whole = seconds(few, method), seconds(Contract.objects.all(), method)
        print(f"\n{CONTRACTS} contracts foreseen by {method.label} on {connection.vendor}:")
        print(f"  {whole:.2f} s (limit {SECONDS} s)")
        print(f"  {whole / tenth:.1f} times as long as {CONTRACTS // 10} (limit {PROPORTION})")
        assert whole < SECONDS
        assert whole / tenth < PROPORTION
