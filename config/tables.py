"""Spreadsheets as they come: CSV in any usual encoding and delimiter, and XLSX.

Row numbers are those the spreadsheet shows: the header is row 1 where it stands first. The header
is the first row that is not blank. Only the first sheet of a workbook is read.
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO

import tablib
from charset_normalizer import from_bytes
from django.core.exceptions import ValidationError

from config.cells import Formula
from config.formulas import restored

type Cell = str | int | float | bool | date | datetime | Formula | None

MAX_BYTES = 20 * 2**20
MAX_EXPANDED = 150 * 2**20
MAX_PARTS = 1000
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 3_000_000
MAX_CELL = 32_767  # the longest text Excel itself can keep in a cell
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class BrokenRow:
    """A row whose cells cannot be told apart; `problem` says why."""

    number: int
    problem: str


@dataclass
class Shape:
    """A header, the rows below it with their numbers, and what was wrong with others."""

    headers: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)


class Table(tablib.Dataset):
    """A tablib Dataset that knows where its rows stood.

    `name` is the file's; `numbers` the row numbers, one per row; `broken` the rows left out because
    their cells cannot be told apart; `notes` say how the file was read.
    """

    def __init__(self, name: str, shape: Shape, notes: Iterable[str] = ()) -> None:
        super().__init__(*shape.rows, headers=shape.headers)
        self.name = name
        self.numbers = shape.numbers
        self.broken = shape.broken
        self.notes = list(notes)


def read(file: IO[bytes], name: str, *, encoding: str = "") -> Table:
    """The table in a file, by its content; `name` is what the file is called.

    `encoding` overrules the detection for CSV. Raises ValidationError, in sentences that name the
    file, where it cannot be read, is empty, has no rows, or exceeds a limit.
    """
    data = file.read(MAX_BYTES + 1)
    notes: list[str] = []
    if len(data) > MAX_BYTES:
        raise refusal(name, f"is larger than {MAX_BYTES // 2**20} MB; split it")
    if not data.strip(b"\0 \r\n\t"):
        raise refusal(name, "is empty")
    if data.startswith(b"PK\x03\x04"):
        shape = _shape(name, _workbook(name, data), pad=True)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise refusal(name, "is an old or an encrypted Excel file; save it as .xlsx or .csv")
    elif name.lower().endswith(".xlsx"):
        raise refusal(name, "is no Excel file, whatever its name says; save it as .xlsx or .csv")
    else:
        text, notes = _decoded(name, data, encoding)
        delimiter, text = _delimiter(text)
        notes.append(f"{DELIMITERS[delimiter]} between the cells")
        shape = _shape(name, _records(name, text, delimiter), pad=False)
    if not shape.rows and not shape.broken:
        raise refusal(name, "has a header and no row below it")
    return Table(name, shape, notes)


def refusal(name: str, problem: str) -> ValidationError:
    return ValidationError(f"{name} {problem}.")


# --- Any file: records into a table --------------------------------------------------------------


def _shape(name: str, records: Iterable[list[Cell]], *, pad: bool) -> Shape:
    """`pad` where a short row only means that its last cells are blank."""
    shape = Shape()
    for number, record in enumerate(records, 1):
        cells = [restored(cell.strip()) if isinstance(cell, str) else cell for cell in record]
        if not any(cell not in (None, "") for cell in cells):
            continue
        if len(shape.rows) + len(shape.broken) >= MAX_ROWS:
            raise refusal(name, f"has more than {MAX_ROWS} rows; split it")
        if not shape.headers:
            shape.headers = _headers(name, cells)
        elif problem := _problem(cells, len(shape.headers), pad):
            shape.broken.append(BrokenRow(number, problem))
        else:
            width = len(shape.headers)
            shape.rows.append([*cells, *[None] * (width - len(cells))][:width])
            shape.numbers.append(number)
    if not shape.headers:
        raise refusal(name, "is empty")
    return shape


def _headers(name: str, cells: list[Cell]) -> list[str]:
    while cells and cells[-1] in (None, ""):
        cells = cells[:-1]
    if len(cells) > MAX_COLUMNS:
        raise refusal(name, f"has more than {MAX_COLUMNS} columns")
    headers = ["" if cell is None else str(cell) for cell in cells]
    if any("\0" in header or len(header) > 200 for header in headers):
        raise refusal(name, "has a header that is binary or longer than 200 characters")
    return headers


def _problem(cells: list[Cell], width: int, pad: bool) -> str:
    filled = [cell for cell in cells[width:] if cell not in (None, "")]
    if filled or (len(cells) < width and not pad):
        advice = (
            "the first row must be the header, and name each column"
            if pad or width == 1
            else "quote cells that hold a delimiter"
        )
        return f"has {len(cells)} cells and the header {width}; {advice}"
    for column, cell in enumerate(cells, 1):
        if isinstance(cell, str) and "\0" in cell:
            return f"has a NUL character in column {column}; no text has one"
        if isinstance(cell, str) and len(cell) > MAX_CELL:
            return f"has {len(cell)} characters in column {column}; {MAX_CELL} are accepted"
    return ""


# --- CSV -----------------------------------------------------------------------------------------

UNREADABLE = "is neither CSV nor Excel, or oddly encoded; save it as .xlsx, or as .csv in UTF-8"
BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What spreadsheets on Windows and older systems write; anything rarer must be named.
SINGLE_BYTE = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso8859_15", "latin_1"]


def _decoded(name: str, data: bytes, encoding: str) -> tuple[str, list[str]]:
    asked, encoding = encoding, encoding or _encoding(data)
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        problem = f"cannot be read as {asked}; save it as UTF-8" if asked else UNREADABLE
        raise refusal(name, problem) from error
    return text, [f"read as {encoding.upper().replace('_', '-').removesuffix('-SIG')}"]


def _encoding(data: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return encoding
    sample = data[:4096]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) > 3 and zeros.count(0) > len(zeros) * 0.7:
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _single_byte(data)
    return "utf-8"


def _single_byte(data: bytes) -> str:
    """The likeliest encoding; Western European where it reads no worse than another."""
    matches = from_bytes(data[:200_000], cp_isolation=SINGLE_BYTE)
    best = matches.best()
    if best is None:
        return "cp1252"
    equals = [match for match in matches if match.chaos <= best.chaos]
    western = any("cp1252" in match.could_be_from_charset for match in equals)
    return "cp1252" if western else best.encoding


def _delimiter(text: str) -> tuple[str, str]:
    """The delimiter, and the text without Excel's own line that names it ("sep=;")."""
    first, _, rest = text.partition("\n")
    if first.startswith("sep=") and first[4:5] in DELIMITERS:
        # The line stays as a blank one: the spreadsheet counts it.
        return first[4], "\n" + rest
    return max(DELIMITERS, key=lambda delimiter: _columns(text, delimiter)), text


