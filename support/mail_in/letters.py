"""A mail, understood: who wrote it, what it answers, what it says, and what is in it."""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from functools import cached_property
from itertools import islice

from support.mail_in.html import text_of
from support.mail_in.quotes import answer_in
from support.mail_in.words import one_line, part_text, plain, shortened

LONGEST_HEADER = 16_000
"""Characters of one header. A longer one would keep the reader busy for hours."""
LONGEST_CONTENT_HEADER = 4_000
"""Of those that say what a part is, which the reader takes apart for every part."""
MOST_HEADERS, MOST_PARTS = 1_000, 200
MESSAGE_ID = re.compile(r"<[^<>\s]{3,240}>")
POLICY = policy.default.clone(raise_on_defect=False)


class Unreadable(Exception):
    """Nothing that a mail program writes; the reason in words."""


@dataclass(frozen=True)
class Enclosure:
    """A file in a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    is_inline: bool = False
    """Shown within the text, as a logo of a signature is."""


class Letter:
    """A mail. What is asked of it is worked out when it is asked, and raises nothing."""

    def __init__(self, raw: bytes, arrived_at: datetime) -> None:
        """Raises Unreadable where it is built to keep its reader busy."""
        self.raw, self.arrived_at = raw, arrived_at
        _check(raw)
        try:
            message = email.message_from_bytes(raw, policy=POLICY)
        except RecursionError as error:
            raise Unreadable("Its parts or headers are nested without end.") from error
        assert isinstance(message, EmailMessage)
        self.message = message

    def header(self, name: str) -> str:
        """Its words on one line; "" where there is none. Only the first of several counts."""
        return self._words(name, next(iter(self.headers(name)), ""))

    def headers(self, name: str) -> list[str]:
        """As they were sent, from the top; the topmost is the last that a server added."""
        pairs = self.message.raw_items()
        return [str(value) for key, value in pairs if key.lower() == name.lower()]

    def _words(self, name: str, raw: str) -> str:
        try:
            words = str(POLICY.header_fetch_parse(name, raw))
        except Exception:  # the library's parser fails on what strangers think of
            words = raw
        return one_line(words, 2_000)

    # --- Who ---

    @cached_property
    def senders(self) -> list[tuple[str, str]]:
        """Name and address of each of whom it claims to come from."""
        found = []
        for raw in self.headers("From")[:3]:
            try:
                addresses = POLICY.header_fetch_parse("From", raw).addresses
                found += [(it.display_name, it.addr_spec) for it in addresses]
            except Exception:
                found.append(parseaddr(raw))
        pairs = [(one_line(name, 250), one_line(at, 250).lower()) for name, at in found]
        return [(name, at) for name, at in pairs if "@" in at.strip("@")]

    @property
    def sender(self) -> str:
        """The one address it comes from, in small letters; "" where there is none, or several."""
        return self.senders[0][1] if len(self.senders) == 1 else ""

    @property
    def sender_name(self) -> str:
        return self.senders[0][0] if len(self.senders) == 1 else ""

    # --- Which ---

    @cached_property
    def message_id(self) -> str:
        """Its Message-ID, or one made of its content, always the same."""
        found = MESSAGE_ID.search(self.header("Message-ID"))
        return found[0] if found else f"<{hashlib.sha256(self.raw).hexdigest()}@without.id>"

    @cached_property
    def sent_at(self) -> datetime:
        """When it says that it was sent; when it arrived, where that cannot be."""
        try:
            moment = parsedate_to_datetime(self.header("Date"))
        except (ValueError, TypeError, OverflowError, IndexError):
            return self.arrived_at
        if moment.tzinfo is None:  # "-0000": in universal time, from where nobody says
            moment = moment.replace(tzinfo=UTC)
        return moment if 1990 < moment.year < 9000 else self.arrived_at

    @cached_property
    def references(self) -> list[str]:
        """The Message-IDs of what it answers, the nearest first."""
        nearest = MESSAGE_ID.findall(self.header("In-Reply-To"))
        before = [it for raw in self.headers("References")[:1] for it in MESSAGE_ID.findall(raw)]
        return list(dict.fromkeys([*nearest, *reversed(before)]))[:50]

    @cached_property
    def subject(self) -> str:
        return one_line(self.header("Subject"), 250)

    # --- What ---

    @cached_property
    def text(self) -> str:
        """What it says; of HTML its words."""
        words = [self._text_of(it) for it in (self._body("plain"), self._body("html")) if it]
        first = next((it for it in words if it.strip()), "").strip()
        return shortened("\n\n".join(filter(None, [first, *self._further_words])))

    @cached_property
    def _further_words(self) -> list[str]:
        """What stands between and below the files, as Apple's programs write it."""
        return [self._text_of(part).strip() for part in self._other_leaves if _is_words(part)]

    @cached_property
    def answer(self) -> str:
        """The same without the history below."""
        return answer_in(self.text)

    @staticmethod
    def _text_of(part: EmailMessage) -> str:
        text = part_text(part)
        return text_of(text) if part.get_content_subtype() == "html" else text

    def _body(self, kind: str) -> EmailMessage | None:
        try:
            body = self.message.get_body((kind,))
        except Exception:
            return None
        return body if isinstance(body, EmailMessage) else None

    @cached_property
    def enclosures(self) -> list[Enclosure]:
        """The files, in their order; a mail within the mail is one file."""
        parts = [part for part in self._other_leaves if not _is_words(part)]
        return [_enclosure(part, number) for number, part in enumerate(parts, 1)]

    @cached_property
    def _other_leaves(self) -> list[EmailMessage]:
        """All parts but those that are the body."""
        bodies = {id(it) for it in (self._body("plain"), self._body("html")) if it}
        return [part for part in _leaves(self.message) if id(part) not in bodies]


