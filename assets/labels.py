"""Labels to stick on assets, as PDF: a QR code that leads to the asset, its tag, and what it is.

Lengths are millimetres in a `Layout` and points (1/72 inch) where something is drawn. A page is
printed at its true size, "100 %" or "actual size" in the printer's dialogue.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import segno
from django.conf import settings
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from config.fonts import BOLD, PLAIN, fitting, lines_of, printable, register, shortened

MOST = 5000
"""How many labels one file holds."""
QUIET = 4
"""The modules that stay white around a QR code (ISO/IEC 18004, section 5.3.8)."""

WIDEST = 0.45
"""The share of a label's width that its QR code may take."""


@dataclass(frozen=True)
class Label:
    tag: str
    product: str = ""


@dataclass(frozen=True)
class Layout:
    """Where labels are on a page: `left` and `top` are the margins before the first one, a `step`
    is the distance from one label to the next; `brief` ones have room for the tag alone.
    """

    name: str
    page: tuple[float, float]
    label: tuple[float, float]
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    step: tuple[float, float] = (0, 0)
    padding: float = 2
    brief: bool = False

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """The lower left corner of a label, in points; place 0 is the first, row by row."""
        row, column = divmod(place, self.columns)
        x = self.left + column * self.step[0]
        y = self.page[1] - self.top - row * self.step[1] - self.label[1]
        return x * mm, y * mm


A4, LETTER = (210.0, 297.0), (215.9, 279.4)
LAYOUTS = {
    "l7160": Layout(
        "A4, 3 × 7 labels of 63.5 × 38.1 mm (Avery L7160)",
        A4,
        (63.5, 38.1),
        columns=3,
        rows=7,
        left=7.25,
        top=15.15,
        step=(66.0, 38.1),
        padding=3,
    ),
    "l4731": Layout(
        "A4, 7 × 27 labels of 25.4 × 10 mm (Avery L4731)",
        A4,
        (25.4, 10.0),
        columns=7,
        rows=27,
        left=8.6,
        top=13.5,
        step=(27.9, 10.0),
        padding=0.5,
        brief=True,
    ),
    "5160": Layout(
        "US Letter, 3 × 10 labels of 2⅝ × 1 inch (Avery 5160)",
        LETTER,
        (66.675, 25.4),
        columns=3,
        rows=10,
        left=4.7625,
        top=12.7,
        step=(69.85, 25.4),
    ),
    "57x32": Layout("Roll, 57 × 32 mm", (57.0, 32.0), (57.0, 32.0)),
    "62x29": Layout("Roll, 62 × 29 mm", (62.0, 29.0), (62.0, 29.0)),
}


def address(tag: str) -> str:
    """Where the QR code of a tag leads."""
    return f"{settings.SITE_URL}/a/{quote(tag, safe='')}/"


def sheet(labels: Sequence[Label], layout: Layout, *, skip: int = 0) -> bytes:
    """A PDF of the labels in their order; the first `skip` places of the first page stay empty.

    The same labels make the same bytes. Raises ValueError where `skip` is no place of the page.
    """
    if not 0 <= skip < layout.per_page:
        raise ValueError(f"A page of this layout has {layout.per_page} labels.")
    register()
    file = io.BytesIO()
    width, height = (side * mm for side in layout.page)
    canvas = Canvas(file, pagesize=(width, height), invariant=1, pageCompression=1)
    canvas.setTitle("Asset labels")
    for place, label in _places(labels, layout, skip):
        if place == 0 and label is not labels[0]:
            canvas.showPage()
        _draw(canvas, label, layout, place)
    canvas.save()
    return file.getvalue()


def _places(labels: Sequence[Label], layout: Layout, skip: int) -> Iterator[tuple[int, Label]]:
    for number, label in enumerate(labels, skip):
        yield number % layout.per_page, label


def _draw(canvas: Canvas, label: Label, layout: Layout, place: int) -> None:
    x, y = layout.corner(place)
    padding = layout.padding * mm
    width, height = (side * mm - 2 * padding for side in layout.label)
    side = min(height, width * WIDEST)
    _draw_code(canvas, address(label.tag), x + padding, y + padding + (height - side) / 2, side)
    beside = x + padding + side
    _draw_text(canvas, label, layout, beside, y + padding + height / 2, width - side, height)


def _draw_code(canvas: Canvas, content: str, x: float, y: float, side: float) -> None:
    """A QR code of `side` points with the white around it, as one filled path."""
    code = segno.make_qr(content, error="l")  # and better where that makes it no larger
    module = side / (len(code.matrix) + 2 * QUIET)
    canvas.saveState()
    canvas.translate(x + QUIET * module, y + QUIET * module)
    canvas.scale(module, module)
    path = canvas.beginPath()
    for line, modules in enumerate(reversed(code.matrix)):
        for begin, length in _runs(modules):
            path.rect(begin, line, length, 1)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _runs(modules: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The dark stretches of a line: where each begins, and how many modules it has."""
    begin = None
    for column, dark in enumerate([*modules, 0]):
        if dark and begin is None:
            begin = column
        elif not dark and begin is not None:
            yield begin, column - begin
            begin = None


def _draw_text(
    canvas: Canvas, label: Label, layout: Layout, x: float, y: float, width: float, height: float
) -> None:
    """The tag as large as fits, around the middle `y`; whose it is above it, what it is below."""
    tag = printable(label.tag, BOLD)
    size = fitting(tag, BOLD, width, largest=height * 0.3, smallest=4.5)
    small = min(8.0, height * 0.12)
    baseline = y if not layout.brief else y - size * 0.36
    _set(canvas, BOLD, size, x, baseline, shortened(tag, BOLD, size, width))
    if layout.brief:
        return
    owner = shortened(settings.ORGANISATION, PLAIN, small, width)
    _set(canvas, PLAIN, small, x, baseline + size * 0.75 + small * 0.8, owner)
    for number, line in enumerate(lines_of(label.product, PLAIN, small, width, most=2)):
        _set(canvas, PLAIN, small, x, baseline - small * (1.7 + number * 1.25), line)


def _set(canvas: Canvas, font: str, size: float, x: float, y: float, text: str) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)
