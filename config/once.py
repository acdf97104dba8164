"""A form that is sent twice, by a second click or by going back, does its work once.

Its page carries a number, and whoever comes first with it wins. Not against an attacker, who may
leave it out as a script does: without a number a form is taken as it comes.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache

SENT_ALREADY = "This form was sent already. Look at what it did before you repeat it."
SECONDS = 24 * 3600


def number() -> str:
    """For one form that is shown."""
    return uuid.uuid4().hex


def is_first(number: str) -> bool:
    """Whether the form of this number comes for the first time; from now on it does not."""
    return not _is_one(number) or cache.add(_key(number), True, SECONDS)


def forget(number: str) -> None:
    """Let the form be sent again, after it did nothing."""
    if _is_one(number):
        cache.delete(_key(number))


@contextmanager
def sending(number: str) -> Iterator[bool]:
    """Whether to do what a form asks for; where that raises, the form may be sent again."""
    first = is_first(number)
    try:
        yield first
    except Exception:
        if first:
            forget(number)
        raise


def _is_one(number: str) -> bool:
    return bool(re.fullmatch(r"\w{1,40}", number, re.ASCII))


def _key(number: str) -> str:
    return f"form:{number}"
