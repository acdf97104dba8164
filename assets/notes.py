"""The handover note as PDF: who got what from whom, and that they confirmed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from config.fonts import BOLD, PLAIN, printable, register
from config.paper import GREY, LINE, TEXT, TITLE, WIDTH, built, day, safe

COLUMNS = [9 * mm, 33 * mm, 52 * mm, 33 * mm, WIDTH - 127 * mm]
HEADERS = ["", "Tag", "Product", "Serial number", "Identifiers"]

NAME = ParagraphStyle("name", parent=TEXT, textColor=GREY)
CELL = ParagraphStyle("cell", fontName=PLAIN, fontSize=8.5, leading=11, splitLongWords=1)
TAG = ParagraphStyle("tag", parent=CELL, fontName=BOLD)
NUMBER = ParagraphStyle("number", parent=CELL, textColor=GREY, alignment=TA_RIGHT)
HEADER = ParagraphStyle("header", parent=CELL, textColor=GREY)
GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)
PLAIN_GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)


@dataclass(frozen=True)
class Item:
    """One thing on a note; `identifiers` are short texts such as "IMEI 490154203237518"."""

    tag: str
    product: str
    serial: str = ""
    identifiers: Sequence[str] = ()


def handover_note(
    *,
    number: str,
    to_name: str,
    place: str = "",
    handed_over_by: str,
    handed_over_on: date,
    due_back_on: date | None = None,
    items: Sequence[Item],
    accepted_by: str = "",
    accepted_at: datetime | None = None,
) -> bytes:
    """An A4 PDF of as many pages as the items need; the same arguments make the same bytes.

    `accepted_by` is the name as typed in the portal and `accepted_at` the moment, shown in the
    site's time zone; without them the note ends with lines to sign on paper.
    """
    register()
    particulars = [
        ("Received by", to_name),
        ("Place", place),
        ("Handed over by", handed_over_by),
        ("On", day(handed_over_on)),
        ("Due back", day(due_back_on) if due_back_on else ""),
    ]
    signed = _acceptance(accepted_by, accepted_at) if accepted_by else _signature(to_name)
    story = [
        Paragraph(safe(f"Handover note {number}"), TITLE),
        _particulars(particulars),
        Spacer(0, 6 * mm),
        _table(items),
        Spacer(0, 3 * mm),
        Paragraph(_counted(items), TEXT),
        Spacer(0, 8 * mm),
        KeepTogether(signed),
    ]
    return built(story, f"Handover note {number}")


def _particulars(pairs: Sequence[tuple[str, str]]) -> Table:
    rows = [[Paragraph(name, NAME), Paragraph(safe(text), TEXT)] for name, text in pairs if text]
    return Table(rows, colWidths=[35 * mm, WIDTH - 35 * mm], style=PLAIN_GRID, hAlign="LEFT")


def _table(items: Sequence[Item]) -> LongTable:
    rows = [[Paragraph(header, HEADER) for header in HEADERS]]
    for number, item in enumerate(items, 1):
        identifiers = "<br/>".join(safe(it) for it in _few(item.identifiers))
        texts = [safe(item.product), safe(item.serial), identifiers]
        cells = [Paragraph(text, CELL) for text in texts]
        rows.append([Paragraph(str(number), NUMBER), Paragraph(safe(item.tag), TAG), *cells])
    return LongTable(rows, colWidths=COLUMNS, style=GRID, repeatRows=1, hAlign="LEFT")


def _few(texts: Sequence[str], most: int = 20) -> list[str]:
    shown = list(texts[:most])
    return [*shown, f"and {len(texts) - most} more"] if len(texts) > most else shown


def _counted(items: Sequence[Item]) -> str:
    return "1 item." if len(items) == 1 else f"{len(items)} items."


def _acceptance(name: str, at: datetime | None) -> list[Flowable]:
    when = ""
    if at is not None:
        local = timezone.localtime(at)
        when = f" on {day(local.date())} at {local:%H:%M} ({local.tzname()})"
    sentence = f"Accepted electronically by {printable(name)}{when}."
    return [Paragraph(safe(sentence), TEXT)]


def _signature(to_name: str) -> list[Flowable]:
    """Lines for a pen: a place and day, and a signature with the name below it."""
    below = [
        Paragraph("Place and day", HEADER),
        "",
        Paragraph(safe(f"Signature: {to_name}"), HEADER),
    ]
    style = TableStyle(
        [
            ("LINEABOVE", (0, 1), (0, 1), 0.6, colors.black),
            ("LINEABOVE", (2, 1), (2, 1), 0.6, colors.black),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    widths = [WIDTH * 0.4, WIDTH * 0.08, WIDTH * 0.52]
    lines = Table([["", "", ""], below], colWidths=widths, rowHeights=[14 * mm, None], style=style)
    return [Paragraph("I have received what is listed above.", TEXT), lines]
