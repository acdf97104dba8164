"""What is paid for seats that nobody uses: idle seats, those of leavers, and use by licence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from assets.models import Product
from config.admin.reporting import Column, LinkFilter, Report
from config.money import Money, by_currency
from contracts import licences
from contracts.admin.licence import LicenceAdmin
from contracts.admin.seat import SeatAdmin
from contracts.admin.seat_steps import DAYS, PERMISSION
from contracts.models import Contract, Licence, Seat
from contracts.seat_costs import cost_per_seat, unused_cost, with_costs
from people.models import Person

USED_WITHIN = 90
SAVING = "Saves a year"


class IdleFilters(django_filters.FilterSet):
    days = django_filters.TypedChoiceFilter(
        label="Not used for",
        choices=[(str(days), f"{days} days") for days in DAYS],
        coerce=int,
        initial="90",
        method="keep",
    )
    licence = LinkFilter(Seat.licence, label="Licence")
    person__department = LinkFilter(Person.department, label="Department")

    class Meta:
        model = Seat
        fields: Sequence[str] = []

    def keep(self, rows: QuerySet[Seat], name: str, days: int) -> QuerySet[Seat]:
        idle = Seat.objects.idle(days, timezone.localdate())
        return rows.filter(pk__in=idle.order_by().values("pk"))


class LeaverFilters(django_filters.FilterSet):
    licence = LinkFilter(Seat.licence, label="Licence")
    person__department = LinkFilter(Person.department, label="Department")

    class Meta:
        model = Seat
        fields: Sequence[str] = []


@dataclass(frozen=True)
class Line:
    """One seat, and what giving it up saves a year."""

    seat: Seat
    saving: Money | None


def lines(rows: QuerySet[Seat]) -> list[Line]:
    """The seats, each with its saving: of those a licence has too many, the last save nothing."""
    seats = list(
        rows.order_by("licence__product__name", "licence", "since", "pk").select_related(
            "person__department", "asset__product", "asset__holder", "location"
        )
    )
    found: Any = Licence.objects.filter(pk__in={seat.licence_id for seat in seats})
    known = {it.pk: it for it in with_costs(found.with_taken())}
    worth = {pk: _saving(known[pk], count) for pk, count in _counted(seats).items()}
    shown = []
    for seat in seats:
        seat.licence = known[seat.licence_id]
        left = worth[seat.licence_id]
        shown.append(Line(seat, left.pop() if left else None))
    return shown


def _counted(seats: Iterable[Seat]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for seat in seats:
        counts[seat.licence_id] = counts.get(seat.licence_id, 0) + 1
    return counts


def _saving(licence: Any, count: int) -> list[Money]:
    """The cost of each of `count` seats that becomes free when all of them are given up."""
    each = cost_per_seat(licence)
    if each is None or licence.seats is None:
        return []
    too_many = max(0, licence.taken - licence.seats)
    return [each] * max(0, count - too_many)


def totals(rows: Sequence[Line]) -> list[tuple[str, str]]:
    """In each currency what all lines save."""
    sums = by_currency(line.saving for line in rows if line.saving is not None)
    return [(f"{SAVING}, in all", str(money)) for money in sums]


def page_of(line: Line) -> str:
    return reverse("admin:contracts_licence_change", args=[line.seat.licence_id])


def button(step: str, label: str) -> Any:
    def actions(request: HttpRequest, line: Line) -> list[tuple[str, str]]:
        if not request.user.has_perm(PERMISSION):
            return []
        return [(label, reverse("admin:contracts_seat_step", args=[line.seat.pk, step]))]

    return actions


OF_SEATS = [
    Column("Licence", lambda line: str(line.seat.licence), link=page_of),
    Column("Whose", lambda line: str(line.seat.holder)),
    Column(
        "Department",
        lambda line: str((line.seat.person and line.seat.person.department) or ""),
    ),
    Column("Since", lambda line: line.seat.since),
    Column("Last used", lambda line: line.seat.last_used_on),
]
SAVED = Column(SAVING, lambda line: line.saving, amount=True)

IDLE = Report(
    slug="idle-seats",
    title="Idle seats",
    permission="contracts.view_licence",
    export_permission="contracts.export_seat",
    columns=[*OF_SEATS, SAVED],
    filterset=IdleFilters,
    rows=lambda filters: lines(filters.qs),
    totals=totals,
    actions=button("reclaim", "Reclaim"),
    help="What a seat saves is the cost of its licence a year, divided by the seats that were"
    " bought. Where more are taken than were bought, giving up the surplus saves nothing.",
    empty="No seat has been unused for so long. Import the use of seats to know of more.",
)
LEAVERS = Report(
    slug="seats-of-leavers",
    title="Seats of leavers",
    permission="contracts.view_licence",
    export_permission="contracts.export_seat",
    columns=[
        *OF_SEATS[:3],
        Column("Left", lambda line: line.seat.person.leaves_on),
        *OF_SEATS[3:],
        SAVED,
    ],
    filterset=LeaverFilters,
    rows=lambda filters: lines(filters.qs.of_leavers(timezone.localdate())),
    totals=totals,
    actions=button("take_back", "Take back"),
    help="Seats of people who have left, or whose login is switched off.",
    empty="Nobody who has left still has a seat.",
)
SeatAdmin.reports = [*SeatAdmin.reports, IDLE, LEAVERS]


# --- By licence ---


class UsageFilters(django_filters.FilterSet):
    product__category = LinkFilter(Product.category, label="Category")
    contract__vendor = LinkFilter(Contract.vendor, label="Vendor of its contract")
    metric = django_filters.ChoiceFilter(label="Metric", choices=Licence.Metric.choices)

    class Meta:
        model = Licence
        fields: Sequence[str] = []


def used_seats(rows: QuerySet[Licence]) -> list[Any]:
    """The licences of `rows`, each with `taken`, and `used` within USED_WITHIN days."""
    found: Any = Licence.objects.filter(pk__in=rows.order_by().values("pk"))
    return list(with_costs(found.with_taken().with_used(USED_WITHIN, timezone.localdate())))


def unused(licence: Any) -> Money | None:
    """What is paid a year for seats that nobody has used: bought, less used."""
    return unused_cost(licence, licence.used)


def usage_totals(rows: Sequence[Any]) -> list[tuple[str, str]]:
    sums = by_currency(money for money in map(unused, rows) if money is not None)
    return [("Paid for unused seats a year", str(money)) for money in sums]


def _excess(licence: Any) -> str:
    count = licences.excess(licence, licence.taken)
    return f"{count} more than bought" if count else ""


USAGE = Report(
    slug="licence-usage",
    title="Licence usage",
    permission="contracts.view_licence",
    export_permission="contracts.export_licence",
    columns=[
        Column(
            "Licence",
            str,
            link=lambda it: reverse("admin:contracts_licence_change", args=[it.pk]),
        ),
        Column("Bought", lambda it: it.seats, amount=True),
        Column("Taken", lambda it: it.taken, amount=True),
        Column(f"Used in {USED_WITHIN} days", lambda it: it.used, amount=True),
        Column("Reported in use", lambda it: it.reported_in_use, amount=True),
        Column("Over-allocated", _excess),
        Column("A seat, a year", cost_per_seat, amount=True),
        Column("Unused a year", unused, amount=True),
    ],
    filterset=UsageFilters,
    rows=lambda filters: used_seats(filters.qs),
    totals=usage_totals,
    help=f"Unused are the seats that were bought, less those used within {USED_WITHIN} days. Where"
    " no use is known it was never imported: look before you cut.",
    empty="Add licences, or import them.",
)
LicenceAdmin.reports = [*LicenceAdmin.reports, USAGE]
