import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from openpyxl import Workbook

from assets.models import Asset, Custody
from contracts.models import Contract, Term
from people.models import Person
from support.models import Ticket
from tests.bench.test_import import database_url
from tests.services import ROOT

DATA = ROOT.parent / "shared" / "data"
USERS = DATA / "servicenow" / "sys_user.csv"
HARDWARE = DATA / "servicenow" / "alm_hardware.csv"
INCIDENTS = DATA / "servicenow" / "incident.csv"
CONTRACTS = DATA / "philadelphia" / "it-contracts-2020-q3.csv"

real = pytest.mark.skipif(not DATA.exists(), reason="the real files in ../shared/data are absent")


def run(*arguments):
    out = StringIO()
    call_command("import_data", *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


def refused(*arguments):
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("import_data", *map(str, arguments), stdout=out)
    assert stopped.value.code == 1
    return out.getvalue().splitlines()


@real
@pytest.mark.django_db
def test_the_people_of_servicenow_load_and_missing_managers_are_reported():
    lines = run("people", USERS, "--create-missing")

    assert lines[-1] == "183 created, 0 updated, 0 unchanged, 0 refused"
    assert "4 people made:" in lines
    assert "  Lucius Bagnoli" in lines
    assert Person.objects.count() == 187
    assert Person.objects.get(username="melinda.carleton").manager.name == "Lucius Bagnoli"
    assert run("people", USERS)[-1] == "0 created, 0 updated, 183 unchanged, 0 refused"


@real
@pytest.mark.django_db
def test_without_the_option_each_row_of_a_missing_manager_is_refused(tmp_path):
    names = tmp_path / "users.csv"
    lines = USERS.read_text().splitlines()
    columns = lines[0].replace("location", "x").replace("department", "y")
    names.write_text("\n".join([columns, *lines[1:]]))

    lines = refused("people", names)

    assert lines[-1] == "0 created, 0 updated, 0 unchanged, 5 refused"
    assert sum('column manager, "' in line for line in lines) == 5
    assert not Person.objects.exists()


@real
@pytest.mark.django_db
def test_the_hardware_of_servicenow_loads_with_holders_custody_and_history():
    run("people", USERS, "--create-missing")

    lines = run("assets", HARDWARE, "--create-missing")

    assert lines[-1] == "500 created, 0 updated, 0 unchanged, 0 refused"
    with HARDWARE.open() as file:
        expected = {row["asset_tag"]: row["assigned_to"] for row in csv.DictReader(file)}
    assert dict(Asset.objects.values_list("tag", "holder__name")) == expected
    held = Custody.objects.open().values_list("asset__tag", "holder__name")
    assert dict(held) == expected
    assert Asset.history.count() == Custody.history.count() == 500
    assert Asset.objects.filter(serial="").count() == 172
    assert run("assets", HARDWARE)[-1] == "0 created, 0 updated, 500 unchanged, 0 refused"
    assert Asset.history.count() == 500


@real
@pytest.mark.django_db
def test_the_contracts_of_philadelphia_load_with_their_renewals_as_terms_of_one_contract():
    lines = run("contracts", CONTRACTS, "--create-missing", "--set", "currency=USD")

    assert lines[-1] == "93 created, 7 updated, 0 unchanged, 0 refused"
    assert "81 vendors made:" in lines
    contract = Contract.objects.get(number="1820407")
    assert (contract.vendor.name, contract.reference) == ("Granicus, Inc.", "182040701")
    assert (contract.title, contract.department.name) == ("legislative tracking", "CITY COUNCIL")
    assert f"{contract.starts_on} {contract.ends_on}" == "2019-05-01 2020-04-30"
    assert f"{contract.annual_cost} {contract.currency}" == "32000.00 USD"
    assert set(Term.objects.values_list("billing", flat=True)) == {"once"}
    again = run("contracts", CONTRACTS, "--set", "currency=USD")
    assert again[-1] == "0 created, 0 updated, 100 unchanged, 0 refused"


@real
@pytest.mark.django_db
def test_every_chain_of_renewals_in_philadelphia_is_told_from_the_raw_rows():
    run("contracts", CONTRACTS, "--create-missing", "--set", "currency=USD")

    with CONTRACTS.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    expected = defaultdict(list)
    for row in rows:
        start, end = (datetime.strptime(row[it], "%m/%d/%Y") for it in ("start_dt", "end_dt"))
        amount = Decimal(row["amt"].replace(",", ""))
        expected[row["original_contract_id"]].append((start.date(), end.date(), amount))
    found = defaultdict(list)
    for term in Term.objects.select_related("contract").order_by("starts_on"):
        found[term.contract.number].append((term.starts_on, term.ends_on, term.amount))
    assert found == {number: sorted(terms) for number, terms in expected.items()}
    assert sum(len(terms) > 1 for terms in found.values()) == 7


@real
@pytest.mark.django_db
def test_the_incidents_of_servicenow_load():
    lines = run("tickets", INCIDENTS, "--create-missing")

    assert lines[-1] == "500 created, 0 updated, 0 unchanged, 0 refused"
    states = Counter(Ticket.objects.values_list("state", flat=True))
    assert states == {"closed": 259, "resolved": 241}
    assert run("tickets", INCIDENTS)[-1] == "0 created, 0 updated, 500 unchanged, 0 refused"


@real
@pytest.mark.django_db
def test_the_samples_of_snipe_it_load_but_for_what_is_wrong_in_them():
    users = DATA / "snipeit" / "users-sample.csv"
    lines = run("people", users, "--create-missing", "--skip-refused")

    assert lines[-1] == "90 created, 0 updated, 0 unchanged, 10 refused"
    assert sum("their own manager" in line for line in lines) == 10
    assets = DATA / "snipeit" / "assets-sample.csv"
    lines = run("assets", assets, "--create-missing", "--skip-refused")
    assert lines[-1] == "21 created, 0 updated, 0 unchanged, 1 refused"
    with assets.open(encoding="utf-8-sig") as file:
        rows = {row["Asset Tag"]: row for row in csv.DictReader(file)}
    for asset in Asset.objects.select_related("holder", "location"):
        row = rows[asset.tag]
        at = row["Checked Out To: Location"] or row["Location"]
        assert (asset.location.name, asset.state == "in_use") == (at, bool(row["Checkout Type"]))
        assert (asset.holder.email if asset.holder else "") == row["Checked Out To: Email"]


@real
@pytest.mark.django_db
def test_a_spreadsheet_of_subscriptions_without_numbers_is_refused_in_words():
    with pytest.raises(CommandError, match="No column of saas-inventory.csv gives the number"):
        run("contracts", DATA / "saas" / "saas-inventory.csv")


@pytest.mark.django_db
def test_a_workbook_loads_like_a_csv(tmp_path):
    book = Workbook()
    book.active.append(["Employee Number", "Name", "Start Date"])
    book.active.append([1017, "Ada", "2024-05-31"])
    book.save(tmp_path / "people.xlsx")

    assert run("people", tmp_path / "people.xlsx")[-1].startswith("1 created")
    assert Person.objects.get(employee_number="1017").name == "Ada"


@pytest.mark.django_db
def test_a_formula_that_a_program_left_without_a_value_is_refused_unless_nobody_reads_it(tmp_path):
    book = Workbook()
    book.active.append(["Employee Number", "Name", "E-mail", "Start Date", "Total"])
    book.active.append([1017, "Ada", '=B2&"@example.com"', "=TODAY()", "=1+1"])
    book.active.append([1018, "Bob", "", "", "=1+1"])
    book.save(tmp_path / "people.xlsx")

    lines = refused("people", tmp_path / "people.xlsx")

    why = "is a formula without its value, since a program wrote the file; open it in Excel and"
    assert run("people", tmp_path / "people.xlsx", "--skip-refused")[-1].startswith("1 created")
    assert lines[-4:] == [
        f'Refused: row 2, column E-mail, "=B2&"@example.com"": {why} save it.',
        f'Refused: row 2, column Start Date, "=TODAY()": {why} save it.',
        "Nothing was written.",
        "0 created, 0 updated, 0 unchanged, 1 refused",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gadgets", "x.csv"], "gadgets cannot be imported. Accepted are people, locations,"),
        (["people", "/nowhere.csv"], "/nowhere.csv cannot be read: No such file or directory"),
        (["people", "FILE", "--map", "Name"], '"Name" is not understood. Accepted is "HEADER='),
        (["people", "FILE", "--map", "Name=x"], "people have no field x. Accepted are name,"),
        (["people", "FILE", "--set", "x=1"], "people have no field x. Accepted are name,"),
        (["people", "FILE", "--dates", "soon"], "Accepted are month-first, day-first"),
        (["people", "FILE", "--by", "nobody@example.com"], "Nobody signs in as nobody@example"),
        (["people", "FILE", "--encoding", "klingon"], "cannot be read as klingon"),
    ],
)
def test_a_wrong_call_is_refused_with_what_is_accepted(tmp_path, arguments, words):
    path = tmp_path / "people.csv"
    path.write_text("Name\nAda\n")

    with pytest.raises(CommandError) as caught:
        run(*[str(path) if argument == "FILE" else argument for argument in arguments])

    assert words in str(caught.value)


@pytest.mark.django_db
def test_the_actor_is_who_is_named(tmp_path, it):
    path = tmp_path / "people.csv"
    path.write_text("Name\nAda\n")

    run("people", path, "--by", it.email.upper())

    assert Person.objects.get(name="Ada").history.get().history_user == it


KILLED = """
import os, signal
import django
django.setup()
from config import resources
write = resources.create_all_as
def half(records, **options):
    made = write(records, **options)
    print("written", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    return made
resources.create_all_as = half
from django.core.management import call_command
call_command("import_data", "people", {path!r})
"""


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_leaves_nothing(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("Name\nAda\nBob\n")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(path=str(path))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert killed.returncode == -signal.SIGKILL
    assert "written" in killed.stdout
    deadline = time.monotonic() + 10
    while connection.vendor == "postgresql" and time.monotonic() < deadline:
        if not Person.objects.exists():
            break
    assert not Person.objects.exists()
    assert run("people", path)[-1] == "2 created, 0 updated, 0 unchanged, 0 refused"
