import csv
import io
from datetime import date
from decimal import Decimal as D

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from tests.factories import (
    AssetFactory,
    CategoryFactory,
    DepartmentFactory,
    DisposalFactory,
    PersonFactory,
    ProductFactory,
)

pytestmark = pytest.mark.django_db
REPORT = "admin:assets_asset_depreciation_report"


@pytest.fixture(autouse=True)
def _new_years_eve():
    with time_machine.travel("2024-12-31 12:00", tick=False):
        yield


@pytest.fixture
def laptop():
    """1,080.00 over three years: 360.00 are gone at the end of the first."""
    category = CategoryFactory(depreciation="straight_line", useful_months=36)
    return bought(ProductFactory(category=category))


def bought(product, **fields):
    facts = {"cost": D("1080.00"), "currency": "EUR", "purchased_on": date(2024, 1, 1)}
    return AssetFactory(product=product, **{**facts, **fields})


def page_of(client, asset):
    return client.get(reverse("admin:assets_asset_change", args=[asset.pk])).content.decode()


def test_an_assets_page_says_what_it_is_worth_and_leads_to_its_schedule(client, finance, laptop):
    client.force_login(finance)
    page = page_of(client, laptop)
    assert "720.00 EUR on 31 December 2024, after 360.00 of depreciation." in page
    assert reverse("admin:assets_asset_depreciation", args=[laptop.pk]) in page


def test_who_may_not_see_costs_sees_no_book_value_anywhere(client, service_desk, laptop):
    client.force_login(service_desk)
    assert "of depreciation" not in page_of(client, laptop)
    assert (
        "Depreciation" not in client.get(reverse("admin:assets_asset_changelist")).content.decode()
    )
    for name, arguments in [
        (REPORT, []),
        ("admin:assets_asset_depreciation", [laptop.pk]),
        ("admin:assets_asset_depreciation_export", ["csv"]),
    ]:
        assert client.get(reverse(name, args=arguments)).status_code == 403


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cost": None}, "Not known without its cost."),
        ({"cost": None, "purchased_on": None}, "Not known without its cost and purchase date."),
    ],
)
def test_a_page_says_what_a_book_value_lacks(client, it, laptop, fields, sentence):
    client.force_login(it)
    assert sentence in page_of(client, bought(laptop.product, **fields))


def test_a_page_says_that_a_category_is_not_depreciated(client, it):
    client.force_login(it)
    asset = AssetFactory(cost=D(1), purchased_on=date(2024, 1, 1))
    assert f"the category {asset.product.category} is not depreciated" in page_of(client, asset)


@pytest.mark.parametrize(
    ("proceeds", "currency", "sentence"),
    [
        (D("800.00"), "EUR", "Disposed of for 800.00: a gain of 50.00 EUR."),
        (D("700.00"), "EUR", "Disposed of for 700.00: a loss of 50.00 EUR."),
        (None, "EUR", "Disposed of for 0.00: a loss of 750.00 EUR."),
        (D("700.00"), "USD", "Disposed of for 700.00 USD."),
    ],
)
def test_a_page_says_what_a_disposal_gained_or_lost(
    client, finance, laptop, proceeds, currency, sentence
):
    client.force_login(finance)
    gone = bought(laptop.product, state="disposed")
    DisposalFactory(
        asset=gone, disposed_on=date(2024, 11, 30), proceeds=proceeds, currency=currency
    )
    page = page_of(client, gone)
    assert "750.00 EUR on 30 November 2024" in page
    assert sentence in page


def test_a_schedule_shows_every_month(client, auditor, laptop):
    client.force_login(auditor)
    address = reverse("admin:assets_asset_depreciation", args=[laptop.pk])
    page = client.get(address).content.decode()
    assert page.count('<td class="amount">30.00</td>') == 36 + 1  # and the last but one's value
    assert "straight line over 36 months" in page
    assert page.count('aria-current="date"') == 1
    assert "31 Dec 2026" in page


