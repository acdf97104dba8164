"""The processes of `make run`, started and stopped for real."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.services import ROOT

pytestmark = [
    pytest.mark.real,
    pytest.mark.xdist_group("run"),
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are read from /proc."),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """One folder for all: the first start fills it, the others find it filled."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def start(data_dir, tmp_path):
    started = []

    def start(port):
        environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "PORT": str(port)}
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                cwd=ROOT,
                env=environment | {"ENV_FILE": os.devnull, "PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        return process, tmp_path / "log"

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


def wait_for(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def descendants(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [
        it for child in children for it in descendants(child)
    ]


def command(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def ended(pids):
    """Whether none runs any longer; what only waits to be reaped by its parent has ended."""
    return all(_state(pid) in "ZX" for pid in pids)


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def ready(start):
    port = free_port()
    process, log = start(port)
    wait_for(lambda: "Steward runs at" in log.read_text() or process.poll() is not None)
    assert process.poll() is None, log.read_text()
    return process, log, port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process(start, number):
    process, log, port = ready(start)
    pids = descendants(process.pid)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/") as page:
        assert page.status == 200
    words = log.read_text()
    assert f"http://127.0.0.1:{port}/" in words
    assert "employee@" in words
    assert len(pids) >= 4

    process.send_signal(number)

    assert process.wait(60) == 0
    assert ended(pids)


@pytest.mark.parametrize("name", ["worker", "config.wsgi"])
def test_a_process_that_dies_ends_the_others_with_a_word(start, name):
    process, log, _ = ready(start)
    pids = descendants(process.pid)
    wait_for(lambda: any(f" {name} " in command(pid) for pid in descendants(process.pid)))

    os.kill(next(pid for pid in pids if f" {name} " in command(pid)), signal.SIGKILL)

    assert process.wait(60) == 1
    assert "stopped (exit code -9)" in log.read_text()
    assert ended(pids)


def test_nothing_survives_a_supervisor_that_is_killed(start):
    process, _, _ = ready(start)
    pids = descendants(process.pid)

    process.kill()

    process.wait(60)
    wait_for(lambda: ended(pids), 30)


def test_a_port_in_use_is_a_plain_message(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        process, log = start(port)

        assert process.wait(60) == 1
        words = f"Port {port} is in use by another program. Choose a free one: make run PORT="
        assert log.read_text() == f"{words}{port + 1}\n"
