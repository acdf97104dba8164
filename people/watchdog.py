"""Says by mail that Steward does not do its work, by a path that none of that work lies on.

It asks the database and the mail server, and neither broker, beat, worker nor outbox. What was said
already stands in a file, so that it is remembered when the database is what is missing.
"""

import json
import os
import smtplib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import Error
from django.urls import reverse

from people.health import MOST_QUEUED, database_answers, queue_age
from people.jobs import enrol, late
from people.models import Message, Person
from people.outbox import one_line

AGAIN = timedelta(hours=24)
FRESH = timedelta(hours=24)
"""A message that failed is a problem for a day; afterwards it only stands in the outbox."""

type Problems = dict[str, str]
"""What is wrong, by a name that stays while it lasts, in a sentence that may change."""


@dataclass
class Memory:
    """Which problems were mailed about, in what words, and when the last time."""

    open: Problems = field(default_factory=dict)
    mailed_at: str = ""

    def is_due(self, now: datetime) -> bool:
        return not self.mailed_at or now - datetime.fromisoformat(self.mailed_at) >= AGAIN


@dataclass(frozen=True)
class Report:
    """What is wrong now, and what became of the mail about it: "" where it was sent or not owed."""

    problems: Problems
    mailed: bool = False
    trouble: str = ""

    @property
    def is_well(self) -> bool:
        return not self.problems and not self.trouble


def watch(now: datetime) -> Report:
    """Look at everything once, and mail what is new, what is over, and daily what lasts."""
    problems, memory = found(now), remembered()
    if "database" in problems:  # what was wrong beside it cannot be seen, and is not over
        problems = memory.open | problems
    new, over = problems.keys() - memory.open.keys(), memory.open.keys() - problems.keys()
    if not (new or over or (problems and memory.is_due(now))):
        return Report(problems)
    if not settings.MAIL_IS_SENT:
        return Report(problems, trouble="No mail server is set up: EMAIL_URL names none.")
    try:
        _mail(problems, {name: memory.open[name] for name in over}, now)
    except (smtplib.SMTPException, OSError) as error:
        # Not remembered: the next look tries again.
        return Report(problems, trouble=f"The mail about it was not sent: {error}")
    return Report(problems, mailed=True, trouble=_remember(Memory(problems, now.isoformat())))


# --- What is wrong ------------------------------------------------------------------------------


def found(now: datetime) -> Problems:
    """What is wrong at the moment `now`."""
    if not database_answers():
        return {"database": "The database does not answer."}
    try:
        enrol()
        return {**_jobs(now), **_queue(now), **_failures(now)}
    except Error:
        return {"database": "The database does not answer as it should."}


def _jobs(now: datetime) -> Problems:
    return {f"job: {job.name}": job.words for job in late(now)}


def _queue(now: datetime) -> Problems:
    age = queue_age(now)
    if age <= MOST_QUEUED:
        return {}
    return {"queue": f"Messages of the outbox have been due for {age // 60} minutes."}


def _failures(now: datetime) -> Problems:
    count = Message.objects.failed().filter(next_attempt_at__gt=now - FRESH).count()
    if not count:
        return {}
    return {"failed messages": f"Messages that failed in the last day: {count}."}


# --- The mail about it --------------------------------------------------------------------------


def _mail(problems: Problems, over: Mapping[str, str], now: datetime) -> None:
    """Raises SMTPException or OSError where it is not taken."""
    EmailMessage(
        subject=_subject(problems, over),
        body=_text(problems, over),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mailbox()],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()


def _subject(problems: Problems, over: Mapping[str, str]) -> str:
    if not problems:
        return "Steward works again"
    first = next(iter(problems.values()))
    more = len(problems) - 1
    return one_line(f"Steward needs help: {first}" + (f" (and {more} more)" if more else ""))


def _text(problems: Problems, over: Mapping[str, str]) -> str:
    lines = [f"{settings.SITE_URL}", ""]
    if problems:
        lines += ["What is wrong:", *(f"- {words}" for words in problems.values()), ""]
    if over:
        lines += ["What is over:", *(f"- {words}" for words in over.values()), ""]
    jobs, outbox = (
        reverse("admin:people_job_changelist"),
        reverse("admin:people_message_changelist"),
    )
    lines += [f"Jobs: {settings.SITE_URL}{jobs}", f"Outbox: {settings.SITE_URL}{outbox}", ""]
    if problems:
        lines.append("You get this once a day while it lasts, and once when it is over.")
    return "\n".join(lines)


def mailbox() -> str:
    """The address of IT's mailbox, as far as the database says it; else the fallback mailbox."""
    try:
        appointed = Person.objects.filter(answers_for="it").exclude(email="").first()
    except Error:
        appointed = None
    return appointed.email if appointed else settings.FALLBACK_MAILBOX


# --- What was said already ----------------------------------------------------------------------


def memory_file() -> Path:
    return Path(settings.DATA_DIR, "watchdog.json")


def remembered() -> Memory:
    """An unreadable memory is none: better said twice than never."""
    try:
        memory = Memory(**json.loads(memory_file().read_text()))
        if memory.mailed_at:
            datetime.fromisoformat(memory.mailed_at)
        return memory if isinstance(memory.open, dict) else Memory()
    except (OSError, ValueError, TypeError):
        return Memory()


def _remember(memory: Memory) -> str:
    """Write it at once or not at all; returns in words why it could not be written."""
    part = memory_file().with_suffix(".part")
    try:
        part.write_text(json.dumps(asdict(memory)))
        os.replace(part, memory_file())
    except OSError as error:
        return f"What was mailed could not be written down: {error}"
    return ""