def test_a_schedule_begins_with_the_day_it_was_received(client, auditor, laptop):
    client.force_login(auditor)
    received = bought(laptop.product, in_service_on=date(2024, 11, 1))
    address = reverse("admin:assets_asset_depreciation", args=[received.pk])
    page = client.get(address).content.decode()
    assert "of 1 November 2024, straight line" in page
    assert "1,020.00 EUR on 31 December 2024, after 60.00 of depreciation." in page


def test_a_schedule_ends_with_the_disposal(client, auditor, laptop):
    client.force_login(auditor)
    gone = bought(laptop.product, state="disposed")
    DisposalFactory(asset=gone, disposed_on=date(2024, 2, 10))
    response = client.get(reverse("admin:assets_asset_depreciation", args=[gone.pk]))
    lines = response.context["lines"]
    assert [line.period_end for line in lines] == [date(2024, 1, 31), date(2024, 2, 10)]
    assert lines[-1].book_value == D("1039.66")  # 30.00, and 10/29 of it


def test_an_asset_without_a_schedule_says_why(client, it):
    client.force_login(it)
    address = reverse("admin:assets_asset_depreciation", args=[AssetFactory().pk])
    assert "is not depreciated" in client.get(address).content.decode()
    missing = reverse("admin:assets_asset_depreciation", args=[0])
    assert client.get(missing).status_code == 404


def test_the_report_is_of_today_or_of_the_day_that_is_asked_for(client, finance, laptop):
    client.force_login(finance)
    today = client.get(reverse(REPORT)).content.decode()
    assert "at the close of 31 December 2024" in today
    assert '<td class="amount">720.00</td>' in today
    later = client.get(reverse(REPORT), {"on": "2025-12-31"}).content.decode()
    assert '<td class="amount">360.00</td>' in later
    assert '<td class="amount">1,080.00</td>' in later


def test_the_report_keeps_currencies_apart_and_counts_what_it_leaves_out(client, it, laptop):
    client.force_login(it)
    bought(laptop.product, currency="USD")
    AssetFactory()
    response = client.get(reverse(REPORT))
    assert [(row.currency, row.book_value) for row in response.context["sums"]] == [
        ("EUR", D("720.00")),
        ("USD", D("720.00")),
    ]
    assert "1 asset has no book value and is not counted" in response.content.decode()


def test_a_report_of_nothing_says_what_is_missing(client, it):
    client.force_login(it)
    assert (
        "An asset needs a cost and a purchase date" in client.get(reverse(REPORT)).content.decode()
    )


@pytest.mark.parametrize("day", ["", "yesterday", "2024-02-30", "0000-00-00"])
def test_a_day_that_is_none_is_refused_and_today_is_shown(client, it, laptop, day):
    client.force_login(it)
    page = client.get(reverse(REPORT), {"on": day}).content.decode()
    assert 'class="refusal"' in page
    assert "at the close of 31 December 2024" in page


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_time_is_a_day(client, it, laptop, day):
    client.force_login(it)
    assert client.get(reverse(REPORT), {"on": day}).status_code == 200


def test_the_report_leaves_as_a_file_that_runs_nothing(client, finance, laptop):
    client.force_login(finance)
    place = DepartmentFactory(cost_centre="=1+1")
    bought(laptop.product, holder=PersonFactory(department=place))
    address = reverse("admin:assets_asset_depreciation_export", args=["csv"])
    content = b"".join(client.get(address, {"on": "2025-12-31"}).streaming_content)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][0] == "Cost centre"
    assert rows[1:] == [
        ["", "EUR", "1", "1080.00", "720.00", "360.00", "2025-12-31"],
        ["'=1+1", "EUR", "1", "1080.00", "720.00", "360.00", "2025-12-31"],
    ]


