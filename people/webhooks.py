"""Posts messages to webhooks: only over https, and only to where a stranger could be.

Whoever may write an address into Steward must not reach by it what only this machine can reach. So
the host's name is looked up once, every address that it has is checked, and the connection goes to
the checked address itself, with a certificate for the name. No redirect is followed. An address of
a webhook is kept like a password: no error and no log repeats it.
"""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from config.secrets import Undecipherable, sealed
from people.answers import Failed, Postponed
from people.models import Message

CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 10.0
MOST_READ = 64 * 1024
LONGEST_WAIT = timedelta(hours=4)
TEMPORARY = {408, 425, 429}
SECRETS = {
    ipaddress.ip_address(text)
    for text in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")  # AWS, Alibaba, Oracle
}
"""Where clouds keep the secrets of their machines, beside the link-local addresses."""
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """An address that may be posted to, taken apart."""

    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ValueError, in words that do not repeat it, where nothing may be posted there."""
        if not url.isprintable() or " " in url:
            raise ValueError("The address has blanks or control characters in it.")
        try:
            parts = urlsplit(url)
            port, host = parts.port or 443, (parts.hostname or "").encode("idna").decode()
        except ValueError:  # its own words repeat the address
            raise ValueError("The address names no host that could be looked up.") from None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if parts.scheme != "https":
            raise ValueError("The address must begin with https://.")
        if not host or "@" in parts.netloc:
            raise ValueError("The address must name a host, and no user.")
        if not path.isascii():
            raise ValueError("The address has letters in it that must be percent-encoded.")
        if port != 443 and not is_ours(host, port):
            raise ValueError("The address must use the port 443, as https does.")
        return cls(host, port, path)


def is_ours(host: str, port: int) -> bool:
    """Whether WEBHOOK_HOSTS lists it: a server of the organisation, in its own network."""
    return f"{host}:{port}" in settings.WEBHOOK_HOSTS


def carry(message: Message) -> None:
    """Post one message. Raises Failed or Postponed, in words, where it was not taken."""
    webhook = message.webhook
    if webhook is None or not webhook.is_active:
        raise Failed(f"The webhook “{webhook}” is switched off.")
    try:
        url, secret = sealed(webhook.url).reveal(), sealed(webhook.secret).reveal()
        target = Target.of(url)
    except (Undecipherable, ValueError) as error:
        raise Failed(str(error)) from None
    body = message.text.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Steward",
        "Steward-Message": message.message_id,
        **signature(body, secret, timezone.now()),
    }
    _judge(_post(target, body, headers), url)


def signature(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """`Steward-Signature: t=<seconds>,v1=<HMAC-SHA-256 of "seconds.body", hexadecimal>`.

    None without a secret. The time is that of this attempt, so that a receiver may refuse what
    somebody recorded and sends again.
    """
    if not secret:
        return {}
    seconds = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return {"Steward-Signature": f"t={seconds},v1={digest.hexdigest()}"}


# --- Where it goes ------------------------------------------------------------------------------


def resolved(target: Target) -> list[str]:
    """The checked addresses of the host, as the resolver orders them.

    Raises Failed where one of them is not to be posted to, Postponed where there is none now.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Postponed("The host of the address is not known to the name server.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    may = _may_be_ours if is_ours(target.host, target.port) else is_public
    if not addresses or not all(may(_parsed(address)) for address in addresses):
        raise Failed(
            "The host of the address is inside a private network. Where that is meant, name it in"
            " WEBHOOK_HOSTS."
        )
    return addresses


def _parsed(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach it.

    What embeds another address (NAT64, 6to4, Teredo) counts as not: it leads wherever that does.
    """
    embeds = isinstance(address, ipaddress.IPv6Address) and (address.sixtofour or address.teredo)
    local = getattr(address, "is_site_local", False)
    closed = address.is_multicast or address.is_reserved or local or embeds
    return address.is_global and not closed


def _may_be_ours(address: Address) -> bool:
    """Of a host that is named on purpose: any but those at which clouds keep their secrets."""
    nowhere = address.is_link_local or address.is_multicast or address.is_unspecified
    return not nowhere and address not in SECRETS


# --- The connection -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What the receiver said: the status, what to wait for, and the beginning of its text."""

    status: int
    retry_after: str
    text: str


class _TimedSocket(ssl.SSLSocket):
    """A receiver that sends one letter a minute does not hold the worker longer than another."""

    until = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.until))
        return super().recv_into(*args, **kwargs)


