"""The board of the desk, and the admins that say how soon it answers."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from support import board
from support.models import Ticket
from tests.factories import PersonFactory, QueueFactory, TicketFactory

BOARD = reverse("admin:support_ticket_board")
NOON = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("UTC"))
pytestmark = pytest.mark.django_db


def due(hours, risk=0, **fields):
    moment = NOON + timedelta(hours=hours)
    return TicketFactory(due_by=moment, at_risk_at=moment - timedelta(hours=risk or 1), **fields)


def test_each_open_ticket_stands_in_one_column():
    made = {
        "missed": due(-1),
        "risk": due(1, risk=2),
        "today": due(5),
        "later": due(30),
        "waiting": TicketFactory(state="waiting_vendor"),
        "none": TicketFactory(),
    }
    TicketFactory(state="resolved", resolved_at=timezone.now(), opened_at=NOON)

    found = {it.slug: it.tickets for it in board.columns(Ticket.objects.all(), NOON)}

    assert found == {slug: [ticket] for slug, ticket in made.items()}


def test_the_most_urgent_stands_first_and_the_rest_is_counted():
    late, later = due(-1), due(-5)
    for _ in range(board.SHOWN):
        due(-2)

    missed = board.columns(Ticket.objects.all(), NOON)[0]

    assert missed.tickets[0] == later
    assert late not in missed.tickets
    assert (missed.count, missed.more) == (board.SHOWN + 2, 2)


def test_it_shows_mine_nobodys_or_one_queue(client, it):
    client.force_login(it)
    queue, me = QueueFactory(), it.person
    mine = TicketFactory(subject="Mine", assignee=me, queue=queue)
    TicketFactory(subject="Yours", assignee=PersonFactory())
    TicketFactory(subject="Nobody has it")

    assert "Yours" in client.get(BOARD).text
    assert mine.subject in client.get(BOARD, {"whose": "mine"}).text
    assert "Yours" not in client.get(BOARD, {"whose": "mine"}).text
    assert "Nobody has it" in client.get(BOARD, {"whose": "nobody"}).text
    assert "Yours" not in client.get(BOARD, {"queue": queue.pk}).text
    assert client.get(BOARD, {"queue": "x", "whose": "<script>"}).status_code == 200


def test_many_tickets_take_as_many_queries_as_one(client, it):
    client.force_login(it)
    client.get(BOARD)
    counts = []
    for number in (1, 12):
        for _ in range(number):
            due(-1, assignee=PersonFactory(), queue=QueueFactory())
            due(40)
        with CaptureQueriesContext(connection) as queries:
            client.get(BOARD)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@time_machine.travel(NOON, tick=False)
def test_the_board_says_by_when(client, service_desk):
    client.force_login(service_desk)
    due(-1, subject="Server down")

    page = client.get(BOARD).text

    assert "Server down" in page
    assert "24 Nov, 11:00" in page
