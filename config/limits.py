"""How often one user may ask for what costs much; beyond what any person does the answer is 429."""

import time
from typing import Any, NamedTuple

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest


class Limit(NamedTuple):
    """So many times in so many seconds."""

    most: int
    seconds: int


LIMITS = {
    "search": Limit(240, 60),  # completing while somebody types is searching too
    "file": Limit(30, 600),  # exports, labels
}
# Of each process by itself, so that to look for something writes nothing into the database.
memory = LocMemCache("limits", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


class TooOften(Exception):
    """Somebody has come to a limit; `config.middleware` answers with the page that says so."""


def count(name: str, request: HttpRequest) -> None:
    """Count a request for one of LIMITS, once, however often it is asked. Raises TooOften."""
    counted: set[str] = vars(request).setdefault("counted", set())
    if name in counted:
        return
    counted.add(name)
    user: Any = request.user
    if is_over(f"{name}:{user.pk}", LIMITS[name], memory):
        raise TooOften(name)


def is_over(key: str, limit: Limit, counts: BaseCache = cache) -> bool:
    """Whether this is more than the limit allows, counting it; by default for all processes."""
    window = f"{key}:{int(time.time()) // limit.seconds}"
    counts.add(window, 0, limit.seconds)
    return int(counts.incr(window)) > limit.most
