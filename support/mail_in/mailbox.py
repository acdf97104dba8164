"""The folder that is polled: what lies in it, and where it goes once it is taken."""

import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from config.environment import ImapFolder

logger = logging.getLogger(__name__)

TAKEN = ("Steward", "taken")  # the folder, and the one within, where taken mail lies
TIMEOUT = SocketTimeout(connect=10, read=30)
HEADERS_READ = 64 * 1024  # bytes of the headers of a mail that is too large to be fetched
WRONG = (IMAPClientError, OSError)
"""What goes wrong between us and the server; ssl.SSLError is one of the latter."""


class Unreachable(Exception):
    """The mailbox cannot be read now: nothing is taken, and nothing lost."""


@dataclass(frozen=True)
class Envelope:
    """A mail as the server lists it, before it is fetched."""

    uid: int
    size: int  # bytes
    arrived_at: datetime


class Mailbox:
    """One connection, with the folder selected."""

    def __init__(self, client: IMAPClient, folder: ImapFolder) -> None:
        self._client, self.name = client, str(folder)[:200]
        selected = client.select_folder(folder.folder)
        self.validity = int(selected[b"UIDVALIDITY"])
        self._taken = ""  # the name of the folder of taken mail, once it is known to be there
        self._moves = True

    def waiting(self) -> list[int]:
        """The UIDs of all mail of the folder, as it came; what to do with each the caller knows."""
        return sorted(self._client.search("UNDELETED"))

    def still_waiting(self, uids: Sequence[int]) -> list[int]:
        """Those that nobody else has moved meanwhile."""
        if not uids:
            return []
        self._client.noop()  # tells of what others have moved
        return sorted(self._client.search(["UNDELETED", "UID", ",".join(map(str, uids))]))

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Those that are still there."""
        found = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"]) if uids else {}
        return [
            Envelope(uid, int(it[b"RFC822.SIZE"]), _aware(it.get(b"INTERNALDATE")))
            for uid, it in sorted(found.items())
            if b"RFC822.SIZE" in it
        ]

    def whole(self, uid: int) -> bytes | None:
        """The mail as it came; it stays unseen. None: somebody else has just filed it away."""
        return self._fetched(uid, "BODY.PEEK[]", b"BODY[]")

    def headers(self, uid: int) -> bytes | None:
        """The beginning of its headers."""
        return self._fetched(uid, f"BODY.PEEK[HEADER]<0.{HEADERS_READ}>", b"BODY[HEADER]<0>")

    def _fetched(self, uid: int, item: str, key: bytes) -> bytes | None:
        found: dict[bytes, Any] = self._client.fetch([uid], [item]).get(uid, {})
        return bytes(found[key]) if found.get(key) is not None else None

    def file_away(self, uids: Sequence[int]) -> None:
        """Mark mail as seen and move it to the folder of what is taken.

        Where the server does not move it, it stays where it is: what is taken we know ourselves.
        """
        if not uids:
            return
        self._client.add_flags(uids, [rb"\Seen"], silent=True)
        if not self._moves:
            return
        try:
            self._move(uids)
        except (CapabilityError, IMAPClientError) as error:
            self._moves = False
            logger.warning("Taken mail stays in %s: %s", self.name, error)

    def _move(self, uids: Sequence[int]) -> None:
        target = self._folder_of_the_taken()
        if self._client.has_capability("MOVE"):
            self._client.move(uids, target)
            return
        if not self._client.has_capability("UIDPLUS"):
            raise CapabilityError("the server knows neither MOVE nor UIDPLUS")
        self._client.copy(uids, target)
        self._client.add_flags(uids, [rb"\Deleted"], silent=True)
        self._client.uid_expunge(uids)

    def _folder_of_the_taken(self) -> str:
        """Its name, as this server writes names; made where it is not there."""
        if not self._taken:
            prefix, separator = self._manner_of_names()
            name = prefix + separator.join(TAKEN)
            if not self._client.folder_exists(name):
                with suppress(IMAPClientError):  # another poller made it a moment ago
                    self._client.create_folder(name)
            self._taken = name
        return self._taken

    def _manner_of_names(self) -> tuple[str, str]:
        """What every name begins with, and what stands between a folder and the one within."""
        if self._client.has_capability("NAMESPACE"):
            own = self._client.namespace().personal
            if own:
                return str(own[0][0]), str(own[0][1] or "/")
        folders = self._client.list_folders()
        separator = folders[0][1] if folders else b"/"
        return "", (separator or b"/").decode()


@contextmanager
def opened(folder: ImapFolder) -> Iterator[Mailbox]:
    """The mailbox, signed in. Raises Unreachable with the reason in words; no password is in it."""
    client = None
    try:
        client = IMAPClient(
            folder.host,
            folder.port,
            ssl=folder.encrypted,
            ssl_context=ssl.create_default_context() if folder.encrypted else None,
            timeout=TIMEOUT,
        )
        client.login(folder.user, folder.password)
        yield Mailbox(client, folder)
    except LoginError as error:
        raise Unreachable(f"{folder} refuses our password: {_said(error, folder)}") from None
    except WRONG as error:
        raise Unreachable(f"{folder} cannot be read: {_said(error, folder)}") from error
    finally:
        if client is not None:
            with suppress(*WRONG):
                client.logout()


def _said(error: Exception, folder: ImapFolder) -> str:
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return words.replace(folder.password, "…")


def _aware(moment: Any) -> datetime:
    """INTERNALDATE, which comes in this machine's own zone and without saying so."""
    if not isinstance(moment, datetime):
        return timezone.now()
    return moment.astimezone() if moment.tzinfo is None else moment
