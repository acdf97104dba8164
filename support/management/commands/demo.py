from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate

from people.models import Person
from support.demo import LOGINS, PASSWORD, build
from support.demo.logins import present


class Command(BaseCommand):
    help = "Fill an empty database with a made-up company of 200 people, to try Steward out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="Leave a database that has people as it is."
        )
        parser.add_argument(
            "--migrate", action="store_true", help="Bring the database up to date first."
        )
        parser.add_argument("--seed", type=int, default=1, help="Another seed, another company.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This is a production system: it gets no made-up company.")
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=0)
        if not Person.objects.exists():
            self.stdout.write("Making up a company ...")
            self.stdout.flush()
            build(today=localdate(), seed=options["seed"])
        elif not options["if_empty"]:
            raise CommandError(
                "This database has people already: the demo company needs an empty one."
            )
        if present():
            self._print_logins()

    def _print_logins(self) -> None:
        self.stdout.write(f"\nSign in to the demo company with the password {PASSWORD}:")
        for login in LOGINS:
            self.stdout.write(f"  {login.email:<28} {login.role or 'Employee'}")
