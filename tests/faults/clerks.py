"""The processes of `tests.faults.clerk`, as a test orders and kills them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.processes import ended


class Clerk:
    """`order` starts so many processes at once and gives their numbers."""

    def __init__(self, steward):
        self.log = steward.folder / f"{len(steward.running)}.log"
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.clerk"],
                # Tables without statistics look large: see tests/conftest.py.
                env=steward.environment | {"PGOPTIONS": "-c jit=off"},
                cwd=steward.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
                start_new_session=True,
            )
        steward.running.append(self.process)

    def order(self, count, name, *arguments):
        self.process.stdin.write(" ".join(map(str, (count, name, *arguments))) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, self.log.read_text()
        return [int(number) for number in answer.split()]

    def do(self, count, name, *arguments, seconds=60):
        """Order it, and wait until all of them have ended, none by an error."""
        numbers, end = self.order(count, name, *arguments), time.monotonic() + seconds
        while not ended(numbers):
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.002)
        assert "Traceback" not in self.log.read_text(), self.log.read_text()


@contextmanager
def clerk(steward):
    one = Clerk(steward)
    try:
        yield one
    finally:
        with suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait(15)
        one.process.stdin.close()
        one.process.stdout.close()


def kill(number):
    """Whether there was somebody to kill."""
    if ended([number]):
        return False
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
        return True
    return False


def children(number):
    with suppress(FileNotFoundError, ProcessLookupError):
        text = Path(f"/proc/{number}/task/{number}/children").read_text()
        return [int(child) for child in text.split()]
    return []
