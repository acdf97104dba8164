import io
import time
import zipfile
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from openpyxl import Workbook

from config import tables
from config.cells import Formula

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main">{before}<sheetData>{rows}</sheetData></worksheet>'
)


def read(data, name="file.csv", **options):
    return tables.read(io.BytesIO(data), name, **options)


def workbook(rows, **sheets):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for title in sheets:
        book.create_sheet(title)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_sheet(xml):
    """A workbook whose only sheet is the given XML."""
    source = zipfile.ZipFile(io.BytesIO(workbook([["name"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            data = xml if part.endswith("sheet1.xml") else source.read(part)
            target.writestr(part, data)
    return out.getvalue()


def refusal(data, name="file.csv"):
    with pytest.raises(ValidationError) as caught:
        read(data, name)
    [sentence] = caught.value.messages
    assert sentence.startswith(name)
    return sentence


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_a_file_is_read_in_whatever_encoding_it_was_saved(encoding):
    text = "name,city\nJörg Müller,Köln\nÉlodie Fabré,Besançon\nÁngel Núñez,Logroño\n"

    table = read(text.encode(encoding))

    assert table.headers == ["name", "city"]
    assert table[0] == ("Jörg Müller", "Köln")
    assert table[2] == ("Ángel Núñez", "Logroño")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_where_cells_hold_the_others(delimiter):
    quoted = '"Berge, Sons; and | Co"'
    text = f"name{delimiter}city{delimiter}note\n{quoted}{delimiter}Rome{delimiter}a,b\n"
    text = text.replace("a,b", '"a,b"')

    table = read(text.encode())

    assert table.headers == ["name", "city", "note"]
    assert table[0] == ("Berge, Sons; and | Co", "Rome", "a,b")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("name\nZażółć gęślą jaźń\nŁódź\n", "cp1250"), ("имя\nПетров Иван\nМосква\n", "cp1251")],
)
def test_other_alphabets_are_told_apart(text, encoding):
    assert tuple(read(text.encode(encoding))[0]) == (text.splitlines()[1],)


def test_a_named_encoding_overrules_the_detection():
    assert read("name\nПетров\n".encode("cp1251"), encoding="cp1251")[0] == ("Петров",)


def test_rows_keep_the_numbers_that_the_spreadsheet_shows():
    table = read(b'name,note\nAda,"two\nlines"\n,\nBob,x\n')

    assert table.numbers == [2, 4]
    assert table[0] == ("Ada", "two\nlines")


def test_the_line_by_which_excel_names_the_delimiter_is_no_row():
    table = read(b"sep=;\nname;city\nAda;Rome\n")

    assert table.headers == ["name", "city"]
    assert table.numbers == [3]


def test_a_row_whose_cells_cannot_be_told_apart_is_broken_and_the_rest_is_read():
    table = read(b"name,city\nAda,Rome\nBob,Oslo,5\nCleo\nDan,Bonn\n")

    assert [row.number for row in table.broken] == [3, 4]
    assert "has 3 cells and the header 2" in table.broken[0].problem
    assert table.numbers == [2, 5]


def test_a_title_above_the_header_is_told_where_it_is_one():
    rows = [["Our assets"], ["tag", "model"], ["A1", "Latitude"]]

    book = read(workbook(rows), "file.xlsx")
    lines = read("\n".join(",".join(row) for row in rows).encode())

    for table in (book, lines):
        assert table.broken[0].problem.startswith(
            "has 2 cells and the header 1; the first row must be the header"
        )
    stray = read(workbook([["tag", "model"], ["A1", "Latitude", "?"]]), "file.xlsx").broken[0]
    assert "the first row must be the header, and name each column" in stray.problem


def test_a_nul_character_breaks_its_row():
    table = read(b"name,city\nAda,Ro\0me\nBob,Oslo\n")

    assert table.broken[0].problem.startswith("has a NUL character in column 2")


def test_a_cell_longer_than_excel_can_keep_breaks_its_row():
    table = read(b"name,city\nAda," + b"x" * 40_000 + b"\n")

    assert table.broken[0].problem.startswith("has 40000 characters in column 2")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b",,\n,,\n", "is empty"),
        (b"name,city\n", "has a header and no row below it"),
        (b"name,city\nAda," + b"x" * 200_000 + b"\n", "row 2 has a cell of over 32767 characters"),
        (b'name,city\nAda,"Rome\nBob,Oslo\n', "opens a quotation mark that is never closed"),
        (b'name,city\nAda,"Ro"me"\n', "row 2 has a quotation mark inside a quoted cell"),
        (",".join(f"c{n}" for n in range(1_000_000)).encode() + b"\n1\n", "more than 200 columns"),
        (b"x" * (tables.MAX_BYTES + 1), "is larger than 20 MB"),
        (b"\xd0\xcf\x11\xe0old", "is an old or an encrypted Excel file"),
        (b"PK\x03\x04rubbish", "is damaged or no Excel workbook"),
        (b"name\n" + b"x\n" * 100_001, "has more than 100000 rows"),
    ],
)
def test_an_abusive_file_is_refused_in_words(data, sentence):
    assert sentence in refusal(data)


