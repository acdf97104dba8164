"""People sign in, and are rate-limited, while the Redis of the settings is down."""

import os
import socket

import pytest

from tests.faults.figures import figure, title
from tests.test_settings import run

SIGN_IN = """
import django
django.setup()
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
cache.clear()
client = Client(SERVER_NAME="localhost")
another = Client(SERVER_NAME="localhost")  # who has asked for a code is sent on to it
login = {"login": "nobody@example.com", "password": "wrong"}
print(
    client.get("/accounts/login/").status_code,
    client.post("/accounts/login/", login).status_code,
    client.post("/accounts/login/code/", {"email": "nobody@example.com"}).status_code,
    sum(b"Too many failed" in another.post("/accounts/login/", login).content for _ in range(12)),
)
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """One folder for both: its database takes longer to make than to use."""
    return tmp_path_factory.mktemp("data")


def connections(redis):
    try:
        redis.accept()
    except OSError:  # EAGAIN, or EINVAL where it does not listen
        return 0
    return 1


@pytest.mark.parametrize("listening", [True, False], ids=["silent", "refusing"])
def test_people_sign_in_and_are_rate_limited_while_redis_is_down(data_dir, listening):
    with socket.socket() as redis:
        redis.bind(("127.0.0.1", 0))
        redis.settimeout(0)
        if listening:
            redis.listen()
        outcome = run(
            "-c",
            SIGN_IN,
            DJANGO_SETTINGS_MODULE="config.settings",
            ENV_FILE=os.devnull,
            DATA_DIR=str(data_dir),
            CELERY_BROKER_URL=f"redis://127.0.0.1:{redis.getsockname()[1]}/0",
        )

        assert outcome.returncode == 0, outcome.stderr
        first, wrong, code, refused = outcome.stdout.split()
        title(f"Signing in while Redis is {'silent' if listening else 'refusing'}")
        assert (first, wrong, code) == ("200", "200", "302")
        figure("of 12 more wrong passwords, refused for being many", int(refused), least=7)
        # What is not asked cannot make anybody wait.
        figure("connections to Redis", connections(redis), most=0)
