"""The Celery application with the schedule of the settings, the hours of what brings mail a second.

The other entries keep their own pace, so that on a slow machine the worker is not buried in them.
"""

from config.celery import app

QUICK = {"daily", "digests", "deliver mail", "deliver posts"}
app.conf.beat_max_loop_interval = 0.5
app.conf.beat_schedule = {
    name: {**entry, "schedule": 1.0} if name in QUICK else entry
    for name, entry in app.conf.beat_schedule.items()
}
