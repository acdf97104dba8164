"""What beat starts, how often, and in which queue it waits; `people.jobs` records how it went.

Each entry expires before the next of it is due, so that after an hour without a worker nothing
has piled up. What is late is caught up by the next run: nothing counts ticks. The next run of the
day would come a day later, so the day is made up: where its tick was lost, or its run failed.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

LONGEST = 600
"""Seconds that one run of a job may take; then it is broken off."""
MAIL, WORK = "mail", "celery"
"""The queues: what is to go out never waits for an import. A worker serves both unless told."""
DAY_BEGINS = 5
"""The hour, in TIME_ZONE, at which the day's run is due."""


def _every(task: str, seconds: int, queue: str = WORK) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": float(seconds),
        "options": {"expires": seconds, "queue": queue},
    }


SCHEDULE: dict[str, dict[str, Any]] = {
    "daily": {
        "task": "support.tasks.daily",
        "schedule": crontab(hour=str(DAY_BEGINS), minute="0"),
        "options": {"expires": 23 * 3600},
    },
    "make up a day": _every("support.tasks.make_up_day", 600),
    "deliver mail": _every("people.tasks.deliver", 10, MAIL),
    "deliver posts": _every("people.tasks.deliver_posts", 10, MAIL),
    "alerts": _every("support.tasks.alerts", 300),
    "digests": _every("support.tasks.digests", 300),
    "run imports": _every("people.tasks.run_imports", 5),
    "fetch mail": _every("support.tasks.fetch_mail", 60),
    "match": _every("contracts.tasks.match", 60),
}


def allowed(entry: dict[str, Any]) -> timedelta:
    """How long after a good run of an entry the next is late.

    Twice its interval and a minute; what runs once a day has 26 hours, since two days of a change
    of the clock are 25 hours apart.
    """
    if isinstance(entry["schedule"], crontab):
        return timedelta(hours=26)
    return timedelta(seconds=2 * entry["schedule"] + 60)