def _check(raw: bytes) -> None:
    """With the older, plainer reader, which splits headers and does not look into them."""
    try:
        walk = email.message_from_bytes(raw, policy=policy.compat32).walk()
        parts = list(islice(walk, MOST_PARTS + 1))
    except RecursionError as error:
        raise Unreadable("Its parts are nested without end.") from error
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"It has more than {MOST_PARTS} parts.")
    for part in parts:
        headers = list(part.raw_items())
        if len(headers) > MOST_HEADERS:
            raise Unreadable(f"It has {len(headers)} headers.")
        for name, value in headers:
            content, length = name.lower().startswith("content-"), len(str(value))
            if length > (LONGEST_CONTENT_HEADER if content else LONGEST_HEADER):
                raise Unreadable(f"Its header {one_line(name, 40)} has {length} characters.")


def _leaves(part: EmailMessage) -> Iterator[EmailMessage]:
    if part.get_content_maintype() == "multipart":
        for inner in part.get_payload() if part.is_multipart() else []:
            if isinstance(inner, EmailMessage):
                yield from _leaves(inner)
    else:
        yield part


def _is_words(part: EmailMessage) -> bool:
    """Whether it is to be read with the text, and no file."""
    is_text = part.get_content_type() in {"text/plain", "text/html"}
    return is_text and part.get_content_disposition() != "attachment" and not _name(part)


def _name(part: EmailMessage) -> str:
    try:
        return one_line(part.get_filename() or "", 150)
    except Exception:  # as above
        return ""


def _enclosure(part: EmailMessage, number: int) -> Enclosure:
    media_type = part.get_content_type()
    name = _name(part) or f"{_kind(media_type)} {number}.{_extension(media_type)}"
    inline = "Content-ID" in part and part.get_content_disposition() != "attachment"
    return Enclosure(name, media_type, _content(part), is_inline=inline)


def _content(part: EmailMessage) -> bytes:
    if part.get_content_maintype() == "message":
        inner = part.get_payload()
        try:
            mails = inner if isinstance(inner, list) else []
            return b"\n".join(it.as_bytes() for it in mails if isinstance(it, EmailMessage))
        except Exception:  # what cannot be written again is in the original
            return b"(a mail)"
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else plain(str(payload or "")).encode()


def _kind(media_type: str) -> str:
    kinds = {"image": "picture", "message": "mail", "text": "text"}
    return kinds.get(media_type.partition("/")[0], "file")


def _extension(media_type: str) -> str:
    known = {"image/jpeg": "jpg", "text/plain": "txt", "text/calendar": "ics"}
    known["message/rfc822"] = "eml"
    spelt = re.sub(r"[^a-z0-9]", "", media_type.partition("/")[2])[:8]
    return known.get(media_type, spelt or "bin")
