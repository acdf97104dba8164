"""The letters of the PDFs that Steward makes, embedded in each of them.

DejaVu Sans where the system has it (Debian: fonts-dejavu-core): Latin with every accent, Greek and
Cyrillic. Else Bitstream Vera, which comes with reportlab: western European Latin. A letter that a
font lacks loses its accent ("Kiss Erzso" for "Kiss Erzső"), and where that does not help it becomes
a question mark, never an empty box. Neither sets Chinese, Japanese or Korean, nor what is
written from right to left or joined, such as Hebrew and Arabic.
"""

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

PLAIN, BOLD = "Steward", "Steward-Bold"
FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF")
FILES = {PLAIN: ("DejaVuSans.ttf", "Vera.ttf"), BOLD: ("DejaVuSans-Bold.ttf", "VeraBd.ttf")}
ELLIPSIS = "\u2026"
UNKNOWN = "?"
UNJOINED = ("HEBREW", "ARABIC", "SYRIAC", "THAANA", "NKO")
"""Scripts whose letters a font may have, and that need more than a row of them from the left."""


@cache
def register() -> None:
    """Make both fonts known to reportlab; called by whatever sets text."""
    for name, (preferred, shipped) in FILES.items():
        pdfmetrics.registerFont(_font(name, preferred, shipped))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def _font(name: str, preferred: str, shipped: str) -> TTFont:
    for folder in FOLDERS:
        file = Path(folder) / preferred
        if file.is_file():
            try:
                return TTFont(name, str(file))
            except TTFError:
                continue
    return TTFont(name, shipped)


def printable(text: str, font: str = PLAIN) -> str:
    """The text on one line, in letters that the font has."""
    register()
    known = pdfmetrics.getFont(font).face.charToGlyph
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(_letter(letter, known) for letter in line)


def _letter(letter: str, known: dict[int, int]) -> str:
    if unicodedata.category(letter) in ("Cf", "Cc", "Mn"):
        return ""
    if unicodedata.name(letter, "").startswith(UNJOINED):
        return UNKNOWN
    if ord(letter) in known:
        return letter
    base = unicodedata.normalize("NFKD", letter)
    plain = "".join(it for it in base if not unicodedata.combining(it))
    return plain if plain and all(ord(it) in known for it in plain) else UNKNOWN


def width_of(text: str, font: str, size: float) -> float:
    """In points, of a text that is printable."""
    register()
    width: float = pdfmetrics.stringWidth(text, font, size)
    return width


def shortened(text: str, font: str, size: float, width: float) -> str:
    """The printable text, cut with an ellipsis where it is wider than `width` points."""
    text = printable(text, font)
    if width_of(text, font, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = width_of(text[:middle].rstrip() + ELLIPSIS, font, size) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + ELLIPSIS


def lines_of(text: str, font: str, size: float, width: float, *, most: int) -> list[str]:
    """The printable text in at most so many lines, broken between words; the last is shortened."""
    words = printable(text, font).split()
    lines: list[str] = []
    while words and len(lines) < most - 1:
        taken = 1
        while taken < len(words) and width_of(" ".join(words[: taken + 1]), font, size) <= width:
            taken += 1
        lines.append(shortened(" ".join(words[:taken]), font, size, width))
        words = words[taken:]
    return [*lines, shortened(" ".join(words), font, size, width)] if words else lines


def fitting(text: str, font: str, width: float, *, largest: float, smallest: float) -> float:
    """The size in points, from `largest` down to `smallest`, at which a printable text fits."""
    wide = width_of(text, font, 1)
    return max(smallest, min(largest, width / wide)) if wide else largest
