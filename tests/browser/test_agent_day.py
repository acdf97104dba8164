"""An agent's day: from the board to a ticket, its device claimed and swapped, and solved."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from assets.models import Asset
from people.models import Message
from people.roles import SERVICE_DESK
from support.models import Ticket
from tests.browser.test_days import take
from tests.conftest import member
from tests.factories import (
    AssetFactory,
    CannedAnswerFactory,
    PersonFactory,
    ProductFactory,
    RepairFactory,
    TicketFactory,
    VendorContactFactory,
    VendorFactory,
    WarrantyFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def ticket(transactional_db):
    now, ada = timezone.now(), PersonFactory(name="Ada Moss")
    giver = VendorFactory(name="Elbsystem")
    VendorContactFactory(vendor=giver, email="rma@elb.example", phone="+49 40 123")
    product = ProductFactory(name="ThinkPad T14", maker=giver)
    ill = AssetFactory(tag="LT-1", serial="PF-1", product=product, holder=ada, state="in_use")
    AssetFactory(tag="LT-2", product=product, state="in_stock")
    WarrantyFactory(asset=ill, provider=giver)
    Asset.objects.filter(pk=ill.pk).update(warranty_ends_on=timezone.localdate() + timedelta(700))
    RepairFactory(asset=ill, fault="The hinge was loose", returned_on=timezone.localdate())
    CannedAnswerFactory(title="We look at it", body="Hello {requester}, we look at {number}.")
    return TicketFactory(
        number="T-000001",
        subject="Screen flickers",
        description="The screen flickers.",
        requester=ada,
        asset=ill,
        due_by=now + timedelta(hours=2),
        resolve_by=now + timedelta(hours=2),
    )


def looked_at(page, shoot, name):
    """With axe, and for anything that stands out to the right."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    shoot(page, name)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_agent_from_the_board_to_the_solution(ticket, size, new_page, sign_in, shoot):
    page, name = new_page(size), f"{size['width']}"
    sign_in(page, member(SERVICE_DESK))

    page.goto("/admin/support/ticket/board/")
    looked_at(page, shoot, f"board-{name}")
    page.get_by_role("link", name="T-000001 Screen flickers").click()

    beside = page.locator(".beside")
    for words in ("Solve by", "PF-1", "The hinge was loose", "Elbsystem"):
        expect(beside).to_contain_text(words)
    assert beside.get_by_role("link", name="+49 40 123").get_attribute("href") == "tel:+4940123"
    looked_at(page, shoot, f"ticket-{name}")

    take(page, "Answer", chosen={"canned": str(canned())})
    expect(page.locator(".conversation")).to_contain_text("Hello Ada Moss, we look at T-000001.")
    take(page, "Claim on warranty", shot=lambda page, it: looked_at(page, shoot, f"{it}-{name}"))
    mail = Message.objects.get(address="rma@elb.example")
    assert "Serial number: PF-1" in mail.text
    expect(beside).to_contain_text(re.compile("stands still since"))
    take(page, "Swap the device", shot=lambda page, it: looked_at(page, shoot, f"{it}-{name}"))
    assert Asset.objects.get(tag="LT-2").holder == ticket.requester
    take(page, "Resolve", typed={"solution": "You have another laptop now."})

    expect(page.locator(".conversation")).to_contain_text("You have another laptop now.")
    looked_at(page, shoot, f"solved-{name}")
    ticket.refresh_from_db()
    assert ticket.state == Ticket.State.RESOLVED


def canned():
    from support.models import CannedAnswer  # noqa: PLC0415

    return CannedAnswer.objects.get().pk
