from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from support import tickets
from support.models import Ticket
from tests.factories import (
    BusinessHoursFactory,
    LocationFactory,
    OfferFactory,
    PersonFactory,
    QueueFactory,
    ServiceLevelFactory,
    ShiftFactory,
    TicketFactory,
)
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db

HEADER = ["number", "short_description", "caller_id", "state", "opened_at", "closed_at", "priority"]
OPENED, CLOSED = "2023-01-02 11:04:00", "2023-01-03 11:04:00.000000000"


@pytest.fixture(autouse=True)
def ada():
    return PersonFactory(name="Ada")


@pytest.mark.parametrize(
    ("state", "ends"),
    [("Closed", (True, True)), ("Resolved", (True, False)), ("New", (False,) * 2)],
)
def test_a_ticket_comes_in_with_its_state_and_times(ada, state, ends):
    report = load("tickets", HEADER, ["INC1", "Broken", "Ada", state, OPENED, CLOSED, "2 - High"])

    ticket = Ticket.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert ticket.opened_at == datetime(2023, 1, 2, 11, 4, tzinfo=UTC)
    assert (ticket.resolved_at is not None, ticket.closed_at is not None) == ends
    assert (ticket.requester, ticket.priority, ticket.urgency) == (ada, 2, 1)


def test_the_same_file_twice_changes_nothing():
    row = ["INC1", "Broken", "Ada", "Closed", OPENED, CLOSED, "1 - Critical"]
    load("tickets", HEADER, row)

    report = load("tickets", HEADER, row)

    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Ticket.history.count() == 1


def test_the_state_of_a_ticket_that_is_there_is_left_to_its_steps(ada):
    ticket = TicketFactory(number="INC1", subject="Broken", requester=ada)

    report = load("tickets", HEADER, ["INC1", "Broken too", "Ada", "Closed", OPENED, CLOSED, ""])

    ticket.refresh_from_db()
    assert (ticket.state, ticket.subject) == ("new", "Broken too")
    assert any("the steps on the ticket's page" in note for note in report.notes)


def test_an_import_moves_no_ticket_that_is_there_to_another_queue(ada):
    QueueFactory(name="Network")
    ticket = TicketFactory(number="INC1", requester=ada, queue=QueueFactory(name="Desk"))

    row = ["INC1", "Broken too", "Ada", "Network"]
    report = load("tickets", ["number", "subject", "requester", "queue"], row)

    ticket.refresh_from_db()
    assert (ticket.queue.name, ticket.subject) == ("Desk", "Broken too")
    assert any("another queue" in note for note in report.notes)


@pytest.mark.parametrize(("of_the_catalogue", "who"), [(True, "Ada"), (False, "Eve")])
def test_what_was_asked_for_in_the_catalogue_stays_with_who_asked(ada, of_the_catalogue, who):
    PersonFactory(name="Eve")
    offer = OfferFactory() if of_the_catalogue else None
    ticket = TicketFactory(number="INC1", requester=ada, offer=offer)

    report = load("tickets", ["number", "subject", "requester"], ["INC1", "Broken", "Eve"])

    ticket.refresh_from_db()
    assert ticket.requester.name == who
    assert any("stays with whoever asked" in note for note in report.notes) == of_the_catalogue


def test_a_state_that_nobody_knows_is_refused_with_those_that_are():
    report = load("tickets", HEADER, ["INC1", "Broken", "Ada", "Limbo", OPENED, "", ""])

    assert problems(report)[0].startswith(
        'row 2, column state, "Limbo": is not known; accepted are new, in progress,'
    )


def test_a_ticket_that_ended_before_it_was_opened_is_refused():
    report = load("tickets", HEADER, ["INC1", "Broken", "Ada", "Closed", CLOSED, OPENED, ""])

    assert problems(report) == ["row 2: The ticket ended before it was opened"]


