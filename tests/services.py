"""What a test may need beyond Python: a skip that says why, or under TEST_REQUIRE_ALL a failure."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("TEST_REQUIRE_ALL", "").lower() in {"1", "true", "yes", "on"}
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
DATA = ROOT.parent / "shared" / "data"


def missing(reason):
    """Leave the test out, saying why; where everything is required, fail it."""
    if REQUIRE_ALL:
        pytest.fail(f"{reason} TEST_REQUIRE_ALL forbids leaving this out.", pytrace=False)
    pytest.skip(reason)


def executable(names, reason):
    """The path of the first of `names` that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    return found or missing(reason)


def data_file(path):
    """A file of the public sample data, which is not part of this repository."""
    file = DATA / path
    if not file.exists():
        pytest.skip("The sample data is not beside the repository (../shared/data).")
    return file
