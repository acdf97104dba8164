"""`./manage.py watchdog`: for cron or a systemd timer, every five minutes."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from people.watchdog import watch


class Command(BaseCommand):
    help = (
        "See whether the jobs run and the outbox is emptied, and mail IT if not, directly and"
        " once. The exit code is 1 while something is wrong."
    )
    # A check of the whole project may need what is broken.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        report = watch(timezone.now())
        for words in [*report.problems.values(), *filter(None, [report.trouble])]:
            self.stderr.write(words)
        if not report.is_well:
            sys.exit(1)
        self.stdout.write("All is well.")
