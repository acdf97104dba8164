"""Steward's real processes, started and ended by a test: worker, beat, web, and `make run`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.db import connection

from tests.services import ROOT
from tests.smtp import free_port

WORKER = ["worker", "--concurrency=1", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
BEAT = ["beat", "--loglevel=INFO"]


class Processes:
    """Starts processes of Steward, each in a group of its own, and ends them all."""

    def __init__(self, folder, **variables):
        self.folder, self.running = folder, []
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "PYTHONPATH": str(ROOT),
            **variables,
        }

    def start(self, *command):
        log = (self.folder / f"{len(self.running)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment,
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.running.append(process)
        return process

    def celery(self, *arguments):
        return self.start("celery", "--app=tests.quick", *arguments)

    def end(self, process, number=signal.SIGTERM):
        if process.poll() is None:
            os.killpg(process.pid, number)
        process.wait(15)

    def end_all(self):
        for process in self.running:
            self.end(process, signal.SIGKILL)

    def logs(self):
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user, host, port = database["USER"], database["HOST"], database["PORT"]
    return f"postgres://{user}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"


@pytest.fixture
def processes(tmp_path):
    """Makes the processes of one environment."""
    made = []

    def make(**variables):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Processes(folder, **variables))
        return made[-1]

    yield make
    for one in made:
        one.end_all()


def mail_to(postman):
    return f"smtp://127.0.0.1:{postman.port}"


def emptied(redis_url):
    """The same Redis without the tasks that whoever used it before has left there."""
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
    return redis_url


@pytest.fixture
def broker():
    """The address of an empty broker: Redis where there is one, else the file system."""
    url = os.environ.get("TEST_REDIS_URL")
    return emptied(url) if url else "filesystem://"


# --- `make run` ---


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """One folder for all: the first start fills it, the others find it filled."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def start(data_dir, tmp_path):
    """Starts `make run` on a port: the supervisor's process, and where it writes."""
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
