"""The screens of book values: axe finds nothing serious, in the light and in the dark."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.axe import axe
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    DepartmentFactory,
    PersonFactory,
    ProductFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture
def laptop(transactional_db):
    category = CategoryFactory(depreciation="straight_line", useful_months=36)
    facts = {"product": ProductFactory(category=category), "purchased_on": date(2024, 1, 1)}
    for centre, currency in [("4711", "EUR"), ("4712", "USD"), ("", "EUR")]:
        holder = PersonFactory(department=DepartmentFactory(cost_centre=centre))
        asset = AssetFactory(**facts, cost=Decimal("1080.00"), currency=currency, holder=holder)
    return asset


def test_finance_reads_the_report_and_a_schedule(laptop, superuser, new_page, sign_in):
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = new_page(viewport, color_scheme=scheme)
        sign_in(page, superuser)
        page.goto(reverse("admin:assets_asset_changelist"))
        page.get_by_role("link", name="Depreciation", exact=True).click()
        page.get_by_label("At the close of").fill("2025-12-31")
        page.get_by_label("From the opening of").fill("2025-01-01")
        page.get_by_role("button", name="Show").click()
        moved = "All EUR 1,440.00 0.00 720.00 0.00 720.00"
        expect(page.get_by_role("row", name=moved)).to_be_visible()
        expect(page.get_by_role("row", name="All EUR 2 2,160.00 1,440.00 720.00")).to_be_visible()
        axe(page)
        page.goto(reverse("admin:assets_asset_change", args=[laptop.pk]))
        page.get_by_role("link", name="Schedule", exact=True).first.click()
        expect(page.get_by_role("row", name="1 Dec 2026")).to_contain_text("0.00")
        axe(page)
