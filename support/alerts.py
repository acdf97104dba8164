"""Who is told of what, and how long before: every rule stands in `RULES`, as data.

What becomes of them in the ledger is `support.ledger`; how staff change the days is
`support.lead_times`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from assets.models import Asset, Custody, Handover, Order, Product, Release, Repair, StockItem
from config.history import Record
from contracts.models import Contract, Decision, Licence
from people.models import Person
from support import watched


@dataclass(frozen=True)
class Rule:
    """One kind of date or condition that somebody is told of."""

    kind: str  # in the ledger, for ever
    model: type[Record]
    rows: Callable[[date, int], QuerySet[Any]]  # due before `on` or within so many days of it
    due: str  # the column or annotation with the date; "": a condition, due when first seen
    leads: tuple[int, ...]  # how many days before it somebody is told, the most distant first
    recipient: Callable[[date], Combinable]  # the key of the person to tell on that day
    role: str  # whose mailbox hears what nobody else can: "it", "finance" or "service_desk"
    title: str  # what the digest calls a group of these
    dates: str  # what it calls many such dates
    ahead: str  # what it says before a date to come
    behind: str  # and before one that has passed
    kind_path: str = ""  # leads from the record to the kind of its contract; "": it has none
    category_path: str = ""  # and to its asset category
    at_once: bool = False  # told by a mail of its own, not in that of the day
    grace: int = 0  # days after the date until what nobody answered is escalated

    @property
    def is_standing(self) -> bool:
        return not self.due

    @property
    def record_type(self) -> ContentType:
        return ContentType.objects.get_for_model(self.model)


CONTRACT_LEADS = (90, 60, 30, 14, 7, 1)
SUPPORT_LEADS = (180, 90, 30)
STANDING = (0,)
UNANSWERED = 7
"""Days after which a condition that nobody answered is escalated."""
RULES = (
    Rule(
        kind="contract_notice",
        model=Contract,
        rows=watched.notices,
        due="notice_by",
        leads=CONTRACT_LEADS,
        recipient=watched.contract_owner(),
        role="finance",
        title="Notice to give",
        dates="notice dates",
        ahead="Notice is possible until",
        behind="Notice was possible until",
        kind_path="kind",
    ),
    Rule(
        kind="contract_end",
        model=Contract,
        rows=watched.endings,
        due="ends_on",
        leads=CONTRACT_LEADS,
        recipient=watched.contract_owner(),
        role="finance",
        title="Contracts that end",
        dates="contract ends",
        ahead="The term ends on",
        behind="The term ended on",
        kind_path="kind",
    ),
    Rule(
        kind="notice_unconfirmed",
        model=Decision,
        rows=watched.unconfirmed,
        due="ends_on",
        leads=(30, 14, 7, 1),
        recipient=watched.contract_owner("contract__"),
        role="finance",
        title="Cancellations that nobody confirmed",
        dates="ends of cancelled contracts",
        ahead="The vendor has not confirmed the end on",
        behind="The vendor had not confirmed the end on",
        kind_path="contract__kind",
    ),
    Rule(
        kind="licence_end",
        model=Licence,
        rows=watched.licence_endings,
        due="ends_on",
        leads=CONTRACT_LEADS,
        recipient=watched.contract_owner("contract__", "it"),
        role="it",
        title="Licences that end",
        dates="licence ends",
        ahead="The licence ends on",
        behind="The licence ended on",
        kind_path="contract__kind",
        category_path="product__category",
    ),
    Rule(
        kind="over_allocated",
        model=Licence,
        rows=watched.over_allocated,
        due="",
        leads=STANDING,
        recipient=watched.contract_owner("contract__", "it"),
        role="it",
        title="Licences with more seats in use than bought",
        dates="licences in use beyond what was bought",
        ahead="In use beyond what was bought since",
        behind="In use beyond what was bought since",
        kind_path="contract__kind",
        category_path="product__category",
        grace=UNANSWERED,
    ),
    Rule(
        kind="idle_seats",
        model=Licence,
        rows=watched.with_idle_seats,
        due="",
        leads=STANDING,
        recipient=watched.contract_owner("contract__", "it"),
        role="it",
        title="Licences with seats that nobody uses",
        dates="licences with unused seats",
        ahead="Seats are unused, seen on",
        behind="Seats are unused, seen on",
        kind_path="contract__kind",
        category_path="product__category",
        grace=UNANSWERED,
    ),
    Rule(
        kind="warranty",
        model=Asset,
        rows=watched.warranties,
        due="warranty_ends_on",
        leads=(60, 30, 7),
        recipient=watched.role("it"),
        role="it",
        title="Warranties that end",
        dates="warranty ends",
        ahead="The warranty ends on",
        behind="The warranty ended on",
        category_path="product__category",
    ),
    Rule(
        kind="product_end",
        model=Product,
        rows=watched.products,
        due="end_of_life_on",
        leads=SUPPORT_LEADS,
        recipient=watched.role("it"),
        role="it",
        title="Products at the end of their life",
        dates="ends of life",
        ahead="Its maker supports it until",
        behind="Its maker supported it until",
        category_path="category",
    ),
    Rule(
        kind="support_end",
        model=Release,
        rows=watched.releases,
        due="ends_on",
        leads=SUPPORT_LEADS,
        recipient=watched.role("it"),
        role="it",
        title="Releases whose support ends",
        dates="ends of support",
        ahead="Support ends on",
        behind="Support ended on",
    ),
    Rule(
        kind="loan",
        model=Custody,
        rows=watched.loans,
        due="due_back_on",
        leads=(7, 1, 0),
        recipient=watched.person("holder"),
        role="it",
        title="Loans to give back",
        dates="loans to give back",
        ahead="Due back on",
        behind="Was due back on",
        category_path="asset__product__category",
        grace=3,
    ),
    Rule(
        kind="repair",
        model=Repair,
        rows=watched.repairs,
        due="due_back_on",
        leads=(0,),
        recipient=watched.role("it"),
        role="it",
        title="Repairs that should be back",
        dates="repairs due back",
        ahead="Due back from repair on",
        behind="Was due back from repair on",
        category_path="asset__product__category",
        grace=3,
    ),
    Rule(
        kind="order",
        model=Order,
        rows=watched.orders,
        due="expected_on",
        leads=(0,),
        recipient=watched.role("it"),
        role="it",
        title="Orders that should have arrived",
        dates="expected deliveries",
        ahead="Expected on",
        behind="Was expected on",
        grace=3,
    ),
    Rule(
        kind="leaver",
        model=Person,
        rows=watched.leavers,
        due="leaves_on",
        leads=(14, 7, 1, 0),
        recipient=watched.person("manager"),
        role="it",
        title="Leavers who still hold something",
        dates="last days of people who hold something",
        ahead="The last day is",
        behind="The last day was",
        grace=1,
    ),
    Rule(
        kind="handover",
        model=Handover,
        rows=watched.handovers,
        due="answer_due_on",
        leads=(4, 0),
        recipient=watched.person("to"),
        role="it",
        title="Handovers to accept",
        dates="handovers to accept",
        ahead="Please accept it by",
        behind="It was to be accepted by",
        grace=3,
    ),
    Rule(
        kind="stock_low",
        model=StockItem,
        rows=watched.low_stock,
        due="",
        leads=STANDING,
        recipient=watched.role("it"),
        role="it",
        title="Stock that runs low",
        dates="items that run low",
        ahead="At or below its minimum since",
        behind="At or below its minimum since",
        category_path="category",
        grace=UNANSWERED,
    ),
)
