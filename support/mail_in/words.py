"""Text out of bytes that say wrongly, or not at all, in which encoding they are."""

import re
import unicodedata
from email.message import EmailMessage

from charset_normalizer import from_bytes

LONGEST = 100_000
"""Characters that are kept of what a mail says; the original has the rest."""
CUT = "\n\n(It goes on; the whole is in the original mail.)"


def part_text(part: EmailMessage) -> str:
    """The words of a text part, whatever is wrong with its encoding."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else str(payload or "").encode()
    return plain(decoded(content, part.get_content_charset() or ""))


def decoded(content: bytes, charset: str) -> str:
    """As it says it is encoded, else as UTF-8, else as it most likely is."""
    for name in (charset, "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    best = from_bytes(content[:50_000]).best()
    return content.decode(best.encoding if best else "cp1252", errors="replace")


def plain(text: str) -> str:
    """Without what a database refuses or a reader cannot see: NUL, half characters, controls."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = lines.encode("utf-8", "replace").decode() if not lines.isascii() else lines
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", kept)


def one_line(text: str, length: int) -> str:
    """A header's words on one line, of at most so many characters."""
    shown = "".join(it if unicodedata.category(it)[0] != "C" else " " for it in plain(text))
    return " ".join(shown.split())[:length]


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
