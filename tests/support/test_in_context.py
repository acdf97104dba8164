"""What stands beside a ticket: its device, whom to call, what was before, the clocks in words."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.costs import cost_of_ownership
from support import clock_words, in_context, service_levels, tickets, work
from support.models import ServiceLevel, Ticket
from support.moves import enter
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CoverageFactory,
    FollowerFactory,
    PersonFactory,
    RepairFactory,
    TermFactory,
    TicketFactory,
    VendorContactFactory,
    VendorFactory,
    WarrantyFactory,
    WorkFactory,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("UTC"))
pytestmark = pytest.mark.django_db


def page(ticket):
    return reverse("admin:support_ticket_change", args=[ticket.pk])


@pytest.fixture
def ticket():
    """Of Ada, about her laptop, which is covered, was ill before and is not all she has."""
    ada, maker = PersonFactory(name="Ada Moss"), VendorFactory(name="Lenovo")
    giver = VendorFactory(name="Elbsystem")
    laptop = AssetFactory(tag="LT-1", product__maker=maker, holder=ada, state="in_use")
    AssetFactory(tag="PH-1", holder=ada, state="in_use")
    WarrantyFactory(asset=laptop, provider=giver, reference="W-77")
    VendorContactFactory(
        vendor=giver, name="Grace Hopper", email="rma@elb.example", phone="+49 40 1"
    )
    carer = ContractFactory(
        title="Care", vendor__name="Carepack", vendor__email="desk@care.example"
    )
    TermFactory(contract=carer)
    carer.starts_on = timezone.localdate() - timedelta(9)
    carer.save()
    CoverageFactory(contract=carer, asset=laptop)
    RepairFactory(asset=laptop, fault="Hinge was loose")
    TicketFactory(asset=laptop, subject="Fan was loud", requester=ada)
    return TicketFactory(asset=laptop, requester=ada, subject="Screen flickers")


def test_the_device_its_cover_and_what_was_before_stand_beside_it(ticket):
    found = in_context.of(ticket, timezone.localdate())

    assert found.asset == ticket.asset
    assert "reference W-77" in " ".join(found.protection)
    assert [it.title for it in found.contracts] == ["Care"]
    assert [it.fault for it in found.repairs] == ["Hinge was loose"]
    assert [it.subject for it in found.tickets] == ["Fan was loud"]
    assert [it.tag for it in found.others] == ["PH-1"]


def test_who_gives_the_warranty_is_called_first_then_who_gives_the_contract(ticket):
    found = in_context.of(ticket, timezone.localdate()).contacts

    assert [(it.vendor.name, it.name, it.email) for it in found] == [
        ("Elbsystem", "Grace Hopper", "rma@elb.example"),
        ("Carepack", "", "desk@care.example"),
    ]


def test_without_a_warranty_the_maker_is_called(ticket):
    ticket.asset.warranties.all().delete()

    assert in_context.of(ticket, timezone.localdate()).contacts[0].vendor.name == "Lenovo"
    assert in_context.claim_address(ticket.asset, timezone.localdate()) == ""


def test_only_the_last_five_are_named(ticket):
    for day in range(7):
        RepairFactory(
            asset=ticket.asset,
            sent_on=timezone.localdate() - timedelta(99 + day),
            returned_on=timezone.localdate() - timedelta(90 + day),
        )
        TicketFactory(asset=ticket.asset, opened_at=timezone.now() - timedelta(9))

    found = in_context.of(ticket, timezone.localdate())

    assert len(found.tickets) == len(found.repairs) == in_context.LAST
    assert found.tickets[0].subject == "Fan was loud"


def test_what_one_person_asks_for_another_shows_what_the_other_has(ticket):
    ben = PersonFactory(name="Ben Hale")
    AssetFactory(tag="MO-1", holder=ben, state="in_use")
    ticket.on_behalf_of, ticket.asset = ben, None

    found = in_context.of(ticket, timezone.localdate())

    assert (found.asset, [it.tag for it in found.others]) == (None, ["MO-1"])


def test_the_page_links_each_of_it(ticket, client, service_desk):
    client.force_login(service_desk)
    FollowerFactory(ticket=ticket, person__name="Cora Lind")

    text = client.get(page(ticket)).text

    for words in (
        "Hinge was loose",
        "Fan was loud",
        "PH-1",
        'href="mailto:rma@elb.example"',
        'href="tel:+49401"',
        "Care",
        "Cora Lind",
        "No service level promises anything",
        f"{reverse('admin:support_ticket_changelist')}?asset__id__exact={ticket.asset_id}",
    ):
        assert words in text, words


def test_contracts_and_repairs_are_only_for_those_who_may_see_them(ticket, client, employee):
    user = employee.user
    user.is_staff = True
    user.save()
    allow(user, "support.view_ticket", "support.view_comment", "assets.view_asset")
    client.force_login(user)

    text = client.get(page(ticket)).text

    assert "PH-1" in text
    for words in ("Hinge was loose", "Carepack", "rma@elb.example", "W-77"):
        assert words not in text, words


def allow(user, *names):
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    for name in names:
        app, code = name.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=code)
        )


def test_more_of_everything_takes_no_more_queries(ticket, client, it):
    client.force_login(it)
    client.get(page(ticket))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(ticket)).status_code == 200
        counts.append(len(queries))
        for number in range(4):
            RepairFactory(
                asset=ticket.asset,
                vendor=VendorFactory(),
                sent_on=timezone.localdate() - timedelta(50 + number),
                returned_on=timezone.localdate() - timedelta(40),
            )
            TicketFactory(asset=ticket.asset)
            AssetFactory(holder=ticket.requester, state="in_use")
            WarrantyFactory(asset=ticket.asset, provider=VendorContactFactory().vendor)
            WorkFactory(ticket=ticket)
            FollowerFactory(ticket=ticket)

    assert counts[1] == counts[0]


# --- Work ---


def test_work_is_added_up_by_minutes_and_by_currency(ticket):
    WorkFactory(ticket=ticket, minutes=30, cost=Decimal("12.50"), currency="EUR")
    WorkFactory(ticket=ticket, minutes=15, cost=Decimal("7.50"), currency="EUR")
    WorkFactory(ticket=ticket, minutes=0, cost=Decimal(3), currency="USD")

    minutes, paid = work.booked(ticket)

    assert (minutes, [str(it) for it in paid]) == (45, ["20.00 EUR", "3.00 USD"])


@pytest.mark.parametrize(("role", "shown"), [("it", True), ("service_desk", False)])
def test_what_work_cost_is_for_those_who_may_see_costs(ticket, client, request, role, shown):
    WorkFactory(ticket=ticket, minutes=31, cost=Decimal("77.77"), currency="EUR")
    client.force_login(request.getfixturevalue(role))

    text = client.get(page(ticket)).text

    assert "31 minutes" in text
    assert ("77.77" in text) == shown


def test_an_asset_costs_what_was_paid_for_work_on_its_tickets(ticket):
    asset = ticket.asset
    asset.cost, asset.currency = Decimal(1000), "EUR"
    work.book(ticket, minutes=60, by=None)
    work.book(ticket, cost=Decimal("80.50"), currency="EUR", by=None)
    work.book(ticket, cost=Decimal(20), currency="USD", by=None)
    work.book(TicketFactory(), cost=Decimal(999), currency="EUR", by=None)

    assert cost_of_ownership(asset) == {"EUR": Decimal("1080.50"), "USD": Decimal(20)}


# --- Clocks ---


@pytest.fixture
def _promised():
    ServiceLevel.objects.update_or_create(
        priority=3, defaults={"respond_minutes": 60, "resolve_minutes": 240}
    )
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def clocked(_promised):
    ticket = TicketFactory(opened_at=NOON, priority=3)
    service_levels.start(ticket)
    ticket.save()
    return ticket


def test_the_clocks_say_what_is_left_and_what_is_missed(clocked):
    assert [it.partition(": ")[2] for it in clock_words.sentences(clocked, NOON)] == [
        "1 hour left.",
        "4 hours left.",
    ]
    later = NOON + timedelta(hours=3)
    answer, solve = clock_words.sentences(clocked, later)
    assert answer.startswith("Answer by 24 November 2026")
    assert answer.endswith("missed by 2 hours.")
    assert solve.endswith("1 hour left.")
    assert clock_words.short(clocked, later) == "late by 2 hours"
    assert clock_words.short(clocked, NOON) == "1 hour left"


def test_a_clock_that_stands_says_since_when_and_for_whom(clocked, it):
    ticket = tickets.answer(clocked, body="We ask the vendor.", by=it)
    ticket = tickets.wait(ticket, state="waiting_vendor", by=it)

    said = clock_words.sentences(ticket, NOON + timedelta(hours=9))

    assert "in time" in said[0]
    assert said[1].startswith("The clock stands still since 24 November 2026")
    assert said[1].endswith("waiting for vendor.")
    assert clock_words.short(ticket, NOON) == "stands still"


def test_what_is_solved_says_whether_it_was_in_time(clocked, it):
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        ticket = tickets.answer(clocked, body="Restart it.", by=it)
    with time_machine.travel(NOON + timedelta(hours=5), tick=False):
        ticket = tickets.resolve(ticket, solution="It works.", by=it)

    first, last = clock_words.sentences(ticket, NOON + timedelta(hours=99))

    assert "late by 1 hour" in first
    assert "late by 1 hour" in last
    assert clock_words.short(ticket, NOON) == ""


def test_time_in_which_it_waited_until_it_was_solved_is_not_held_against_it(clocked, it):
    ticket = tickets.answer(clocked, body="We ask.", by=it)
    ticket = tickets.wait(ticket, state="waiting_vendor", by=it)
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        enter(ticket, Ticket.State.RESOLVED, by=it, reason="resolved")

    assert "in time" in clock_words.sentences(ticket, NOON + timedelta(3))[1]


# --- From the record's own page ---


def change_page(record):
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[record.pk])


def test_an_asset_names_its_open_tickets_first_and_at_most_ten(client, it):
    client.force_login(it)
    asset, now = AssetFactory(), timezone.now()
    for day in range(12):
        ended = {"state": "closed", "resolved_at": now, "closed_at": now}
        TicketFactory(asset=asset, subject=f"Old{day:02}.", opened_at=now - timedelta(day), **ended)
    TicketFactory(asset=asset, subject="Forgotten", opened_at=now - timedelta(400))

    text = client.get(change_page(asset)).text

    named = [day for day in range(12) if f"Old{day:02}." in text]
    assert named == list(range(10))
    assert text.index("Forgotten") < text.index("Old00.")
    assert "Tickets (13, 1 open)" in text


def test_each_record_leads_to_its_tickets(ticket, client, auditor):
    client.force_login(auditor)
    asset = ticket.asset
    contract = asset.contracts.get()
    ticket.contract, ticket.assignee = contract, PersonFactory()
    ticket.save()
    leads = [
        (asset, "asset", 2),
        (asset.product, "asset__product", 2),
        (asset.product.maker, "asset__product__maker", 2),
        (contract, "contract", 1),
        (contract.vendor, "contract__vendor", 1),
        (ticket.requester, "requester", 2),
        (ticket.assignee, "assignee", 1),
    ]
    for record, lookup, count in leads:
        link = f"{reverse('admin:support_ticket_changelist')}?{lookup}__id__exact={record.pk}"
        text = client.get(change_page(record)).text
        assert link in text, record
        assert f"({count}, {count} open)" in text, record
        found = client.get(link)
        assert found.status_code == 200, link
        assert found.context_data["cl"].result_count == count, link


def test_who_may_not_see_tickets_is_led_to_none(ticket, client, employee):
    user = employee.user
    user.is_staff = True
    user.save()
    allow(user, "assets.view_asset", "people.view_person")
    client.force_login(user)
    for record in (ticket.asset, ticket.requester):
        assert "/support/ticket/" not in client.get(change_page(record)).text


def test_a_person_shows_what_he_holds(ticket, client, service_desk):
    client.force_login(service_desk)
    text = client.get(change_page(ticket.requester)).text
    assert f'href="{change_page(ticket.asset)}"' in text
    assert "PH-1" in text
