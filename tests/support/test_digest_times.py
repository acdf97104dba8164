"""The mail of the day, at each recipient's own hour on his own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from people.models import Message
from support.digest_times import LATE, clock, day_due, moment
from support.digests import send_due_digests
from support.models import DigestTime
from tests.factories import AlertFactory, DigestTimeFactory, PersonFactory

TICK = timedelta(minutes=5)  # how often the scheduler looks
ZONES = sorted(name for name in available_timezones() if not name.startswith(("posix", "right")))
zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = st.times().map(lambda at: at.replace(microsecond=0, fold=0))
starts = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


def days_sent(start, at, zone, hours=100):
    """The days whose mail goes in so many hours from `start`, each with the moment at which."""
    sent = {}
    for number in range(int(timedelta(hours=hours) / TICK)):
        now = start + number * TICK
        day = day_due(now, at, zone)
        if day and day not in sent:
            sent[day] = now
    return sent


@settings(max_examples=150, deadline=None)
@given(starts, hours, zones)
def test_every_local_day_has_exactly_one_mail_and_none_before_its_hour(start, at, zone):
    sent = days_sent(start, at, zone)

    first = start.astimezone(zone).date() + timedelta(1)
    for number in range(3):  # whole days that the 100 hours contain
        day = first + timedelta(number)
        if exists(day, zone):
            assert day in sent
    for day, now in sent.items():
        assert moment(day, at, zone) <= now
        if now - TICK >= start:
            assert now - moment(day, at, zone) < max(LATE, timedelta(days=1))
    assert list(sent) == sorted(sent)


@settings(max_examples=150, deadline=None)
@given(starts, hours, zones)
def test_the_mail_goes_within_one_tick_of_its_hour(start, at, zone):
    late = [now - moment(day, at, zone) for day, now in days_sent(start, at, zone).items()]

    assert all(lateness < TICK for lateness in late[1:])


@settings(max_examples=150, deadline=None)
@given(starts, hours, zones)
def test_no_clock_shows_less_than_the_hour_that_was_chosen(start, at, zone):
    """Save after the clocks were set back, when the hour comes a second time."""
    for day, now in days_sent(start, at, zone, hours=30).items():
        local = now.astimezone(zone)
        assert local.date() > day or local.time() >= at or went_back(day, zone)


def exists(day, zone):
    """Whether a place had that day at all: Samoa had no 30 December 2011."""
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def went_back(day, zone):
    before = datetime.combine(day - timedelta(1), time(0), tzinfo=zone).utcoffset()
    return before > datetime.combine(day + timedelta(1), time(23, 59), tzinfo=zone).utcoffset()


BERLIN, SYDNEY, APIA = map(ZoneInfo, ["Europe/Berlin", "Australia/Sydney", "Pacific/Apia"])


@pytest.mark.parametrize(
    ("zone", "at", "day", "utc"),
    [
        (BERLIN, time(7), date(2026, 3, 28), "2026-03-28T06:00Z"),
        (BERLIN, time(7), date(2026, 3, 29), "2026-03-29T05:00Z"),  # 23 hours after the last
        (BERLIN, time(7), date(2026, 10, 25), "2026-10-25T06:00Z"),  # 25 hours after the last
        (BERLIN, time(2, 30), date(2026, 3, 29), "2026-03-29T01:30Z"),  # left out: 3:30
        (BERLIN, time(2, 30), date(2026, 10, 25), "2026-10-25T00:30Z"),  # twice: the first
        (SYDNEY, time(2, 30), date(2026, 10, 4), "2026-10-03T16:30Z"),
        (SYDNEY, time(2, 30), date(2026, 4, 5), "2026-04-04T15:30Z"),
        (APIA, time(7), date(2011, 12, 31), "2011-12-30T17:00Z"),
        (ZoneInfo("Asia/Kathmandu"), time(0), date(2028, 2, 29), "2028-02-28T18:15Z"),
    ],
)
def test_the_hour_of_a_day_on_the_clocks_of_a_place(zone, at, day, utc):
    assert moment(day, at, zone) == datetime.fromisoformat(utc)


def test_a_minute_before_midnight_is_found_just_after_it():
    five_past = datetime(2026, 11, 24, 23, 3, tzinfo=UTC)  # 00:03 in Berlin

    assert day_due(five_past, time(23, 59), BERLIN) == date(2026, 11, 24)
    assert day_due(five_past + LATE, time(23, 59), BERLIN) is None


def test_without_a_time_or_with_a_zone_that_is_no_more_those_of_the_organisation_hold(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    due = clock(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))

    assert due(None, None) == date(2026, 11, 24)
    assert due(None, "") == date(2026, 11, 24)
    assert due(None, "Europe/Atlantis") == date(2026, 11, 24)
    assert due(None, "America/New_York") is None


# --- With people and their alerts ---


@pytest.fixture
def berlin(db, settings, time_machine):
    settings.TIME_ZONE = "Europe/Berlin"
    time_machine.move_to("2026-11-24T05:00:00Z", tick=False)


def at(text):
    return datetime.fromisoformat(text)


def keys():
    return [message.key for message in Message.objects.order_by("pk")]


def someone(hour=None, zone=""):
    person = PersonFactory()
    if hour is not None:
        DigestTimeFactory(person=person, at=hour, time_zone=zone)
    raise_one(person)
    return person


def raise_one(person, on=date(2026, 11, 24)):
    AlertFactory(recipient=person, raised_on=on)


def test_each_gets_it_at_his_own_hour(berlin):
    usual = someone()
    early = someone(time(6, 30))
    far = someone(time(7), "America/New_York")

    assert send_due_digests(at("2026-11-24T05:25Z")) == 0
    assert send_due_digests(at("2026-11-24T05:30Z")) == 1
    assert send_due_digests(at("2026-11-24T06:00Z")) == 1
    assert send_due_digests(at("2026-11-24T12:00Z")) == 1

    assert keys() == [
        f"digest:2026-11-24:{early.pk}",
        f"digest:2026-11-24:{usual.pk}",
        f"digest:2026-11-24:{far.pk}",
    ]
    assert DigestTime.DEFAULT_HOUR == 7


def test_what_is_raised_after_the_hour_waits_for_the_next_days(berlin):
    ada = someone(time(7))
    send_due_digests(at("2026-11-24T06:00Z"))
    raise_one(ada)

    assert send_due_digests(at("2026-11-24T22:55Z")) == 0
    assert send_due_digests(at("2026-11-25T05:55Z")) == 0
    assert send_due_digests(at("2026-11-25T06:00Z")) == 1


def test_who_changes_his_hour_after_his_mail_gets_no_second_one(berlin):
    ada = someone(time(7))
    send_due_digests(at("2026-11-24T06:00Z"))
    raise_one(ada)
    DigestTime.objects.update(at=time(15))

    assert send_due_digests(at("2026-11-24T14:00Z")) == 0
    assert send_due_digests(at("2026-11-25T14:00Z")) == 1


def test_who_travels_west_after_his_mail_gets_no_second_one_on_the_same_day(berlin):
    ada = someone(time(7))
    send_due_digests(at("2026-11-24T06:00Z"))
    raise_one(ada)
    DigestTime.objects.update(time_zone="America/New_York")

    assert send_due_digests(at("2026-11-24T12:00Z")) == 0
    assert send_due_digests(at("2026-11-25T12:00Z")) == 1


def test_who_travels_east_gets_the_next_days_mail_in_the_next_days_morning(berlin):
    ada = someone(time(7))
    send_due_digests(at("2026-11-24T06:00Z"))
    raise_one(ada)
    DigestTime.objects.update(time_zone="Pacific/Auckland")

    assert send_due_digests(at("2026-11-24T17:55Z")) == 0
    assert send_due_digests(at("2026-11-24T18:00Z")) == 1
    assert keys()[-1] == f"digest:2026-11-25:{ada.pk}"


def test_what_was_sent_by_hand_is_not_sent_again_at_the_hour(berlin):
    from support.digests import send_digests

    someone(time(7))

    assert send_digests(date(2026, 11, 24)) == 1
    assert send_due_digests(at("2026-11-24T06:00Z")) == 0
