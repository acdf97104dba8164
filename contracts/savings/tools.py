"""Licences: seats that nobody uses, and several tools that do the same for the same people."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Q, QuerySet

from assets.models import Category
from assets.precaution import told
from config.money import Money
from contracts.models import Licence, Seat
from contracts.savings.line import Kind, Line, counted, named, worth
from contracts.seat_costs import cost_a_year, cost_per_seat, with_costs
from people.models import Department

IDLE_DAYS = 90
TOOLS = [Category.Kind.SERVICE, Category.Kind.CLOUD]


# --- Idle seats ---


def idle_seats(on: date) -> list[Line]:
    """For each licence its seats unused for IDLE_DAYS, at the cost of a bought seat a year.

    Taking back what is used beyond the bought seats saves nothing: only what becomes free counts.
    """
    idle = list(
        Seat.objects.idle(IDLE_DAYS, on)
        .select_related("person", "asset", "location")
        .order_by("licence", "since", "pk")
    )
    licences = _paid(Licence.objects.filter(pk__in={seat.licence_id for seat in idle}))
    found = []
    for key, seats in groupby(idle, key=lambda seat: seat.licence_id):
        if line := _idle_line(licences.get(key), list(seats)):
            found.append(line)
    return found


def _paid(licences: QuerySet[Licence]) -> dict[int, Licence]:
    rows = with_costs(licences.with_taken())  # type: ignore[attr-defined]
    return {it.pk: it for it in rows.select_related("contract__department", "product__maker")}


def _idle_line(licence: Licence | None, seats: Sequence[Seat]) -> Line | None:
    each = cost_per_seat(licence) if licence else None
    if licence is None or each is None:
        return None
    bought, taken = licence.seats or 0, licence.taken  # type: ignore[attr-defined]
    freed = max(0, bought - taken + len(seats)) - max(0, bought - taken)
    if not each or not freed:
        return None
    evidence = f"{len(seats)} of {counted(taken, 'seat')} unused for {IDLE_DAYS} days: "
    evidence += named([_unused(seat) for seat in seats])
    if freed < len(seats):
        evidence += f". More are taken than the {bought} bought, so {freed} would become free"
    return Line(
        Kind.IDLE_SEATS,
        licence,
        str(licence),
        f"{evidence}.",
        worth(each.amount * freed, each.currency),
        whole=len(seats) == taken,
        department=licence.contract.department if licence.contract else None,
    )


def _unused(seat: Seat) -> str:
    used = f"last used on {told(seat.last_used_on)}" if seat.last_used_on else "never used"
    return f"{seat.holder} ({used}, given on {told(seat.since)})"


# --- Duplicate tools ---


@dataclass(frozen=True)
class Tool:
    """A licence, what it costs a year, and who has a seat of it."""

    licence: Licence
    cost: Money
    people: frozenset[int]

    @property
    def department(self) -> Department | None:
        return self.licence.contract.department if self.licence.contract else None


def duplicate_tools(on: date) -> list[Line]:
    """Licences that people have beside one of another product in the same category.

    Of two that share people, or a department, the cheaper one could go; where a category's tools
    are paid in several currencies, the one with fewer people. Each counts once.
    """
    current: QuerySet[Licence] = Licence.objects.current(on).filter(
        Q(contract=None) | ~Q(contract__decision="cancel"), product__category__kind__in=TOOLS
    )
    people = _people_of(current)
    tools: defaultdict[int, list[Tool]] = defaultdict(list)
    for licence in _paid(current.select_related("product__category")).values():
        cost = _cost_of(licence)
        if cost and not _is_over(licence, on):
            tool = Tool(licence, cost, frozenset(people[licence.pk]))
            tools[licence.product.category_id].append(tool)
    return [line for alike in tools.values() for line in _superfluous(alike)]


def _people_of(licences: QuerySet[Licence]) -> defaultdict[int, set[int]]:
    seats = Seat.objects.taken().filter(licence__in=licences.values("pk"), person__isnull=False)
    people: defaultdict[int, set[int]] = defaultdict(set)
    for licence, person in seats.order_by().values_list("licence_id", "person_id"):
        people[licence].add(person)
    return people


def _cost_of(licence: Licence) -> Money | None:
    """What it costs a year, also where it has as many seats as are needed."""
    if licence.seats is None and licence.annual_cost is not None:
        return Money(licence.annual_cost, licence.currency)
    return cost_a_year(licence)


def _is_over(licence: Licence, on: date) -> bool:
    return licence.last_day is not None and licence.last_day < on


def _superfluous(tools: Sequence[Tool]) -> list[Line]:
    """One order for all tools of a category, so that of a group one is always kept."""
    if len({tool.cost.currency for tool in tools}) == 1:
        order = sorted(tools, key=lambda it: (it.cost.amount, -it.licence.pk))
    else:
        order = sorted(tools, key=lambda it: (len(it.people), -it.licence.pk))
    found = []
    for at, tool in enumerate(order):
        kept = [other for other in order[at + 1 :] if _does_the_same(tool, other)]
        if kept:
            found.append(_duplicate_line(tool, kept))
    return found


def _does_the_same(tool: Tool, other: Tool) -> bool:
    if tool.licence.product_id == other.licence.product_id:
        return False
    same = tool.department is not None and tool.department == other.department
    return same or not tool.people.isdisjoint(other.people)


def _duplicate_line(tool: Tool, kept: Collection[Tool]) -> Line:
    most = max(kept, key=lambda it: (len(tool.people & it.people), it.licence.pk))
    shared = len(tool.people & most.people)
    evidence = f"{shared} of {_had_by(tool)} also have {most.licence} ({most.cost} a year)"
    if not shared:
        evidence = f"{tool.department} also pays for {most.licence} ({most.cost} a year)"
    return Line(
        Kind.DUPLICATE_TOOLS,
        tool.licence,
        str(tool.licence),
        f"{evidence}; both are {tool.licence.product.category}.",
        worth(tool.cost.amount, tool.cost.currency),
        whole=True,
        department=tool.department,
    )


def _had_by(tool: Tool) -> str:
    return "1 person" if len(tool.people) == 1 else f"{len(tool.people)} people"
