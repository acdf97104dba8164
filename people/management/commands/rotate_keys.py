"""Seal every secret under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.secrets import Undecipherable, rotate


class Command(BaseCommand):
    help = "Seal PINs and keys anew under the first of FIELD_KEYS; then the others can be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"{rotate()} rows sealed with the first key")
        except Undecipherable as error:
            raise CommandError(f"{error} Nothing was written.") from error
