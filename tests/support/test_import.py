from datetime import UTC, datetime

import pytest

from support.models import Ticket
from tests.factories import PersonFactory, QueueFactory, TicketFactory
from tests.importing import load, problems

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
