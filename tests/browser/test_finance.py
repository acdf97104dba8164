"""A month in finance: what is due, a decision, a notice, idle seats, the ledger, the forecast."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from contracts import seats
from contracts.models import Decision, Seat, Spend, Term
from contracts.terms import add_term
from people.models import Message
from people.roles import FINANCE
from tests.browser.test_days import take
from tests.conftest import member
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    LicenceFactory,
    PersonFactory,
    ProductFactory,
    SpendFactory,
    VendorContactFactory,
    VendorFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]
A_DAY = timedelta(1)
TABLE = "table:has(#caption)"
ROWS, TOTALS = f"{TABLE} tbody tr", f"{TABLE} tfoot tr"


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def finance(transactional_db):
    return member(FINANCE)


@pytest.fixture
def office(new_page, sign_in, finance):
    page = new_page(accept_downloads=True)
    sign_in(page, finance)
    return page


def agreed(vendor, title, *, ends, amount, today, **fields):
    """A contract of a year so far, of which the term ends on a day."""
    contract = ContractFactory(vendor=VendorFactory(name=vendor), title=title)
    first = ends + A_DAY - relativedelta(years=1)
    add_term(
        contract,
        starts_on=first,
        ends_on=ends,
        amount=Decimal(amount),
        by=None,
        reason="",
        **fields,
    )
    return contract


@pytest.fixture
def erp(today, transactional_db):
    ends = (today + timedelta(20)).replace(day=1) + relativedelta(months=4) - A_DAY
    contract = agreed(
        "SAP", "ERP maintenance", ends=ends, amount=61_000, today=today,
        billing="yearly", notice=3, notice_unit="months", renewal="tacit", renewal_months=12,
    )  # fmt: skip
    vendor = contract.vendor
    vendor.address = "Dietmar-Hopp-Allee 16\n69190 Walldorf"
    vendor.save()
    VendorContactFactory(vendor=vendor, name="Nora Nagel", takes_notices=True)
    return contract


@pytest.fixture
def office_suite(today, transactional_db):
    contract = agreed(
        "Microsoft", "Office suite", ends=today + timedelta(60), amount=1_000, today=today,
        billing="monthly", renewal="express",
    )  # fmt: skip
    contract.department = DepartmentFactory(name="Sales", cost_centre="4711")
    contract.save()
    licence = LicenceFactory(
        contract=contract, seats=10, product=ProductFactory(name="Office", maker=contract.vendor)
    )
    for name, used in [("Ada Moss", 200), ("Bo Lind", 3), ("Cy Hale", 150)]:
        person = PersonFactory(name=name, email=f"{name[:2].lower()}@example.com")
        seats.assign(licence, to=person, since=today - timedelta(300), by=None)
        seats.record_use(licence, {person: today - timedelta(used)}, by=None)
    return contract


def test_what_is_due_is_decided_and_the_notice_goes_out(
    office, erp, office_suite, today, finance, shoot
):
    office.goto("/admin/")
    shoot(office, "first")
    office.goto("/admin/contracts/contract/")
    office.get_by_role("link", name="Renewal desk").click()
    rows = office.locator(ROWS)
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("ERP maintenance")
    expect(rows.nth(0)).to_contain_text("renews for 12 months: 61,000.00 EUR")
    expect(rows.nth(1)).to_contain_text("3 of 10 seats taken, 1 used")
    shoot(office, "desk")

    rows.nth(0).get_by_role("link", name="Cancel").click()
    office.locator("[name=reason]").fill("Replaced by the new suite.")
    shoot(office, "cancel")
    office.locator(".step-page button[type=submit]").click()
    expect(office.get_by_text("Send the notice")).to_be_visible()
    decision = Decision.objects.get()
    assert (decision.ends_on, decision.decided_by) == (erp.terms.get().ends_on, finance)
    with office.expect_download() as download:
        office.get_by_role("link", name="Notice letter (PDF)").click()
    letter = PdfReader(io.BytesIO(Path(download.value.path()).read_bytes())).pages[0].extract_text()
    assert "Dear Nora Nagel," in letter
    assert "69190 Walldorf" in letter
    shoot(office, "cancelled")
    take(office, "Notice sent", chosen={"sent_by": "registered"})
    take(office, "Notice confirmed", typed={"confirmation": "SAP-99"}, shot=shoot)
    decision.refresh_from_db()
    assert (decision.sent_by, decision.confirmation) == ("registered", "SAP-99")

    office.goto(f"/admin/contracts/contract/{office_suite.pk}/change/")
    take(
        office,
        "Renew",
        typed={"months": "12", "amount": "1100", "reason": "Still needed."},
        shot=shoot,
    )
    expect(office.get_by_text("+1,200.00 EUR a year (+10.0%)").first).to_be_visible()
    shoot(office, "renewed")
    old, new = Term.objects.filter(contract=office_suite).order_by("starts_on")
    assert (old.amount, new.amount, new.starts_on) == (1000, 1100, old.ends_on + A_DAY)

    office.goto("/admin/contracts/contract/board/")
    shoot(office, "board")
    office.goto("/admin/contracts/contract/report/notices/")
    expect(office.locator(ROWS)).to_contain_text("ERP maintenance")
    shoot(office, "notices")
    office.goto("/admin/contracts/contract/report/desk/?within=36500")
    expect(office.get_by_text("ERP maintenance")).to_have_count(0)


def test_idle_seats_are_reclaimed_at_once_and_their_people_told(office, office_suite, shoot):
    office.goto("/admin/contracts/seat/report/idle-seats/")
    expect(office.locator(ROWS)).to_have_count(2)
    expect(office.locator(TOTALS)).to_contain_text("2,400.00 EUR")
    shoot(office, "idle")
    office.goto("/admin/contracts/seat/?idle=90")
    expect(office.locator("#result_list tbody tr, .result-list tbody tr").first).to_be_visible()
    for box in office.locator("input.action-select:visible").all():
        box.check(force=True)
    office.locator("select[name=action]").first.select_option("reclaim")
    office.get_by_role("button", name="Run", exact=False).first.click()
    shoot(office, "reclaim")
    office.locator(".step-page button[type=submit]").click()
    expect(office.get_by_text("2 of 2 done")).to_be_visible()
    assert [seat.person.name for seat in Seat.objects.taken()] == ["Bo Lind"]
    told = Message.objects.filter(recipient__name__in=["Ada Moss", "Cy Hale"])
    assert told.count() == 2
    assert "Office" in told.first().text
    office.goto("/admin/contracts/seat/report/idle-seats/")
    expect(office.get_by_text("No seat has been unused for so long.")).to_be_visible()


def test_the_ledger_is_matched_and_the_rest_was_bought_outside_it(
    office, office_suite, today, shoot
):
    month = today.replace(day=1)
    SpendFactory(supplier="MICROSOFT Ireland Ltd.", amount=1000, booked_on=month)
    SpendFactory(supplier="Microsoft GmbH", amount=1000, booked_on=month - timedelta(20))
    SpendFactory(supplier="Midjourney, Inc.", amount=30, booked_on=month)
    office.goto("/admin/contracts/spend/suggestions/")
    office.get_by_role("button", name="Match now").click()
    expect(office.get_by_text("lines got their vendor")).to_be_visible()
    shoot(office, "suggestions")
    office.get_by_role("button", name="Confirm: MICROSOFT Ireland Ltd. is Microsoft").click()
    expect(office.get_by_text("it is remembered")).to_be_visible()
    office.get_by_role("button", name="Match now").click()
    expect(office.get_by_text("lines got their vendor")).to_be_visible()
    assert Spend.objects.filter(contract=office_suite).count() == 2
    office.goto("/admin/contracts/spend/report/outside/")
    expect(office.locator(ROWS)).to_have_count(1)
    expect(office.locator(ROWS)).to_contain_text("Midjourney")
    shoot(office, "outside")


def test_the_forecast_is_read_and_exported(office, erp, office_suite, shoot):
    office.goto("/admin/contracts/contract/report/forecast/")
    shoot(office, "forecast")
    with office.expect_download() as download:
        office.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert len(rows) == 24
    whole = sum(Decimal(row["All"]) for row in rows)
    # Twice the yearly bill of one, and the months that the other is agreed for.
    assert whole > 2 * 61_000
    expect(office.locator(TOTALS).filter(has_text="All")).to_contain_text(f"{whole:,.2f} EUR")
    office.goto("/admin/contracts/contract/report/savings/")
    expect(office.locator(TABLE)).to_contain_text("Office")
    shoot(office, "savings")
