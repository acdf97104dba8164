"""Each rule of the table: when its first alert is raised, who is told, and what makes it moot."""

from datetime import timedelta

import pytest
from django.utils import timezone

from people.mailboxes import mailbox
from support.alerts import RULES
from support.models import Alert
from tests.factories import (
    AlertFactory,
    ApprovalFactory,
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    DecisionFactory,
    DepartmentFactory,
    HandoverFactory,
    LicenceFactory,
    OrderFactory,
    PersonFactory,
    ProductFactory,
    ReleaseFactory,
    RepairFactory,
    SeatFactory,
    StockItemFactory,
    StockMovementFactory,
    TicketFactory,
)
from tests.support.ledgers import TODAY, day, look

pytestmark = pytest.mark.django_db
RULE = {rule.kind: rule for rule in RULES}


@pytest.fixture(autouse=True)
def today(time_machine):
    """Some rules ask for the moment, not the day."""
    time_machine.move_to(f"{TODAY} 12:00:00")


def _with(record, **fields):
    for name, value in fields.items():
        setattr(record, name, value)
    record.save()


def contract_notice(due, ada):
    made = ContractFactory(notice_by=due, owner=ada)
    return made, lambda: _with(made, notice_by=None)


def contract_end(due, ada):
    made = ContractFactory(ends_on=due, owner=ada)
    return made, lambda: _with(made, ends_on=None)


def notice_unconfirmed(due, ada):
    made = DecisionFactory(
        kind="cancel", ends_on=due, sent_on=TODAY, sent_by="email", term__contract__owner=ada
    )
    return made, lambda: _with(made, confirmed_on=TODAY)


def licence_end(due, ada):
    made = LicenceFactory(ends_on=due, contract=ContractFactory(owner=ada))
    return made, lambda: _with(made, ends_on=None)


def over_allocated(due, ada):
    made = LicenceFactory(seats=1, reported_in_use=2, contract=ContractFactory(owner=ada))
    return made, lambda: _with(made, seats=2)


def idle_seats(due, ada):
    made = LicenceFactory(contract=ContractFactory(owner=ada))
    seat = SeatFactory(licence=made, since=TODAY - timedelta(91))
    return made, lambda: _with(seat, last_used_on=TODAY)


def warranty(due, ada):
    made = AssetFactory(warranty_ends_on=due)
    return made, lambda: _with(made, state="retired")


def product_end(due, ada):
    made = ProductFactory(end_of_life_on=due)
    asset = AssetFactory(product=made)
    return made, lambda: _with(asset, state="retired")


def support_end(due, ada):
    made = ReleaseFactory(ends_on=due)
    asset = AssetFactory(release=made)
    return made, lambda: _with(asset, release=None)


def loan(due, ada):
    made = CustodyFactory(holder=ada, due_back_on=due)
    return made, lambda: _with(made, until=timezone.now())


def repair(due, ada):
    made = RepairFactory(sent_on=TODAY - timedelta(9), due_back_on=due)
    return made, lambda: _with(made, returned_on=TODAY)


def order(due, ada):
    made = OrderFactory(state="ordered", ordered_on=TODAY, expected_on=due)
    return made, lambda: _with(made, state="received")


def leaver(due, ada):
    made = PersonFactory(leaves_on=due, manager=ada)
    seat = SeatFactory(person=made, since=TODAY)
    return made, lambda: _with(seat, until=TODAY)


def handover(due, ada):
    at = timezone.make_aware(timezone.datetime(due.year, due.month, due.day, 12)) - timedelta(7)
    made = HandoverFactory(to=ada, handed_over_at=at, needs_acceptance=True)
    CustodyFactory(handover=made, holder=ada)
    return made, lambda: _with(
        made, answer="accepted", answered_at=timezone.now(), signed_name="Ada"
    )


def stock_low(due, ada):
    made = StockItemFactory(quantity=1, minimum=1)
    return made, lambda: _with(made, quantity=2)


def approval(due, ada):
    made = ApprovalFactory(approver=ada, due_on=due)
    return made, lambda: _with(made, state="approved", decided_at=timezone.now())


def _ticket(ada, risk, due):
    hour, now = timedelta(hours=1), timezone.now()
    made = TicketFactory(assignee=ada, at_risk_at=now + risk * hour, due_by=now + due * hour)
    return made, lambda: _with(made, due_by=None, at_risk_at=None)


def service_level_risk(due, ada):
    return _ticket(ada, risk=-1, due=1)


def service_level_missed(due, ada):
    return _ticket(ada, risk=-2, due=-1)


MADE = {
    make.__name__: make
    for make in (
        contract_notice, contract_end, notice_unconfirmed, licence_end, over_allocated, idle_seats,
        warranty, product_end, support_end, loan, repair, order, leaver, handover, stock_low,
        approval, service_level_risk, service_level_missed,
    )
}  # fmt: skip
TO_IT = {"warranty", "product_end", "support_end", "repair", "order", "stock_low"}


@pytest.mark.parametrize("kind", MADE)
def test_a_rule_tells_from_its_first_lead_on_and_whom_it_concerns_until_it_is_over(kind):
    rule, ada = RULE[kind], PersonFactory()
    record, end = MADE[kind](day(rule.leads[0]), ada)
    if not rule.is_standing:
        assert look(-1, [kind]) == 0

    assert look(0, [kind]) == 1

    alert = Alert.objects.get()
    assert (alert.record, alert.lead, alert.state) == (record, rule.leads[0], "open")
    assert alert.recipient == (mailbox("it") if kind in TO_IT else ada)
    end()
    assert look(0, [kind]) == 0
    assert Alert.objects.get().state == "moot"


HELD = {
    "asset": lambda ada: AssetFactory(holder=ada),
    "seat": lambda ada: SeatFactory(person=ada),
    "stock item": lambda ada: StockMovementFactory(person=ada, kind="issue", quantity=-1),
    "contract": lambda ada: ContractFactory(owner=ada, starts_on=day(-5)),
    "approval": lambda ada: ApprovalFactory(approver=ada),
    "department": lambda ada: DepartmentFactory(head=ada),
}


@pytest.mark.parametrize("kind", HELD, ids=lambda kind: f"holds a {kind}")
def test_a_leaver_holds_owns_or_answers_for_something(kind):
    leaves = PersonFactory(leaves_on=day(14))
    HELD[kind](leaves)
    AlertFactory(recipient=PersonFactory(leaves_on=day(14)))

    assert look(0, ["leaver"]) == 1
    assert Alert.objects.get(rule="leaver").record == leaves


def test_what_was_overdue_before_anybody_watched_is_summarised():
    CustodyFactory(due_back_on=day(-10))

    look(0, ["loan"])

    assert Alert.objects.get().state == "lapsed"


def test_every_rule_of_the_table_is_tried():
    assert set(MADE) == set(RULE)
