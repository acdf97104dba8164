"""The main job, end to end, as the people who do it see it: from four files to a closed ticket."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from assets.models import Asset
from contracts.models import Contract
from people.models import Message, Person
from people.roles import AUDITOR, FINANCE, IT, SERVICE_DESK
from support.models import Ticket
from tests.browser.test_portal import sign_in_by_code
from tests.conftest import member

pytestmark = [pytest.mark.real, pytest.mark.browser]

PEOPLE = """Name,Email,Department,Location
Ada Moss,ada@example.org,Research,Oxford
Ben Hale,ben@example.org,Research,Oxford
"""
ASSETS = """Asset tag,Serial,Manufacturer,Model,Category,Assigned to,Warranty ends
LT-000001,PF3XK1AA,Lenovo,ThinkPad T14,Laptop,,{warranty}
LT-000002,PF3XK1AB,Lenovo,ThinkPad T14,Laptop,ben@example.org,{later}
"""
CONTRACTS = """Number,Title,Vendor,Start,End,Amount,Notice days
C-1,Mobile phones,Northern Telecom,{begun},{ends},"12,000.00",60
"""
TICKETS = """Number,Short description,Caller,State,Priority,Opened,Closed
INC001,Screen flickers,ben@example.org,Closed,3 - Moderate,{begun},{begun}
"""


@pytest.fixture
def files(tmp_path):
    day = timezone.localdate()
    dates = {
        "warranty": day + timedelta(25),
        "later": day + timedelta(400),
        "begun": day - timedelta(100),
        "ends": day + timedelta(85),
    }
    texts = {"people": PEOPLE, "assets": ASSETS, "contracts": CONTRACTS, "tickets": TICKETS}
    for kind, text in texts.items():
        (tmp_path / f"{kind}.csv").write_text(text.format(**dates))
    return tmp_path


def import_file(page, model, path, shoot):
    page.goto(f"/admin/{model}/")
    page.get_by_role("link", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_label(re.compile("missing", re.I)).check(force=True)
    shoot(page, f"import-{path.stem}")
    page.get_by_role("button", name="Check the file").click()
    shoot(page, f"preview-{path.stem}")
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_role("button", name="Write it")).to_have_count(0)
    shoot(page, f"written-{path.stem}")


def choose(page, label, words):
    """Pick a record by typing, as the autocompletion asks for it."""
    page.locator(f".field-{label} .select2-selection").click()
    page.locator(".select2-search__field").fill(words)
    page.locator(".select2-results__option", has_text=words).first.click()


def test_four_files_a_handover_a_digest_and_a_ticket(
    transactional_db, new_page, sign_in, files, shoot
):
    it, finance, desk = member(IT), member(FINANCE), member(SERVICE_DESK)
    office, money, auditing, help_desk = (new_page() for _ in range(4))
    for page, user in ((office, it), (money, finance), (help_desk, desk)):
        sign_in(page, user)
    sign_in(auditing, member(AUDITOR))

    for model, kind in (("people/person", "people"), ("assets/asset", "assets")):
        import_file(office, model, files / f"{kind}.csv", shoot)
    import_file(money, "contracts/contract", files / "contracts.csv", shoot)
    import_file(office, "support/ticket", files / "tickets.csv", shoot)
    ben = Person.objects.get(email="ben@example.org")
    assert Asset.objects.get(tag="LT-000002").custodies.open().get().holder == ben
    assert Contract.objects.get().ends_on
    assert Ticket.objects.get().requester == ben

    office.goto("/admin/assets/asset/?q=PF3XK1AA")
    shoot(office, "asset")
    office.get_by_role("link", name="Hand over").click()
    choose(office, "to", "Ada Moss")
    shoot(office, "handover")
    office.get_by_role("button", name="Hand over").click()
    expect(office.locator("body")).to_contain_text("in use")
    laptop = Asset.objects.get(tag="LT-000001")
    assert laptop.holder.name == "Ada Moss"
    assert Message.objects.get(recipient=laptop.holder).subject.startswith("You have received")

    call_command("daily")
    digests = Message.objects.filter(key__startswith="digest:")
    assert any("LT-000001" in it.text for it in digests)
    assert any("C-1" in it.text for it in digests)

    phone = new_page({"width": 390, "height": 844})
    report_by_phone(phone, laptop, shoot)
    ticket = Ticket.objects.get(asset=laptop)
    assert ticket.requester == laptop.holder

    help_desk.goto("/admin/")
    shoot(help_desk, "home")
    help_desk.goto(f"/admin/support/ticket/{ticket.pk}/change/")
    help_desk.get_by_role("link", name="Answer").click()
    help_desk.locator("textarea").first.fill("Please restart it once.")
    shoot(help_desk, "answer")
    help_desk.get_by_role("button", name="Answer").click()
    expect(help_desk.locator("body")).to_contain_text("Please restart it once.")
    shoot(help_desk, "ticket")

    phone.goto(f"/requests/{ticket.pk}/")
    expect(phone.get_by_text("Please restart it once.")).to_be_visible()
    shoot(phone, "conversation")

    auditing.goto(f"/admin/assets/asset/{laptop.pk}/history/")
    expect(auditing.locator("body")).to_contain_text("handed over to Ada Moss")
    shoot(auditing, "history")


def report_by_phone(phone, laptop, shoot):
    sign_in_by_code(phone, laptop.holder.email, shoot)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Ada")
    phone.goto("/equipment/")
    expect(phone.get_by_text("LT-000001").first).to_be_visible()
    shoot(phone, "equipment")
    phone.get_by_role("link", name=re.compile("Report a problem")).last.click()
    phone.get_by_label(re.compile("what is wrong", re.I)).first.fill("It does not start")
    shoot(phone, "report")
    phone.get_by_role("button", name="Continue").click()
    shoot(phone, "check")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text("It does not start").first).to_be_visible()
