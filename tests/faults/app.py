"""The Celery application of the faults: beat every second, and in the workers what is broken.

FAULT_TASKS keeps only these entries of the schedule. FAULT_DAY_AT, as 17:05, is the one minute in
UTC at which beat starts the day, not each second; whether to make it up is asked each second.
"""

import os

from celery.schedules import crontab
from celery.signals import worker_process_init

from tests.faults.breaking import prepare
from tests.quick import app

if kept := os.environ.get("FAULT_TASKS"):
    schedule = app.conf.beat_schedule
    app.conf.beat_schedule = {name: schedule[name] for name in kept.split(",")}

if at := os.environ.get("FAULT_DAY_AT"):
    hour, minute = at.split(":")
    app.conf.beat_schedule["daily"]["schedule"] = crontab(hour=hour, minute=minute)
    app.conf.beat_schedule["make up a day"]["schedule"] = 1.0

worker_process_init.connect(prepare)
