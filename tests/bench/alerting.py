"""The ledger of two days, measured in a process of its own; prints JSON."""

import json
import resource
import sys
import time
from datetime import date, timedelta

import django


def main(first):
    django.setup()
    from support.ledger import raise_due

    runs = []
    for day in range(3):
        began = time.perf_counter()
        raised = raise_due(first + timedelta(day))
        runs.append((raised, time.perf_counter() - began))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"runs": runs, "peak": peak}))


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]))