def test_the_report_leaves_as_a_workbook(client, auditor, laptop):
    client.force_login(auditor)
    address = reverse("admin:assets_asset_depreciation_export", args=["xlsx"])
    content = b"".join(client.get(address).streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[2]][1:6] == ["EUR", 1, 1080, 360, 720]
    other = reverse("admin:assets_asset_depreciation_export", args=["pdf"])
    assert client.get(other).status_code == 404


@pytest.fixture
def sold(laptop):
    """Worth 900.00 after six months, and sold for more."""
    gone = bought(laptop.product, tag="LT-9", state="disposed")
    DisposalFactory(asset=gone, disposed_on=date(2024, 6, 30), proceeds=D("950.00"), currency="EUR")
    return gone


PERIOD = {"since": "2024-04-01", "on": "2024-12-31"}


def test_a_period_shows_what_changed_and_what_disposals_brought(client, finance, sold):
    client.force_login(finance)
    response = client.get(reverse(REPORT), PERIOD)
    page = response.content.decode()
    assert "From 1 April 2024 to 31 December 2024" in page
    [moved] = response.context["movement_sums"]
    assert (moved.opening, moved.depreciation) == (D("1980.00"), D("360.00"))
    assert (moved.disposals, moved.closing) == (D("900.00"), D("720.00"))
    assert page.count('<td class="amount">1,980.00</td>') == 2
    assert '<td class="amount">50.00 EUR</td>' in page
    assert "LT-9" in page
    assert "Export movements as Excel" in page
    assert "From 1 April" not in client.get(reverse(REPORT)).content.decode()


def test_a_period_of_nothing_says_so(client, finance):
    client.force_login(finance)
    page = client.get(reverse(REPORT), PERIOD).content.decode()
    assert "No asset had a book value in this period." in page
    assert "Nothing that had a book value was disposed of in this period." in page


def test_a_period_that_ends_before_it_begins_is_refused(client, finance, laptop):
    client.force_login(finance)
    page = client.get(reverse(REPORT), {"since": "2025-01-01", "on": "2024-12-31"})
    assert "A period does not end before it begins." in page.content.decode()
    assert page.context["since"] is None


@pytest.mark.parametrize(
    ("table", "name", "row"),
    [
        (
            "movements",
            "book-values",
            ["", "EUR", "1980.00", "0.00", "360.00", "900.00", "720.00", *PERIOD.values()],
        ),
        (
            "disposals",
            "disposals",
            ["LT-9", "=X", "", "2024-06-30", "recycled", "EUR"]
            + ["1080.00", "900.00", "950.00", "EUR", "50.00"],
        ),
    ],
)
def test_a_period_leaves_as_a_file(client, finance, sold, table, name, row):
    client.force_login(finance)
    address = reverse("admin:assets_asset_depreciation_export", args=["csv"])
    response = client.get(address, {**PERIOD, "table": table})
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    header, found = csv.reader(io.StringIO(content))
    assert len(header) == len(found)
    product = str(sold.product)
    assert found == [product if cell == "=X" else cell for cell in row]
    assert f'filename="{name}-2024-12-31.csv"' in response["Content-Disposition"]


@pytest.mark.parametrize(
    "asked", [{"table": "all"}, {"table": "movements"}, {**PERIOD, "table": "\x00"}]
)
def test_a_file_of_no_table_or_of_a_period_without_days_is_not_there(client, finance, asked):
    client.force_login(finance)
    address = reverse("admin:assets_asset_depreciation_export", args=["csv"])
    assert client.get(address, {"on": "2024-12-31", **asked}).status_code == 404


def test_who_may_see_costs_and_export_nothing_gets_no_file(client, finance, laptop):
    finance.groups.get().permissions.remove(
        *finance.groups.get().permissions.filter(codename="export_asset")
    )
    client.force_login(finance)
    assert "Export as" not in client.get(reverse(REPORT)).content.decode()
    address = reverse("admin:assets_asset_depreciation_export", args=["csv"])
    assert client.get(address).status_code == 403
