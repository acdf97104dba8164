"""The suite's settings: those of the project in an environment of its own, whatever the shell's is.

TEST_DATABASE_URL and TEST_REDIS_URL name the services to test on; without them SQLite and the
filesystem broker serve, and what needs the others is skipped, saying so.
"""

import os
import re
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="steward-test-"))

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"

for name in re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE):
    os.environ.pop(name, None)
os.environ["ENV_FILE"] = os.devnull
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
# Static files are looked up when asked for, as in development: a list of all of them would be made
# anew with every client.
WHITENOISE_AUTOREFRESH = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# A connection kept by a thread of the live server would outlast the test database.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
