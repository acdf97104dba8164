"""Who reaches what: every URL pattern x role x method, against one committed table.

`permissions.tsv` says for each pattern what GET and POST answer to each role: `yes`, `no` (403),
`login` (sent to sign in), `-` (404) or `405`. A pattern that is not in it fails. After a change
that is meant, `UPDATE_PERMISSIONS=1 pytest tests/test_permissions.py -n 0` writes it anew: read
the difference before it is committed.
"""

import copy
import csv
import inspect
import os
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from people.models import ImportJob, User
from people.roles import ADMINISTRATOR, AUDITOR, FINANCE, IT, SERVICE_DESK
from tests import factories
from tests.conftest import member
from tests.factories import PersonFactory, UserFactory
from tests.rendering import bare, unrendered

TABLE = Path(__file__).parent / "permissions.tsv"
ROLES = ["anonymous", "employee", SERVICE_DESK, IT, FINANCE, AUDITOR, ADMINISTRATOR]
COLUMNS = [f"{method} {role}" for method in ("GET", "POST") for role in ROLES]
UPDATE = bool(os.environ.get("UPDATE_PERMISSIONS"))
WRITTEN = {}


def patterns(resolver=None, prefix="", space=""):
    """Every pattern there is, by its whole address."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield address, f"{space}{entry.name}" if entry.name else "", entry
        else:
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from patterns(entry, address, inner)


def admin_of(entry):
    """The admin whose page a pattern leads to."""
    bound = getattr(inspect.unwrap(entry.callback), "__self__", None)
    return getattr(entry.callback, "model_admin", bound)


EACH = {
    "<slug:step>": lambda admin: [step.name for step in getattr(admin, "steps", ())],
    "<slug:report>": lambda admin: [report.slug for report in getattr(admin, "reports", ())],
}


def every_address():
    """All patterns; that of an admin's steps and reports once for each of them."""
    for address, name, entry in patterns():
        if not name:
            # The admin's own: they lead to the same address with a slash, or to the change page.
            assert address.endswith(("(?P<url>.*)$", "<path:object_id>/")), address
            continue
        part = next((it for it in EACH if it in address), None)
        if part is None:
            yield address, (name, entry, None)
            continue
        for one in EACH[part](admin_of(entry)):
            yield address.replace(part, one), (name, entry, one)


ALL = dict(every_address())


@cache
def table():
    with TABLE.open(newline="") as file:
        return {row["pattern"]: row for row in csv.DictReader(file, delimiter="\t")}


def client_of(role):
    client = Client()
    client.user = AnonymousUser()
    if role == "employee":
        client.user = UserFactory()
        PersonFactory(user=client.user, name=client.user.name, email=client.user.email)
    elif role != "anonymous":
        client.user = member(role)
    if role != "anonymous":
        client.force_login(client.user)
        client.user = User.objects.get(pk=client.user.pk)
        client.user.get_all_permissions()  # are looked up once, by the backend itself
    return client


@pytest.fixture(autouse=True)
def _refusals_are_not_logged(caplog):
    caplog.set_level("ERROR", "django.request")  # each with a traceback, and there are thousands


@pytest.fixture(scope="module")
def clients(module_db):
    """A client of each role, signed in once for all addresses."""
    return {role: client_of(role) for role in ROLES}


def twin(client):
    """The same visitor with cookies of his own."""
    other = copy.copy(client)
    other.cookies = copy.deepcopy(client.cookies)
    return other


def recognised(client):
    """Each request gets its own copy of the visitor, who is not looked up again."""
    return patch("django.contrib.auth.middleware.get_user", lambda _: copy.copy(client.user))


