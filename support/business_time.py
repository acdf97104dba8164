"""Time in which the desk works: counted between two moments, and added to one.

Moments are aware datetimes. A shift is given in local time and counted in the seconds that really
pass: on the day the clocks go forward, a shift over that hour is an hour shorter.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)
LONGEST_SEARCH = 2000
"""Days looked ahead for open ones, before it counts as never open again."""


class NeverOpen(ValueError):
    """The hours leave no time in which so much work could be done."""


@dataclass(frozen=True)
class Hours:
    """Shifts by weekday (Monday is 0) in one time zone, and the days on which there are none."""

    zone: ZoneInfo
    shifts: Mapping[int, Sequence[tuple[time, time]]]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def stretches(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches of a local day, in UTC, in order; those that overlap are one."""
        if day in self.holidays:
            return
        last = datetime.min.replace(tzinfo=UTC)
        for opens, closes in sorted(self.shifts.get(day.weekday(), ())):
            end = day if closes != MIDNIGHT else day + timedelta(1)
            start = max(self._moment(day, opens), last)
            last = max(self._moment(end, closes), last)
            if start < last:
                yield start, last

    def _moment(self, day: date, at: time) -> datetime:
        # What the clock skips is taken as the moment after the skip, as `datetime` does for fold 0.
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def around_the_clock(zone: ZoneInfo) -> Hours:
    return Hours(zone, {weekday: [(MIDNIGHT, MIDNIGHT)] for weekday in range(7)})


def between(hours: Hours, start: datetime, end: datetime) -> int:
    """The open seconds from `start` to `end`; 0 where the end comes first."""
    day, last = start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date()
    seconds = 0.0
    while day <= last:
        for opens, closes in hours.stretches(day):
            seconds += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
        day += timedelta(1)
    return int(seconds)


def after(hours: Hours, start: datetime, seconds: int) -> datetime:
    """The moment at which so many open seconds have passed since `start`, in UTC.

    Raises NeverOpen where the hours never bring that many.
    """
    day, left = start.astimezone(hours.zone).date(), float(seconds)
    for offset in range(LONGEST_SEARCH):
        for opens, closes in hours.stretches(day + timedelta(offset)):
            begun = max(opens, start)
            open_for = (closes - begun).total_seconds()
            if open_for >= left and open_for > 0:
                return begun.astimezone(UTC) + timedelta(seconds=left)
            left -= max(0.0, open_for)
    raise NeverOpen(f"These hours do not reach {seconds} seconds within {LONGEST_SEARCH} days.")
