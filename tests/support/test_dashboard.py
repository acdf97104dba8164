from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from people.roles import ADMINISTRATOR, AUDITOR, FINANCE, IT, SERVICE_DESK
from support import dashboard
from tests.conftest import member
from tests.factories import (
    AlertFactory,
    ApprovalFactory,
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    DecisionFactory,
    HandoverFactory,
    InboundMailFactory,
    JobFactory,
    LicenceFactory,
    MessageFactory,
    OfferFactory,
    OrderFactory,
    PersonFactory,
    RepairFactory,
    SeatFactory,
    SpendFactory,
    StaffChangeFactory,
    StockItemFactory,
    TicketFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def _something_due(administrator):
    day = localdate()
    AssetFactory(state="ordered")
    AssetFactory(state="received")
    HandoverFactory(answer="disputed", answered_at=now(), signed_name="Ada", dispute="Scratched")
    CustodyFactory(handover=HandoverFactory(needs_acceptance=True))
    OrderFactory(state="ordered", ordered_on=day)
    RepairFactory(due_back_on=day - timedelta(1), sent_on=day - timedelta(9))
    StockItemFactory(quantity=1, minimum=5)
    lent = AssetFactory(state="in_use", holder=PersonFactory(), custody=None)
    lent.custodies.all().delete()
    CustodyFactory(asset=lent, due_back_on=day - timedelta(2))
    AssetFactory(warranty_ends_on=day + timedelta(20))
    AssetFactory(holder=PersonFactory(leaves_on=day - timedelta(1)))
    ContractFactory(notice_by=day + timedelta(10), ends_on=day + timedelta(80))
    ContractFactory(notice_by=day + timedelta(200), ends_on=day + timedelta(400))
    DecisionFactory(kind="cancel", ends_on=day + timedelta(90))
    over = LicenceFactory(seats=1, reported_in_use=2)
    leaver = PersonFactory(leaves_on=day - timedelta(1))
    SeatFactory(licence=over, person=leaver, since=day - timedelta(200))
    SpendFactory()
    TicketFactory(), TicketFactory(state="waiting_requester")
    TicketFactory(assignee=administrator.person)
    MessageFactory(state="failed")
    InboundMailFactory()
    moment = now()
    hour = timedelta(hours=1)
    TicketFactory(at_risk_at=moment - 2 * hour, due_by=moment - hour)
    TicketFactory(at_risk_at=moment - hour, due_by=moment + hour)
    TicketFactory(kind="request", offer=OfferFactory())
    ApprovalFactory()
    StaffChangeFactory()
    JobFactory(name="daily", failures=1, error="No disk")
    mine = AlertFactory(recipient=administrator.person)
    AlertFactory(escalates=mine, record=mine.record, lead=0)


@pytest.mark.usefixtures("_something_due")
def test_each_number_is_the_length_of_the_list_behind_it(client, administrator):
    client.force_login(administrator)
    seen = 0
    for section in dashboard.today(administrator, on=localdate()):
        for figure, count in section.figures:
            response = client.get(figure.url)
            assert response.status_code == 200, figure.url
            assert response.context["cl"].result_count == count, figure.label
            assert count, f"{figure.label}: nothing made it count"
            seen += 1
    assert seen == 34


@pytest.mark.parametrize(
    ("role", "sees", "sees_not"),
    [
        (IT, "To be received", "Nobody answers for"),
        (FINANCE, "Nobody answers for", "Mine to work on"),
        (SERVICE_DESK, "Mine to work on", "Mails that failed"),
        (AUDITOR, "New tickets", "Mine to work on"),
        (ADMINISTRATOR, "Mails that failed", "no role yet"),
    ],
)
def test_each_role_sees_what_waits_for_it(role, sees, sees_not, client):
    client.force_login(member(role))
    text = client.get(reverse("admin:index")).content.decode()
    assert sees in text
    assert sees_not not in text


def test_the_first_page_costs_the_same_with_more_rows(client, administrator):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(administrator)
    counts = []
    for _ in range(2):
        client.get(reverse("admin:index"))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("admin:index"))
        counts.append(len(captured))
        TicketFactory.create_batch(5)
    assert counts[0] == counts[1]
