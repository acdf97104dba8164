"""Days and times read the same in the back office as in the portal and the mails."""

from datetime import UTC, datetime

from django.utils.formats import date_format


def test_a_moment_is_written_with_its_day_and_a_clock_of_24_hours():
    moment = datetime(2026, 11, 29, 14, 4, tzinfo=UTC)
    assert date_format(moment, "DATETIME_FORMAT") == "29 Nov 2026, 14:04"
    assert date_format(moment.date(), "DATE_FORMAT") == "29 Nov 2026"
