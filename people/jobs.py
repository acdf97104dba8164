"""How each job of the schedule went, and which of them is late.

A job writes when it begins and when it ends, two short statements, whether or not there was
anything to do. A run that did something or failed is kept for ninety days.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from config import schedule
from config.schedule import allowed
from people.answers import said
from people.models import Job, JobRun

logger = logging.getLogger(__name__)

LONGEST = timedelta(seconds=schedule.LONGEST)
"""After this a run that has not ended was broken off."""
AGAIN = timedelta(hours=1)
"""After this a day that failed or was broken off is tried again: it may be long and in vain."""
KEPT = timedelta(days=90)
BROKEN_OFF = "It was broken off."
NEVER = datetime.min.replace(tzinfo=UTC)


class Hindered(Exception):
    """What a job could not do for a reason that it knows: recorded, and no error of the program."""


@dataclass(frozen=True)
class Late:
    """A job that did not run in time or failed, and a sentence about it."""

    name: str
    words: str

    def __str__(self) -> str:
        return self.words


def recorded(name: str) -> Callable[[Callable[[], object]], Callable[[], str]]:
    """Makes a function the job of this name in the schedule; what it returns is its outcome."""

    def decorate(work: Callable[[], object]) -> Callable[[], str]:
        @wraps(work)
        def job() -> str:
            return run(name, work)

        return job

    return decorate


def run(name: str, work: Callable[[], object]) -> str:
    """Do the work, record how it went, and return its outcome in words.

    What it returns is the outcome; nothing, or a count of 0, says that there was nothing to do.
    Hindered is recorded and kept; whatever else it raises is recorded and raised.
    """
    job, started = _begun(name)
    try:
        outcome = str(work() or "")
    except Hindered as error:
        logger.warning("%s: %s", name, error)
        _end(job, started, error=str(error))
        return ""
    except Exception as error:
        with suppress(DatabaseError):  # where that is what failed, the first error says more
            _end(job, started, error=said(error))
        raise
    _end(job, started, outcome=outcome)
    return outcome


def enrol() -> None:
    """Watch every job of the schedule from now on, so that one that never runs is late one day."""
    Job.objects.bulk_create(
        [Job(name=name) for name in settings.CELERY_BEAT_SCHEDULE], ignore_conflicts=True
    )


def tidy(now: datetime) -> int:
    """Forget the runs of more than ninety days ago; returns how many those were."""
    return JobRun.objects.filter(started_at__lt=now - KEPT).delete()[0]


def _begun(name: str) -> tuple[Job, datetime]:
    job = Job.objects.filter(name=name).first()
    if job is None:
        enrol()
        job, _ = Job.objects.get_or_create(name=name)
    now, failed = timezone.now(), {}
    if job.started_at and _is_unended(job) and not _is_running(job, now):
        JobRun.objects.create(job=job, started_at=job.started_at, error=BROKEN_OFF)
        failed = {"error": BROKEN_OFF, "failures": F("failures") + 1}
    Job.objects.filter(pk=job.pk).update(started_at=now, **failed)
    return job, now


def _end(job: Job, started: datetime, *, outcome: str = "", error: str = "") -> None:
    """Record the end of a run. One that fails as the run before it did is only counted."""
    now = max(timezone.now(), started)  # a clock may be set back
    outcome = outcome[: Job._meta.get_field("outcome").max_length]
    jobs = Job.objects.filter(pk=job.pk)
    if error:
        jobs.update(ended_at=now, outcome="", error=error, failures=F("failures") + 1)
    else:
        jobs.update(ended_at=now, succeeded_at=now, outcome=outcome, error="", failures=0)
    if outcome or (error and error != job.error):
        JobRun.objects.create(
            job=job, started_at=started, ended_at=now, outcome=outcome, error=error
        )


# --- What is owed ---


def is_owed(name: str, now: datetime) -> bool:
    """Whether a job of once a day is to be tried at the moment `now`.

    It has not ended well since the day began, and was not tried just before. As in `late`, one
    that never ended well is owed from the first day on which it is watched.
    """
    job, began = Job.objects.filter(name=name).first(), _day_began(now)
    if job is None or _is_running(job, now) or (job.succeeded_at or job.watched_since) >= began:
        return False
    return job.started_at is None or job.started_at < began or now - job.started_at >= AGAIN


def _day_began(now: datetime) -> datetime:
    """The last moment at which the run of a day was due."""
    local = timezone.localtime(now)
    began = local.replace(hour=schedule.DAY_BEGINS, minute=0, second=0, microsecond=0)
    return began if began <= local else began - timedelta(days=1)


# --- What is late -------------------------------------------------------------------------------


def late(now: datetime) -> list[Late]:
    """The jobs of the schedule that did not run in time, or failed in their last run.

    In time is what `config.schedule.allowed` says, from the last good run on.
    """
    jobs = {job.name: job for job in Job.objects.all()}
    words = {
        name: complaint(jobs.get(name) or Job(name=name, watched_since=NEVER), now)
        for name in settings.CELERY_BEAT_SCHEDULE
    }
    return [Late(name, sentence) for name, sentence in words.items() if sentence]


def complaint(job: Job, now: datetime) -> str:
    """What is wrong with a job of the schedule, in a sentence; "" where nothing is."""
    if job.name not in settings.CELERY_BEAT_SCHEDULE:
        return ""
    if job.failures:
        return f"“{job}” failed {_times(job.failures)}: {_first_line(job.error)}"
    limit = allowed(settings.CELERY_BEAT_SCHEDULE[job.name])
    if _is_running(job, now) or now - (job.succeeded_at or job.watched_since) <= limit:
        return ""
    if job.succeeded_at is None:
        return f"“{job}” has never run."
    when = date_format(timezone.localtime(job.succeeded_at), "H:i, j F Y")
    return f"“{job}” has not run since {when}."


def _times(failures: int) -> str:
    return "in its last run" if failures == 1 else f"in its last {failures} runs"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:250]


def _is_unended(job: Job) -> bool:
    return job.started_at is not None and (job.ended_at is None or job.ended_at < job.started_at)


def _is_running(job: Job, now: datetime) -> bool:
    return _is_unended(job) and job.started_at is not None and now - job.started_at <= LONGEST
