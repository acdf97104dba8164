"""How long the desk's lists and its search take with very many tickets; on PostgreSQL."""

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assets.models import Asset
from people.models import Person
from people.roles import SERVICE_DESK
from support.models import Comment, Ticket
from tests.bench.multiplying import a_key_of, analyse, multiply
from tests.conftest import member
from tests.factories import (
    AssetFactory,
    CommentFactory,
    PersonFactory,
    QueueFactory,
    TicketFactory,
)

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

TICKETS, COMMENTS, SECONDS = 60_000, 300_000, 0.3
PEOPLE, ASSETS, OPEN = 2_000, 20_000, 1_500
LIST, BOARD = "/admin/support/ticket/", "/admin/support/ticket/board/"
WORDS = "ARRAY['printer', 'battery', 'keyboard', 'network', 'password', 'display', 'mail', 'badge']"
PAGES = {
    "the list": LIST,
    "the open ones of one state": f"{LIST}?state__exact=in_progress",
    "nobody's, by when they are due": f"{LIST}?whose=nobody&o=9",
    "the board": BOARD,
    "a word of one subject": f"{LIST}?q=quasar",
    "a word of one comment": f"{LIST}?q=zeppelin",
    "a serial number": f"{LIST}?q=SER-00777",
    "a word of many comments": f"{LIST}?q=halogen",
    "two words": f"{LIST}?q=halogen+printer",
}
QUERIES = 30


def write():
    """The open ones are the newest, as they are where a desk keeps up."""
    multiply(
        PersonFactory(),
        PEOPLE,
        name="'Person no. ' || n",
        email="'bench' || n || '@example.com'",
    )
    multiply(AssetFactory(), ASSETS, tag="'B-' || n", serial="'SER-' || lpad(n::text, 6, '0')")
    queue, made = QueueFactory(), TicketFactory(description="It was fine yesterday.")
    is_open = f"n <= {OPEN}"
    ended = f"CASE WHEN {is_open} THEN NULL ELSE now() - n * interval '9 minutes' END"
    multiply(
        made,
        TICKETS,
        number="'B-' || lpad(n::text, 6, '0')",
        subject=f"'The ' || ({WORDS})[1 + n % 8] || ' of room ' || n",
        requester_id=a_key_of(Person, PEOPLE),
        assignee_id=f"CASE WHEN n % 5 > 0 THEN {a_key_of(Person, 20)} END",
        asset_id=a_key_of(Asset, ASSETS),
        queue_id=str(queue.pk),
        priority="1 + n % 4",
        state=f"CASE WHEN {is_open} THEN (ARRAY['new', 'in_progress', 'waiting_vendor'])[1 + n % 3]"
        " ELSE 'closed' END",
        opened_at="now() - n * interval '10 minutes'",
        resolved_at=ended,
        closed_at=ended,
        due_by=f"CASE WHEN {is_open} AND n % 3 < 2"
        " THEN now() + (n - 300) * interval '3 minutes' END",
    )
    multiply(
        CommentFactory(ticket=made),
        COMMENTS,
        ticket_id=a_key_of(Ticket, TICKETS),
        author_id=a_key_of(Person, PEOPLE),
        body=f"'We looked at the ' || ({WORDS})[1 + n % 8] || ' again, and exchanged part '"
        " || md5(n::text) || CASE WHEN n % 60 = 0 THEN '. The halogen lamp is broken' ELSE '' END",
    )
    TicketFactory(subject="A quasar on the screen", assignee=PersonFactory())
    CommentFactory(ticket=TicketFactory(), body="There is a zeppelin in it.")


def asked(client, address):
    """The best of three, in seconds, and the number of queries."""
    tries = []
    for _ in range(3):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address)
        tries.append((time.perf_counter() - began, len(queries)))
        assert page.status_code in (200, 302), address
    return min(tries)


def test_lists_board_and_search_with_sixty_thousand_tickets(postgresql):
    client = Client()
    client.force_login(member(SERVICE_DESK))
    write()
    analyse()
    assert (Ticket.objects.count(), Comment.objects.count()) > (TICKETS, COMMENTS)

    measured = {name: asked(client, address) for name, address in PAGES.items()}

    print(f"\n{TICKETS:,} tickets with {COMMENTS:,} comments, limit {SECONDS * 1000:.0f} ms:")
    for name, (seconds, queries) in measured.items():
        print(f"  {seconds * 1000:4.0f} ms, {queries:2} queries: {name}")
    assert max(seconds for seconds, _ in measured.values()) < SECONDS
    assert max(queries for _, queries in measured.values()) <= QUERIES
