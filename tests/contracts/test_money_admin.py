"""The pages of the forecast, of budgets and of charges back: every figure from the raw rows."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract, Licence, Term
from tests.contracts import day_by_day
from tests.factories import (
    BudgetFactory,
    ContractFactory,
    DepartmentFactory,
    ExchangeRateFactory,
    LicenceFactory,
    PersonFactory,
    SeatFactory,
    SpendFactory,
    TermFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    """Two departments and four contracts, one of them in dollars and one in pounds."""
    year = timezone.localdate().year
    sales = DepartmentFactory(name="Sales", cost_centre="1000")
    research = DepartmentFactory(name="Research", cost_centre="2000")
    ExchangeRateFactory(currency="USD", rate=D("0.8"), on=date(year - 1, 3, 1))
    agreed = [
        ("Acme", sales, "subscription", "123.45", "EUR", "monthly", "tacit"),
        ("Acme", research, "cloud", "200.00", "USD", "quarterly", "express"),
        ("Bolt", research, "cloud", "999.99", "EUR", "yearly", "none"),
        ("Bolt", None, "lease", "70.00", "GBP", "monthly", "open"),
    ]
    vendors = {name: VendorFactory(name=name) for name in ("Acme", "Bolt")}
    for vendor, department, kind, amount, currency, billing, renewal in agreed:
        TermFactory(
            contract=ContractFactory(vendor=vendors[vendor], department=department, kind=kind),
            starts_on=date(year - 1, 2, 10),
            ends_on=None if renewal == "open" else date(year + 1, 2, 9),
            amount=D(amount),
            currency=currency,
            billing=billing,
            renewal=renewal,
            renewal_months=12,
            notice=30,
        )
    licence = LicenceFactory(
        supplier=vendors["Bolt"], annual_cost=D("360.00"), starts_on=date(year - 1, 5, 1), seats=3
    )
    SeatFactory(licence=licence, person=PersonFactory(department=sales), since=date(year - 1, 5, 1))
    return {"sales": sales, "research": research}


def address(slug, model="contract", extension="", **query):
    name = f"admin:contracts_{model}_report" + ("_export" if extension else "")
    return reverse(name, args=[slug, extension] if extension else [slug], query=query)


@pytest.fixture
def shown(client, auditor):
    client.force_login(auditor)

    def shown(slug, model="contract", **query):
        return client.get(address(slug, model, **query)).context_data

    return shown


@pytest.fixture
def exported(client, finance):
    client.force_login(finance)

    def exported(slug, model="contract", **query):
        response = client.get(address(slug, model, "csv", **query))
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    return exported


def cells(context):
    return [[cell["text"] for cell in line] for line, _ in context["lines"]]


def raw_costs(method="cash"):
    """(contract or licence, month, committed?, currency) to amount, day by day."""
    today = timezone.localdate()
    until = day_by_day.end(today.replace(day=1), 24)
    sums = defaultdict(D)
    found = [
        (it, day_by_day.ahead(list(it.terms.order_by("starts_on")), None, today, until))
        for it in Contract.objects.all()
    ]
    for own in Licence.objects.all():
        term = Term(starts_on=own.starts_on, amount=own.annual_cost, billing="yearly")
        term.renewal, term.currency = "open", own.currency
        found.append((own, day_by_day.ahead([term], None, today, until)))
    for record, stretches in found:
        for term, currency, sure in stretches:
            for key, amount in day_by_day.METHODS[method](term, sure, until).items():
                if key[0] >= today.replace(day=1) and amount:
                    sums[(record, *key, currency)] += amount
    return sums


# --- The forecast --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["cash", "accrual"])
def test_the_file_of_the_forecast_is_what_the_raw_rows_add_up_to(company, exported, method):
    expected = defaultdict(D)
    for (record, month, committed, currency), amount in raw_costs(method).items():
        vendor = getattr(record, "vendor", None) or record.supplier
        expected[vendor.name, f"{month:%Y-%m}", committed, currency] += amount
    found = {}
    for row in exported("forecast", by="vendor", method=method, currency=""):
        for header, committed in (("Committed", True), ("Undecided", False)):
            if amount := D(row[header]):
                currency = row[f"{header} currency"]
                found[row["For"], row["Month"], committed, currency] = amount
    assert found == {key: amount for key, amount in expected.items() if amount}


def test_in_one_currency_the_page_says_rates_with_days_and_what_has_none(company, shown):
    context = shown("forecast")
    euros = dollars = pounds = D(0)
    for (_, _, _, currency), amount in raw_costs().items():
        if currency == "USD":
            dollars += (amount * D("0.8")).quantize(D("0.01"))
        elif currency == "GBP":
            pounds += amount
        else:
            euros += amount
    year = timezone.localdate().year - 1
    assert ("All", f"{euros + dollars:,.2f} EUR") in context["totals"]
    assert ("All", f"{pounds:,.2f} GBP") in context["totals"]
    assert ("Converted at", f"1 USD = 0.8 EUR on 1 March {year}") in context["totals"]
    assert ("No rate, not converted", f"{pounds:,.2f} GBP") in context["totals"]


def test_together_a_group_is_one_row_of_all_its_months(company, shown):
    apart = cells(shown("forecast", by="kind", currency=""))
    together = cells(shown("forecast", by="kind", currency="", months="together"))
    assert sorted(group(row) for row in together) == sorted({group(row) for row in apart})
    assert len(apart) > len(together)


def group(row):
    """What is forecast together: a kind in a currency."""
    return row[0], row[4].split()[1]


def test_the_forecast_is_of_what_is_asked_for(company, shown):
    rows = cells(shown("forecast", by="department", department=company["research"].pk))
    assert {row[0] for row in rows} == {"Research"}
    rows = cells(shown("forecast", by="kind", kind="cloud"))
    assert {row[0] for row in rows} == {"cloud"}
    rows = cells(shown("forecast", by="vendor", start="2001-01-01"))
    assert rows == []


def test_the_chart_has_each_month_committed_and_undecided(company, shown):
    charts = shown("forecast")["charts"]
    assert [chart.unit for chart in charts] == ["EUR", "GBP"]
    assert [name for name, _ in charts[0].legend] == ["Committed", "Undecided"]
    assert len(charts[0].rows) == 24


def test_the_page_of_the_forecast_asks_as_often_however_many_contracts(
    company, client, auditor, django_assert_max_num_queries
):
    client.force_login(auditor)
    client.get(address("forecast"))
    with django_assert_max_num_queries(30) as few:
        client.get(address("forecast"))
    for _ in range(10):
        TermFactory(starts_on=date(2024, 1, 1), amount=D(5), renewal="open", currency="USD")
    with django_assert_max_num_queries(len(few)):
        client.get(address("forecast"))


# --- Budgets -------------------------------------------------------------------------------------


def test_the_file_of_budgets_is_what_the_raw_rows_add_up_to(company, exported):
    today = timezone.localdate()
    for name, department in company.items():
        BudgetFactory(department=department, amount=D("5000.00"), currency="EUR")
        SpendFactory(
            department=department,
            booked_on=date(today.year, 1, 1),
            amount=D(len(name)),
            currency="EUR",
        )
    found = {row["Department"]: row for row in exported("left", "budget")}
    assert list(found) == ["Research", "Sales", "no budget"]
    for department in company.values():
        row, committed = found[department.name], D(0)
        for currency, amount in raw_year(department, today):
            committed += amount * D("0.8") if currency == "USD" else amount
        assert D(row["Committed"]) == day_by_day.half_up(committed)
        assert D(row["Left"]) == 5000 - D(row["Spent"]) - D(row["Committed"])
        assert D(row["Left if all goes on"]) == D(row["Left"]) - D(row["Undecided"])
    assert "GBP" in found["no budget"]["No rate"]


def raw_year(department, today):
    """What is committed of the bills after 1 January, to the end of the year, by currency."""
    until = date(today.year, 12, 31)
    for made in department.contracts.all():
        stretches = day_by_day.ahead(list(made.terms.all()), None, today, until)
        for term, currency, sure in stretches:
            for due, days, cents in day_by_day.periods(*term, until):
                if date(today.year, 1, 2) <= due <= until:
                    part = day_by_day.half_up(cents * day_by_day.part(days, sure))
                    yield currency, part


def test_the_totals_of_budgets_say_their_currency(company, shown):
    BudgetFactory(department=company["sales"], amount=D("100.00"), currency="USD")
    said = shown("left", "budget")["totals"]
    assert ("Budget", "100.00 USD") in said
    assert [words for words, _ in said].count("Spent") == 2


def test_a_year_without_budgets_says_what_to_do(shown):
    assert cells(shown("left", "budget", year=2031)) == []


# --- Charge-back ---------------------------------------------------------------------------------


def test_the_charges_of_a_month_add_up_to_what_it_costs(company, exported):
    today = timezone.localdate()
    last = today.replace(day=1) - day_by_day.A_DAY
    first = last.replace(day=1)
    expected = defaultdict(D)
    for term in Term.objects.all():
        for bill in [(term.starts_on, term.ends_on, term.amount, term.billing)]:
            before = day_by_day.worth(bill, first - day_by_day.A_DAY)
            expected[term.currency] += day_by_day.worth(bill, last) - before
    own = Licence.objects.get()
    bill = own.starts_on, None, own.annual_cost, "yearly"
    expected["EUR"] += day_by_day.worth(bill, last) - day_by_day.worth(
        bill, first - day_by_day.A_DAY
    )
    found = defaultdict(D)
    for row in exported("charge-back"):
        found[row["Charged currency"]] += D(row["Charged"])
    assert found == expected


def test_a_seat_is_charged_to_its_holder_and_the_rest_to_nobody(company, shown):
    rows = cells(shown("charge-back", currency="EUR", months_from="2000-01-05"))
    assert rows == []
    rows = cells(shown("charge-back", currency="EUR"))
    seats = {(row[0], row[2]): row[4] for row in rows if "seats" in row[2]}
    assert seats == {
        ("1000", "seats"): "10.00 EUR",
        ("no cost centre", "unused seats"): "20.00 EUR",
    }


def test_a_cost_centre_alone_is_one_row_in_each_currency(company, shown):
    rows = cells(shown("charge-back", rows="centre", cost_centre="2000"))
    assert [(row[0], row[1], row[4][-3:]) for row in rows] == [
        ("2000", "everything", "EUR"),
        ("2000", "everything", "USD"),
    ]


def test_too_many_months_at_once_are_refused(shown):
    context = shown("charge-back", months_from="2020-01-01", months_to="2022-01-01")
    assert "At most 24 months at once." in str(context["form"].errors)


# --- Who may -------------------------------------------------------------------------------------

PAGES = [("forecast", "contract"), ("charge-back", "contract"), ("left", "budget")]


@pytest.mark.parametrize(("slug", "model"), PAGES)
def test_costs_are_not_for_the_service_desk(client, service_desk, slug, model):
    client.force_login(service_desk)
    assert client.get(address(slug, model)).status_code == 403
    assert client.get(address(slug, model, "csv")).status_code == 403


@pytest.mark.parametrize(("slug", "model"), PAGES)
def test_finance_auditors_and_it_look_at_them(client, finance, auditor, it, slug, model):
    for user in (finance, auditor, it):
        client.force_login(user)
        assert client.get(address(slug, model)).status_code == 200
