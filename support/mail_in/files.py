"""The files of a mail: kept with what it became, or named in a note where they are not accepted."""

import hashlib
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from config.history import Actor
from people import documents
from support import conversation
from support.mail_in.letters import Enclosure, Letter
from support.mail_in.words import one_line
from support.models import Comment, Ticket

MOST = 20
SMALLEST_PICTURE = 5_000
"""Bytes below which a picture within the text is a logo or a counter, and left in the original."""
TNEF = "Outlook's own format, which is not opened: ask for the files one by one"
KNOWN = {
    "winmail.dat": TNEF,
    "application/ms-tnef": TNEF,
    "text/calendar": "an invitation to a calendar",
    "message/rfc822": "a mail within the mail",
}


def keep(letter: Letter, record: Ticket | Comment, *, by: Actor) -> None:
    """Attach its files; what is not accepted is named in a note for staff, once and with why."""
    ticket = record.ticket if isinstance(record, Comment) else record
    there = set(conversation.files_of(ticket, public=False).values_list("checksum", flat=True))
    refused, kept = [], 0
    for file in letter.enclosures:
        checksum = hashlib.sha256(file.content).hexdigest()
        if checksum in there or _is_decoration(file):
            continue
        there.add(checksum)
        if reason := _refusal(file, kept) or _attached(file, record, by=by):
            refused.append(f"{file.name}: {reason}")
        else:
            kept += 1
    if refused:
        conversation.write(ticket, _note(refused), author=None, public=False, by=None)


def _is_decoration(file: Enclosure) -> bool:
    picture = file.media_type.startswith("image/")
    return file.is_inline and picture and len(file.content) < SMALLEST_PICTURE


def _refusal(file: Enclosure, kept: int) -> str:
    known = KNOWN.get(file.media_type) or KNOWN.get(file.name.lower())
    if known:
        return f"{known}."
    return f"more than {MOST} files came with it." if kept >= MOST else ""


def _attached(file: Enclosure, record: Ticket | Comment, *, by: Actor) -> str:
    """Attach it; "" where that was done, else why not."""
    try:
        content = ContentFile(file.content, name=file.name)
        title = documents.cleaned_name(file.name)[:100] or "file"
        documents.attach(record, title=title, file=content, by=by, reason="came by mail")
    except ValidationError as refusal:
        return one_line(" ".join(refusal.messages), 300)
    return ""


def _note(refused: Sequence[str]) -> str:
    lines = "\n".join(f"- {one_line(it, 400)}" for it in refused[:50])
    return f"These files of the mail are not kept here, but in the original mail:\n{lines}"
