"""`./manage.py daily`: for cron, for a day that was missed, and to see what a day would bring."""

from argparse import ArgumentTypeError
from datetime import date
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from people import jobs
from support.daily import StepsFailed, run_day

YEARS = range(2000, 2100)


class Command(BaseCommand):
    help = "Raise the alerts that are due and owe each recipient one digest."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--on", type=_day, metavar="DATE", help="The day, as 2026-12-31; else today."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = localdate()
        on = options["on"] or today
        work = partial(run_day, on)
        # Another day than today's is no run of the schedule: today's is still owed.
        try:
            self.stdout.write(jobs.run("daily", work) if on == today else str(work()))
        except StepsFailed as error:
            self.stdout.write(str(error.outcome))
            raise CommandError(str(error)) from error


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise ArgumentTypeError(
            f"{text!r} is not a day Steward can work on. Accepted: a day from 2000-01-01 to"
            " 2099-12-31, as 2026-12-31."
        )
    return day
