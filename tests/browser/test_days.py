"""The phone vendor's day and the IT department's, each from the order to the disposal."""

import re

import pytest
from playwright.sync_api import expect

from assets.models import Asset, Category, Custody, Disposal, Handover, Inspection, Order, Repair
from people.models import Document, Message
from people.roles import IT
from tests.conftest import member
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    IdentifierFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    UserFactory,
    VendorFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]

State = Asset.State


@pytest.fixture
def office(new_page, sign_in, transactional_db):
    page = new_page()
    sign_in(page, member(IT))
    return page


@pytest.fixture
def store(transactional_db):
    return LocationFactory(name="Store")


def choose(page, field, words):
    """Pick a record by typing, as the autocompletion asks for it."""
    page.locator(f".field-{field} .select2-selection:visible").first.click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option", has_text=words).first.click()


def take(page, label, picked=None, typed=None, chosen=None, ticked=(), shot=None):
    """One step of the record on the page: its button, its form, and on to what it says."""
    expect(page.locator("nav.steps")).to_be_visible()
    link = page.locator("nav.steps").get_by_role("link", name=label, exact=True)
    if not link.is_visible():
        page.get_by_text("More", exact=True).click()
    link.click()
    expect(page.locator(".step-page")).to_be_visible()
    for field, words in (picked or {}).items():
        choose(page, field, words)
    for field, words in (typed or {}).items():
        page.locator(f"[name={field}]").fill(words)
    for field, value in (chosen or {}).items():
        page.locator(f"[name={field}]").select_option(value)
    for words in ticked:
        page.get_by_label(words).check(force=True)
    if shot:
        shot(page, label.lower().replace(" ", "-"))
    page.locator(".step-page button[type=submit]").click()
    expect(page.locator(".step-page")).to_have_count(0)


def order(page, number, supplier, product, quantity, shoot):
    page.goto("/admin/assets/order/add/")
    page.locator("[name=number]").fill(number)
    choose(page, "supplier", supplier)
    page.get_by_role("link", name=re.compile("Add another")).first.click()
    choose(page, "product", product)
    page.locator("input[name$='-0-quantity']").fill(str(quantity))
    page.locator("input[name$='-0-unit_cost']").fill("799.00")
    shoot(page, f"order-{number}")
    page.get_by_role("button", name="Save", exact=True).click()
    made = Order.objects.get(number=number)
    page.goto(f"/admin/assets/order/{made.pk}/change/")
    take(page, "Place", shot=shoot)
    return made


def page_of(page, asset):
    page.goto(f"/admin/assets/asset/{asset.pk}/change/")


def state_of(asset):
    asset.refresh_from_db()
    return State(asset.state)


