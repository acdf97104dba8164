"""Warranties on the page of their asset: added, extended, and said in words."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_days import take
from tests.factories import AssetFactory, VendorFactory, WarrantyFactory

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture
def laptop(transactional_db):
    first, last = date(2024, 1, 1), date(2098, 12, 31)
    laptop = AssetFactory(warranty_starts_on=first, warranty_ends_on=last)
    dell = VendorFactory(name="Dell")
    WarrantyFactory(
        asset=laptop, kind="insurance", provider=dell, starts_on=date(2026, 1, 1), reference="4711"
    )
    return laptop


def test_a_warranty_is_extended_and_the_page_says_until_when(
    laptop, superuser, new_page, sign_in, shoot
):
    address = reverse("admin:assets_asset_change", args=[laptop.pk])
    for viewport, scheme, year in ((DESKTOP, "light", 2099), (PHONE, "dark", 2100)):
        page = new_page(viewport, color_scheme=scheme)
        sign_in(page, superuser)
        page.goto(address)
        take(page, "Extend warranty", typed={"months": "12", "cost": "80.00"}, shot=shoot)
        counts = f"Counts: the extension until 31 December {year}."
        expect(page.get_by_text(counts)).to_be_visible()
        expect(page.get_by_text("Runs today:")).to_contain_text("the insurance by Dell")
        shoot(page, f"page-{scheme}")
