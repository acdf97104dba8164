"""What comes back again and again, and which promises of the service levels were kept."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from support import kept, offenders
from support.models import BusinessHours, Shift, Ticket
from tests.factories import (
    AssetFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    RepairFactory,
    TicketFactory,
    WorkFactory,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))
pytestmark = pytest.mark.django_db


def page(slug):
    return reverse("admin:support_ticket_report", args=[slug])


def rows(client, slug, **query):
    response = client.get(page(slug), query)
    assert response.status_code == 200
    return [[cell["text"] for cell in cells] for cells, _ in response.context_data["lines"]]


@pytest.fixture
def company():
    """Two laptops of one product, one of which fails often, and a phone that failed twice."""
    today = timezone.localdate()
    laptop = ProductFactory(name="T14")
    bad, fine = AssetFactory.create_batch(2, product=laptop, state="in_use", holder=PersonFactory())
    phone = AssetFactory(product=ProductFactory(name="XCover"), state="in_stock")
    tickets = [TicketFactory(asset=bad) for _ in range(3)]
    TicketFactory(asset=fine)
    for _ in range(2):
        TicketFactory(asset=phone)
    TicketFactory(asset=bad, opened_at=timezone.now() - timedelta(400))
    RepairFactory(
        asset=bad,
        sent_on=today - timedelta(20),
        returned_on=today - timedelta(10),
        cost=Decimal(100),
        currency="EUR",
    )
    RepairFactory(asset=bad, sent_on=today - timedelta(4), cost=Decimal(7), currency="USD")
    WorkFactory(ticket=tickets[0], cost=Decimal("50.50"), currency="EUR")
    return bad, fine, phone


def test_assets_are_ordered_by_tickets_with_repairs_days_and_costs(company):
    bad, _, phone = company
    since = timezone.localdate() - timedelta(365)
    recent = Ticket.objects.filter(opened_at__date__gte=since)

    first, second = offenders.assets(recent, at_least=2, since=since, on=timezone.localdate())

    assert (first.record, first.tickets, first.repairs, first.days_out) == (bad, 3, 2, 14)
    assert [str(it) for it in first.costs] == ["150.50 EUR", "7.00 USD"]
    assert first.share == Decimal("75.00")
    assert (second.record, second.tickets, second.costs) == (phone, 2, [])


def test_products_say_how_many_tickets_a_device_in_service_makes(company):
    found = offenders.products(
        Ticket.objects.all(), at_least=2, since=None, on=timezone.localdate()
    )

    assert [(it.record.name, it.tickets, it.in_service, it.per_device) for it in found] == [
        ("T14", 5, 2, Decimal("2.50")),
        ("XCover", 2, 0, None),
    ]
    assert [str(it) for it in found[0].costs] == ["150.50 EUR", "7.00 USD"]


def test_of_as_many_tickets_the_costlier_stands_first():
    dear, cheap = AssetFactory.create_batch(2)
    for asset in (cheap, dear):
        TicketFactory(asset=asset)
    RepairFactory(asset=dear, cost=Decimal(5), currency="EUR")

    found = offenders.assets(Ticket.objects.all(), at_least=1, since=None, on=timezone.localdate())

    assert [it.record for it in found] == [dear, cheap]


def test_the_page_filters_by_period_and_number_and_leads_to_the_tickets(company, client, it):
    client.force_login(it)
    bad, fine, _ = company
    assert [row[2] for row in rows(client, "repeat-assets")] == ["3", "2"]
    assert [row[2] for row in rows(client, "repeat-assets", period="all")] == ["4", "2"]
    assert len(rows(client, "repeat-assets", at_least="1")) == 3
    assert rows(client, "repeat-assets", at_least="10") == []
    text = client.get(page("repeat-assets")).text
    assert f"?asset__id__exact={bad.pk}" in text
    assert "Tickets and repairs of the first ten" in text
    product = client.get(page("repeat-products")).text
    link = (
        f"{reverse('admin:support_ticket_changelist')}?asset__product__id__exact={bad.product_id}"
    )
    assert link in product
    assert client.get(link).context_data["cl"].result_count == 5


@pytest.mark.parametrize(("role", "shown"), [("it", True), ("service_desk", False)])
@pytest.mark.parametrize("slug", ["repeat-assets", "repeat-products"])
def test_costs_are_for_those_who_may_see_costs(company, client, request, role, shown, slug):
    client.force_login(request.getfixturevalue(role))
    assert ("150.50" in client.get(page(slug)).text) == shown
    file = reverse("admin:support_ticket_report_export", args=[slug, "csv"])
    text = b"".join(client.get(file).streaming_content).decode()
    assert "T14" in text
    assert ("150.50" in text) == shown


def test_more_offenders_take_no_more_queries(client, it):
    client.force_login(it)
    counts = []
    for number in (1, 8):
        for _ in range(number):
            asset = AssetFactory()
            for _ in range(2):
                WorkFactory(ticket=TicketFactory(asset=asset), cost=Decimal(1))
            RepairFactory(asset=asset, cost=Decimal(3))
        for slug in ("repeat-assets", "repeat-products", "service-levels"):
            client.get(page(slug))
            with CaptureQueriesContext(connection) as queries:
                client.get(page(slug))
            counts.append(len(queries))
    assert counts[3:] == counts[:3]


# --- Service levels ---


@pytest.fixture
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def at(hours):
    return NOON + timedelta(hours=hours)


def ticket(**fields):
    return TicketFactory(priority=2, opened_at=at(-4), **fields)


def resolved(hours, **fields):
    return ticket(state="resolved", resolved_at=at(hours), **fields)


@pytest.mark.usefixtures("_noon")
def test_promises_are_kept_missed_or_cannot_be_told_yet():
    resolved(-1, respond_by=at(-3), responded_at=at(-3), resolve_by=at(0))
    resolved(-1, respond_by=at(-3), responded_at=at(-2), resolve_by=at(-2))
    ticket(respond_by=at(-3), resolve_by=at(5))  # not answered, and late
    ticket(respond_by=at(1), resolve_by=at(5))  # there is time left
    ticket()  # nothing was promised

    (found,) = kept.by_month(Ticket.objects.all(), NOON)

    assert (found.month, found.priority.label, found.tickets) == (
        NOON.date().replace(day=1),
        "high",
        5,
    )
    assert (found.answered.count(True), found.answered.count(False)) == (1, 2)
    assert (found.solved.count(True), found.solved.count(False)) == (1, 1)
    assert found.missed == 3


@pytest.mark.usefixtures("_noon")
def test_what_waited_for_others_is_not_held_against_the_desk():
    resolved(0, waiting_since=at(-3), resolve_by=at(-2))
    ticket(state="waiting_vendor", waiting_since=at(-3), resolve_by=at(-2))

    (found,) = kept.by_month(Ticket.objects.all(), NOON)

    assert found.solved == [True]
    assert found.solution_minutes == 60


@pytest.mark.usefixtures("_noon")
def test_medians_count_business_minutes_of_the_place_less_the_time_waited():
    place = LocationFactory(name="Hamburg")
    hours = BusinessHours.objects.create(name="Hamburg", time_zone="Europe/Berlin")
    hours.locations.add(place)
    Shift.objects.create(hours=hours, weekday=NOON.weekday(), opens="09:00", closes="17:00")
    room = LocationFactory(name="Room 1", parent=place)
    resolved(-1, responded_at=at(-2), location=room)  # opened at 8, the hours begin at 9
    resolved(-1, responded_at=at(-2), location=room, waited_seconds=1800)
    resolved(0, responded_at=at(-1))  # elsewhere the clock runs always

    (found,) = kept.by_month(Ticket.objects.all(), NOON)

    assert (found.answer_minutes, found.solution_minutes) == (60, 120)
    assert sorted(found.solution_times) == [5400, 7200, 14400]


def test_the_page_of_service_levels_has_a_line_for_each_month_and_priority(client, auditor):
    client.force_login(auditor)
    now = timezone.now()
    for days, priority in [(0, 1), (0, 2), (40, 1), (40, 1), (500, 1)]:
        opened = now - timedelta(days)
        done = opened + timedelta(minutes=30)
        TicketFactory(
            priority=priority,
            opened_at=opened,
            responded_at=done,
            respond_by=done,
            state="resolved",
            resolved_at=done,
        )

    found = rows(client, "service-levels")

    assert [(row[1], row[2], row[3], row[7]) for row in found] == [
        ("critical", "1", "1", "30"),
        ("high", "1", "1", "30"),
        ("critical", "2", "2", "30"),
    ]
    assert "Promises" in client.get(page("service-levels")).text