def test_the_phone_vendor_from_the_order_to_the_disposal(office, store, new_page, sign_in, shoot):
    category = CategoryFactory(
        name="Phone",
        tag_prefix="PH",
        slots=1,
        needs_inspection=True,
        checklist="Display\nIMEI as on the box",
        holds_data=True,
        needs_acceptance=True,
    )
    ProductFactory(name="XCover 7", maker=VendorFactory(name="Samsung"), category=category)
    VendorFactory(name="Elbsystem", is_supplier=True)
    LocationFactory(name="Dispatch")
    customer = PersonFactory(name="Cora Lind", user=UserFactory())
    sim = AssetFactory(
        tag="SC-000001",
        location=store,
        product__name="Business SIM",
        product__category=CategoryFactory(name="SIM card", kind=Category.Kind.SIM),
    )
    iccid = IdentifierFactory(asset=sim, kind="iccid")

    # Registration: the order, and what came of it.
    made = order(office, "PO-1", "Elbsystem", "XCover 7", 2, shoot)
    take(
        office,
        "Receive",
        picked={"location": "Store"},
        typed={"serials": "R5CX1000001\nR5CX1000002"},
        shot=shoot,
    )
    made.refresh_from_db()
    assert made.state == Order.State.RECEIVED
    good, bad = Asset.objects.filter(order_line__order=made).order_by("serial")
    assert (good.state, good.location, str(good.cost)) == (State.RECEIVED, store, "799.00")

    # Inspection: one passes, one does not.
    page_of(office, good)
    take(office, "Inspect", ticked=["Display", "IMEI as on the box"], shot=shoot)
    page_of(office, bad)
    take(
        office,
        "Inspect",
        typed={"remark": "Scratched display."},
        chosen={"passed": "no"},
        ticked=["IMEI as on the box"],
    )
    assert (state_of(good), state_of(bad)) == (State.IN_STOCK, State.REJECTED)
    assert {it.passed for it in Inspection.objects.all()} == {True, False}

    # The SIM is found by its number in any notation, and goes into the phone.
    spaced = " ".join(re.findall(".{1,4}", iccid.value))
    office.goto(f"/admin/assets/asset/?q={spaced}")
    expect(office).to_have_url(re.compile(f"/asset/{sim.pk}/change/"))
    page_of(office, good)
    take(office, "Install a SIM or part", picked={"part": "SC-000001"}, shot=shoot)
    expect(office.locator("body")).to_contain_text("SC-000001")

    # Location and dispatch: the SIM goes where the phone goes.
    take(office, "Move", picked={"location": "Dispatch"})
    sim.refresh_from_db()
    assert (sim.installed_in, sim.location.name) == (good, "Dispatch")
    take(office, "Hand over", picked={"to": "Cora Lind"}, shot=shoot)
    assert {it.holder for it in Asset.objects.filter(pk__in=[good.pk, sim.pk])} == {customer}
    assert Message.objects.filter(recipient=customer).count() == 1
    shoot(office, "phone-in-use")

    # The customer accepts by phone, and reports a problem about the very device.
    phone = new_page({"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    sign_in(phone, customer.user)
    handover = Handover.objects.get()
    accept(phone, handover, shoot)
    assert set(Custody.objects.open().values_list("handover__answer", flat=True)) == {"accepted"}
    assert Document.objects.filter(media_type="application/pdf").exists()
    phone.goto(f"/a/{good.tag}/")
    expect(phone.locator("body")).to_contain_text(good.tag)
    shoot(phone, "report-from-the-label")

    # Customer support and the end: back, retired, wiped, recycled.
    page_of(office, good)
    take(office, "Take back", picked={"location": "Store"}, chosen={"condition": "worn"})
    take(office, "Retire", typed={"reason": "Battery swollen"})
    office.get_by_role("link", name="Dispose of", exact=True).click()
    office.locator(".step-page button[type=submit]").click()
    expect(office.locator("body")).to_contain_text("holds data")
    shoot(office, "dispose-refused")
    page_of(office, good)
    take(office, "Wipe", typed={"wiped_by": "Ivo Kern"}, chosen={"method": "purge"}, shot=shoot)
    take(office, "Dispose of", picked={"vendor": "Elbsystem"}, chosen={"method": "recycled"})
    assert state_of(good) == State.DISPOSED
    assert Disposal.objects.filter(asset__in=[good, sim]).count() == 2
    office.goto(f"/admin/assets/asset/{good.pk}/history/")
    for words in ("received", "inspection", "handed over to Cora Lind", "Battery swollen"):
        expect(office.locator("body")).to_contain_text(words)
    shoot(office, "history")


def accept(phone, handover, shoot):
    phone.goto(f"/handovers/{handover.pk}/")
    shoot(phone, "acceptance")
    phone.get_by_label(re.compile("name", re.I)).first.fill("Cora Lind")
    phone.get_by_role("button", name=re.compile("received|accept", re.I)).first.click()
    phone.wait_for_load_state()
    shoot(phone, "accepted")


def test_the_it_department_from_the_plan_to_the_disposal(office, store, shoot):
    product = ProductFactory(
        name="ThinkPad T14",
        maker=VendorFactory(name="Lenovo"),
        category=CategoryFactory(name="Laptop", tag_prefix="LT"),
        warranty_months=36,
    )
    VendorFactory(name="Fixit", is_supplier=True)
    ada, ben = PersonFactory(name="Ada Moss"), PersonFactory(name="Ben Hale")

    # Planned, ordered, received with the serial that was missing.
    office.goto(f"/admin/assets/product/{product.pk}/change/")
    take(office, "Plan", typed={"quantity": "1"}, shot=shoot)
    laptop = Asset.objects.get(product=product)
    made = order(office, "PO-2", "Fixit", "ThinkPad T14", 1, shoot)
    page_of(office, laptop)
    take(office, "Put on an order", picked={"order": "PO-2"}, shot=shoot)
    office.goto(f"/admin/assets/order/{made.pk}/change/")
    take(office, "Receive", picked={"location": "Store"}, typed={"serials": "PF-1"})
    laptop.refresh_from_db()
    assert (laptop.state, laptop.serial, laptop.tag) == (State.IN_STOCK, "PF-1", "LT-000001")

    # A loan, a repair while it is lent, an upgrade, and back.
    page_of(office, laptop)
    take(office, "Lend", picked={"to": "Ada Moss"}, typed={"due_back_on": "31/12/2099"})
    assert Custody.objects.open().get().holder == ada
    take(
        office,
        "Send to repair",
        picked={"vendor": "Fixit"},
        typed={"fault": "The hinge is loose."},
        ticked=["Claimed on warranty"],
        shot=shoot,
    )
    assert state_of(laptop) == State.IN_REPAIR
    take(office, "Return from repair", typed={"cost": "80.00", "outcome": "New hinge."})
    take(office, "Upgrade", typed={"what": "32 GB of memory", "cost": "95.50"})
    assert (state_of(laptop), Repair.objects.get().on_warranty) == (State.IN_USE, True)
    expect(office.locator("body")).to_contain_text("974.50")
    take(office, "Take back", picked={"location": "Store"}, chosen={"condition": "good"})

    # Handed over in bulk with another one, which is refused and named.
    gone = AssetFactory(tag="LT-000009", product=product, state=State.RETIRED)
    office.goto("/admin/assets/asset/?q=ThinkPad")
    for asset in (laptop, gone):
        office.locator(f"input[name=_selected_action][value='{asset.pk}']").check(force=True)
    office.locator("select[name=action]").select_option("hand_over")
    office.get_by_role("button", name=re.compile("Run|Go")).click()
    choose(office, "to", "Ben Hale")
    shoot(office, "bulk")
    office.locator(".step-page button[type=submit]").click()
    expect(office.locator("body")).to_contain_text("LT-000009")
    expect(office.locator("body")).to_contain_text("it cannot be handed over")
    assert Custody.objects.open().get().holder == ben

    # Lost, found again, retired, sold.
    page_of(office, laptop)
    take(office, "Report lost", typed={"reason": "Left on a train."})
    assert state_of(laptop) == State.LOST
    take(office, "Found again", picked={"location": "Store"})
    take(office, "Retire", typed={"reason": "Five years old"})
    take(office, "Dispose of", typed={"proceeds": "60.00"}, chosen={"method": "sold"}, shot=shoot)
    assert state_of(laptop) == State.DISPOSED
    assert str(laptop.disposal.proceeds) == "60.00"
    shoot(office, "disposed")
