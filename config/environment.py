"""Reads the environment, and says in words what is wrong with it.

Every value Steward can be given is explained in `.env.example`. A parser here takes the text of a
variable, and raises ValueError where it is not accepted; a refusal never shows a password.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr
from logging import ERROR, LogRecord
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
import phonenumbers
from django.core.exceptions import ImproperlyConfigured
from django.utils.http import is_same_domain

from config.currencies import CODES

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
# A name without scheme and port, a domain with all below it, an address.
HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[a-f0-9:.]+\]", re.IGNORECASE)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Environment(environ.Env):
    """django-environ, refusing each bad value by the variable's name and what is accepted."""

    def text(self, name: str) -> str:
        """What is set, or "". Read raw: django-environ would take a leading $ for a reference."""
        return str(self.ENVIRON.get(name, "")).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        value = (self.text(name) or str(default)).lower()
        if value not in TRUE | FALSE:
            raise refusal(name, f"is {value!r}", "true or false")
        return value in TRUE

    def value(
        self,
        name: str,
        parse: Callable[[str], Any] = str,
        *,
        accepts: str,
        default: str = "",
        needed: bool = False,
        secret: bool = False,
    ) -> Any:
        """`parse` of the variable, or of `default` where it is not set.

        Refused where it is `needed` and missing, or where `parse` raises; a `secret` is not shown.
        """
        text = self.text(name)
        if needed and not text:
            raise refusal(name, "is missing", accepts)
        try:
            return parse(text or default)
        except (ValueError, KeyError, OSError, ImproperlyConfigured):
            problem = "is not accepted" if secret else f"is {redacted(text)!r}"
            # Not chained: the cause may quote the password.
            raise refusal(name, problem, accepts) from None


def refusal(name: str, problem: str, accepts: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The environment variable {name} {problem}. Accepted: {accepts}. See .env.example."
    )


def redacted(url: str) -> str:
    """`url` without the user and the password that may stand in it."""
    before, at, after = url.rpartition("@")
    scheme, separator, _ = before.partition("://")
    return f"{scheme if separator else ''}{separator}…@{after}" if at and ":" in before else url


def _ensure(holds: object) -> None:
    if not holds:
        raise ValueError


def folder(text: str) -> Path:
    """A folder, made if it is not there yet, in which files can be made."""
    path = Path(text)
    path.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=path):
        return path


def port(text: str) -> int:
    number = int(text)
    _ensure(1 <= number <= 65535)
    return number


def count(text: str) -> int:
    number = int(text)
    _ensure(0 <= number <= 9)
    return number


def secret_key(text: str) -> str:
    _ensure(len(text) >= 50 and len(set(text)) >= 5)
    return text


def field_keys(text: str) -> list[str]:
    """The keys of encrypted fields, the newest first."""
    keys = [key.strip() for key in text.split(",")]
    _ensure(all(len(key) >= 32 and len(set(key)) >= 5 for key in keys))
    return keys


def origin(text: str) -> str:
    parts = urlsplit(text)
    _ensure(parts.scheme in {"http", "https"} and parts.hostname and not parts.username)
    _ensure(not parts.path.strip("/") and not parts.query and parts.port != 0)
    return f"{parts.scheme}://{parts.netloc}"


def https_origin(text: str) -> str:
    _ensure(text.startswith("https://"))
    return origin(text)


def host(origin: str) -> str:
    """The host of an address as requests name it: an IPv6 address in brackets."""
    name = str(urlsplit(origin).hostname)
    return f"[{name}]" if ":" in name else name


