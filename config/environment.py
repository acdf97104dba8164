"""Reads the environment, and says in words what is wrong with it.

Every value Steward can be given is explained in `.env.example`.
"""

from collections.abc import Callable
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


class Environment(environ.Env):
    """django-environ, refusing each bad value by the variable's name and what is accepted."""

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.str(name, default=str(default)).strip().lower()
        if value not in TRUE | FALSE:
            raise refusal(name, f"is {value!r}", "true or false")
        return value in TRUE

    def required(self, name: str, *, accepts: str, when: bool, default: str = "") -> str:
        """The value of `name`; where `when` holds, a missing or empty one is refused."""
        value: str = self.str(name, default="").strip()
        if when and not value:
            raise refusal(name, "is missing", accepts)
        return value or default

    def parsed(self, name: str, parse: Callable[[str], Any], value: str, *, accepts: str) -> Any:
        """`parse(value)`; an error of it is a refusal that names the variable."""
        try:
            return parse(value)
        except (ValueError, KeyError, ImproperlyConfigured) as error:
            raise refusal(name, f"is {redacted(value)!r}", accepts) from error


def redacted(url: str) -> str:
    """`url` without the password that may stand in it."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://…@{after}" if at else url


def refusal(name: str, problem: str, accepts: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The environment variable {name} {problem}. Accepted: {accepts}. See .env.example."
    )
