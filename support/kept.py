"""What became of the promises of the service levels: kept, missed, and how long it took."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from statistics import median

from django.db.models import QuerySet
from django.utils import timezone

from people.models import Location
from support import business_time, service_levels
from support.business_time import Hours
from support.models import BusinessHours, Ticket
from support.models.desk import Priority


@dataclass
class Kept:
    """The tickets of one priority that were opened in one month, by its first day.

    Times are in seconds of business time, less what was waited for others. Only what was promised
    counts as kept or missed; what is still open and late is missed.
    """

    month: date
    priority: Priority
    tickets: int = 0
    answered: list[bool] = field(default_factory=list)
    solved: list[bool] = field(default_factory=list)
    answer_times: list[int] = field(default_factory=list)
    solution_times: list[int] = field(default_factory=list)

    @property
    def answer_minutes(self) -> int | None:
        return _median(self.answer_times)

    @property
    def solution_minutes(self) -> int | None:
        return _median(self.solution_times)

    @property
    def missed(self) -> int:
        """Promises that were not kept, of both kinds."""
        return self.answered.count(False) + self.solved.count(False)

    def add(self, ticket: Ticket, hours: Hours, at: datetime) -> None:
        """Count a ticket as it is at the moment `at`."""
        self.tickets += 1
        if ticket.responded_at:
            seconds = business_time.between(hours, ticket.opened_at, ticket.responded_at)
            self.answer_times.append(seconds)
        stopped = _stopped(ticket)
        if stopped:
            seconds = business_time.between(hours, ticket.opened_at, stopped)
            self.solution_times.append(max(0, seconds - ticket.waited_seconds))
        _judge(self.answered, ticket.respond_by, ticket.responded_at or stopped, at)
        # While it waits for others nothing is missed.
        _judge(self.solved, ticket.resolve_by, stopped, ticket.waiting_since or at)


def by_month(tickets: QuerySet[Ticket], at: datetime) -> list[Kept]:
    """By month of opening, the newest first, and by priority; in a constant number of queries."""
    found: dict[tuple[date, int], Kept] = {}
    hours_at = _hours_by_place()
    related = ("requester", "on_behalf_of")
    for ticket in tickets.order_by().select_related(*related).iterator(chunk_size=2000):
        month = timezone.localtime(ticket.opened_at).date().replace(day=1)
        key = month, ticket.priority
        kept = found.setdefault(key, Kept(month, Priority(ticket.priority)))
        person = ticket.on_behalf_of or ticket.requester
        kept.add(ticket, hours_at(ticket.location_id or person.location_id), at)
    return sorted(found.values(), key=lambda it: (-it.month.toordinal(), it.priority))


def _stopped(ticket: Ticket) -> datetime | None:
    """When the clock of what is solved stood still: earlier, where it waited until then."""
    if ticket.resolved_at is None:
        return None
    return min(ticket.waiting_since or ticket.resolved_at, ticket.resolved_at)


def _judge(
    judged: list[bool], promised: datetime | None, done: datetime | None, at: datetime
) -> None:
    """Whether a promise was kept, where that can be told at the moment `at`."""
    if promised and done:
        judged.append(done <= promised)
    elif promised and promised <= at:
        judged.append(False)


def _median(seconds: list[int]) -> int | None:
    return round(median(seconds) / 60) if seconds else None


def _hours_by_place() -> Callable[[int | None], Hours]:
    """The hours of a place by its key, as `service_levels.hours_of` finds them one by one."""
    own: dict[int, Hours] = {}
    usual = business_time.around_the_clock(service_levels.zone_of(""))
    rows = service_levels.complete().prefetch_related("locations").order_by("-name", "-pk")
    for hours in rows:
        read, places = service_levels.read(hours), list(_places(hours))
        own |= dict.fromkeys(places, read)
        usual = usual if places else read
    parents = dict(Location.objects.values_list("pk", "parent"))

    @cache
    def hours_at(place: int | None) -> Hours:
        seen: set[int] = set()
        while place and place not in seen:
            if place in own:
                return own[place]
            seen.add(place)
            place = parents.get(place)
        return usual

    return hours_at


def _places(hours: BusinessHours) -> Iterator[int]:
    return (it.pk for it in hours.locations.all())
