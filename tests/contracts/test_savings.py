"""Possible savings: each figure worked out a second time, the plain way, from the raw rows."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import Asset, Custody, Warranty
from config.history import save_as
from contracts import savings
from contracts.models import Contract, Coverage, Licence, Seat
from contracts.savings import Kind
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    ContractFactory,
    CoverageFactory,
    CustodyFactory,
    DepartmentFactory,
    LicenceFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    SeatFactory,
    WarrantyFactory,
)
from tests.rendering import bare

LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def today(db):
    return timezone.localdate()


def days_ago(days):
    return timezone.localdate() - timedelta(days)


def lines(kind):
    return savings.lines(timezone.localdate(), [kind])


def figures(kind):
    return [(line.what, str(line.money)) for line in lines(kind)]


def rounded(fraction):
    cents = Decimal(fraction.numerator * 100) / fraction.denominator
    return cents.quantize(Decimal(1), ROUND_HALF_UP) / 100


def running(**fields):
    facts = {"starts_on": LONG_AGO, "annual_cost": Decimal(1200), "currency": "EUR"}
    return ContractFactory(**{**facts, **fields})


def by_record(kind):
    return {line.record.pk: line.money.amount for line in lines(kind)}


# --- Idle seats ---


def paid(seats=10, cost="1200", **fields):
    return LicenceFactory(seats=seats, annual_cost=Decimal(cost), currency="EUR", **fields)


def give(licence, since=100, used=None, **fields):
    return SeatFactory(
        licence=licence, since=days_ago(since), last_used_on=used and days_ago(used), **fields
    )


def test_idle_seats_cost_their_share_of_the_licence(today):
    licence = paid()
    give(licence, since=400, used=91)
    never = give(licence, since=91)
    give(licence, since=400, used=90)
    give(licence, since=90)
    [line] = lines(Kind.IDLE_SEATS)
    assert str(line.money) == "240.00 EUR"
    assert line.evidence.startswith("2 of 4 seats unused for 90 days: ")
    assert f"{never.person} (never used, given on " in line.evidence


@pytest.mark.parametrize(
    ("bought", "idle", "used", "freed"), [(2, 3, 1, 1), (4, 3, 1, 3), (1, 1, 3, 0), (3, 3, 2, 1)]
)
def test_what_is_used_beyond_the_bought_seats_saves_nothing(today, bought, idle, used, freed):
    licence = paid(seats=bought, cost=100 * bought)
    for _ in range(idle):
        give(licence)
    for _ in range(used):
        give(licence, used=1)
    assert [line.money.amount for line in lines(Kind.IDLE_SEATS)] == [100 * freed] * bool(freed)


def test_what_costs_nothing_or_has_ended_saves_nothing(today):
    for licence in (
        LicenceFactory(seats=5),
        paid(cost="0"),
        paid(ends_on=days_ago(1)),
        LicenceFactory(seats=None, annual_cost=Decimal(900)),
    ):
        give(licence)
    assert lines(Kind.IDLE_SEATS) == []


def test_the_seats_of_every_licence_are_counted_again_by_hand(today):
    dice = random.Random(1)
    for _ in range(12):
        licence = paid(seats=dice.randint(1, 12), cost=str(dice.randint(1, 90_000)))
        for _ in range(dice.randint(0, 9)):
            give(licence, dice.randint(1, 200), dice.choice([None, *range(1, 200, 7)]))
    expected = {}
    for licence in Licence.objects.all():
        seats = [it for it in Seat.objects.all() if it.licence_id == licence.pk and not it.until]
        idle = [
            it
            for it in seats
            if (today - max(it.last_used_on or it.since, it.since)).days > savings.tools.IDLE_DAYS
        ]
        free = max(licence.seats - len(seats), 0)
        freed = max(licence.seats - len(seats) + len(idle), 0) - free
        if freed:
            share = Fraction(licence.annual_cost) * freed / licence.seats
            expected[licence.pk] = rounded(share)
    assert by_record(Kind.IDLE_SEATS) == expected


# --- Unused stock ---


def stocked(**fields):
    facts = {"cost": Decimal(1000), "currency": "EUR", "purchased_on": days_ago(181)}
    return AssetFactory(**{**facts, **fields})


def test_stock_is_unused_half_a_year_after_it_came_back(today):
    product = ProductFactory()
    zone = ZoneInfo(str(timezone.get_current_timezone()))
    for days in (180, 181):
        asset = stocked(product=product, tag=f"L-{days}", purchased_on=LONG_AGO)
        back = datetime.combine(days_ago(days), datetime.min.time(), zone)
        CustodyFactory(asset=asset, since=back - timedelta(9), until=back + timedelta(minutes=1))
    stocked(product=product, tag="L-bought", purchased_on=days_ago(180))
    stocked(product=product, tag="L-unknown", purchased_on=None)
    stocked(product=product, tag="L-free", cost=None)
    stocked(product=product, tag="L-used", holder=PersonFactory())
    [line] = lines(Kind.UNUSED_STOCK)
    assert line.record.tag == "L-181"
    assert not line.yearly
    assert "181 days" in line.evidence


def test_what_is_ordered_could_be_taken_from_stock_instead(today):
    product = ProductFactory()
    for at in range(5):
        stocked(product=product, purchased_on=days_ago(300 - at), tag=f"L-{at}")
    order = OrderFactory(number="PO-7", currency="USD")
    OrderLineFactory(
        order=order, product=product, quantity=3, received=1, unit_cost=Decimal("1500.50")
    )
    OrderLineFactory(
        order=OrderFactory(state="cancelled"), product=product, unit_cost=Decimal(9999)
    )
    AssetFactory(product=product, state="planned", tag="P-1", cost=None)
    found = {line.record.tag: line for line in lines(Kind.UNUSED_STOCK)}
    assert {tag: str(line.money) for tag, line in found.items()} == {
        "L-0": "1,500.50 USD",
        "L-1": "1,500.50 USD",
        "L-2": "1,000.00 EUR",
        "L-3": "1,000.00 EUR",
        "L-4": "1,000.00 EUR",
    }
    assert "in place of order PO-7" in found["L-1"].evidence
    assert "in place of P-1 (planned)" in found["L-2"].evidence
    assert "could be reassigned or sold" in found["L-3"].evidence


def test_stock_that_nobody_waits_for_is_worth_what_the_books_say(today):
    category = CategoryFactory(depreciation="straight_line", useful_months=24)
    product = ProductFactory(category=category)
    first = today.replace(day=1)
    year_ago = first.replace(year=first.year - 1)
    stocked(product=product, purchased_on=year_ago, tag="L-1", cost=Decimal(2400))
    stocked(product=product, purchased_on=LONG_AGO, tag="L-2", cost=Decimal(2400))
    [line] = savings.goods.unused_stock(first - timedelta(1))
    assert (line.record.tag, line.money.amount) == ("L-1", Decimal(1200))


def test_the_stock_is_counted_again_by_hand(today):
    dice = random.Random(2)
    for _ in range(25):
        asset = stocked(purchased_on=days_ago(dice.randint(100, 400)), cost=dice.randint(1, 900))
        if dice.random() < 0.5:
            back = timezone.now() - timedelta(dice.randint(100, 300))
            CustodyFactory(asset=asset, since=back - timedelta(5), until=back)
    expected = {}
    for asset in Asset.objects.all():
        ends = [it.until for it in Custody.objects.all() if it.asset_id == asset.pk]
        since = timezone.localdate(max(ends)) if ends else asset.purchased_on
        if today - since > timedelta(180):
            expected[asset.pk] = asset.cost
    assert by_record(Kind.UNUSED_STOCK) == expected


# --- Duplicate tools ---


def tool(category, cost, people=(), **fields):
    licence = paid(cost=cost, product=ProductFactory(category=category), **fields)
    for person in people:
        SeatFactory(licence=licence, person=person)
    return licence


def test_of_two_tools_of_the_same_people_the_cheaper_one_could_go(today):
    cloud, hardware = CategoryFactory(kind="cloud", name="Chat"), CategoryFactory()
    anna, ben, carl = PersonFactory.create_batch(3)
    cheap = tool(cloud, "300", [anna, ben])
    dear = tool(cloud, "900", [ben, carl])
    tool(cloud, "100", [PersonFactory()])
    tool(hardware, "50", [ben])
    [line] = lines(Kind.DUPLICATE_TOOLS)
    assert line.record == cheap
    assert str(line.money) == "300.00 EUR"
    assert line.evidence == f"1 of 2 people also have {dear} (900.00 EUR a year); both are Chat."


def test_a_department_that_pays_for_two_tools_needs_no_shared_people(today):
    category = CategoryFactory(kind="service")
    department = DepartmentFactory(name="Design")
    cheap = tool(category, "300", contract=running(department=department))
    tool(category, "900", contract=running(department=department))
    tool(category, "100", contract=running(department=DepartmentFactory()))
    tool(category, "80", contract=running())
    [line] = lines(Kind.DUPLICATE_TOOLS)
    assert line.record == cheap
    assert line.evidence.startswith("Design also pays for ")
    assert line.department == department


def test_of_three_tools_one_is_kept_and_each_other_counts_once(today):
    category, people = CategoryFactory(kind="cloud"), PersonFactory.create_batch(2)
    for cost in ("300", "900", "600"):
        tool(category, cost, people)
    assert [line.money.amount for line in lines(Kind.DUPLICATE_TOOLS)] == [600, 300]


def test_costs_of_two_currencies_are_not_compared_but_people_are(today):
    category = CategoryFactory(kind="cloud")
    anna, ben = PersonFactory.create_batch(2)
    many = tool(category, "1", [anna, ben])
    few = tool(category, "900", [ben])
    Licence.objects.filter(pk=few.pk).update(currency="USD")
    [line] = lines(Kind.DUPLICATE_TOOLS)
    assert (line.record, str(line.money)) == (few, "900.00 USD")
    assert str(many) in line.evidence


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_on": LONG_AGO},
        {"starts_on": date(2999, 1, 1)},
        {"annual_cost": None},
        {"contract_cancelled": True},
    ],
)
def test_a_tool_that_is_not_paid_for_any_more_is_no_duplicate(today, fields):
    category, person = CategoryFactory(kind="cloud"), PersonFactory()
    tool(category, "900", [person])
    if fields.pop("contract_cancelled", False):
        fields["contract"] = running(decision="cancel")
    other = tool(category, "300", [person])
    Licence.objects.filter(pk=other.pk).update(**fields)
    assert lines(Kind.DUPLICATE_TOOLS) == []


def test_two_plans_of_one_product_are_no_duplicates(today):
    person, product = PersonFactory(), ProductFactory(category=CategoryFactory(kind="cloud"))
    for cost in ("300", "900"):
        SeatFactory(licence=paid(cost=cost, product=product), person=person)
    assert lines(Kind.DUPLICATE_TOOLS) == []


# --- Contracts for what is gone ---


def test_a_contract_is_paid_for_what_is_gone_by_its_share(today):
    contract = running(annual_cost=Decimal(1000))
    for state in ("retired", "disposed", "lost", "planned", "in_stock", "received"):
        CoverageFactory(contract=contract, asset=AssetFactory(state=state, tag=f"L-{state}"))
    [line] = lines(Kind.GONE_ASSETS)
    assert str(line.money) == "500.00 EUR"
    assert not line.whole
    assert line.evidence == (
        "3 of 6 covered assets gone: L-disposed (disposed of), L-lost (lost), L-retired (retired)."
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_on": LONG_AGO},
        {"starts_on": date(2999, 1, 1)},
        {"annual_cost": None},
        {"annual_cost": 0},
        {"decision": "cancel"},
    ],
)
def test_a_contract_that_is_not_paid_for_any_more_saves_nothing(today, fields):
    contract = running(**fields)
    CoverageFactory(contract=contract, asset=AssetFactory(state="retired"))
    both = AssetFactory()
    for it in (contract, running()):
        CoverageFactory(contract=it, asset=both)
    assert lines(Kind.GONE_ASSETS) == []
    assert lines(Kind.TWICE_COVERED) == []


# --- Under two contracts ---


def test_of_two_contracts_for_one_asset_the_smaller_share_could_go(today):
    twice, once = AssetFactory(tag="L-1"), AssetFactory()
    dear = running(number="C-dear", annual_cost=Decimal(500))
    cheap = running(number="C-cheap", annual_cost=Decimal(600))
    other_kind = running(kind="lease", annual_cost=Decimal(5000))
    for contract in (dear, cheap, other_kind):
        CoverageFactory(contract=contract, asset=twice)
    CoverageFactory(contract=cheap, asset=once)
    gone = AssetFactory(state="retired")
    for contract in (cheap, other_kind):
        CoverageFactory(contract=contract, asset=gone)
    [line] = lines(Kind.TWICE_COVERED)
    assert line.record == cheap
    assert str(line.money) == "200.00 EUR"
    assert line.evidence == (
        "1 of 3 covered assets under another contract of the same kind: L-1 (also C-dear)."
    )


def test_in_two_currencies_the_older_contract_is_kept(today):
    asset = AssetFactory()
    running(number="C-old", annual_cost=Decimal(1), currency="USD")
    running(number="C-new", annual_cost=Decimal(900), starts_on=date(2021, 1, 1))
    for contract in Contract.objects.all():
        CoverageFactory(contract=contract, asset=asset)
    assert [(it.record.number, str(it.money)) for it in lines(Kind.TWICE_COVERED)] == [
        ("C-new", "900.00 EUR")
    ]


def test_the_coverages_are_counted_again_by_hand(today):
    dice = random.Random(3)
    assets = [AssetFactory(state=dice.choice(["in_stock", "lost", "retired"])) for _ in range(15)]
    for _ in range(9):
        kind = dice.choice(["lease", "cloud"])
        contract = running(kind=kind, annual_cost=Decimal(dice.randint(100, 9000)))
        for asset in dice.sample(assets, 7):
            CoverageFactory(contract=contract, asset=asset)
    gone, twice = Counter(), Counter()
    shares = {
        it.pk: Fraction(it.annual_cost) / Coverage.objects.filter(contract=it).count()
        for it in Contract.objects.all()
    }
    for asset in assets:
        theirs = [it.contract for it in Coverage.objects.filter(asset=asset)]
        if asset.state in ("lost", "retired"):
            gone.update({it.pk: shares[it.pk] for it in theirs})
            continue
        for kind in ("lease", "cloud"):
            alike = [it.pk for it in theirs if it.kind == kind]
            best = max((shares[key] for key in alike), default=None)
            kept = min((key for key in alike if shares[key] == best), default=None)
            twice.update({key: shares[key] for key in alike if key != kept})
    assert by_record(Kind.GONE_ASSETS) == {key: rounded(it) for key, it in gone.items()}
    assert by_record(Kind.TWICE_COVERED) == {key: rounded(it) for key, it in twice.items()}


# --- Warranties past retirement ---


def retired(days, **fields):
    """An asset in use until so many days ago."""
    asset = AssetFactory(holder=PersonFactory(), **fields)
    Asset.history.filter(id=asset.pk).update(history_date=timezone.now() - timedelta(900))
    asset.state, asset.holder = "retired", None
    save_as(asset, by=None, reason="worn out")
    latest = asset.history.latest()
    latest.history_date = timezone.now() - timedelta(days)
    latest.save()
    return asset


def test_the_days_of_a_warranty_after_the_retirement_are_worth_their_share(today):
    asset = retired(10)
    facts = {"asset": asset, "months": None, "currency": "EUR"}
    WarrantyFactory(
        **facts, starts_on=days_ago(49), ends_on=today + timedelta(50), cost=Decimal(200)
    )
    WarrantyFactory(**facts, starts_on=days_ago(49), ends_on=days_ago(1), cost=Decimal(200))
    WarrantyFactory(**facts, starts_on=days_ago(49), ends_on=today + timedelta(50))
    WarrantyFactory(
        **{**facts, "asset": AssetFactory()},
        starts_on=days_ago(49),
        ends_on=today + timedelta(50),
        cost=Decimal(200),
    )
    [line] = lines(Kind.RETIRED_WARRANTIES)
    assert str(line.money) == "120.00 EUR"
    assert "60 of its 100 days are left" in line.evidence
    assert not line.yearly
    assert not line.whole


def test_a_warranty_that_had_not_begun_is_saved_as_a_whole(today):
    WarrantyFactory(
        asset=retired(10), starts_on=today, months=12, cost=Decimal("99.99"), currency="EUR"
    )
    [line] = lines(Kind.RETIRED_WARRANTIES)
    assert line.money.amount == Decimal("99.99")
    assert line.whole


def test_an_asset_that_came_back_counts_from_its_last_retirement(today):
    asset = retired(40)
    asset.state = "in_stock"
    save_as(asset, by=None, reason="back")
    asset.state = "retired"
    save_as(asset, by=None, reason="gone again")
    WarrantyFactory(
        asset=asset,
        months=None,
        starts_on=days_ago(9),
        ends_on=today + timedelta(90),
        cost=Decimal(100),
    )
    [line] = lines(Kind.RETIRED_WARRANTIES)
    assert line.money.amount == Decimal(90)


def test_the_warranties_are_counted_again_by_hand(today):
    dice = random.Random(4)
    for _ in range(12):
        WarrantyFactory(
            asset=retired(dice.randint(0, 60)),
            months=None,
            starts_on=days_ago(dice.randint(1, 100)),
            ends_on=today + timedelta(dice.randint(0, 200)),
            cost=Decimal(dice.randint(1, 99_999)) / 100,
        )
    expected = {}
    for warranty in Warranty.objects.all():
        gone = timezone.localdate(
            warranty.asset.history.filter(state="retired").latest().history_date
        )
        covered = [
            warranty.starts_on + timedelta(day)
            for day in range((warranty.ends_on - warranty.starts_on).days + 1)
        ]
        after = sum(day > gone for day in covered)
        expected[warranty.asset_id] = rounded(Fraction(warranty.cost) * after / len(covered))
    assert by_record(Kind.RETIRED_WARRANTIES) == {key: it for key, it in expected.items() if it}


# --- Queries ---


def make_all():
    """Something of each kind."""
    give(paid())
    give(paid(seats=None, contract=running()))
    product = ProductFactory()
    stocked(product=product)
    stocked(product=product)
    OrderLineFactory(product=product, unit_cost=Decimal(5), quantity=1)
    category, person = CategoryFactory(kind="cloud"), PersonFactory()
    for cost in ("300", "900"):
        tool(category, cost, [person], contract=running(department=DepartmentFactory()))
    asset = AssetFactory()
    for contract in (running(), running()):
        CoverageFactory(contract=contract, asset=asset)
        CoverageFactory(contract=contract, asset=AssetFactory(state="lost"))
    WarrantyFactory(asset=retired(5), months=24, cost=Decimal(70), currency="EUR")


def test_eight_of_a_kind_need_no_more_queries_than_one(today):
    def count(kind):
        with CaptureQueriesContext(connection) as captured:
            assert lines(kind)
        return len(captured)

    make_all()
    one = {kind: count(kind) for kind in Kind}
    for _ in range(7):
        make_all()
    assert {kind: count(kind) for kind in Kind} == one
    assert {kind: len(lines(kind)) for kind in Kind if len(lines(kind)) < 8} == {}


# --- The page ---


def page(**query):
    return reverse("admin:contracts_contract_report", args=["savings"], query=query)


@pytest.fixture
def made(today):
    make_all()


def shown(client, **query):
    context = client.get(page(**query)).context_data
    return [[cell["text"] for cell in cells] for cells, _ in context["lines"]]


def test_finance_sees_every_kind_with_its_money(client, finance, made):
    client.force_login(finance)
    rows = shown(client)
    assert {row[1] for row in rows} == {kind.label for kind in Kind}
    text = client.get(page()).text
    assert "Possible savings in EUR" in text


def test_the_totals_part_what_comes_back_every_year(client, finance, made):
    client.force_login(finance)
    totals = client.get(page()).context_data["totals"]
    rows = shown(client)
    for label, often in (("A year", "a year"), ("Once", "once")):
        amounts = [row[4].removesuffix(" EUR").replace(",", "") for row in rows if row[5] == often]
        assert (label, f"{sum(map(Decimal, amounts)):,.2f} EUR") in totals
    assert len(totals) == 2


def test_the_page_filters_by_kind_department_currency_and_money(client, finance, made):
    client.force_login(finance)
    assert {row[1] for row in shown(client, kind="idle-seats")} == {"idle seats"}
    assert shown(client, kind="idle-seats", least="100") == shown(client, kind="idle-seats")
    assert not [
        row
        for row in shown(client, least="500")
        if Decimal(row[4].split()[0].replace(",", "")) < 500
    ]
    department = Contract.objects.exclude(department=None).first().department
    assert {row[3] for row in shown(client, department=department.pk)} <= {str(department)}
    usd = client.get(page(currency="usd"))
    assert "No row meets these filters." in usd.text


def test_buttons_are_for_who_may_take_the_step(client, finance, it, auditor, made):
    def labels(user):
        client.force_login(user)
        context = client.get(page()).context_data
        return {label for _, actions in context["lines"] for label, _ in actions}

    assert labels(it) == {"Reclaim idle seats", "Hand over", "Claim back"}
    assert labels(finance) == {"Reclaim idle seats", "Claim back", "Uncover", "Cancel the contract"}
    assert labels(auditor) == set()


def test_every_button_leads_somewhere(client, superuser, made):
    client.force_login(superuser)
    context = client.get(page()).context_data
    leads = {cells[0]["link"] for cells, _ in context["lines"]}
    leads |= {url for _, actions in context["lines"] for _, url in actions}
    with bare():
        for address in filter(None, leads):
            assert client.get(address).status_code == 200, address


def test_who_may_not_see_costs_has_no_savings(client, service_desk, made):
    client.force_login(service_desk)
    assert client.get(page()).status_code == 403
    assert page() not in client.get(reverse("admin:contracts_contract_changelist")).text
