"""The Celery application of the faults: beat every second, and in the workers what is broken.

FAULT_TASKS keeps only these entries of the schedule.
"""

import os

from celery.signals import worker_process_init

from tests.faults.breaking import prepare
from tests.quick import app

if kept := os.environ.get("FAULT_TASKS"):
    schedule = app.conf.beat_schedule
    app.conf.beat_schedule = {name: schedule[name] for name in kept.split(",")}

worker_process_init.connect(prepare)
