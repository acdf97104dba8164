"""The ledger of two days, measured in a process of its own; prints JSON."""

import json
import sys
import time
from datetime import date, timedelta

import django

from tests.bench.memory import peak


def main(first):
    django.setup()
    from support.ledger import raise_due

    runs = []
    for day in range(3):
        began = time.perf_counter()
        raised = raise_due(first + timedelta(day))
        runs.append((raised, time.perf_counter() - began))
    print(json.dumps({"runs": runs, "peak": peak()}))


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]))