class _PinnedConnection(http.client.HTTPConnection):
    """Goes to addresses that were checked before; the name is for the certificate alone."""

    default_port = 443

    def __init__(self, target: Target, addresses: Sequence[str], until: float) -> None:
        super().__init__(target.host, target.port)
        self.addresses, self.until = addresses, until

    def connect(self) -> None:
        context = ssl.create_default_context()
        context.sslsocket_class = _TimedSocket
        plain = self._reached()
        try:
            plain.settimeout(_left(self.until))
            secure = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        secure.settimeout(_left(self.until))
        vars(secure)["until"] = self.until
        self.sock = secure

    def _reached(self) -> socket.socket:
        """Connected to the first address that answers. Raises OSError where none does."""
        error: OSError = TimeoutError()
        for address in self.addresses:
            try:
                seconds = min(CONNECT_SECONDS, _left(self.until))
                return socket.create_connection((address, self.port), seconds)
            except OSError as refusal:
                error = refusal
        raise error


def _left(until: float) -> float:
    """Seconds that are left. Raises TimeoutError where none is."""
    if (left := until - monotonic()) <= 0:
        raise TimeoutError
    return left


def _post(target: Target, body: bytes, headers: dict[str, str]) -> Answer:
    """Raises Failed or Postponed, in words of ours, where no answer came."""
    until = monotonic() + WHOLE_SECONDS
    connection = _PinnedConnection(target, resolved(target), until)
    try:
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        retry_after = response.getheader("Retry-After") or ""
        return Answer(response.status, retry_after, _read(response))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Postponed(_in_words(error)) from None
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> str:
    """The beginning of a refusal's text. The status is what counts, with or without it."""
    if 200 <= response.status < 300:
        return ""
    with suppress(OSError, http.client.HTTPException, ValueError):
        return response.read(MOST_READ).decode(errors="replace")
    return ""


def _in_words(error: Exception) -> str:
    """What went wrong, without the address, which the text of many an error repeats."""
    if isinstance(error, TimeoutError):
        return f"The receiver did not answer within {WHOLE_SECONDS:.0f} seconds."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The receiver's certificate is not valid (reason {error.verify_code})."
    if isinstance(error, ConnectionRefusedError):
        return "The receiver refused the connection."
    if isinstance(error, ssl.SSLError):
        return "No secure connection to the receiver could be made."
    if isinstance(error, OSError):
        return "The receiver could not be reached, or broke off the connection."
    return "What the receiver answered is not HTTP."


# --- The answer ---------------------------------------------------------------------------------


def _judge(answer: Answer, url: str) -> None:
    if 200 <= answer.status < 300:
        return
    words = _quoted(answer, url)
    if answer.status in TEMPORARY or answer.status >= 500:
        raise Postponed(words, _wait(answer.retry_after))
    if 300 <= answer.status < 400:
        raise Failed(f"{words} Redirects are not followed: enter the address it leads to.")
    raise Failed(words)


def _quoted(answer: Answer, url: str) -> str:
    """The status, and what the receiver wrote unless that repeats a part of the address."""
    known = {status.value: status.phrase for status in HTTPStatus}
    words = f"The receiver answered {answer.status} {known.get(answer.status, '')}".rstrip()
    text = " ".join(answer.text.split())[:200]
    plain = "".join(it if it.isalnum() else " " for it in unquote(urlsplit(url).path))
    repeated = any(part in unquote(text) for part in plain.split() if len(part) >= 6)
    return f"{words}: {text}" if text and not repeated else f"{words}."


def _wait(text: str) -> timedelta:
    """Retry-After (RFC 9110, 10.2.3), seconds or a date; nothing where it is neither."""
    try:
        if text.strip().isdecimal():
            wait = timedelta(seconds=min(int(text), LONGEST_WAIT.total_seconds()))
        else:
            wait = parsedate_to_datetime(text) - timezone.now()
    except (TypeError, ValueError, OverflowError):
        return timedelta()
    return min(max(wait, timedelta()), LONGEST_WAIT)
