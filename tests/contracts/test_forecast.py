"""What contracts and licences will cost: stories, and every line recomputed from the raw rows."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal as D
from random import Random

import pytest

from config.money import Money
from config.periods import months_from
from contracts.forecast import By, Line, Method, converted, forecast
from contracts.models import Contract, Decision, Licence, Term
from contracts.rates import Rates
from tests.contracts import day_by_day
from tests.factories import (
    ContractFactory,
    DecisionFactory,
    DepartmentFactory,
    ExchangeRateFactory,
    LicenceFactory,
    TermFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
ON, FIRST = date(2026, 11, 24), date(2026, 11, 1)


def contract(starts_on, ends_on, amount, *, terms=None, **fields):
    made = ContractFactory(**fields)
    values = {"billing": "yearly", "currency": "EUR", **(terms or {})}
    TermFactory(contract=made, starts_on=starts_on, ends_on=ends_on, amount=D(amount), **values)
    return made


def foreseen(**options):
    options = {"first_month": FIRST, "method": Method.CASH, "on": ON, **options}
    return forecast(Contract.objects.all(), **options)


def eur(amount):
    return Money(D(amount), "EUR")


# --- Stories -------------------------------------------------------------------------------------


def test_a_contract_is_committed_to_its_end_and_undecided_after_it():
    acme = VendorFactory(name="Acme")
    contract(date(2026, 1, 1), date(2027, 12, 31), "1200.00", vendor=acme)
    assert foreseen().lines == [
        Line("Acme", date(2027, 1, 1), True, eur("1200.00")),
        Line("Acme", date(2028, 1, 1), False, eur("1200.00")),
    ]


def test_accrued_every_month_costs_its_share():
    contract(date(2026, 1, 1), date(2026, 12, 31), "1200.00", terms={"renewal": "none"})
    lines = foreseen(method=Method.ACCRUAL).lines
    assert [(line.month.month, line.money) for line in lines] == [
        (11, eur("100.00")),
        (12, eur("100.00")),
    ]


def test_two_currencies_are_two_lines_and_two_totals():
    acme = VendorFactory(name="Acme")
    dollars = {"currency": "USD", "renewal": "none"}
    contract(date(2026, 12, 1), date(2027, 11, 30), "10.00", vendor=acme, terms=dollars)
    contract(date(2026, 12, 1), date(2027, 11, 30), "20.00", vendor=acme, terms={"renewal": "none"})
    assert foreseen().totals() == [eur("20.00"), Money(D("10.00"), "USD")]


def test_in_one_currency_the_days_of_the_rates_are_said_and_what_has_none_stands_apart():
    ExchangeRateFactory(currency="USD", base="EUR", rate=D("0.5"), on=date(2026, 11, 20))
    for code in ("USD", "EUR", "GBP"):
        terms = {"currency": code, "renewal": "none"}
        contract(date(2026, 12, 1), date(2027, 11, 30), "10.00", terms=terms)
    found = converted(foreseen(by=By.MONTH), Rates(ON), "EUR")
    assert found.forecast.lines == [Line("", date(2026, 12, 1), True, eur("15.00"))]
    assert found.left_out == [Money(D("10.00"), "GBP")]
    assert found.rates.notes == ["1 USD = 0.5 EUR on 20 November 2026"]


def test_what_belongs_to_no_department_comes_last():
    contract(date(2026, 12, 1), date(2027, 11, 30), "1.00")
    sales = DepartmentFactory(name="Sales")
    contract(date(2026, 12, 1), date(2027, 11, 30), "1.00", department=sales)
    groups = [line.group for line in foreseen(by=By.DEPARTMENT, months=2).lines]
    assert groups == ["Sales", ""]


def test_a_licence_without_a_contract_counts_with_its_own_cost():
    acme = VendorFactory(name="Acme")
    LicenceFactory(supplier=acme, annual_cost=D("90.00"), starts_on=date(2026, 2, 1))
    assert foreseen(months=12).lines == [Line("Acme", date(2027, 2, 1), False, eur("90.00"))]


def test_a_licence_of_a_contract_with_terms_costs_what_that_costs():
    agreed = contract(date(2026, 12, 1), date(2027, 11, 30), "50.00", terms={"renewal": "none"})
    LicenceFactory(contract=agreed, annual_cost=D("90.00"), starts_on=date(2026, 12, 1))
    assert foreseen().totals() == [eur("50.00")]


def test_a_licence_that_nobody_knows_the_beginning_of_is_said_and_not_added():
    LicenceFactory(annual_cost=D("90.00"))
    found = foreseen()
    assert (found.lines, found.undated) == ([], [eur("90.00")])


def test_only_the_contracts_that_are_asked_for_count():
    wanted = contract(date(2026, 12, 1), date(2027, 11, 30), "50.00")
    contract(date(2026, 12, 1), date(2027, 11, 30), "70.00")
    found = forecast(
        Contract.objects.filter(pk=wanted.pk),
        first_month=FIRST,
        months=2,
        method=Method.CASH,
        on=ON,
        licences=Licence.objects.none(),
    )
    assert found.totals() == [eur("50.00")]


def test_a_withdrawn_decision_no_longer_stops_a_contract():
    stopped = contract(date(2026, 1, 1), None, "10.00", terms={"renewal": "open"})
    DecisionFactory(
        term=stopped.terms.get(), kind="cancel", ends_on=date(2026, 12, 31), withdrawn_on=ON
    )
    assert foreseen().totals(committed=False) == [eur("20.00")]


# --- Every figure, a second way ------------------------------------------------------------------

KINDS = [kind for kind, _ in Contract.Kind.choices]


@pytest.fixture
def many():
    """Contracts and licences of all sorts, the same in every run."""
    choose = Random(4)
    vendors = [VendorFactory(name=name) for name in ("Acme", "Bolt", "Cato")]
    departments = [DepartmentFactory(name="Sales"), DepartmentFactory(name="Research"), None]
    for at in range(60):
        made = ContractFactory(
            vendor=choose.choice(vendors),
            department=choose.choice(departments),
            kind=choose.choice(KINDS),
        )
        last = _terms(made, choose)
        kind = choose.choice(["", "", "renew", "renegotiate", "cancel"])
        if kind:
            stop = (last.ends_on or ON) + timedelta(choose.randrange(200))
            stop = stop if kind == "cancel" else None
            DecisionFactory(term=last, kind=kind, ends_on=stop)
        if at % 6 == 0:
            start = date(2024, 1, 1) + timedelta(choose.randrange(900))
            LicenceFactory(
                supplier=choose.choice([*vendors, None]),
                annual_cost=D(choose.randrange(1, 99_999)) / 100,
                starts_on=choose.choice([start, None]),
                purchased_on=start,
                ends_on=choose.choice([None, start + timedelta(900)]),
            )


def _terms(made, choose):
    start, term = date(2023, 1, 1) + timedelta(choose.randrange(1400)), None
    for _ in range(choose.randrange(1, 4)):
        start = term.ends_on + timedelta(1) if term else start
        length = timedelta(choose.choice([30, 364, 364, 729, 500]))
        term = TermFactory(
            contract=made,
            starts_on=start,
            ends_on=start + length,
            amount=D(choose.randrange(1, 999_999)) / 100,
            currency=choose.choice(["EUR", "EUR", "USD"]),
            billing=choose.choice(Term.Billing.values),
            renewal=choose.choice(["none", "express", "tacit"]),
            renewal_months=choose.choice([1, 12, 24]),
            notice=choose.choice([0, 3, 45]),
            notice_unit=choose.choice(Term.Unit.values[:2]),
            notice_to=choose.choice(Term.NoticeTo.values),
        )
    if choose.random() < 0.3:
        term.ends_on, term.renewal = choose.choice([None, term.ends_on]), "open"
        term.save()
    return term


def recomputed(method, months=24):
    """Each contract and licence with what it costs: (month, committed?, currency) to amount."""
    until = day_by_day.end(FIRST, months)
    for made in Contract.objects.all():
        terms = list(Term.objects.filter(contract=made).order_by("starts_on"))
        decision = Decision.objects.filter(term=terms[-1], withdrawn_on=None).first()
        yield made, _counted(day_by_day.ahead(terms, decision, ON, until), method, until)
    for own in Licence.objects.filter(contract=None):
        yield own, _counted(_of_licence(own, until), method, until)


def _of_licence(own, until):
    start = own.starts_on or own.purchased_on
    term = Term(starts_on=start, ends_on=own.ends_on, amount=own.annual_cost, billing="yearly")
    term.renewal, term.renewal_months = "express" if own.ends_on else "open", 12
    term.currency = own.currency
    return day_by_day.ahead([term], None, ON, until)


def _counted(stretches, method, until):
    sums = defaultdict(D)
    for term, currency, sure in stretches:
        for (month, committed), amount in day_by_day.METHODS[method](term, sure, until).items():
            sums[month, committed, currency] += amount
    return sums


def group_of(record, by):
    own = isinstance(record, Licence)
    if by == By.VENDOR:
        return (record.supplier or record.product.maker).name if own else record.vendor.name
    if by == By.DEPARTMENT:
        return "" if own or not record.department else record.department.name
    return {By.KIND: "licence" if own else record.kind, By.MONTH: ""}[by]


@pytest.mark.parametrize("method", list(Method))
def test_every_line_is_what_the_raw_rows_add_up_to(many, method):
    records = list(recomputed(method))
    for by in By:
        expected = defaultdict(D)
        for record, sums in records:
            for key, amount in sums.items():
                if key[0] >= FIRST:
                    expected[(group_of(record, by), *key)] += amount
        found = {
            (it.group, it.month, it.is_committed, it.money.currency): it.money.amount
            for it in foreseen(by=by, method=method).lines
        }
        assert found == {key: amount for key, amount in expected.items() if amount}
        assert len(found) > 40


def test_a_group_has_what_its_months_have(many):
    totals = [foreseen(by=by).totals() for by in By]
    assert totals == totals[:1] * len(By)
    found = foreseen()
    halves = [found.totals(committed=committed) for committed in (True, False)]
    assert [a + b for a, b in zip(*halves, strict=True)] == (found.totals())


def test_the_number_of_queries_does_not_depend_on_the_contracts(many, django_assert_num_queries):
    with django_assert_num_queries(4):
        found = foreseen(by=By.DEPARTMENT, method=Method.ACCRUAL)
    assert found.months == months_from(FIRST, 24)
