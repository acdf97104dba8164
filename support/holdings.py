"""All that somebody has or answers for: what must be back or with another when he leaves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from assets.models import Asset
from contracts.models import Contract, Seat
from people.models import Department, Person
from support.models import Alert, Approval, Ticket


@dataclass(frozen=True)
class Holdings:
    """What one person holds, uses, owns and is asked, on one day."""

    assets: Sequence[Asset]
    seats: Sequence[Seat]
    contracts: Sequence[Contract]
    work: Sequence[Ticket]
    approvals: Sequence[Approval]
    alerts: Sequence[Alert]
    departments: Sequence[Department]
    reports: Sequence[Person]

    @property
    def to_return(self) -> bool:
        return bool(self.assets or self.seats)

    @property
    def to_transfer(self) -> bool:
        return bool(self.contracts or self.work or self.approvals or self.alerts)

    def __bool__(self) -> bool:
        return self.to_return or self.to_transfer

    def sentences(self) -> Iterator[str]:
        """One for each thing, as a ticket or a refusal lists them."""
        for asset in self.assets:
            number = f", serial number {asset.serial}" if asset.serial else ""
            yield f"{asset.product}, {asset.tag}{number}"
        for seat in self.seats:
            yield f"Seat of {seat.licence.name}"
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
    seats = person.seats.taken().select_related("licence__product__maker", "person")
    owned = Q(owner=person) & (Q(ends_on=None) | Q(ends_on__gte=on))
    approvals = person.approvals.waiting().select_related("ticket")
    return Holdings(
        assets=list(person.assets.select_related("product__maker").order_by("tag")),
        seats=list(seats.order_by("pk")),
        contracts=list(Contract.objects.filter(owned).order_by("number")),
        work=list(person.work.exclude(state__in=Ticket.ENDED).order_by("pk")),
        approvals=list(approvals.order_by("pk")),
        alerts=list(person.alerts.open().order_by("due_on", "pk")),
        departments=list(person.departments_headed.order_by("name")),
        reports=list(person.reports.employed(on).order_by("name")),
    )
