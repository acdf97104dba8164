"""All of this folder is run by `make faults`."""

import os
from pathlib import Path

import pytest
import redis


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def broker():
    """The address of an empty broker: Redis where there is one, else the file system."""
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        return "filesystem://"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
    return url
