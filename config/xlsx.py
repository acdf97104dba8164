"""Reads an Excel workbook in a process of its own, under limits of memory and of time.

Run as a script with the path of the workbook and the limits of rows, columns and cells. Prints one
JSON array per row of the first sheet, blank rows included; last an object, {"done": true} or
{"error": "a sentence"}. A date is {"date": "2024-05-31T00:00:00"}.
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


def trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return {"date": value.isoformat()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


if __name__ == "__main__":
    main(sys.argv[1], *(int(limit) for limit in sys.argv[2:5]))
