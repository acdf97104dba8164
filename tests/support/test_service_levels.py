"""By when a ticket is to be answered and solved, through all it goes through."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from support import tickets
from support.models import ServiceLevel, Ticket
from tests.factories import (
    BusinessHoursFactory,
    HolidayFactory,
    LocationFactory,
    PersonFactory,
    ServiceLevelFactory,
    ShiftFactory,
    TicketFactory,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
pytestmark = pytest.mark.django_db


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def office(zone="Europe/Berlin", *places):
    hours = BusinessHoursFactory(time_zone=zone)
    for weekday in range(5):
        ShiftFactory(hours=hours, weekday=weekday, opens=time(9), closes=time(17))
    hours.locations.set(places)
    return hours


@pytest.fixture(autouse=True)
def levels():
    """An hour to answer, a day's work of eight to solve, whatever the priority."""
    for priority in range(1, 5):
        ServiceLevelFactory(priority=priority, respond_minutes=60, resolve_minutes=480)


def opened(moment="2026-11-24 10:00", **fields):
    with time_machine.travel(at(moment), tick=False):
        fields = {"requester": PersonFactory(), "subject": "Screen", "by": None} | fields
        return tickets.open_ticket(**fields)


def when(moment, move, *arguments, **options):
    with time_machine.travel(at(moment), tick=False):
        return move(*arguments, by=None, **options)


def test_a_new_ticket_says_by_when():
    office()

    ticket = opened()

    assert ticket.respond_by == at("2026-11-24 11:00")
    assert ticket.resolve_by == at("2026-11-25 10:00")
    assert (ticket.due_by, ticket.at_risk_at) == (ticket.respond_by, at("2026-11-24 10:45"))


def test_without_a_level_nothing_is_promised():
    ServiceLevel.objects.all().delete()

    assert opened().due_by is None


def test_without_business_hours_the_clock_never_stops():
    assert opened("2026-11-28 23:30").respond_by == at("2026-11-29 00:30")


def test_what_comes_after_work_is_due_on_the_next_working_day():
    HolidayFactory(hours=office(), on=at("2026-11-30 00:00").date())

    assert opened("2026-11-27 18:00").respond_by == at("2026-12-01 10:00")


def test_the_hours_are_those_of_the_innermost_place():
    site = LocationFactory(name="New York")
    room = LocationFactory(name="Room 1", parent=site)
    office()
    office("America/New_York", site)

    ticket = opened("2026-11-24 10:00", requester=PersonFactory(location=room))

    assert ticket.respond_by == at("2026-11-24 10:00", NEW_YORK)


def test_after_the_answer_the_solution_is_due():
    office()
    ticket = opened()

    ticket = when("2026-11-24 10:30", tickets.answer, ticket, body="We look into it.")

    assert ticket.responded_at == at("2026-11-24 10:30")
    assert ticket.due_by == ticket.resolve_by == at("2026-11-25 10:00")
    assert ticket.at_risk_at == at("2026-11-24 16:00")


def test_a_note_to_staff_is_no_answer():
    ticket = when("2026-11-24 10:30", tickets.answer, opened(), body="Odd.", public=False)

    assert ticket.responded_at is None


def test_the_clock_stands_still_while_it_waits_and_the_wait_is_added():
    office()
    ticket = when("2026-11-24 10:30", tickets.answer, opened(), body="Which screen?")

    waiting = when("2026-11-24 11:00", tickets.wait, ticket, state="waiting_requester")
    assert (waiting.due_by, waiting.at_risk_at) == (None, None)
    # Six working hours of Tuesday and one of Wednesday; the night counts for nothing.
    resumed = when("2026-11-25 10:00", tickets.reply, ticket, body="The left one.")

    assert resumed.waited_seconds == 7 * 3600
    assert resumed.due_by == at("2026-11-25 17:00")


def test_a_pause_before_the_answer_moves_the_answer_too():
    office()
    ticket = opened()
    when("2026-11-24 10:10", tickets.wait, ticket, state="waiting_vendor")

    resumed = when("2026-11-24 12:10", tickets.resume, ticket)

    assert resumed.respond_by == resumed.due_by == at("2026-11-24 13:00")


def test_waiting_for_one_and_then_for_another_is_one_wait():
    office()
    ticket = opened()
    when("2026-11-24 10:00", tickets.wait, ticket, state="waiting_vendor")
    when("2026-11-24 12:00", tickets.wait, ticket, state="waiting_requester")

    assert when("2026-11-24 13:00", tickets.resume, ticket).waited_seconds == 3 * 3600


def test_what_is_solved_has_no_clock_and_what_is_reopened_has_it_again():
    office()
    ticket = when("2026-11-24 10:30", tickets.resolve, opened(), solution="Plugged in.")
    assert ticket.due_by is None

    reopened = when("2026-11-25 11:30", tickets.reopen, ticket, reason="Black again")

    assert reopened.waited_seconds == 9 * 3600
    assert reopened.due_by == at("2026-11-26 11:00")


def test_another_priority_has_another_promise():
    office()
    ServiceLevelFactory(priority=1).delete()
    ServiceLevelFactory(priority=1, respond_minutes=15, resolve_minutes=120)
    ticket = opened()

    urgent = when("2026-11-24 10:05", tickets.prioritise, ticket, urgency=1, impact=1)

    assert urgent.respond_by == at("2026-11-24 10:15")


def test_what_is_at_risk_and_what_is_missed_are_told_apart():
    now = timezone.now()
    hour = timedelta(hours=1)
    risky = TicketFactory(at_risk_at=now - hour, due_by=now + hour)
    late = TicketFactory(at_risk_at=now - 2 * hour, due_by=now - hour)
    TicketFactory(at_risk_at=now + hour, due_by=now + 2 * hour)
    TicketFactory()

    assert list(Ticket.objects.at_risk(now)) == [risky]
    assert list(Ticket.objects.missed(now)) == [late]


# --- By another path ---


def saved(client, ticket, **changed):
    """The ticket after its page was saved with these fields."""
    address = reverse("admin:support_ticket_change", args=[ticket.pk])
    page = client.get(address).context
    forms = [page["adminform"].form]
    forms += [it.formset.management_form for it in page["inline_admin_formsets"]]
    shown = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    sent = {name: "" if value is None else value for name, value in shown.items()}
    client.post(address, sent | changed)
    ticket.refresh_from_db()
    return ticket


@pytest.mark.parametrize("field", ["location", "requester", "on_behalf_of"])
def test_who_says_where_it_is_on_its_page_moves_its_clocks(client, service_desk, field):
    client.force_login(service_desk)
    there, ticket = LocationFactory(), opened()
    office("Europe/Berlin", there)
    value = there if field == "location" else PersonFactory(location=there)

    ticket = saved(client, ticket, **{field: value.pk})

    assert ticket.resolve_by == at("2026-11-25 10:00")
    assert ticket.history.first().resolve_by == ticket.resolve_by


@pytest.mark.parametrize("state", ["new", "resolved"])
def test_what_says_nothing_of_the_place_or_comes_after_the_end_moves_no_clock(
    client, service_desk, state
):
    client.force_login(service_desk)
    there, ticket = LocationFactory(), opened()
    if state == "resolved":
        ticket = when("2026-11-24 12:00", tickets.resolve, ticket, solution="Done.")
    office("Europe/Berlin", there)
    if state == "new":
        office("Europe/Berlin")
    before = ticket.resolve_by

    changed = {"location": there.pk} if state == "resolved" else {"subject": "Screens"}

    assert saved(client, ticket, **changed).resolve_by == before
