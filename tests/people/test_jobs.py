"""What the schedule starts is written down, and what it did not do is said."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.celery import app
from config.schedule import SCHEDULE, allowed
from people import jobs
from people.jobs import Hindered, is_owed, late, recorded, run, tidy
from people.models import Job, JobRun
from tests.conftest import member
from tests.factories import JobFactory, JobRunFactory, MessageFactory
from tests.smtp import free_port

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fail():
    raise ValueError("no disk")


def names(at=None):
    return {job.name for job in late(at or timezone.now())}


@pytest.fixture
def in_order(db):
    """Every job of the schedule has just run."""
    for name in SCHEDULE:
        run(name, lambda: None)


def test_a_run_that_did_something_is_kept_with_its_times_and_counts():
    with time_machine.travel(NOON, tick=False) as clock:

        def work():
            clock.shift(3)
            return "4 sent"

        assert run("deliver mail", work) == "4 sent"

    job, kept = Job.objects.get(name="deliver mail"), JobRun.objects.get()
    assert (job.started_at, job.ended_at) == (NOON, NOON + timedelta(seconds=3))
    assert (kept.started_at, kept.ended_at) == (job.started_at, job.succeeded_at)
    assert job.outcome == kept.outcome == "4 sent"
    assert (job.error, job.failures) == ("", 0)


@pytest.mark.parametrize("nothing", [None, 0, ""])
def test_a_run_with_nothing_to_do_leaves_its_time_and_no_row(nothing):
    run("deliver mail", lambda: nothing)

    assert Job.objects.get(name="deliver mail").succeeded_at is not None
    assert not JobRun.objects.exists()


def test_the_heartbeat_of_a_job_is_three_short_statements():
    run("deliver mail", lambda: None)

    with CaptureQueriesContext(connection) as queries:
        run("deliver mail", lambda: None)

    assert len(queries) == 3


def test_a_failure_is_recorded_and_raised():
    run("match", lambda: None)

    with pytest.raises(ValueError, match="no disk"):
        run("match", fail)

    job = Job.objects.get(name="match")
    assert (job.error, job.failures) == ("ValueError: no disk", 1)
    assert job.succeeded_at < job.ended_at
    assert JobRun.objects.get().error == "ValueError: no disk"


def test_what_hinders_a_job_is_recorded_and_no_error_of_the_program():
    def hindered():
        raise Hindered("the server is away")

    assert run("deliver mail", hindered) == ""
    assert Job.objects.get(name="deliver mail").error == "the server is away"


def test_the_same_failure_again_and_again_is_one_row_and_a_count():
    for _ in range(5):
        with pytest.raises(ValueError, match="no disk"):
            run("match", fail)

    assert JobRun.objects.count() == 1
    assert Job.objects.get(name="match").failures == 5
    run("match", lambda: None)
    assert Job.objects.get(name="match").failures == 0


def test_a_run_that_was_broken_off_is_told_by_the_next():
    begun = timezone.now() - jobs.LONGEST - timedelta(seconds=1)
    JobFactory(name="daily", started_at=begun)

    run("daily", lambda: None)

    kept = JobRun.objects.get()
    assert (kept.started_at, kept.ended_at, kept.error) == (begun, None, "It was broken off.")


def test_a_job_that_is_broken_off_each_time_is_seen_to_fail():
    for _ in range(3):
        begun = timezone.now() - jobs.LONGEST - timedelta(seconds=1)
        Job.objects.update_or_create(name="daily", defaults={"started_at": begun})
        jobs._begun("daily")

    (job,) = [job for job in late(timezone.now()) if job.name == "daily"]
    assert job.words == "“daily” failed in its last 3 runs: It was broken off."
    run("daily", lambda: None)
    assert Job.objects.get(name="daily").failures == 0


def test_a_run_beside_one_that_is_still_at_work_says_nothing_of_it():
    JobFactory(name="daily", started_at=timezone.now() - timedelta(minutes=1))

    run("daily", lambda: None)

    assert not JobRun.objects.exists()


def test_a_clock_that_is_set_back_during_a_run_harms_nothing():
    with time_machine.travel(NOON, tick=False) as clock:
        run("match", lambda: clock.shift(-60) or "done")

    kept = JobRun.objects.get()
    assert kept.started_at == kept.ended_at == NOON


def test_runs_of_more_than_ninety_days_ago_are_forgotten():
    now = timezone.now()
    JobRunFactory(started_at=now - timedelta(days=91))
    kept = JobRunFactory(started_at=now - timedelta(days=89))

    assert tidy(now) == 1
    assert JobRun.objects.get() == kept


def test_a_decorated_function_is_the_job_and_keeps_its_name():
    @recorded("match")
    def look():
        return "2 worked through"

    assert look() == "2 worked through"
    assert look.__name__ == "look"
    assert Job.objects.get(name="match").outcome == "2 worked through"


# --- The schedule ---


@pytest.mark.parametrize("name", SCHEDULE)
def test_every_task_of_the_schedule_records_itself_under_its_name(name):
    app.loader.import_default_modules()

    app.tasks[SCHEDULE[name]["task"]]()

    job = Job.objects.get(name=name)
    assert job.succeeded_at is not None, job.error


@pytest.mark.parametrize("entry", SCHEDULE.values(), ids=SCHEDULE)
def test_no_task_waits_longer_than_until_the_next_of_it(entry):
    seconds = entry["schedule"] if isinstance(entry["schedule"], float) else 24 * 3600

    assert entry["options"]["expires"] <= seconds
    assert allowed(entry) > timedelta(seconds=seconds)


def test_a_day_begun_by_hand_counts_as_the_daily_job():
    call_command("daily")

    assert Job.objects.get(name="daily").outcome


def test_another_day_begun_by_hand_does_not():
    call_command("daily", on=timezone.localdate() - timedelta(days=1))

    assert not Job.objects.filter(name="daily", succeeded_at__isnull=False).exists()


def test_a_mail_server_that_is_away_is_a_failure_of_the_delivery(smtp, settings):
    from people.tasks import deliver

    MessageFactory()
    settings.EMAIL_PORT = free_port()

    deliver()

    (mail,) = [job for job in late(timezone.now()) if job.name == "deliver mail"]
    assert "The mail server cannot be used: ConnectionRefusedError" in mail.words


# --- What is owed ---

FIVE = datetime(2026, 3, 2, 5, tzinfo=UTC)  # as in the TIME_ZONE of the tests
YESTERDAY = FIVE - timedelta(days=1, minutes=-2)


def minutes(number):
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("since_five", "fields", "owed"),
    [
        (minutes(-1), {}, False),
        (minutes(0), {}, True),
        (minutes(10), {"started_at": FIVE, "ended_at": FIVE + minutes(1)}, False),
        (minutes(59), {"started_at": FIVE, "ended_at": FIVE + minutes(1)}, False),
        (minutes(60), {"started_at": FIVE, "ended_at": FIVE + minutes(1)}, True),
        (minutes(10), {"started_at": FIVE}, False),
        (minutes(59), {"started_at": FIVE}, False),
        (minutes(60), {"started_at": FIVE}, True),
        (minutes(1), {"started_at": FIVE - minutes(5)}, False),
        (minutes(1), {"started_at": FIVE - minutes(9), "ended_at": FIVE - minutes(8)}, True),
        (minutes(60), {"started_at": FIVE, "succeeded_at": FIVE}, False),
        (minutes(23 * 60), {"started_at": FIVE, "succeeded_at": FIVE}, False),
        (minutes(24 * 60), {"started_at": FIVE, "succeeded_at": FIVE}, True),
        (minutes(-60), {"succeeded_at": FIVE - timedelta(days=2)}, True),
    ],
    ids=[
        "before five",
        "lost",
        "failed",
        "failed an hour ago, almost",
        "failed an hour ago",
        "at work",
        "broken off",
        "broken off an hour ago",
        "at work since before five",
        "failed before five",
        "done",
        "done, before the next five",
        "the next five",
        "yesterday's, which failed all day",
    ],
)
def test_a_day_is_owed_from_five_until_it_ended_well(since_five, fields, owed):
    JobFactory(name="daily", **{"succeeded_at": YESTERDAY, **fields})

    assert is_owed("daily", FIVE + since_five) == owed


def test_five_o_clock_is_that_of_the_organisation():
    JobFactory(name="daily", succeeded_at=YESTERDAY)

    with timezone.override("Europe/Berlin"):
        assert is_owed("daily", FIVE - minutes(60))
        assert not is_owed("daily", FIVE - minutes(61))


def test_a_new_machine_owes_its_first_day_at_the_next_five():
    with time_machine.travel(NOON, tick=False):
        run("deliver mail", lambda: None)

    assert not is_owed("daily", NOON + timedelta(hours=16))
    assert is_owed("daily", NOON + timedelta(hours=17))


def test_a_job_that_nobody_knows_of_is_not_owed():
    assert not is_owed("daily", NOON)


# --- What is late ---


def test_nothing_is_late_when_all_has_just_run(in_order):
    assert names() == set()


def test_what_has_never_run_at_all_is_late():
    assert names() == set(SCHEDULE)


def test_the_first_run_of_any_job_gives_the_others_their_time():
    """On a new machine the first day begins hours after the first mail."""
    run("deliver mail", lambda: None)
    now = timezone.now()

    assert names() == set()
    assert "daily" not in names(now + timedelta(hours=25))
    assert "daily" in names(now + timedelta(hours=27))
    assert "match" in names(now + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("name", "in_time", "too_late"),
    [
        ("deliver mail", timedelta(seconds=79), timedelta(seconds=82)),
        ("alerts", timedelta(minutes=10), timedelta(minutes=12)),
        ("daily", timedelta(hours=25, minutes=55), timedelta(hours=26, minutes=5)),
    ],
)
def test_a_job_is_late_twice_its_interval_and_a_minute_after_it_ran(
    in_order, name, in_time, too_late
):
    assert name not in names(timezone.now() + in_time)
    assert name in names(timezone.now() + too_late)


def test_a_job_that_failed_is_late_at_once_and_says_how_often(in_order):
    for _ in range(2):
        with pytest.raises(ValueError, match="no disk"):
            run("match", fail)

    (job,) = late(timezone.now())
    assert job.words == "“match” failed in its last 2 runs: ValueError: no disk"


def test_a_long_run_that_is_still_at_work_is_not_late(in_order):
    now = timezone.now()
    Job.objects.filter(name="run imports").update(
        started_at=now, ended_at=now - timedelta(minutes=9), succeeded_at=now - timedelta(minutes=9)
    )

    assert names(now + timedelta(minutes=5)) >= {"deliver mail"}
    assert "run imports" not in names(now + timedelta(minutes=5))
    assert "run imports" in names(now + timedelta(minutes=11))


# --- The pages ---


@pytest.mark.parametrize("role", ["it", "auditor", "administrator"])
def test_staff_see_the_jobs_and_nobody_writes_them(client, request, role, in_order):
    client.force_login(request.getfixturevalue(role))
    job = Job.objects.get(name="match")
    Job.objects.filter(pk=job.pk).update(failures=1, error="ValueError: no disk")
    page = reverse("admin:people_job_change", args=[job.pk])

    assert "in order" in client.get(reverse("admin:people_job_changelist")).text
    assert "ValueError: no disk" in client.get(page).text
    assert client.post(page, {"name": "x"}).status_code == 403
    assert client.get(reverse("admin:people_job_add")).status_code == 403


def test_the_list_of_jobs_shows_the_late_ones_alone(client, it, in_order):
    client.force_login(it)
    Job.objects.filter(name="match").update(failures=1, error="no disk")

    page = client.get(reverse("admin:people_job_changelist"), {"late": "yes"})

    assert [job.name for job in page.context["cl"].result_list] == ["match"]


def test_the_first_page_says_what_is_late_to_those_who_may_see_jobs(client, in_order):
    client.force_login(member("Administrator"))
    assert "has not run" not in client.get(reverse("admin:index")).text
    Job.objects.filter(name="daily").update(succeeded_at=timezone.now() - timedelta(days=3))

    page = client.get(reverse("admin:index")).text

    assert "“daily” has not run since" in page
    assert f"{reverse('admin:people_job_changelist')}?late=yes" in page
