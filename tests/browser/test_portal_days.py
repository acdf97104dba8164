"""An employee's day and a manager's day in the portal, at a phone's and at a desktop's width."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from assets import labels
from people.models import Document, Message
from support import fulfilment, tickets
from support.models import Approval, Ticket
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import (
    ArticleFactory,
    AssetFactory,
    OfferFactory,
    PersonFactory,
    ProductFactory,
    UserFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60
WIDTHS = pytest.mark.parametrize(
    ("name", "viewport", "options"),
    [
        ("desktop", DESKTOP, {}),
        ("phone", PHONE, {"is_mobile": True, "has_touch": True, "color_scheme": "dark"}),
    ],
)


def somebody(name, **fields):
    user = UserFactory(name=name)
    return PersonFactory(user=user, name=name, email=user.email, **fields)


@pytest.fixture
def boss(transactional_db):
    return somebody("Grace Hopper")


@pytest.fixture
def ada(boss):
    return somebody("Ada Lovelace", manager=boss)


@pytest.fixture
def desk(transactional_db):
    user = UserFactory(name="Alan Turing", is_staff=True)
    PersonFactory(user=user, name=user.name, email=user.email)
    return user


@WIDTHS
def test_an_employees_day(new_page, sign_in, shoot, ada, desk, name, viewport, options):
    product = ProductFactory(name="ThinkPad T14")
    laptop = AssetFactory(tag="LT-000012", product=product, holder=ada)
    ArticleFactory(title="The screen stays black", body="Press **Windows** and *P*.")
    colleague = somebody("Linus Torvalds")
    page = new_page(viewport, **options)
    sign_in(page, ada.user)

    # The code on the lid leads to the form about the device; an answer is offered, and is not it.
    page.goto(urlsplit(labels.address(laptop.tag)).path)
    expect(page.get_by_label("What is it about?")).to_have_value(str(laptop.pk))
    shoot(page, f"{name}-what")
    page.get_by_label("What is wrong?").fill("My screen is black")
    page.get_by_label("I cannot work at all").check()
    page.get_by_role("button", name="Continue").click()
    page.locator("summary", has_text="The screen stays black").click()
    expect(page.get_by_text("Press Windows and P.")).to_be_visible()
    shoot(page, f"{name}-check")
    picture = {"name": "screen.png", "mimeType": "image/png", "buffer": PNG}
    page.get_by_label("Pictures or files").set_input_files(picture)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you. Your request is T-000001")).to_be_visible()
    expect(page.get_by_role("link", name="screen.png")).to_be_visible()

    # A colleague reads along; the desk asks, and she answers.
    page.get_by_text("Let a colleague read along").click()
    page.get_by_label("E-mail of a colleague").fill(colleague.email)
    page.get_by_role("button", name="Let them read along").click()
    expect(page.get_by_text("Linus Torvalds")).to_be_visible()
    ticket = Ticket.objects.get(asset=laptop)
    tickets.answer(ticket, body="Which cable is it?", by=desk)
    tickets.wait(ticket, state="waiting_requester", by=desk)
    page.goto("/")
    shoot(page, f"{name}-home")
    page.get_by_role("link", name=re.compile("Answer the service desk")).click()
    page.get_by_label("Your answer").fill("The black one.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your answer is with the service desk.")).to_be_visible()
    shoot(page, f"{name}-request")

    tickets.resolve(ticket, solution="Another cable.", by=desk)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Was it solved well?")).click()
    page.get_by_label("Solved well").check()
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_text("You said: solved well")).to_be_visible()
    shoot(page, f"{name}-rated")

    ticket.refresh_from_db()
    assert (ticket.rating, ticket.urgency) == (Ticket.Rating.GOOD, Ticket.Level.HIGH)
    assert Document.objects.get().record == ticket
    assert Message.objects.filter(recipient=colleague).exists()


@WIDTHS
def test_who_is_helped_by_an_answer_sends_nothing(
    new_page, sign_in, shoot, ada, name, viewport, options
):
    article = ArticleFactory(title="The screen stays black")
    page = new_page(viewport, java_script_enabled=False, **options)
    sign_in(page, ada.user)
    page.goto("/report/")
    page.get_by_label("What is wrong?").fill("black screen")
    page.get_by_role("button", name="Continue").click()
    page.locator("summary", has_text="The screen stays black").click()
    page.get_by_role("button", name=re.compile("This solved it")).click()
    expect(page.get_by_text("Nothing was sent to the service desk.")).to_be_visible()

    article.refresh_from_db()
    assert article.helped == 1
    assert not Ticket.objects.exists()


@WIDTHS
def test_a_managers_day(new_page, sign_in, shoot, ada, boss, desk, name, viewport, options):
    product = ProductFactory(name="Monitor 24")
    monitor = AssetFactory(tag="MO-000001", product=product)
    OfferFactory(name="Second monitor", product=product, price="259.00", most=2)
    mine, his = new_page(viewport, **options), new_page(viewport, **options)
    sign_in(mine, ada.user)
    sign_in(his, boss.user)

    # She asks twice; the mail leads her manager to each.
    for reason in ("For two windows.", "And one for the hall."):
        mine.goto("/ask/")
        mine.get_by_role("link", name="Second monitor").click()
        expect(mine.get_by_text("Must agree: Grace Hopper")).to_be_visible()
        mine.get_by_label("What do you need it for?").fill(reason)
        mine.get_by_role("button", name="Ask for it").click()
        expect(mine.get_by_text("asked on")).to_be_visible()
    shoot(mine, f"{name}-asked")
    mine.goto("/ask/")
    shoot(mine, f"{name}-offers")
    mine.get_by_role("link", name="Second monitor").click()
    shoot(mine, f"{name}-ask")

    his.goto("/")
    expect(his.get_by_text("Approve or refuse 2 requests")).to_be_visible()
    mails = Message.objects.filter(recipient=boss).order_by("pk")
    links = [re.search(r"https?://\S+(/approvals/\d+/)", mail.text)[1] for mail in mails]
    his.goto(links[0])
    expect(his.get_by_text("For two windows.")).to_be_visible()
    shoot(his, f"{name}-approval")
    his.get_by_role("button", name="Approve").click()
    expect(his.get_by_text("Approved. Thank you.")).to_be_visible()
    his.goto(links[1])
    his.get_by_role("button", name="Refuse").click()
    expect(his.get_by_text("Say why you refuse it")).to_be_visible()
    his.get_by_label("What you want to say").fill("One is enough.")
    his.get_by_role("button", name="Refuse").click()
    expect(his.get_by_text("Refused. Ada Lovelace is told why.")).to_be_visible()
    shoot(his, f"{name}-answered")
    his.get_by_role("main").get_by_role("link", name="When I am away").click()
    his.get_by_label("First day away").fill("2099-08-01")
    his.get_by_label("Last day away").fill("2099-08-14")
    his.get_by_label("Who decides for you?").fill(ada.email)
    his.get_by_role("button", name="Save").click()
    expect(his.get_by_text("1 August 2099 to 14 August 2099: Ada Lovelace")).to_be_visible()
    shoot(his, f"{name}-away")

    agreed, refused = Ticket.objects.order_by("pk")
    assert set(Approval.objects.values_list("state", flat=True)) == {"approved", "refused"}
    mine.goto(f"/requests/{refused.pk}/")
    expect(mine.get_by_text("One is enough.")).to_be_visible()
    fulfilment.hand_over(agreed, assets=[monitor], by=desk)
    mine.goto("/equipment/")
    expect(mine.get_by_text("MO-000001").first).to_be_visible()
