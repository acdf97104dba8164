"""When somebody's mail of the day is due: at their own hour, on their own clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from support.models import DigestTime

LATE = timedelta(hours=1)
"""How long after midnight the mail of the day before still goes, whose hour came just before it."""

type Clock = Callable[[time | None, str | None], date | None]


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which the clocks of a zone show `at` on the day `day`.

    Of an hour that comes twice it is the first. An hour that the clocks leave out is taken by the
    clock as it was before: with 2 o'clock set forward to 3, half past two is half past three.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def day_due(now: datetime, at: time, zone: ZoneInfo) -> date | None:
    """The local day whose mail is due by the moment `now`; None where its hour is still to come.

    Just after midnight it may be the day before: whoever looks every few minutes would otherwise
    never find the mail of 23:58 due.
    """
    today = now.astimezone(zone).date()
    if moment(today, at, zone) <= now:
        return today
    yesterday = today - timedelta(1)
    since = now - moment(yesterday, at, zone)
    return yesterday if timedelta(0) <= since < LATE else None


def clock(now: datetime) -> Clock:
    """`day_due` of the moment `now` for an hour and the name of a zone, each None if not set."""

    @cache
    def due(at: time | None, zone: str | None) -> date | None:
        return day_due(now, at or default_hour(), zone_of(zone))

    return due


def default_hour() -> time:
    return time(DigestTime.DEFAULT_HOUR)


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; that of the organisation, where none is set or it is no more."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (KeyError, ValueError, OSError):  # as ZoneInfo says that it knows no such zone
        return ZoneInfo(settings.TIME_ZONE)
