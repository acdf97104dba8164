"""A migrated database, made once for a state of the migrations and copied for every worker.

Migrating takes longer than a hundred tests do. On SQLite the copies are of a file below
`.pytest_cache`, on PostgreSQL of a database beside those of the tests, whose comment says what it
was made from. `--create-db` makes it anew.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command

from tests.services import ROOT

FOLDER = ROOT / ".pytest_cache" / "database"
MADE_FROM = [
    "*/migrations/*.py",
    "people/roles.py",
    "config/fields.py",
    "config/operations.py",
    "config/secrets.py",
    "config/settings.py",
    "uv.lock",
    "tests/template.py",
]


def state(run=""):
    """What a migrated database depends on, as a short name."""
    digest = hashlib.sha256((sys.version + run).encode())
    for file in sorted(it for pattern in MADE_FROM for it in ROOT.glob(pattern)):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def alone():
    """One process at a time; the next finds what the first has made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def use(connection, *, anew=False):
    """Have the test database of this connection copied from the template instead of migrated."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())) if anew else ""
    kind = Database if connection.vendor == "postgresql" else File
    template = kind(connection, state(run))
    create = connection.creation.create_test_db

    def create_test_db(verbosity=1, autoclobber=False, serialize=True, keepdb=False):
        own = connection.creation._get_test_db_name()
        with alone():
            if not template.exists():
                _named(connection, template.making)
                create(verbosity=0, autoclobber=True, serialize=False)
                call_command("createcachetable", "cache")  # the suite's own cache is memory
                connection.close()
                template.made()
            template.copy(own)
        _named(connection, own)
        settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = own
        if serialize:
            connection._test_serialized_contents = connection.creation.serialize_db_to_string()
        return own

    connection.creation.create_test_db = create_test_db


def _named(connection, name):
    connection.settings_dict["TEST"]["NAME"] = name


def fill(file):
    """Make `file` a migrated SQLite database, whatever the suite itself runs on."""
    with alone():
        ready = FOLDER / f"{state()}.sqlite3"
        if not ready.exists():
            environment = {**os.environ, "DATABASE_URL": f"sqlite:///{FOLDER}/making.sqlite3"}
            (FOLDER / "making.sqlite3").unlink(missing_ok=True)
            subprocess.run(
                [sys.executable, ROOT / "manage.py", "migrate", "--no-input", "--verbosity=0"],
                env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
                cwd=ROOT,
                check=True,
            )
            _put(FOLDER / "making.sqlite3", ready)
        shutil.copyfile(ready, file)


def _put(made, file):
    for old in FOLDER.glob("?" * 16 + ".sqlite3"):
        old.unlink()
    os.replace(made, file)


class File:
    def __init__(self, connection, state):
        self.file = FOLDER / f"{state}.sqlite3"
        self.making = str(FOLDER / "making.sqlite3")

    def exists(self):
        return self.file.exists()

    def made(self):
        _put(self.making, self.file)

    def copy(self, name):
        shutil.copyfile(self.file, name)


class Database:
    def __init__(self, connection, state):
        self.connection, self.state = connection, state
        self.making = f"{connection.settings_dict['NAME']}_template"

    def exists(self):
        found = self._ask(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [self.making],
        )
        return found == [(self.state,)]

    def made(self):
        self._ask(f"COMMENT ON DATABASE {self._quoted(self.making)} IS '{self.state}'")

    def copy(self, name):
        self._ask(f"DROP DATABASE IF EXISTS {self._quoted(name)} WITH (FORCE)")
        self._ask(f"CREATE DATABASE {self._quoted(name)} TEMPLATE {self._quoted(self.making)}")

    def _quoted(self, name):
        return self.connection.ops.quote_name(name)

    def _ask(self, sql, values=()):
        with self.connection.creation._nodb_cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
