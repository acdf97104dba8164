"""What the rules of `support.alerts` watch, and whom each row concerns.

A function of rows takes the day `on` and a number of days; it returns what is due before `on` or
within so many days of it. One of recipients takes the day, and returns for each row the key of the
person to tell.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from assets.models import Asset, Custody, Handover, Order, Product, Release, Repair, StockItem
from contracts.models import Contract, Decision, Licence, Seat, Term
from contracts.owners import reachable, who_answers
from contracts.savings.tools import IDLE_DAYS
from people.mailboxes import mailbox
from people.models import Person
from support import holdings
from support.models import Approval, Ticket

ANSWER_WITHIN = 7
"""Days in which somebody should say that they received what was handed to them."""

type Recipient = Callable[[date], Combinable]

# --- Contracts and licences ---


def notices(on: date, within: int) -> QuerySet[Contract]:
    return Contract.objects.filter(notice_by__lte=on + timedelta(within))


def endings(on: date, within: int) -> QuerySet[Contract]:
    return Contract.objects.filter(ends_on__lte=on + timedelta(within))


def notice_missed() -> Exists:
    """For an alert: whether the contract renewed by itself, since nobody gave notice by its day."""
    return Exists(_rolled_over())


def end_missed() -> Exists:
    """The same of a contract that needs no notice: it could be ended until its last day."""
    return Exists(_rolled_over().filter(notice=0))


def _rolled_over() -> QuerySet[Term]:
    later = Term.objects.filter(contract=OuterRef("object_id"), starts_on__gt=OuterRef("due_on"))
    return later.filter(rolled_over=True)


def unconfirmed(on: date, within: int) -> QuerySet[Decision]:
    return Decision.objects.unconfirmed().filter(ends_on__lte=on + timedelta(within))


def licence_endings(on: date, within: int) -> QuerySet[Licence]:
    return Licence.objects.filter(ends_on__lte=on + timedelta(within))


def over_allocated(on: date, within: int) -> QuerySet[Licence]:
    return Licence.objects.current(on).over_allocated()


def with_idle_seats(on: date, within: int) -> QuerySet[Licence]:
    idle = Seat.objects.idle(IDLE_DAYS, on).filter(licence=OuterRef("pk"))
    return Licence.objects.current(on).filter(Exists(idle))


# --- Assets and what supports them ---


def warranties(on: date, within: int) -> QuerySet[Asset]:
    return Asset.objects.in_service().filter(warranty_ends_on__lte=on + timedelta(within))


def products(on: date, within: int) -> QuerySet[Product]:
    """Those of which something is in service."""
    used = Asset.objects.in_service().filter(product=OuterRef("pk"))
    return Product.objects.filter(Exists(used), end_of_life_on__lte=on + timedelta(within))


def releases(on: date, within: int) -> QuerySet[Release]:
    """Those that something in service runs."""
    used = Asset.objects.in_service().filter(release=OuterRef("pk"))
    return Release.objects.filter(Exists(used), ends_on__lte=on + timedelta(within))


def loans(on: date, within: int) -> QuerySet[Custody]:
    return Custody.objects.open().filter(due_back_on__lte=on + timedelta(within))


def repairs(on: date, within: int) -> QuerySet[Repair]:
    return Repair.objects.open().filter(due_back_on__lte=on + timedelta(within))


def orders(on: date, within: int) -> QuerySet[Order]:
    return Order.objects.awaited().filter(expected_on__lte=on + timedelta(within))


def low_stock(on: date, within: int) -> QuerySet[StockItem]:
    return StockItem.objects.low()


# --- People ---


def handovers(on: date, within: int) -> QuerySet[Handover]:
    last = on + timedelta(within)
    return Handover.objects.waiting().answer_due_by(last, days=ANSWER_WITHIN)


def leavers(on: date, within: int) -> QuerySet[Person]:
    """Those who leave or have left and still hold, own or answer for something.

    Alerts count for nothing here: of who has left the ledger itself gives them to others.
    """
    still = holdings.something(on, but=["alerts"])
    return Person.objects.filter(still, leaves_on__lte=on + timedelta(within))


# --- Tickets ---


def approvals(on: date, within: int) -> QuerySet[Approval]:
    return Approval.objects.waiting().filter(due_on__lte=on + timedelta(within))


def tickets_at_risk(on: date, within: int) -> QuerySet[Ticket]:
    return Ticket.objects.at_risk(_moment(on))


def tickets_missed(on: date, within: int) -> QuerySet[Ticket]:
    return Ticket.objects.missed(_moment(on))


def _moment(on: date) -> datetime:
    """This moment of today; of another day its end, or its beginning where it is to come."""
    now = timezone.now()
    midnight = timezone.make_aware(datetime.combine(on, time.min))
    return min(max(now, midnight), midnight + timedelta(1)) if on != timezone.localdate() else now


# --- Who is told ---


def contract_owner(path: str = "", role: str = "finance") -> Recipient:
    """Whoever answers for the contract at this path, such as "contract__"; else the role."""

    def recipient(on: date) -> Combinable:
        return who_answers(on, path=path, role=role)

    return recipient


def person(path: str, role: str = "it") -> Recipient:
    """The person at this path, if here and with an e-mail; else the role."""

    def recipient(on: date) -> Combinable:
        return Coalesce(reachable(path, on), Value(mailbox(role).pk))

    return recipient


def role(name: str) -> Recipient:
    """The mailbox of a role."""

    def recipient(on: date) -> Combinable:
        return Value(mailbox(name).pk)

    return recipient
