"""What an organisation adds to its register, in a browser: fields, relations, what is affected."""

import os

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.axe import axe
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    ExtraFieldFactory,
    PersonFactory,
    ProductFactory,
    RelationFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture
def server(transactional_db):
    category = CategoryFactory(name="Server")
    for name, kind, choices in (
        ("RAM", "number", ""),
        ("Rack", "choice", "North\nSouth"),
        ("Leased until", "date", ""),
        ("Monitored", "boolean", ""),
    ):
        ExtraFieldFactory(category=category, name=name, kind=kind, choices=choices)
    product = ProductFactory(name="PowerEdge", category=category)
    server = AssetFactory(tag="SRV-1", product=product, extra={"ram": 64, "rack": "North"})
    machine = AssetFactory(tag="VM-1", holder=PersonFactory(name="Ada Moss"))
    shop, vault = AssetFactory(tag="SHOP"), AssetFactory(tag="VAULT")
    RelationFactory(source=machine, kind="runs_on", target=server)
    RelationFactory(source=shop, kind="depends_on", target=machine)
    RelationFactory(source=server, kind="backs_up", target=vault)
    return server


def shot(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_it_fills_in_fields_filters_by_them_and_asks_what_is_affected(
    viewport, scheme, server, superuser, new_page, sign_in
):
    page = new_page(viewport, color_scheme=scheme)
    sign_in(page, superuser)
    category = server.product.category
    page.goto(reverse("admin:assets_category_change", args=[category.pk]))
    page.wait_for_load_state("networkidle")
    axe(page)
    shot(page, f"category-{scheme}")

    page.goto(reverse("admin:assets_asset_change", args=[server.pk]))
    page.get_by_label("RAM").fill("128")
    page.get_by_label("Monitored").select_option("yes")
    axe(page)
    shot(page, f"asset-{scheme}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/assets/asset/")
    server.refresh_from_db()
    assert server.extra == {"ram": 128, "rack": "North", "monitored": True}

    found = f"?product__category__id__exact={category.pk}&extra_ram=100..&extra_rack=North"
    page.goto(reverse("admin:assets_asset_changelist") + found)
    expect(page.get_by_role("link", name="SRV-1").first).to_be_visible()
    axe(page)
    shot(page, f"list-{scheme}")

    page.goto(reverse("admin:assets_asset_change", args=[server.pk]))
    page.get_by_role("link", name="What is affected if this fails?").click()
    expect(page.get_by_text("2 assets stop with it")).to_be_visible()
    expect(page.get_by_text("No longer backed up")).to_be_visible()
    axe(page)
    shot(page, f"affected-{scheme}")
