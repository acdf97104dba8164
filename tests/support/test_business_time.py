"""Business time, against counting minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.business_time import Hours, NeverOpen, after, around_the_clock, between

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {weekday: [(time(9), time(12, 30)), (time(13), time(17))] for weekday in range(5)}
NIGHT = {weekday: [(time(0), time(4)), (time(22), time(0))] for weekday in range(7)}
UNITY = date(2026, 10, 3)


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def slowly(hours, start, end):
    """The open minutes, each looked at by itself."""
    minute, count = start.astimezone(UTC), 0
    while minute < end:
        local = minute.astimezone(hours.zone)
        opened = [
            (opens, closes)
            for opens, closes in hours.shifts.get(local.weekday(), ())
            if opens <= local.time() and (local.time() < closes or closes == time(0))
        ]
        count += bool(opened) and local.date() not in hours.holidays
        minute += timedelta(minutes=1)
    return count


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-11-24 09:00", "2026-11-24 17:00", 450),
        ("2026-11-24 08:00", "2026-11-24 09:30", 30),
        ("2026-11-24 12:00", "2026-11-24 13:10", 40),
        ("2026-11-24 16:50", "2026-11-25 09:10", 20),
        ("2026-11-27 16:00", "2026-11-30 10:00", 120),
        ("2026-11-28 08:00", "2026-11-29 20:00", 0),
        ("2026-11-24 11:00", "2026-11-24 10:00", 0),
    ],
)
def test_time_is_counted_while_the_desk_works(start, end, minutes):
    assert between(Hours(BERLIN, OFFICE), at(start), at(end)) == minutes * 60


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-24 09:00", 60, "2026-11-24 10:00"),
        ("2026-11-24 12:00", 60, "2026-11-24 13:30"),
        ("2026-11-24 16:30", 60, "2026-11-25 09:30"),
        ("2026-11-27 20:00", 60, "2026-11-30 10:00"),
        ("2026-11-24 09:00", 450, "2026-11-24 17:00"),
        ("2026-12-24 16:00", 120, "2026-12-28 10:00"),
    ],
)
def test_a_promise_ends_after_so_much_working_time(start, minutes, due):
    hours = Hours(BERLIN, OFFICE, frozenset({date(2026, 12, 25)}))

    assert after(hours, at(start), minutes * 60) == at(due)


def test_a_night_shift_over_the_lost_hour_is_an_hour_shorter():
    hours = Hours(BERLIN, {6: [(time(0), time(6))]})

    lost = between(hours, at("2026-03-29 00:00"), at("2026-03-29 12:00"))
    doubled = between(hours, at("2026-10-25 00:00"), at("2026-10-25 12:00"))

    assert (lost, doubled) == (5 * 3600, 7 * 3600)


def test_shifts_that_overlap_are_counted_once():
    hours = Hours(BERLIN, {1: [(time(9), time(12)), (time(10), time(11)), (time(11), time(13))]})

    assert between(hours, at("2026-11-24 00:00"), at("2026-11-25 00:00")) == 4 * 3600


def test_hours_without_a_shift_promise_nothing():
    with pytest.raises(NeverOpen):
        after(Hours(BERLIN, {}), at("2026-11-24 09:00"), 60)


zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
).map(ZoneInfo)
weeks = st.sampled_from([OFFICE, NIGHT, {0: [(time(8), time(9))]}, dict.fromkeys(range(7), [])])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda it: it.replace(second=0, microsecond=0)
)
hours_of_any_kind = st.builds(
    lambda zone, week, holidays: Hours(zone, week, frozenset(holidays)),
    zones,
    weeks.filter(lambda week: any(week.values())),
    st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20),
)


@settings(max_examples=15, deadline=None)
@given(hours=hours_of_any_kind, start=moments, minutes=st.integers(0, 2 * 24 * 60))
@example(
    hours=Hours(BERLIN, NIGHT, frozenset({UNITY})), start=datetime(2026, 10, 24), minutes=2 * 1440
)
@example(hours=Hours(BERLIN, NIGHT), start=datetime(2026, 3, 28, 21), minutes=1440)
def test_it_agrees_with_looking_at_every_minute(hours, start, minutes):
    start = start.replace(tzinfo=UTC)
    end = start + timedelta(minutes=minutes)

    assert between(hours, start, end) == slowly(hours, start, end) * 60


@settings(max_examples=60, deadline=None)
@given(hours=hours_of_any_kind, start=moments, seconds=st.integers(1, 40 * 3600))
def test_what_is_added_is_what_is_counted(hours, start, seconds):
    start = start.replace(tzinfo=UTC)

    due = after(hours, start, seconds)

    assert between(hours, start, due) == seconds
    assert after(hours, start, seconds + 60) > due


@settings(max_examples=30, deadline=None)
@given(start=moments, seconds=st.integers(0, 10**6), zone=zones)
def test_around_the_clock_every_second_counts(start, seconds, zone):
    start = start.replace(tzinfo=UTC)

    assert after(around_the_clock(zone), start, seconds) == start + timedelta(seconds=seconds)


@settings(max_examples=30, deadline=None)
@given(hours=hours_of_any_kind, moments=st.lists(moments, min_size=3, max_size=3))
def test_parts_add_up_to_the_whole(hours, moments):
    first, middle, last = sorted(it.replace(tzinfo=UTC) for it in moments)

    parts = between(hours, first, middle) + between(hours, middle, last)

    assert parts == between(hours, first, last)
