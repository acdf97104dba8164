from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from config import tables
from config.cells import Order
from config.resources import kinds, run
from people.models import User


class Command(BaseCommand):
    help = "Import a spreadsheet, CSV or XLSX: all of it, or nothing and the reasons why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"one of: {', '.join(kinds())}")
        parser.add_argument("file", metavar="FILE", help="a .csv or .xlsx file")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar='"HEADER=field"',
            help="which field a column is, where its header is not recognised; may be repeated",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar='"field=VALUE"',
            help="a value for every row, such as currency=USD; may be repeated",
        )
        parser.add_argument(
            "--dates",
            metavar="ORDER",
            help="what 5/1/2019 means where the file does not say: month-first or day-first",
        )
        parser.add_argument("--encoding", default="", help="how a CSV file was saved")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        parser.add_argument(
            "--create-missing",
            action="store_true",
            help="make the people, products, vendors, departments and so on that are not there",
        )
        parser.add_argument(
            "--skip-refused", action="store_true", help="write the rows that are not refused"
        )
        parser.add_argument("--by", metavar="EMAIL", help="whose import it is, and whose rights")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = run(
                _kind(options["kind"]),
                _table(Path(options["file"]), options["encoding"]),
                by=_user(options["by"]),
                mapping=_pairs("--map", options["map"], "HEADER=field"),
                constants=_pairs("--set", options["set"], "field=VALUE"),
                order=_order(options["dates"]),
                dry_run=options["dry_run"],
                create_missing=options["create_missing"],
                skip_refused=options["skip_refused"],
            )
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        for line in report.lines():
            self.stdout.write(line)
        if report.refusals and not report.written and not options["skip_refused"]:
            raise SystemExit(1)


def _kind(name: str) -> Any:
    if name not in kinds():
        raise CommandError(f"{name} cannot be imported. Accepted are {', '.join(kinds())}.")
    return kinds()[name]


def _table(path: Path, encoding: str) -> tables.Table:
    try:
        with path.open("rb") as file:
            return tables.read(file, path.name, encoding=encoding)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror}. Give the path of a .csv or .xlsx file."
        ) from error


def _pairs(option: str, pairs: list[str], form: str) -> dict[str, str]:
    for pair in pairs:
        if not all(part.strip() for part in pair.rpartition("=")):
            raise CommandError(f'{option} "{pair}" is not understood. Accepted is "{form}".')
    split = "rpartition" if option == "--map" else "partition"
    parts = [getattr(pair, split)("=") for pair in pairs]
    return {left.strip(): right.strip() for left, _, right in parts}


def _order(name: str | None) -> Order | None:
    if name is None:
        return None
    if name not in list(Order):
        raise CommandError(f"--dates {name} is not understood. Accepted are {', '.join(Order)}.")
    return Order(name)


def _user(email: str | None) -> User | None:
    if email is None:
        return None
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise CommandError(f"Nobody signs in as {email}. Give the e-mail of an active user.")
    return user
