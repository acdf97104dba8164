"""The processes of `make run`, started and stopped for real."""

import signal
import socket
import sqlite3
import sys
import urllib.request
from contextlib import closing

import pytest

from tests import template
from tests.processes import descendants, ended, ready

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are read from /proc."),
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A database that is migrated and not empty: no start waits for either here."""
    folder = tmp_path_factory.mktemp("run")
    template.fill(folder / "steward.sqlite3")
    with closing(sqlite3.connect(folder / "steward.sqlite3")) as database, database:
        described = database.execute("PRAGMA table_info(people_person)").fetchall()
        needed = [name for _, name, _, not_null, *_ in described if not_null and name != "id"]
        values = ", ".join(["''"] * len(needed))
        database.execute(f"INSERT INTO people_person ({', '.join(needed)}) VALUES ({values})")
    return folder


def test_it_says_where_it_runs_and_ctrl_c_ends_every_process(start):
    process, log, port = ready(start)
    pids = descendants(process.pid)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/") as page:
        assert page.status == 200
    words = log.read_text()
    assert f"http://127.0.0.1:{port}/" in words
    assert len(pids) >= 4

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert ended(pids)


def test_a_port_in_use_is_a_plain_message(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        process, log = start(port)

        assert process.wait(60) == 1
        words = f"Port {port} is in use by another program. Choose a free one: make run PORT="
        assert log.read_text() == f"{words}{port + 1}\n"