def hosts(text: str, needed: str) -> list[str]:
    """Names that Django finds a host among, the one that is `needed` too."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    _ensure(all(HOST.fullmatch(name) for name in names))
    _ensure(any(is_same_domain(needed, name.lower()) for name in names))
    return names


def hosts_with_ports(text: str) -> list[str]:
    """`host:port` of each name; 443 where none is given."""
    pairs = [name.strip().lower().partition(":") for name in text.split(",") if name.strip()]
    _ensure(all(host and "*" not in host and "/" not in host for host, _, _ in pairs))
    return [f"{host}:{port(number or '443')}" for host, _, number in pairs]


def currency(text: str) -> str:
    _ensure(text.upper() in CODES)
    return text.upper()


def region(text: str) -> str:
    """A country of ISO 3166-1 whose numbering plan is known."""
    _ensure(text.upper() in phonenumbers.SUPPORTED_REGIONS)
    return text.upper()


def address(text: str) -> str:
    """A mail address, with or without a name before it."""
    mailbox = parseaddr(text)[1]
    before, at, domain = mailbox.rpartition("@")
    _ensure(before and at and domain and "\n" not in text)
    return text


def log_level(text: str) -> str:
    _ensure(text.upper() in LEVELS)
    return text.upper()


def logging(level: str) -> dict[str, Any]:
    """All to standard error, a line each; what nobody foresaw with where it happened."""
    line = {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    foreseen = {"()": "django.utils.log.CallbackFilter", "callback": _in_a_line}
    console = {"class": "logging.StreamHandler", "formatter": "line", "filters": ["foreseen"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "filters": {"foreseen": foreseen},
        "handlers": {"console": console},
        "root": {"handlers": ["console"], "level": level},
    }


def _in_a_line(record: LogRecord) -> bool:
    """A page that is refused or not there is answered in words: its traceback tells nothing."""
    if record.name == "django.request" and record.levelno < ERROR:
        record.exc_info = None
    return True


def database(url: str) -> dict[str, Any]:
    """Django's settings of a PostgreSQL or SQLite database."""
    _ensure(urlsplit(url).scheme in {"postgres", "postgresql", "sqlite"})
    settings: dict[str, Any] = Environment.db_url_config(url)
    _ensure(settings.get("NAME"))
    return settings


def with_options(database: dict[str, Any]) -> dict[str, Any]:
    """`database` with what Steward needs of its kind, beside what its address says."""
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return {**database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    # IMMEDIATE takes the write lock when a transaction starts: the second of two clerks waits
    # for its turn instead of failing with "database is locked" half-way.
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    return {**database, "OPTIONS": options}


def postgresql(url: str) -> dict[str, Any]:
    _ensure(urlsplit(url).scheme in {"postgres", "postgresql"})
    return database(url)


def mail_server(url: str) -> dict[str, Any]:
    """Django's EMAIL_ settings; none where `url` is empty."""
    if not url:
        return {}
    _ensure(urlsplit(url).scheme in {"smtp", "smtps", "smtp+tls", "smtp+ssl"})
    settings: dict[str, Any] = Environment.email_url_config(url)
    _ensure(settings.get("EMAIL_HOST"))
    return settings


def redis(url: str) -> str:
    parts = urlsplit(url)
    _ensure(parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0)
    return url


def broker(url: str) -> str:
    return url if url == "filesystem://" else redis(url)


@dataclass(frozen=True)
class ImapFolder:
    """A folder of a mailbox, and how to get into it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    encrypted: bool = True

    def __str__(self) -> str:
        return f"{self.user} at {self.host}/{self.folder}"


def imaps(url: str) -> ImapFolder | None:
    """imaps://USER:PASSWORD@HOST:993/INBOX; none where `url` is empty."""
    _ensure(not url or url.startswith("imaps://"))
    return imap(url)


def imap(url: str) -> ImapFolder | None:
    """As `imaps`; imap:// is not encrypted."""
    if not url:
        return None
    parts = urlsplit(url)
    _ensure(parts.scheme in {"imap", "imaps"} and parts.hostname and parts.port != 0)
    _ensure(parts.username and parts.password and not parts.query)
    encrypted = parts.scheme == "imaps"
    return ImapFolder(
        host=str(parts.hostname),
        port=parts.port or (993 if encrypted else 143),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        encrypted=encrypted,
    )