def test_a_workbook_gives_dates_numbers_and_texts_as_they_are():
    data = workbook(
        [["tag", "bought", "cost"], ["A1", datetime(2024, 5, 31), 12.5], [], ["A2", None, 3]]
    )

    table = read(data, "file.xlsx")

    assert table.headers == ["tag", "bought", "cost"]
    assert table[0] == ("A1", datetime(2024, 5, 31), 12.5)
    assert table[1] == ("A2", None, 3)
    assert table.numbers == [2, 4]


def test_a_formula_gives_its_value_and_says_so_where_it_was_saved_without_one():
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>cost</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+2</f><v>3</v></c></row>'
        '<row r="3"><c r="A3"><f>A2*2</f></c></row>'
        '<row r="4"><c r="A4" t="str"><f>IF(A2=3,"","no")</f><v></v></c></row>'
        '<row r="5"><c r="A5"><f t="shared" si="0"/><v></v></c></row>'
    )

    table = read(with_sheet(SHEET.format(before="", rows=rows)), "file.xlsx")

    assert [row[0] for row in table] == [3, Formula("A2*2"), Formula("…")]
    assert table.numbers == [2, 3, 5]
    assert str(table[1][0]) == "=A2*2"


def test_an_archive_that_is_no_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")

    assert "is no Excel workbook" in refusal(out.getvalue(), "file.xlsx")


def sparse(cell):
    return with_sheet(
        SHEET.format(before="", rows=f'<row r="{cell[3:]}"><c r="{cell}"><v>1</v></c></row>')
    )


def many_cells():
    cells = "".join(f'<c r="A1"><v>{n}</v></c>' for n in range(1_000_000))
    return with_sheet(SHEET.format(before="", rows=f'<row r="1">{cells}</row>'))


def wide_rows():
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 50_000))
    return with_sheet(SHEET.format(before="", rows=rows))


def long_sheet():
    return with_sheet(SHEET.format(before='<dimension ref="A1:C1048576"/>', rows=""))


def unpacking():
    return with_sheet(SHEET.format(before="", rows=" " * 200_000_000))


def many_sheets():
    out = io.BytesIO(workbook([["name"]]))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(10_000):
            archive.writestr(f"xl/worksheets/extra{number}.xml", "<worksheet/>")
    return out.getvalue()


def external_entity():
    declared = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>'
    body = SHEET.format(before="", rows=row).partition("?>")[2]
    return with_sheet(declared + body)


@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        (lambda: sparse("XFD1048576"), "stray cell"),
        (lambda: sparse("XFD1"), "stray cell"),
        (wide_rows, "stray cell"),
        (many_cells, "has a row that is too large"),
        (long_sheet, "more than 100001 rows"),
        (unpacking, "unpacks to more than"),
        (many_sheets, "unpacks to more than"),
        (external_entity, "is damaged or no Excel workbook"),
    ],
    ids=["far", "right", "wide", "cells", "long", "unpacking", "sheets", "entity"],
)
def test_a_hostile_workbook_is_refused_before_it_costs_anything(bomb, words):
    data = bomb()
    began = time.monotonic()

    sentence = refusal(data, "bomb.xlsx")

    assert words in sentence
    # Alone it is below two seconds; here other tests share the cores.
    assert time.monotonic() - began < 6


def test_text_under_the_name_of_a_workbook_is_said_to_be_none():
    with pytest.raises(ValidationError, match=r"x\.xlsx is no Excel file, whatever its name"):
        tables.read(io.BytesIO(b"not a zip"), "x.xlsx")


@pytest.mark.parametrize("name", ["picture.png", "picture.csv"])
def test_a_picture_is_said_to_be_neither_csv_nor_excel(name):
    picture = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x81\x8d\x8f\x90\x9d" * 50

    with pytest.raises(ValidationError, match=rf"{name} is neither CSV nor Excel"):
        tables.read(io.BytesIO(picture), name)
