"""The clocks of a ticket: by when it is to be answered and solved, and when that is at risk.

They run in business time (`support.business_time`) and stand still while the ticket waits for
others or is solved. ITIL 4, practice "service level management".
"""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from people.models import Location
from support import business_time
from support.business_time import Hours, NeverOpen
from support.models import BusinessHours, Holiday, ServiceLevel, Ticket

State = Ticket.State
PLACED_BY = ("location", "requester", "on_behalf_of")
"""What of a ticket says whose hours count, see `hours_of`."""
CLOCKS = ("respond_by", "resolve_by", "due_by", "at_risk_at")
STANDING = (
    State.WAITING_REQUESTER,
    State.WAITING_VENDOR,
    State.WAITING_APPROVAL,
    State.RESOLVED,
    State.CLOSED,
)
"""The states in which no clock runs."""


def start(ticket: Ticket) -> None:
    """Set the clocks of a new ticket, which the caller saves."""
    if ticket.state in STANDING:
        ticket.waiting_since = ticket.opened_at
    restart(ticket)


def begin(tickets: Iterable[Ticket]) -> None:
    """Set the clocks of tickets that began elsewhere, which the caller saves.

    What was solved there was promised nothing; if it is reopened, its rest does not count.
    """
    tickets = list(tickets)
    for ticket in tickets:
        if ticket.state in STANDING:
            ticket.waiting_since = ticket.resolved_at or ticket.opened_at
    restart_all(tickets)


def restart(ticket: Ticket) -> None:
    """Reckon the clocks anew from the opening, the priority and how long it waited."""
    _restart(ticket, ServiceLevel.objects.filter(priority=ticket.priority).first(), hours_of)


def restart_all(tickets: Iterable[Ticket]) -> None:
    """The same of many that are not solved, with a few queries per place."""
    levels = {level.priority: level for level in ServiceLevel.objects.all()}
    known: dict[int | None, Hours] = {}

    def hours(ticket: Ticket) -> Hours:
        key = _place_key(ticket)
        if key not in known:
            known[key] = hours_of(ticket)
        return known[key]

    for ticket in tickets:
        if ticket.state not in Ticket.ENDED:
            _restart(ticket, levels.get(ticket.priority), hours)


def _restart(ticket: Ticket, level: ServiceLevel | None, hours: Callable[[Ticket], Hours]) -> None:
    ticket.resolve_by = ticket.due_by = ticket.at_risk_at = None
    if (
        ticket.responded_at is None
    ):  # afterwards it stays, so that it can be told whether it was kept
        ticket.respond_by = None
    if level is None:
        return
    try:
        _reckon(ticket, level, hours(ticket))
    except NeverOpen:
        return  # hours without a shift promise nothing


def _reckon(ticket: Ticket, level: ServiceLevel, hours: Hours) -> None:
    waited = ticket.waited_seconds
    respond, resolve = level.respond_minutes * 60 + waited, level.resolve_minutes * 60 + waited
    # Set only until it was answered: what waits is answered already, but for an approval.
    if ticket.responded_at is None:
        ticket.respond_by = business_time.after(hours, ticket.opened_at, respond)
    ticket.resolve_by = business_time.after(hours, ticket.opened_at, resolve)
    if ticket.waiting_since is not None:
        return
    allowed = resolve if ticket.responded_at else respond
    risky = waited + (allowed - waited) * level.at_risk_percent // 100
    ticket.due_by = ticket.resolve_by if ticket.responded_at else ticket.respond_by
    ticket.at_risk_at = business_time.after(hours, ticket.opened_at, risky)


def enter(ticket: Ticket, state: Ticket.State, *, at: datetime) -> None:
    """Stop or start the clocks as the ticket enters a state; the caller saves it."""
    if state in STANDING:
        ticket.waiting_since = ticket.waiting_since or at
    elif ticket.waiting_since is not None:
        passed = business_time.between(hours_of(ticket), ticket.waiting_since, at)
        ticket.waited_seconds += passed
        ticket.waiting_since = None
    restart(ticket)


def respond(ticket: Ticket, *, at: datetime) -> None:
    """The desk has answered for the first time; the caller saves the ticket."""
    ticket.responded_at = ticket.responded_at or at


def hours_of(ticket: Ticket) -> Hours:
    """The hours of the ticket's place, else of the person it is for, else of all other places."""
    person = ticket.on_behalf_of or ticket.requester
    place = ticket.location or person.location
    found = _of_place(place) if place else None
    found = found or complete().filter(locations=None).first()
    return read(found) if found else business_time.around_the_clock(zone_of(""))


def _place_key(ticket: Ticket) -> int | None:
    """The place by which `hours_of` goes, without reading it."""
    if ticket.location:
        return ticket.location.pk
    return (ticket.on_behalf_of or ticket.requester).location_id


def _of_place(place: Location) -> BusinessHours | None:
    """Those of the innermost place that has some."""
    path: Location | None = place
    seen: set[int] = set()
    while path and path.pk not in seen:
        if found := complete().filter(locations=path).first():
            return found
        seen.add(path.pk)
        path = path.parent
    return None


def complete() -> QuerySet[BusinessHours]:
    holidays = Prefetch("holidays", Holiday.objects.order_by("on"))
    return BusinessHours.objects.prefetch_related("shifts", holidays)


def read(hours: BusinessHours) -> Hours:
    shifts: dict[int, list[tuple[time, time]]] = {}
    for shift in hours.shifts.all():
        shifts.setdefault(shift.weekday, []).append((shift.opens, shift.closes))
    return Hours(zone_of(hours.time_zone), shifts, frozenset(it.on for it in hours.holidays.all()))


def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name or settings.TIME_ZONE)
