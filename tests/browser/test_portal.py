"""An employee's way through the portal, in a real browser at two widths and without JavaScript."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from people.models import Message
from support import tickets
from support.models import Ticket
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import AssetFactory, PersonFactory, ProductFactory, UserFactory, VendorFactory

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture
def ada(transactional_db):
    return PersonFactory(name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def laptop(ada):
    product = ProductFactory(name="ThinkPad T14 Gen 5", maker=VendorFactory(name="Lenovo"))
    return AssetFactory(
        tag="LT-000012",
        serial="PF-4K2M9X",
        product=product,
        holder=ada,
        warranty_ends_on=timezone.localdate() + timedelta(days=200),
    )


def sign_in_by_code(page, email, shoot):
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    shoot(page, "login")
    page.get_by_role("link", name="Get a code by").click()
    page.get_by_label("E-mail").fill(email)
    shoot(page, "code")
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    shoot(page, "confirm")
    code = re.search(r"^[0-9A-Z]{3,}-?[0-9A-Z]*$", Message.objects.latest("pk").text, re.M)[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize(
    ("name", "viewport", "options"),
    [
        ("desktop", DESKTOP, {}),
        ("phone", PHONE, {"is_mobile": True, "has_touch": True}),
    ],
)
def test_an_employee_reports_his_device_and_reads_the_answer(
    new_page, shoot_both, ada, laptop, name, viewport, options
):
    desk = UserFactory(is_staff=True, is_superuser=True)
    PersonFactory(user=desk, name="Grace Hopper", email=desk.email)
    page = new_page(viewport, **options)
    sign_in_by_code(page, ada.email, lambda page, it: shoot_both(page, f"{name}-{it}"))
    expect(page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    shoot_both(page, f"{name}-home-empty")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="My equipment").click()
    expect(page.get_by_text("PF-4K2M9X")).to_be_visible()
    shoot_both(page, f"{name}-equipment")
    page.get_by_role("link", name=re.compile("Report a problem with Lenovo ThinkPad")).click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Say in a few words what is wrong.")).to_be_visible()
    shoot_both(page, f"{name}-report-wrong")
    page.get_by_label("What is wrong?").fill("The screen stays black")
    page.get_by_label("Tell us more").fill("Since this morning.\n\nThe lamp at the side is on.")
    page.get_by_label("I cannot work at all").check()
    shoot_both(page, f"{name}-report")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="The screen stays black")).to_be_visible()
    shoot_both(page, f"{name}-check")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. Your request is T-000001")).to_be_visible()
    shoot_both(page, f"{name}-sent")

    ticket = Ticket.objects.get()
    assert (ticket.asset, ticket.requester) == (laptop, ada)
    tickets.take(ticket, by=desk)
    tickets.answer(ticket, body="Hold the power key for ten seconds, please.", by=desk)
    tickets.wait(ticket, state=Ticket.State.WAITING_REQUESTER, by=desk)

    page.goto("/")
    expect(page.get_by_text("waiting for your answer")).to_be_visible()
    shoot_both(page, f"{name}-home")
    page.get_by_role("link", name=re.compile("Answer the service desk")).click()
    expect(page.get_by_text("Hold the power key")).to_be_visible()
    page.get_by_label("Your answer").fill("That was it, thank you.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your answer is with the service desk.")).to_be_visible()
    shoot_both(page, f"{name}-request")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My requests").click()
    expect(page).to_have_url(re.compile("/requests/$"))
    shoot_both(page, f"{name}-requests")


def test_the_whole_way_works_without_javascript(new_page, ada, laptop):
    page = new_page(PHONE, java_script_enabled=False)
    page.goto("/")
    page.get_by_role("link", name="Get a code by").click()
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_role("button", name="Send the code").click()
    code = re.search(r"^[0-9A-Z]{3,}-?[0-9A-Z]*$", Message.objects.latest("pk").text, re.M)[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Report a problem", exact=True).click()
    page.get_by_role("link", name=re.compile("LT-000012")).click()
    page.get_by_label("What is wrong?").fill("It is slow")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Change it").click()
    page.wait_for_load_state()
    page.get_by_label("What is wrong?").fill("It is very slow")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_load_state()  # what answered a form and was not read to its end is forgotten
    page.go_back()
    expect(page.get_by_label("What is wrong?")).to_have_value("It is very slow")
    page.go_forward()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("T-000001").first).to_be_visible()
    page.get_by_text(str(ada)).first.click()
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_keyboard_reaches_the_content_first_and_a_phone_never_scrolls_sideways(
    new_page, ada, laptop, sign_in, shoot
):
    ada.user = UserFactory()
    ada.save()
    page = new_page(PHONE)
    sign_in(page, ada.user)
    for address in (
        "/",
        "/equipment/",
        "/report/",
        "/report/?about=else",
        "/requests/",
        "/help/",
        "/absences/",
        "/accounts/password/change/",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    shoot(page, "phone-password")


def test_error_pages_look_like_ours(new_page, ada, sign_in, faults, shoot):
    ada.user = UserFactory()
    ada.save()
    page = new_page(PHONE)
    sign_in(page, ada.user)

    page.goto("/nowhere/")

    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    shoot(page, "phone-404")
    faults.clear()


def test_a_login_without_a_person_finds_whom_to_ask(
    new_page, sign_in, transactional_db, faults, shoot
):
    page = new_page(DESKTOP)
    sign_in(page, UserFactory(email="nobody@example.com"))

    page.goto("/")

    expect(page.get_by_text("this login belongs to no person")).to_be_visible()
    shoot(page, "desktop-nobody")
    faults.clear()
