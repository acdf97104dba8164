"""The report of what contracts cost, each figure added up a second time from the raw rows."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from tests.factories import ContractFactory, DepartmentFactory, PersonFactory, VendorFactory


@pytest.fixture
def contracts(db):
    today = timezone.localdate()
    vendor, department, owner = VendorFactory(), DepartmentFactory(), PersonFactory()
    running = {"starts_on": date(2020, 1, 1)}
    facts = [
        ("C-1", "cloud", "100.50", "EUR", {**running, "vendor": vendor, "owner": owner}),
        ("C-2", "lease", "900", "EUR", {**running, "department": department}),
        ("C-3", "cloud", "70", "USD", {**running, "decision": "cancel", "ends_on": today}),
        ("C-4", "cloud", None, "EUR", running),
        ("C-5", "lease", "800", "EUR", {**running, "ends_on": today - timedelta(1)}),
        ("C-6", "lease", "700", "EUR", {"starts_on": today + timedelta(1)}),
    ]
    for number, kind, cost, currency, fields in facts:
        ContractFactory(
            number=number,
            kind=kind,
            annual_cost=cost and Decimal(cost),
            currency=currency,
            **fields,
        )
    return Contract.objects.all()


@pytest.fixture
def shown(client, auditor, contracts):
    client.force_login(auditor)

    def shown(**query):
        address = reverse("admin:contracts_contract_report", args=["costs"], query=query)
        return client.get(address).context_data

    return shown


def numbers(context):
    return [cells[0]["text"] for cells, _ in context["lines"]]


def test_what_runs_is_shown_unless_more_is_asked_for(shown):
    assert numbers(shown()) == ["C-2", "C-1", "C-4", "C-3"]
    assert numbers(shown(state="ended")) == ["C-5"]
    assert numbers(shown(state="to-come")) == ["C-6"]
    assert len(numbers(shown(state=""))) == 6


def test_it_filters_by_everything_that_a_contract_belongs_to(shown, contracts):
    first, second = contracts.get(number="C-1"), contracts.get(number="C-2")
    today = timezone.localdate()
    assert numbers(shown(kind=["cloud"])) == ["C-1", "C-4", "C-3"]
    assert numbers(shown(vendor=first.vendor_id)) == ["C-1"]
    assert numbers(shown(owner=first.owner_id)) == ["C-1"]
    assert numbers(shown(department=second.department_id)) == ["C-2"]
    assert numbers(shown(decision="cancel")) == ["C-3"]
    assert numbers(shown(decision="undecided")) == ["C-2", "C-1", "C-4"]
    assert numbers(shown(ends_from=today, ends_to=today)) == ["C-3"]


def test_the_totals_and_the_charts_keep_currencies_apart(shown, contracts):
    sums, kinds = Counter(), Counter()
    for it in contracts:
        if it.starts_on <= timezone.localdate() <= (it.ends_on or date.max):
            sums[it.currency] += it.annual_cost or 0
            kinds[it.currency, it.get_kind_display().capitalize()] += it.annual_cost or 0
    context = shown()
    assert context["totals"] == [
        ("A year", f"{amount:,.2f} {currency}") for currency, amount in sorted(sums.items())
    ]
    drawn = {
        (drawing.unit, label): Decimal(values[0].replace(",", ""))
        for drawing in context["charts"]
        for label, values in drawing.rows
    }
    assert drawn == kinds
