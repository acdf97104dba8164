"""The screens of reports: filters, charts and files, in the light, in the dark and on a phone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from config.admin.reporting import Chart
from contracts.models import Contract
from tests.browser.axe import turn
from tests.browser.conftest import DESKTOP, PHONE
from tests.conftest import member
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CoverageFactory,
    DepartmentFactory,
    LicenceFactory,
    ProductFactory,
    SeatFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def wasted(transactional_db):
    """Lines of several kinds, in two currencies and of two departments."""
    long_ago = timezone.localdate() - timedelta(300)
    facts = {"starts_on": long_ago, "annual_cost": Decimal(1200)}
    for name, currency in [("Design", "EUR"), ("Works", "USD")]:
        department = DepartmentFactory(name=name)
        contract = ContractFactory(
            **facts, currency=currency, department=department, title=f"Support for {name}"
        )
        CoverageFactory(contract=contract, asset=AssetFactory(state="retired"))
        CoverageFactory(contract=contract, asset=AssetFactory(state="retired"))
        licence = LicenceFactory(
            product=ProductFactory(name=f"Draw {name}"),
            contract=contract,
            annual_cost=Decimal(450),
            currency=currency,
        )
        SeatFactory(licence=licence, since=long_ago)
    AssetFactory(purchased_on=long_ago, cost=Decimal("899.90"), currency="EUR")
    return department


def report():
    return reverse("admin:contracts_contract_report", args=["savings"])


def sideways(page):
    """Whether the page itself scrolls sideways, and not only a region in it."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_finance_filters_the_savings_and_takes_them_along(wasted, new_page, sign_in, shoot):
    finance = member("Finance")
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = new_page(viewport, color_scheme=scheme)
        sign_in(page, finance)
        page.goto(reverse("admin:contracts_contract_changelist"))
        page.get_by_role("link", name="Savings", exact=True).first.click()
        expect(page.get_by_role("row", name="A year 1,245.00 EUR")).to_be_visible()
        expect(page.get_by_role("row", name="Once 899.90 EUR")).to_be_visible()
        expect(page.get_by_role("img", name="Possible savings in EUR")).to_be_visible()
        shoot(page, f"savings-{scheme}")
        page.get_by_label("Currency").fill("usd")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("row", name="A year 1,245.00 USD")).to_be_visible()
        assert page.url.endswith(f"{report()}?currency=usd")
        page.get_by_role("link", name="Saves", exact=True).click()
        expect(page.get_by_role("columnheader", name="Saves")).to_have_attribute(
            "aria-sort", "ascending"
        )
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as Excel").click()
        assert download.value.suggested_filename.startswith("savings-")
        assert not sideways(page)


def test_a_department_is_found_by_typing(wasted, new_page, sign_in, shoot):
    page = new_page(DESKTOP, color_scheme="light")
    sign_in(page, member("Finance"))
    page.goto(report())
    page.locator(".field-department .select2-selection").click()
    page.locator(".select2-search__field").fill("Wor")
    page.get_by_role("option", name="Works").click()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="A year 1,245.00 USD")).to_be_visible()
    assert page.url.endswith(f"?department={wasted.pk}")
    page.goto(f"{report()}?least=much&kind=zzz")
    expect(page.get_by_text("“much” is not accepted.")).to_be_visible()
    expect(page.get_by_text("“zzz” is not accepted.")).to_be_visible()
    shoot(page, "refused")


def test_charts_of_every_kind_are_readable(wasted, new_page, sign_in, shoot, monkeypatch):
    model_admin = admin.site._registry[Contract]
    savings = next(it for it in model_admin.reports if it.slug == "savings")
    labels = [f"{at:02}/2027" for at in range(1, 13)]
    series = [
        (f"Vendor {number}", [Decimal(100 * at * number - 900) for at in range(12)])
        for number in range(1, 7)
    ]
    charts = [
        Chart(kind.capitalize(), labels, series, "EUR", kind)
        for kind in ("grouped", "stacked", "line")
    ]
    changed = type(savings)(**{**vars(savings), "chart": lambda rows: charts})
    monkeypatch.setattr(model_admin, "reports", [changed])
    page = new_page(DESKTOP)
    sign_in(page, member("Finance"))
    page.goto(report())
    page.get_by_text("The numbers of this chart").first.click()
    for viewport, scheme in ((DESKTOP, "dark"), (PHONE, "light")):
        turn(page, scheme, viewport)
        assert not sideways(page)
        shoot(page, f"charts-{scheme}")
