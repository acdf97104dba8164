"""What the scheduler starts of this app; see `config.schedule`."""

import logging

from celery import shared_task
from django.utils import timezone

from people.jobs import is_owed, recorded
from support.daily import begin_day, tell_now
from support.digests import send_due_digests
from support.mail_in import polling

logger = logging.getLogger(__name__)


@shared_task
@recorded("daily")
def daily() -> str:
    """Raise what is due today. Each recipient is told at their own hour, by `digests`."""
    outcome = str(begin_day(timezone.localdate()))
    logger.info("%s", outcome)
    return outcome


@shared_task
@recorded("make up a day")
def make_up_day() -> str:
    """Begin the day that was not begun when it was due, or not all of it."""
    if not is_owed("daily", timezone.now()):
        return ""
    try:
        outcome: str = daily()
    except Exception:  # "daily" is the job that failed, and says why
        logger.exception("The day could not be made up.")
        return ""
    return outcome


@shared_task
@recorded("alerts")
def alerts() -> str:
    outcome = tell_now(timezone.localdate())
    return str(outcome) if outcome.alerts or outcome.messages else ""


@shared_task
@recorded("digests")
def digests() -> str:
    count = send_due_digests(timezone.now())
    return f"{count} messages" if count else ""


@shared_task
@recorded("fetch mail")
def fetch_mail() -> str:
    return polling.fetch_mail()
