"""The Celery application with the schedule of the settings, its hours shortened to a second."""

from config.celery import app

app.conf.beat_max_loop_interval = 0.5
app.conf.beat_schedule = {
    name: {**entry, "schedule": 1.0} for name, entry in app.conf.beat_schedule.items()
}
