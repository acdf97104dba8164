"""The Celery application: its settings are Django's, its tasks the apps' `tasks` modules."""

import os

from celery import Celery

from config import broker
from config.schedule import LONGEST

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.install()
app = Celery("steward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
app.conf.task_ignore_result = True
app.conf.task_time_limit = LONGEST
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_hijack_root_logger = False
app.conf.broker_connection_retry_on_startup = True
app.autodiscover_tasks()