def test_queues_and_categories_are_refused_or_made():
    QueueFactory(name="Network")
    rows = [["number", "subject", "requester", "assignment_group", "category"]]
    rows += [["INC1", "Broken", "Ada", "network", "Wi-Fi"]]

    refused = load("tickets", *rows)
    made = load("tickets", *rows, create_missing=True)

    assert "is no ticket category that is there" in problems(refused)[0]
    assert made.made == {"ticket categories": ["Wi-Fi"]}


# --- Clocks ---


def promised(*places):
    """An hour to answer and two to solve; in the places named between nine and ten on Mondays."""
    ServiceLevelFactory(priority=2, respond_minutes=60, resolve_minutes=120)
    if places:
        hours = ShiftFactory(weekday=0, opens=time(9), closes=time(10)).hours
        hours.time_zone = "UTC"
        hours.save()
        hours.locations.set(places)


def test_an_open_ticket_comes_in_with_what_is_promised():
    promised()

    load("tickets", HEADER, ["INC1", "Broken", "Ada", "New", OPENED, "", "2 - High"])

    ticket = Ticket.objects.get()
    opened = datetime(2023, 1, 2, 11, 4, tzinfo=UTC)
    assert ticket.respond_by == ticket.due_by == opened + timedelta(hours=1)
    assert ticket.resolve_by == opened + timedelta(hours=2)
    assert ticket.history.get().resolve_by == ticket.resolve_by


def test_what_waited_elsewhere_goes_on_waiting_and_that_is_no_lateness():
    promised()
    row = ["INC1", "Broken", "Ada", "Awaiting Vendor", OPENED, "", "2 - High"]
    load("tickets", HEADER, row)
    ticket = Ticket.objects.get()
    assert (ticket.waiting_since, ticket.due_by) == (ticket.opened_at, None)

    with time_machine.travel(datetime(2023, 1, 9, 12, tzinfo=UTC), tick=False):
        ticket = tickets.resume(ticket, by=None)

    assert ticket.respond_by == datetime(2023, 1, 9, 13, tzinfo=UTC)
    report = load("tickets", HEADER, row)
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"


def test_what_was_solved_elsewhere_was_promised_nothing_until_it_is_reopened():
    promised()
    load("tickets", HEADER, ["INC1", "Broken", "Ada", "Closed", OPENED, CLOSED, "2 - High"])
    ticket = Ticket.objects.get()
    assert (ticket.resolve_by, ticket.waiting_since) == (None, ticket.resolved_at)

    with time_machine.travel(datetime(2023, 5, 2, tzinfo=UTC), tick=False):
        ticket = tickets.reopen(ticket, reason="Again.", by=None)

    assert ticket.waited_seconds > timedelta(days=118).total_seconds()


def test_a_ticket_that_moves_to_another_place_is_due_by_its_hours():
    there = LocationFactory(name="There")
    promised(there)
    load("tickets", HEADER, ["INC1", "Broken", "Ada", "New", OPENED, "", "2 - High"])
    rows = [["number", "subject", "requester", "location"], ["INC1", "Broken", "Ada", "There"]]

    load("tickets", *rows)
    load("tickets", *rows)

    ticket = Ticket.objects.get()
    assert ticket.resolve_by == datetime(2023, 1, 16, 10, tzinfo=UTC)
    assert Ticket.history.count() == 2


def test_clocks_take_no_query_per_ticket():
    here, there = LocationFactory(), LocationFactory()
    promised(here)
    BusinessHoursFactory()
    PersonFactory(name="Bob", location=there)
    PersonFactory(name="Eve", location=here)

    def taken(first, count):
        names = ["Ada", "Bob", "Eve"]
        rows = [
            [f"INC{number}", "Broken", names[number % 3], "New", OPENED, "", "2 - High"]
            for number in range(first, first + count)
        ]
        return queries("tickets", [HEADER, *rows])

    taken(0, 3)
    assert taken(10, 3) == taken(100, 15)