@contextmanager
def undone():
    """Whatever is written inside is not there afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rendering_for(pattern):
    """How much of the page each role is shown.

    Of those who get the same answer the last sees the most, and is shown all of it; the first
    sees the least, and is shown it without the menus around it. Of the others the status is asked.
    """
    if UPDATE or pattern not in table():
        return dict.fromkeys(ROLES, nullcontext)
    answers = {role: table()[pattern][f"GET {role}"] for role in ROLES}
    last = {it: role for role, it in answers.items()}
    first = {it: role for role, it in reversed(answers.items())}
    shown = dict.fromkeys(ROLES, unrendered)
    shown.update(dict.fromkeys(first.values(), bare))
    return shown | dict.fromkeys(last.values(), nullcontext)


def sample(model):
    name = f"{model.__name__}Factory"
    return getattr(factories, name)() if hasattr(factories, name) else None


def address_of(name, entry, step, user):
    """An address of the pattern, with the keys of records that exist."""
    record = sample(admin_of(entry).model) if hasattr(admin_of(entry), "model") else None
    values = {
        "app_label": "assets",
        "step": step,
        "report": step,
        "number": "T-1",
        "extension": "csv",
    }
    if record is not None:
        values["object_id"] = record.pk
    if "job" in str(entry.pattern):
        values["job"] = values["pk"] = values["job_id"] = import_job(entry, user).pk
    if entry.pattern.converters:
        return reverse(name, kwargs={key: values.get(key, 1) for key in entry.pattern.converters})
    groups = entry.pattern.regex
    if groups.groupindex:
        return reverse(name, kwargs={key: values.get(key, "x") for key in groups.groupindex})
    version = record.history.latest().pk if hasattr(record, "history") else 1
    return reverse(name, args=[values.get("object_id", 1), version][: groups.groups])


def import_job(entry, user):
    kind = getattr(admin_of(entry), "spreadsheet", "people")
    return ImportJob.objects.create(kind=kind, name="a.csv", checksum="0", created_by=user)


def answer(response):
    if response.status_code == 302 and "/login/?" in response["Location"]:
        return "login"
    words = {403: "no", 404: "-", 405: "405", 503: "503"}
    return words.get(response.status_code, "yes" if response.status_code < 500 else "500")


@pytest.mark.parametrize("pattern", sorted(ALL))
def test_every_address_answers_each_role_as_the_table_says(pattern, clients, superuser):
    name, entry, step = ALL[pattern]
    address = address_of(name, entry, step, superuser)
    found = {}
    shown = rendering_for(pattern)
    for role in ROLES:
        with undone(), recognised(clients[role]), shown[role]():
            found[f"GET {role}"] = answer(twin(clients[role]).get(address))
        # The same page once more: that it renders has just been seen. Where there is no such
        # page, it is rendered here.
        again = nullcontext if found[f"GET {role}"] == "405" else unrendered
        with undone(), recognised(clients[role]), again():
            found[f"POST {role}"] = answer(twin(clients[role]).post(address))
    if UPDATE:
        WRITTEN[pattern] = found
        return
    assert pattern in table(), f"{pattern} is not in {TABLE.name}"
    expected = {column: table()[pattern][column] for column in COLUMNS}
    assert found == expected


def test_the_table_lists_nothing_that_is_gone():
    if UPDATE:
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(["pattern", *COLUMNS])
            for pattern, found in sorted(WRITTEN.items()):
                writer.writerow([pattern, *(found[column] for column in COLUMNS)])
        return
    assert set(table()) <= set(ALL)


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (IT, "people.change_person assets.change_asset assets.view_cost", "assets.change_cost"),
        (IT, "contracts.view_contract support.change_ticket", "contracts.change_contract"),
        (FINANCE, "contracts.change_contract assets.change_cost", "assets.change_asset"),
        (FINANCE, "people.view_person support.view_ticket", "people.change_person"),
        (SERVICE_DESK, "assets.hand_over_asset assets.take_back_asset", "assets.view_cost"),
        (SERVICE_DESK, "support.change_ticket support.export_ticket", "support.import_ticket"),
        (SERVICE_DESK, "contracts.view_contract", "assets.retire_asset"),
        (AUDITOR, "assets.view_historicalasset assets.export_asset", "assets.change_asset"),
        (ADMINISTRATOR, "people.change_user", ""),
    ],
)
def test_each_role_may_what_the_design_says_and_no_more(role, may, may_not, db):
    user = User.objects.get(pk=member(role).pk)
    assert user.has_perms(may.split())
    assert not any(user.has_perm(name) for name in may_not.split())


@pytest.mark.parametrize("role", [IT, FINANCE, SERVICE_DESK, AUDITOR])
def test_only_administrators_edit_logins(role, db):
    user = member(role)
    assert not user.has_perm("people.change_user")
    assert not user.has_perm("people.add_user")


def test_an_auditor_writes_nothing_anywhere(db):
    user = User.objects.get(pk=member(AUDITOR).pk)
    writing = [
        it for it in user.get_all_permissions() if ".view_" not in it and ".export_" not in it
    ]
    assert writing == []
