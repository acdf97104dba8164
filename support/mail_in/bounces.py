"""What a mail server says of a mail of ours that it could not deliver (RFC 3464)."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Part

from people import returns
from people.models import Message
from support.mail_in.letters import MESSAGE_ID, Letter
from support.mail_in.words import one_line

FIRST_LINES = 4
"""Of a notice in prose alone, where it says nothing to machines."""


@dataclass(frozen=True)
class Report:
    """What became of one recipient of one mail."""

    failed: bool
    said: str
    message_ids: list[str]


def is_report(letter: Letter) -> bool:
    """Whether a server wrote it about a mail: by its form, its sender or its empty return path."""
    return (
        letter.message.get_content_type() == "multipart/report"
        or letter.header("Return-Path") == "<>"
        or letter.sender.partition("@")[0] in {"mailer-daemon", "postmaster"}
    )


def note(letter: Letter) -> str:
    """Mark the mail of ours that came back, and say in a sentence what the report is about."""
    report = _read(letter)
    if not report.failed:
        return one_line(f"A report of a mail server: {report.said}", 250)
    for message_id in report.message_ids:
        if message := returns.came_back(message_id, said=report.said):
            return one_line(f"Our mail “{message}” came back: {report.said}", 250)
    return one_line(f"A mail came back that is none of ours: {report.said}", 250)


def ours(message_ids: list[str]) -> bool:
    return Message.objects.filter(message_id__in=message_ids[:50]).exists()


def _read(letter: Letter) -> Report:
    fields = list(_fields(letter.message))
    said = next((it for it in map(_in_words, fields) if it), "")
    actions = {_field(it, "Action").lower() for it in fields} - {""}
    lines = [line for line in letter.text.splitlines() if line.strip()][:FIRST_LINES]
    said = said or one_line(" ".join(lines), 200) or letter.subject
    failed = "failed" in actions if actions else _seems_failed(letter)
    return Report(failed, said, [*_identities(letter.message), *letter.references])


def _fields(message: Part) -> Iterator[Part]:
    """The blocks of the machine-readable part: one on the report, one on each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (it for it in part.get_payload() if isinstance(it, Part))


def _in_words(fields: Part) -> str:
    """ "550 5.1.1 unknown user (ada@example.com)", of a block that says it."""
    said = _field(fields, "Diagnostic-Code").partition(";")[2].strip() or _field(fields, "Status")
    recipient = _field(fields, "Final-Recipient").partition(";")[2].strip()
    return one_line(f"{said} ({recipient})" if recipient else said, 200)


def _field(fields: Part, name: str) -> str:
    return one_line(str(fields.get(name, "")), 500)


def _identities(message: Part) -> list[str]:
    """The Message-ID of what is sent back within the report, whole or its headers alone."""
    found: list[str] = []
    for part in message.walk():
        if part is message:
            continue
        found += MESSAGE_ID.findall(str(part.get("Message-ID", ""))[:1000])
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            lines = (text if isinstance(text, bytes) else b"").decode("latin-1")[:64_000]
            found += [
                it
                for line in lines.splitlines()
                if line.lower().startswith("message-id:")
                for it in MESSAGE_ID.findall(line)
            ]
    return found


def _seems_failed(letter: Letter) -> bool:
    """What prose alone says: that it is late, or not."""
    words = f"{letter.subject} {letter.text[:500]}".lower()
    return not any(it in words for it in ("delayed", "delay)", "will retry", "still trying"))
