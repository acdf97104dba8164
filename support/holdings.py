"""All that somebody has or answers for: what must be back or with another when they leave."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import Asset, StockItem
from contracts.models import Contract, Seat
from people.models import Department, Person
from support.models import Alert, Approval, Ticket


@dataclass(frozen=True)
class Holdings:
    """What one person holds, uses, owns and is asked, on one day."""

    person: Person
    assets: Sequence[Asset]
    seats: Sequence[Seat]
    stock: Sequence[Any]
    """Stock items, each with how many in `held`."""
    contracts: Sequence[Contract]
    work: Sequence[Ticket]
    approvals: Sequence[Approval]
    alerts: Sequence[Alert]
    departments: Sequence[Department]
    reports: Sequence[Person]

    @property
    def to_return(self) -> bool:
        return bool(self.assets or self.seats or self.stock)

    def __bool__(self) -> bool:
        return any(self.sentences())

    def sentences(self) -> Iterator[str]:
        """One for each thing, as a ticket or a refusal lists them."""
        for asset in self.assets:
            number = f", serial number {asset.serial}" if asset.serial else ""
            yield f"{asset.product}, {asset.tag}{number}"
        for seat in self.seats:
            yield f"Seat of {seat.licence.name}"
        for item in self.stock:
            yield f"{item.held} × {item.name}"
        for contract in self.contracts:
            yield f"Owns the contract {contract}"
        for ticket in self.work:
            yield f"Works on {ticket}"
        for approval in self.approvals:
            yield f"Is asked to approve {approval.ticket}"
        if self.alerts:
            yield f"Has {len(self.alerts)} open alert{'s' if len(self.alerts) > 1 else ''}"
        for department in self.departments:
            yield f"Heads the department {department}"
        if self.reports:
            yield "Manages " + ", ".join(map(str, self.reports))


def of(person: Person, on: date) -> Holdings:
    """What a person has on the day `on`, in a constant number of queries."""
    return Holdings(person, **{kind: list(rows) for kind, rows in _rows(person, on).items()})


def something(on: date, *, but: Collection[str] = ()) -> Q:
    """Of a person in a query: whether `of` finds anything on the day `on`, but for these kinds."""
    kinds = _rows(OuterRef("pk"), on).items()
    return reduce(or_, (Q(Exists(rows.order_by())) for kind, rows in kinds if kind not in but))


def _rows(person: Person | OuterRef, on: date) -> dict[str, QuerySet[Any]]:
    """What a person has, by the names of `Holdings`."""
    assets = Asset.objects.filter(holder=person).select_related("product__maker")
    seats = Seat.objects.taken().filter(person=person)
    running = Contract.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), owner=person)
    work = Ticket.objects.filter(assignee=person).exclude(state__in=Ticket.ENDED)
    approvals = Approval.objects.waiting().filter(approver=person).select_related("ticket")
    alerts = Alert.objects.open().filter(recipient=person)
    return {
        "assets": assets.order_by("tag"),
        "seats": seats.select_related("licence__product__maker", "person").order_by("pk"),
        "stock": StockItem.objects.held_by(person).select_related("location"),
        "contracts": running.order_by("number"),
        "work": work.order_by("pk"),
        "approvals": approvals.order_by("pk"),
        "alerts": alerts.order_by("due_on", "pk"),
        "departments": Department.objects.filter(head=person).order_by("name"),
        "reports": Person.objects.employed(on).filter(manager=person).order_by("name"),
    }
