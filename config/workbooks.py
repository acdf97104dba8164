"""An Excel workbook of one sheet, written row by row to somebody who is already reading it.

openpyxl makes an empty workbook; its parts are copied, and the rows of the sheet are streamed into
the place of the empty one. Numbers stay numbers, days and moments stay days and moments; a text is
an inline string, which no program takes for a formula.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

type Value = str | int | Decimal | date | datetime | None

SHEET = "xl/worksheets/sheet1.xml"
BEGIN = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<cols>{columns}</cols><sheetData>"
)
END = "</sheetData></worksheet>"
WIDTH = '<col min="1" max="{count}" width="20" customWidth="1"/>'
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", Decimal: "#,##0.00"}
LONGEST = 32_767
"""The longest text that Excel keeps in a cell; what is longer is cut."""
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Pipe(io.RawIOBase):
    """What zipfile writes to: kept until it is taken, never sought in."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def stream(headers: Sequence[str], chunks: Iterable[Sequence[Sequence[Value]]]) -> Iterator[bytes]:
    """The workbook's bytes; the first come before the first chunk of rows is asked for."""
    parts, styles = _empty()
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        # Zip64, because nobody knows yet how large the sheet becomes.
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            begin = BEGIN.format(columns=WIDTH.format(count=max(1, len(headers))))
            sheet.write((begin + _row(1, headers, styles, styles[str])).encode())
            yield pipe.take()
            number = 1
            for chunk in chunks:
                for row in chunk:
                    number += 1
                    sheet.write(_row(number, row, styles).encode())
                yield pipe.take()
            sheet.write(END.encode())
    yield pipe.take()


def _empty() -> tuple[dict[str, bytes], dict[type, int]]:
    """The parts of an empty workbook but for its sheet, and the style of each type of value."""
    book = Workbook()
    sheet = book.active
    styles = {}
    for column, (kind, number_format) in enumerate(FORMATS.items(), 2):
        cell = sheet.cell(1, column)
        cell.number_format = number_format
        styles[kind] = cell.style_id
    cell = sheet.cell(1, 1)
    cell.font = Font(bold=True)
    styles[str] = cell.style_id
    saved = io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as archive:
        names = [name for name in archive.namelist() if name != SHEET]
        return {name: archive.read(name) for name in names}, styles


def _row(number: int, values: Sequence[Value], styles: dict[type, int], bold: int = 0) -> str:
    cells = [
        _cell(f"{get_column_letter(column)}{number}", value, styles, bold)
        for column, value in enumerate(values, 1)
        if value not in (None, "")
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value, styles: dict[type, int], bold: int) -> str:
    if isinstance(value, str):
        # A carriage return would be read back as a line feed, unless it is written as a number.
        text = escape(NOT_IN_XML.sub("\ufffd", value[:LONGEST]), {"\r": "&#13;"})
        style = f' s="{bold}"' if bold else ""
        return (
            f'<c r="{place}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        )
    number = to_excel(value) if isinstance(value, date) else value
    return f'<c r="{place}" s="{styles.get(type(value), 0)}"><v>{number}</v></c>'
