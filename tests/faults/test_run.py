"""What `make run` started, ended in every other way than by Ctrl-C."""

import os
import signal
import sys
import time

import pytest

from tests.faults.figures import figure, title
from tests.processes import command, descendants, ended, ready, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Processes are read from /proc.")
SECONDS = 15


def gone(pids, what, since):
    """Print in how many seconds the last of them ended."""
    wait_for(lambda: ended(pids), SECONDS)
    title(what)
    figure("seconds until the last of its processes ended", time.monotonic() - since, most=SECONDS)


def test_a_first_start_fills_an_empty_folder_and_a_signal_ends_every_process(start):
    process, log, _ = ready(start)
    assert "employee@" in log.read_text()
    pids = descendants(process.pid)
    assert len(pids) >= 4
    since = time.monotonic()

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert ended(pids)
    gone(pids, "A supervisor told to end", since)


@pytest.mark.parametrize("name", ["worker", "config.wsgi"])
def test_a_process_that_dies_ends_the_others_with_a_word(start, name):
    process, log, _ = ready(start)
    pids = descendants(process.pid)
    wait_for(lambda: any(f" {name} " in command(pid) for pid in descendants(process.pid)))

    since = time.monotonic()
    os.kill(next(pid for pid in pids if f" {name} " in command(pid)), signal.SIGKILL)

    assert process.wait(60) == 1
    assert "stopped (exit code -9)" in log.read_text()
    assert ended(pids)
    gone(pids, f"The process {name} killed", since)


def test_nothing_survives_a_supervisor_that_is_killed(start):
    process, _, _ = ready(start)
    pids = descendants(process.pid)

    since = time.monotonic()

    process.kill()

    process.wait(60)
    gone(pids, "The supervisor killed", since)