def _columns(text: str, delimiter: str) -> tuple[float, int]:
    """How well a delimiter fits: in how many of the first rows it gives the header's columns."""
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter):
            widths += [len(record)] if any(record) else []
            if len(widths) == 50:
                break
    except csv.Error:
        pass
    if not widths or widths[0] < 2:
        return (0, 0)
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0])


def _records(name: str, text: str, delimiter: str) -> Iterator[list[Cell]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for record in reader:
            number += 1
            yield list(record)
    except csv.Error as error:
        problem = {
            "unexpected end of data": "opens a quotation mark that is never closed",
            "field larger than field limit (131072)": f"has a cell of over {MAX_CELL} characters",
        }.get(str(error), "has a quotation mark inside a quoted cell; double it")
        raise refusal(name, f"cannot be read: row {number + 1} {problem}") from error


# --- XLSX ----------------------------------------------------------------------------------------


def _workbook(name: str, data: bytes) -> Iterator[list[Cell]]:
    """The rows of the first sheet, read in a child process that `config.xlsx` limits."""
    _check_parts(name, data)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        copy.write(data)
        copy.flush()
        command = [sys.executable, "-I", str(Path(__file__).with_name("xlsx.py")), copy.name]
        limits = [str(limit) for limit in (MAX_ROWS + 1, MAX_COLUMNS, MAX_CELLS)]
        with subprocess.Popen([*command, *limits], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            last: dict[str, object] = {}
            for line in child.stdout:
                row = json.loads(line)
                if isinstance(row, dict):
                    last = row
                    break
                yield [_cell(value) for value in row]
            child.kill()
    if not last:
        raise refusal(name, "took too long or too much memory to read")
    if "error" in last:
        raise refusal(name, str(last["error"]))


def _cell(value: object) -> Cell:
    if isinstance(value, dict):
        formula = value.get("formula")
        return Formula(formula) if formula else datetime.fromisoformat(value["date"])
    assert value is None or isinstance(value, str | int | float | bool)
    return value


def _check_parts(name: str, data: bytes) -> None:
    """What the archive says of itself, before anything is unpacked."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise refusal(name, "is damaged or no Excel workbook") from error
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise refusal(name, "is no Excel workbook; CSV and XLSX are accepted")
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_EXPANDED:
        raise refusal(
            name,
            f"unpacks to more than {MAX_EXPANDED // 2**20} MB or {MAX_PARTS} parts; split it, or"
            " save it as CSV",
        )
