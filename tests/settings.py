"""The suite's settings: those of the project in an environment of its own, whatever the shell's is.

TEST_DATABASE_URL and TEST_REDIS_URL name the services to test on; without them SQLite and the
filesystem broker serve, and what needs the others is skipped, saying so.
"""

import os
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="steward-test-"))

SETTINGS = [
    "PRODUCTION",
    "DEBUG",
    "SECRET_KEY",
    "PORT",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "TIME_ZONE",
    "DATABASE_URL",
    "EMAIL_URL",
    "MAIL_FROM",
    "FALLBACK_MAILBOX",
    "CELERY_BROKER_URL",
    "DEFAULT_CURRENCY",
    "ORGANISATION",
]

for name in SETTINGS:
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = str(DATA_DIR)
os.environ["LOG_LEVEL"] = "WARNING"
# Playwright keeps an event loop running in the thread of the tests, so Django takes every query
# there for one inside a coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
if url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
