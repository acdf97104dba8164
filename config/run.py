"""What `make run` starts: web, workers and beat as processes of one terminal, and all or none.

They run until Ctrl-C, or until one of them fails. Each leads a process group of its own: the
terminal's Ctrl-C reaches only this supervisor, and nothing of a group outlives it.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from django.conf import settings

from config.schedule import MAIL, WORK

HOST = "127.0.0.1"
GRACE = 10.0  # seconds in which a process finishes what it is doing

type Processes = dict[str, subprocess.Popen[bytes]]


def main() -> int:
    """Run until stopped; the exit code is 0 only where nothing failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _refused() or _prepare() or _serve()
    except KeyboardInterrupt:
        return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refused() -> int:
    if settings.PRODUCTION:
        return _say("PRODUCTION is set. docs/operations.md says how to run it there.", 1)
    if _answers(settings.PORT):
        return _say(
            f"Port {settings.PORT} is in use by another program. "
            f"Choose a free one: make run PORT={settings.PORT + 1}",
            1,
        )
    return 0


def _prepare() -> int:
    """Bring the database up to date, and fill an empty one with the demo company."""
    # One process for both: to start one takes longer than to find that nothing is to be done.
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
    code = subprocess.run([*manage, "--if-empty", "--migrate"], check=False).returncode
    return _say(f"The database could not be prepared (exit code {code}).", 1) if code else 0


def _commands() -> dict[str, list[str]]:
    celery = ["celery", "--app=config", "--quiet"]
    quiet = ["--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return {
        # One process with threads: embedded, the database takes one writer at a time anyway.
        "web": [
            *["gunicorn", "config.wsgi", f"--bind={HOST}:{settings.PORT}", "--workers=1"],
            *["--threads=8", "--timeout=120", "--log-level=warning", "--no-control-socket"],
        ],
        "worker": [*celery, "worker", "--concurrency=1", f"--queues={WORK}", *quiet],
        # Apart from the other, so that no mail waits for an import.
        "mailer": [
            *[*celery, "worker", "--concurrency=2", f"--queues={MAIL}", *quiet],
            "--hostname=mail@%h",
        ],
        "beat": [*celery, "beat", "--loglevel=WARNING"],
    }


def _serve() -> int:
    processes: Processes = {}
    try:
        for name, command in _commands().items():
            processes[name] = _start(command)
        return _watch(processes)
    finally:
        _stop(processes)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_the_supervisor if sys.platform == "linux" else None,
    )


def _die_with_the_supervisor() -> None:
    # The supervisor itself may be killed in a way it cannot act on.
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _watch(processes: Processes) -> int:
    """Say when the web answers, then wait for a failure or for the end of what started this."""
    parent, ready = os.getppid(), False
    while os.getppid() == parent:
        for name, process in processes.items():
            if process.poll() is not None:
                return _say(f"The {name} stopped (exit code {process.returncode}).", 1)
        if not ready and _answers(settings.PORT):
            ready = True
            _say(f"\nSteward runs at http://{HOST}:{settings.PORT}/ - Ctrl-C stops it.")
        time.sleep(0.2)
    return 0


def _stop(processes: Processes) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _say("Stopping.")
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes.values():
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
    for process in processes.values():
        _kill_group(process.pid)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _say(text: str, code: int = 0) -> int:
    print(text, file=sys.stderr if code else sys.stdout, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
