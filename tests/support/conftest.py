"""Who asks and who agrees, in the tests of requests."""

import pytest

from tests.factories import somebody


@pytest.fixture
def boss():
    return somebody(name="Boss", manager=somebody(name="Big boss"))
