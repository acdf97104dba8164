"""A count on a phone: by keyboard scanner, by camera, without a script, and in the portal."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assets import stocktaking
from assets.models import Asset
from people.roles import IT, SERVICE_DESK
from tests.browser.conftest import PHONE
from tests.conftest import member
from tests.factories import (
    AssetFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    StocktakeFactory,
    UserFactory,
    VendorFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]

# A camera that shows nothing, and a browser that reads one label in it whatever it shows.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    return canvas.captureStream(10);
};
window.BarcodeDetector = class {
    async detect() { return [{ rawValue: "https://steward.example.org/a/LT-000001/" }]; }
};
"""


@pytest.fixture
def berlin(transactional_db):
    return LocationFactory(name="Berlin")


@pytest.fixture
def store(berlin):
    return LocationFactory(name="Store", parent=berlin)


@pytest.fixture
def laptops(berlin, store):
    product = ProductFactory(name="ThinkPad T14", maker=VendorFactory(name="Lenovo"))
    office = LocationFactory(name="Office", parent=berlin)
    ada = PersonFactory(name="Ada Moss", user=UserFactory())
    tags = [f"LT-00000{number}" for number in range(1, 5)]
    places, holders = [store, store, office, office], [None, None, None, ada]
    return [
        AssetFactory(tag=tag, product=product, location=place, holder=holder)
        for tag, place, holder in zip(tags, places, holders, strict=True)
    ]


def opened(*locations):
    stocktake = StocktakeFactory(name="Autumn 2026")
    stocktake.locations.set(locations)
    return stocktaking.open(stocktake, by=None)


def counting(stocktake, at=None):
    address = reverse("admin:assets_stocktake_count", args=[stocktake.pk])
    return f"{address}?at={at.pk}" if at else address


def test_a_store_is_counted_from_the_opening_to_the_report(
    laptops, store, phone, new_page, sign_in, shoot
):
    office = new_page()
    sign_in(office, member(IT))
    office.goto("/admin/assets/stocktake/add/")
    office.get_by_label("Name").fill("Autumn 2026")
    office.locator(".field-locations .select2-selection").click()
    office.locator(".field-locations .select2-search__field").fill("Berlin")
    office.locator(".select2-results__option", has_text="Berlin").first.click()
    shoot(office, "add")
    office.get_by_role("button", name="Save", exact=True).click()
    office.get_by_role("link", name="Autumn 2026").first.click()
    office.get_by_role("link", name="Open", exact=True).click()
    shoot(office, "open")
    office.get_by_role("button", name="Open", exact=True).click()
    expect(office.get_by_role("heading", name="How far it has got")).to_be_visible()

    sign_in(phone, member(SERVICE_DESK))
    phone.goto(office.url)
    phone.get_by_role("link", name="Count", exact=True).click()
    shoot(phone, "place")
    phone.get_by_label("Where are you counting?").select_option(label="Berlin / Store")
    phone.get_by_role("button", name="Count here").click()
    field = phone.get_by_label("Scan or type a tag")
    expect(field).to_be_focused()
    # As a keyboard scanner does it: one code after another, without waiting for an answer.
    for code in ("LT-000001", "LT-000003", "4006381333931", "LT-000001"):
        phone.keyboard.type(code)
        phone.keyboard.press("Enter")
    lines = phone.get_by_role("log").get_by_role("listitem")
    expect(lines.nth(3)).to_contain_text("Found: LT-000001 ThinkPad T14.")
    expect(lines.nth(2)).to_contain_text("In another place: LT-000003")
    expect(lines.nth(1)).to_contain_text("Unknown code: 4006381333931")
    expect(lines.nth(0)).to_contain_text("Already counted at")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(phone.locator("#left")).to_have_text("2")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shoot(phone, "counting")
    phone.get_by_text("Count a whole list").click()
    phone.get_by_label("Codes").fill("LT-000002\nNOBODY")
    phone.get_by_role("button", name="Count the list").click()
    expect(phone.get_by_text("Unknown code: NOBODY")).to_be_visible()
    shoot(phone, "list")

    office.reload()
    shoot(office, "progress")
    office.get_by_role("link", name="Close", exact=True).click()
    office.get_by_label("Report missing assets lost").check(force=True)
    shoot(office, "close")
    office.get_by_role("button", name="Close", exact=True).click()
    expect(office.get_by_role("heading", name="What it came to")).to_be_visible()
    shoot(office, "report")
    states = dict(Asset.objects.values_list("tag", "state"))
    assert states["LT-000004"] == "lost"
    assert Asset.objects.get(tag="LT-000003").location == store


def test_the_camera_button_is_there_only_where_the_browser_reads_barcodes(
    laptops, store, new_page, sign_in, shoot
):
    stocktake = opened(store)
    clerk = member(SERVICE_DESK)
    page = new_page(PHONE, color_scheme="dark")
    sign_in(page, clerk)
    page.add_init_script("delete window.BarcodeDetector")
    page.goto(counting(stocktake, store))
    expect(page.locator("#camera")).to_be_hidden()

    page = new_page(PHONE, color_scheme="dark")
    sign_in(page, clerk)
    page.add_init_script(CAMERA)
    page.goto(counting(stocktake, store))
    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("log")).to_contain_text("Found: LT-000001 ThinkPad T14.")
    expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(1)
    shoot(page, "camera")
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("#picture")).to_be_hidden()


def test_a_code_that_did_not_arrive_waits_to_be_sent_again(
    laptops, store, phone, sign_in, faults, shoot
):
    stocktake = opened(store)
    sign_in(phone, member(SERVICE_DESK))
    phone.goto(counting(stocktake, store))
    phone.context.set_offline(True)
    phone.keyboard.type("LT-000001")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("log")).to_contain_text("Not sent: LT-000001 did not reach")
    shoot(phone, "offline")
    phone.context.set_offline(False)
    faults.clear()
    phone.get_by_role("button", name="Send LT-000001 again").click()
    expect(phone.get_by_role("log")).to_contain_text("Found: LT-000001")


def test_counting_and_confirming_work_without_a_script(laptops, store, new_page, sign_in, shoot):
    stocktake = opened(store.parent)
    page = new_page(PHONE, java_script_enabled=False)
    sign_in(page, member(SERVICE_DESK))
    page.goto(counting(stocktake))
    page.get_by_label("Where are you counting?").select_option(label="Berlin / Store")
    page.get_by_role("button", name="Count here").click()
    page.get_by_label("Scan or type a tag").fill("LT-000002")
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.get_by_text("Found: LT-000002 ThinkPad T14.")).to_be_visible()
    expect(page.get_by_text("You count at Berlin / Store")).to_be_visible()

    portal = new_page(PHONE, java_script_enabled=False)
    sign_in(portal, laptops[3].holder.user)
    portal.goto("/")
    portal.get_by_role("link", name="Please confirm 1 device").click()
    portal.get_by_role("button", name="I do not have it").click()
    expect(portal.get_by_text("IT is told")).to_be_visible()
    portal.get_by_role("button", name="I have it").click()
    expect(portal.get_by_text("Thank you. You have LT-000004")).to_be_visible()


def test_the_portal_page_is_accessible_in_the_light_and_in_the_dark(
    laptops, berlin, new_page, sign_in, shoot_both
):
    ada = laptops[3].holder
    AssetFactory(tag="PH-000001", location=berlin, holder=ada)
    opened(berlin)
    page = new_page(PHONE)
    sign_in(page, ada.user)
    for name, address in (("home", "/"), ("confirm", "/stocktake/")):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shoot_both(page, f"portal-{name}")
