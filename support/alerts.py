"""Who is told of what, and how long before: every rule stands in `RULES`, as data.

What becomes of them in the ledger is `support.ledger`; how staff change the days is
`support.lead_times`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet, Value
from django.db.models.expressions import Combinable

from assets.models import Asset
from config.history import Record
from contracts.models import Contract
from contracts.owners import who_answers
from people.roles import mailbox


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


def _notices(on: date, within: int) -> QuerySet[Contract]:
    return Contract.objects.notice_due(within, on) | Contract.objects.notice_passed(on)


def _endings(on: date, within: int) -> QuerySet[Contract]:
    return Contract.objects.ending(within, on) | Contract.objects.ended(on)


def _warranties(on: date, within: int) -> QuerySet[Asset]:
    return Asset.objects.warranty_ending(within, on) | Asset.objects.warranty_ended(on)


def _it(on: date) -> Combinable:
    return Value(mailbox("it").pk)


CONTRACT_LEADS = (90, 60, 30, 14, 7, 1)
RULES = (
    Rule(
        kind="contract_notice",
        model=Contract,
        rows=_notices,
        due="notice_by",
        leads=CONTRACT_LEADS,
        recipient=who_answers,
        role="finance",
        kind_path="kind",
        title="Notice to give",
        dates="notice dates",
        ahead="Notice is possible until",
        behind="Notice was possible until",
    ),
    Rule(
        kind="contract_end",
        model=Contract,
        rows=_endings,
        due="ends_on",
        leads=CONTRACT_LEADS,
        recipient=who_answers,
        role="finance",
        kind_path="kind",
        title="Contracts that end",
        dates="contract ends",
        ahead="The term ends on",
        behind="The term ended on",
    ),
    Rule(
        kind="warranty",
        model=Asset,
        rows=_warranties,
        due="warranty_ends_on",
        leads=(60, 30, 7),
        recipient=_it,
        role="it",
        category_path="product__category",
        title="Warranties that end",
        dates="warranty ends",
        ahead="The warranty ends on",
        behind="The warranty ended on",
    ),
)
