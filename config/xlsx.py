"""Reads an Excel workbook in a process of its own, under limits of memory and of time.

Run as a script with the path of the workbook and the limits of rows, columns and cells. Prints one
JSON array per row of the first sheet, blank rows included; last an object, {"done": true} or
{"error": "a sentence"}. A date is {"date": "2024-05-31T00:00:00"}; a formula whose value nobody
calculated before the file was saved is {"formula": "A2*2"}.
"""

import json
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

MEMORY = 160 * 2**20
SECONDS = 60
MAX_ROW_BYTES = 4 * 2**20


class Refused(Exception):
    pass


def main(path: str, rows: int, columns: int, cells: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    warnings.simplefilter("ignore")
    last: dict[str, object] = {"done": True}
    try:
        for row in sheet(path, rows, columns, cells):
            print(json.dumps(row))
    except Refused as refusal:
        last = {"error": str(refusal)}
    except MemoryError:
        last = {"error": "is too large: reading it takes more memory than it may"}
    except Exception:
        # Whatever openpyxl stumbles over in a hostile or broken file, the answer is the same.
        last = {"error": "is damaged or no Excel workbook"}
    print(json.dumps(last))


def sheet(path: str, rows: int, columns: int, cells: int) -> Iterator[list[Any]]:
    # Imported under the limits.
    from openpyxl import load_workbook  # noqa: PLC0415

    check_rows(path)
    tell_formulas()
    book = load_workbook(path, read_only=True, data_only=True)
    if not book.worksheets:
        raise Refused("has no sheet with cells")
    first = book.worksheets[0]
    if (first.max_row or 0) > rows:
        raise Refused(f"has more than {rows} rows")
    # What the file claims is only a hint: the cells count.
    first.reset_dimensions()
    seen = 0
    for number, row in enumerate(first.iter_rows(values_only=True), 1):
        if number > rows:
            raise Refused(f"has more than {rows} rows, or a stray cell far below them")
        seen += len(row)
        if seen > cells:
            raise Refused(f"has more than {cells} cells")
        values = [plain(value) for value in trimmed(row)]
        if len(values) > columns:
            raise Refused(f"has more than {columns} columns, or a stray cell far to the right")
        yield values


def check_rows(path: str) -> None:
    """Refuse a row of millions of cells: the parser would build all of it before it can be told."""
    archive = zipfile.ZipFile(path)
    for part in archive.namelist():
        if not part.startswith("xl/worksheets/") or not part.endswith(".xml"):
            continue
        length = 0
        with archive.open(part) as sheet:
            while chunk := sheet.read(2**20):
                last = chunk.rfind(b"<row ")
                length = length + len(chunk) if last < 0 else len(chunk) - last
                if length > MAX_ROW_BYTES and b"<c " in chunk:
                    raise Refused("has a row that is too large")


def tell_formulas() -> None:
    """Have openpyxl give a formula that was saved without a value, which to it is a blank cell."""
    from openpyxl.worksheet import _read_only, _reader  # noqa: PLC0415

    class Parser(_reader.WorkSheetParser):
        def parse_cell(self, element: Any) -> Any:
            cell = super().parse_cell(element)
            formula = element.find(_reader.FORMULA_TAG) if cell["value"] is None else None
            # The value of a formula may be the empty text.
            empty = element.get("t") == "str" and element.find(_reader.VALUE_TAG) is not None
            if formula is not None and not empty:
                cell["value"] = Formula(formula.text or "…")
            return cell

    _read_only.WorkSheetParser = Parser


class Formula(str):
    pass


def trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return {"date": value.isoformat()}
    if isinstance(value, Formula):
        return {"formula": value}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


if __name__ == "__main__":
    main(sys.argv[1], *(int(limit) for limit in sys.argv[2:5]))
