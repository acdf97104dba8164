"""What every PDF of text shares: an A4 page, its letters, and "page 1 of 3" at its foot."""

import io
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate

from config.fonts import BOLD, PLAIN, printable, register, shortened

MARGIN = 20 * mm
FRAME = 6  # the padding of reportlab's frames, in points
WIDTH = A4[0] - 2 * MARGIN
LONGEST = 400
"""The letters of one cell; a longer text is cut, so that a row always fits on a page."""

GREY, LINE = colors.HexColor("#555555"), colors.HexColor("#bbbbbb")
TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=18, leading=23, spaceAfter=3 * mm)
TEXT = ParagraphStyle("text", fontName=PLAIN, fontSize=10, leading=14)


def built(story: list[Flowable], title: str) -> bytes:
    """The PDF of what flows down its pages; the same story makes the same bytes."""
    register()
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN - FRAME,
        rightMargin=MARGIN - FRAME,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
        title=title,
        author=settings.ORGANISATION,
        lang="en",
    )

    def canvas_of(*args: Any, **options: Any) -> "_Numbered":
        return _Numbered(*args, **options, foot=title)

    document.build(story, canvasmaker=canvas_of)
    return file.getvalue()


class _Numbered(Canvas):
    """Writes "page 1 of 3" once it is known how many there are."""

    def __init__(self, *args: Any, foot: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.foot = foot
        self.pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self.pages.append(dict(vars(self)))
        self._startPage()

    def save(self) -> None:
        pages = self.pages
        for number, page in enumerate(pages, 1):
            self.__dict__.update(page)
            self._draw_foot(number, len(pages))
            super().showPage()
        super().save()

    def _draw_foot(self, number: int, count: int) -> None:
        self.setFont(PLAIN, 8)
        self.setFillColor(GREY)
        left = shortened(f"{settings.ORGANISATION} · {self.foot}", PLAIN, 8, WIDTH - 30 * mm)
        self.drawString(MARGIN, 12 * mm, left)
        self.drawRightString(A4[0] - MARGIN, 12 * mm, f"page {number} of {count}")


def safe(text: str) -> str:
    """As a Paragraph may hold it: printable, without markup, and no longer than a cell."""
    line = printable(text)
    return escape(line if len(line) <= LONGEST else line[: LONGEST - 1] + "…")


def day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
