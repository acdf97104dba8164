"""Text that a spreadsheet would run as a formula, made harmless on the way out and restored.

A text cell that begins with = + - @ or a control character gets an apostrophe before it, unless it
is a number. An import takes that apostrophe away again, so that nothing changes on a round trip.
"""

import re
import unicodedata

MARK = "'"
# With the full-width forms, which some spreadsheets read as the plain ones.
STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\u2212")
# Some skip these before a formula.
BLANKS = " \u00a0\u200b\u2060\u3000\ufeff"
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def disarmed(text: str) -> str:
    """The text as a cell may hold it."""
    return MARK + text if _runs(text.lstrip(MARK)) else text


def restored(text: str) -> str:
    """What `disarmed` was given."""
    disarmed_before = text.startswith(MARK) and _runs(text.lstrip(MARK))
    return text[1:] if disarmed_before else text


def _runs(text: str) -> bool:
    if NUMBER.fullmatch(text):
        return False
    first = text.lstrip(BLANKS)[:1]
    return first in STARTS or (first != "" and unicodedata.category(first) == "Cc")
