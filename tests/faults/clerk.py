"""Does what it is told on its standard input, each order in a new process of its own.

An order is a line such as `2 day 2026-11-24`: how many processes, what they do, and for what. They
begin at the same moment; their numbers are the answer. To fork takes a hundredth of a second where
to start takes two, so a test can kill many of them in the middle of what they do.
"""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from datetime import date, timedelta

import django

together = None
"""What those of one order wait at for each other."""


def day(on):
    from support.daily import run_day

    run_day(date.fromisoformat(on))


def deliver():
    from people.delivery import deliver

    deliver(60)


def rounds(first, count):
    """A daily run and a delivery for each of so many days, all begun at the same moment."""
    for number in range(int(count)):
        together.wait(60)
        day(str(date.fromisoformat(first) + timedelta(number)))
        together.wait(60)
        deliver()


def deliver_for_ever():
    while True:
        deliver()
        time.sleep(0.02)


ORDERS = {it.__name__: it for it in (day, deliver, deliver_for_ever, rounds)}


def begin(work, arguments, gate):
    """Fork; the new process waits at the gate, works, and ends."""
    if number := os.fork():
        return number
    try:
        from django.db import connection

        connection.ensure_connection()
        os.read(gate, 1)
        work(*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def obey(order):
    global together
    count, name, *arguments = order.split()
    together = multiprocessing.get_context("fork").Barrier(int(count))
    gate, opener = os.pipe()
    numbers = []
    for _ in range(int(count)):
        numbers.append(begin(ORDERS[name], arguments, gate))
    print(*numbers, flush=True)
    time.sleep(0.02)
    os.write(opener, b"x" * int(count))
    os.close(gate)
    os.close(opener)


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is gone, and nobody waits
    django.setup()
    import support.tasks  # noqa: F401 - what takes long, before anybody waits for it
    from tests.faults.breaking import prepare

    prepare()
    for order in sys.stdin:
        obey(order)


if __name__ == "__main__":
    main()
