"""A day goes on, whatever of it fails: alerts are raised and told, and the failure is seen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from people import documents, jobs
from people.models import Job, Message
from support import approvals, daily, ledger, staffing, tasks
from support.alerts import RULES
from support.daily import StepsFailed, begin_day, run_day, tell_now
from support.models import Alert
from tests.factories import ContractFactory, JobFactory, PersonFactory

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db

STEPS = [
    (daily, "roll_over", "Contracts that renew by themselves"),
    (staffing, "look_ahead", "People who join or leave"),
    (approvals, "escalate_silent", "Approvals that nobody gave"),
    (daily, "send_at_once", "Mails at once"),
    (daily, "queue_posts", "Posts"),
    (documents, "tidy", "Files that no document has"),
    (jobs, "tidy", "Runs of jobs of long ago"),
]


def unreadable(*args):
    raise PermissionError(13, "Permission denied", "attached")


def notice(days=5, on=TODAY):
    return ContractFactory(owner=PersonFactory(), notice_by=on + timedelta(days))


@pytest.mark.parametrize(("module", "name", "words"), STEPS, ids=[step[1] for step in STEPS])
def test_a_step_that_fails_stops_no_alert_and_no_mail_and_is_named_in_the_end(
    monkeypatch, caplog, module, name, words
):
    notice()
    monkeypatch.setattr(module, name, unreadable)

    with pytest.raises(StepsFailed) as failed:
        run_day(TODAY)

    assert str(failed.value).startswith(f"Not all was done. {words}: PermissionError: ")
    assert str(failed.value.outcome) == "1 alerts, 1 messages"
    assert f"{words} of 2026-11-24: it could not be done." in caplog.text
    assert (Alert.objects.count(), Message.objects.mails().count()) == (1, 1)


def test_all_that_fails_of_a_day_is_named(monkeypatch):
    monkeypatch.setattr(daily, "roll_over", unreadable)
    monkeypatch.setattr(documents, "tidy", unreadable)

    with pytest.raises(StepsFailed, match=r"(?s)renew by themselves.+Files that no document has"):
        begin_day(TODAY)


def test_old_files_are_looked_through_when_everybody_has_been_told(monkeypatch):
    notice()
    seen = []
    monkeypatch.setattr(documents, "tidy", lambda: seen.append(Alert.objects.count()) or 0)

    begin_day(TODAY)

    assert seen == [1]


def test_what_the_other_rules_raised_is_counted_and_told(monkeypatch):
    def rows(on, within):
        raise ZeroDivisionError

    monkeypatch.setattr(ledger, "RULES", (replace(RULES[0], kind="broken", rows=rows), *RULES))
    notice()

    with pytest.raises(StepsFailed, match="Alerts: RulesFailed: .* failed: broken") as failed:
        run_day(TODAY)

    assert str(failed.value.outcome) == "1 alerts, 1 messages"


def test_what_cannot_wait_is_posted_though_its_mails_fail(monkeypatch):
    posted = []
    monkeypatch.setattr(daily, "send_at_once", unreadable)
    monkeypatch.setattr(daily, "queue_posts", lambda on: posted.append(on) or 1)

    with pytest.raises(StepsFailed, match="Mails at once") as failed:
        tell_now(TODAY)

    assert posted == [TODAY]
    assert failed.value.outcome.messages == 1


def test_the_job_of_a_day_that_was_begun_in_part_has_failed(monkeypatch):
    monkeypatch.setattr(documents, "tidy", unreadable)

    with pytest.raises(StepsFailed):
        tasks.daily()

    job = Job.objects.get(name="daily")
    assert job.succeeded_at is None
    assert "Files that no document has: PermissionError" in jobs.complaint(job, timezone.now())


@pytest.mark.parametrize("on", [None, TODAY], ids=["today", "another day"])
def test_the_command_says_what_it_did_and_that_not_all_was_done(monkeypatch, on):
    notice(on=on or timezone.localdate())
    monkeypatch.setattr(documents, "tidy", unreadable)
    out = StringIO()

    with pytest.raises(CommandError, match="Not all was done. Files that no document has"):
        call_command("daily", on=on, stdout=out)

    assert out.getvalue().splitlines()[-1] == "1 alerts, 1 messages"


# --- A day that is made up ---


@pytest.fixture
def five(time_machine):
    """Moves the clock so many minutes after five on a day, the day before which went well."""
    began = datetime(2026, 11, 24, 5, tzinfo=UTC)
    JobFactory(name="daily", succeeded_at=began - timedelta(hours=23, minutes=59))

    def move(minutes):
        time_machine.move_to(began + timedelta(minutes=minutes), tick=False)

    move(0)
    return move


def away(on):
    raise OperationalError("the database restarts")


def test_a_day_that_failed_is_made_up_an_hour_later_and_told_that_morning(monkeypatch, five):
    notice(days=1)
    with monkeypatch.context() as patch:
        for name in ("roll_over", "raise_due", "send_at_once", "queue_posts"):
            patch.setattr(daily, name, away)
        with pytest.raises(StepsFailed):
            tasks.daily()
    begun = []
    for minutes in range(10, 121, 10):
        five(minutes)
        begun.append(tasks.make_up_day())
        tasks.digests()

    assert begun == ["", "", "", "", "", "1 alerts, 0 messages", "", "", "", "", "", ""]
    assert Message.objects.get().created_at.hour == 7
    assert Job.objects.get(name="daily").failures == 0


def test_a_day_that_no_worker_was_told_of_is_begun_by_the_next_look(five):
    notice(days=1)
    five(10)

    assert tasks.make_up_day() == "1 alerts, 0 messages"

    five(20)
    assert tasks.make_up_day() == ""


def test_a_day_that_keeps_failing_is_tried_hourly_and_seen_to_fail_all_the_time(monkeypatch, five):
    begun = []
    monkeypatch.setattr(daily, "roll_over", lambda on: begun.append(timezone.now().hour) or 1 / 0)
    for minutes in range(0, 301, 10):
        five(minutes)
        tasks.make_up_day()
        job = Job.objects.get(name="daily")
        assert "renew by themselves: ZeroDivisionError" in jobs.complaint(job, timezone.now())

    assert begun == [5, 6, 7, 8, 9, 10]
    assert Job.objects.get(name="make up a day").failures == 0


def test_a_day_that_is_at_work_is_left_to_who_began_it(monkeypatch, five):
    inside = []
    monkeypatch.setattr(daily, "roll_over", lambda on: inside.append(tasks.make_up_day()) or 0)

    tasks.daily()

    assert inside == [""]
    assert Job.objects.get(name="daily").outcome == "0 alerts, 0 messages"
