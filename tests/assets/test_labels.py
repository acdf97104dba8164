import io
import shutil
import subprocess
import time
from types import SimpleNamespace

import pytest
import segno
from pypdf import PdfReader
from reportlab.lib.units import mm

from assets.labels import LAYOUTS, Label, Layout, address, sheet
from config.fonts import BOLD, PLAIN, lines_of, printable, shortened, width_of


def labels(count):
    return [Label(f"LT-{number:06}", f"ThinkPad X1 {number}") for number in range(count)]


def pages(content):
    return PdfReader(io.BytesIO(content)).pages


def texts(content):
    return [page.extract_text() for page in pages(content)]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_label_is_within_its_page_and_none_overlaps_another(layout):
    width, height = layout.page
    corners = [layout.corner(place) for place in range(layout.per_page)]
    for x, y in corners:
        assert x >= 0
        assert y >= 0
        assert x + layout.label[0] * mm <= width * mm + 0.01
        assert y + layout.label[1] * mm <= height * mm + 0.01
    for place in range(1, layout.per_page):
        x, y = corners[place]
        before, above = corners[place - 1]
        beside = x - before >= layout.label[0] * mm - 0.01
        assert beside or above - y >= layout.label[1] * mm - 0.01


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_full_page_and_one_more_label_make_two_pages_of_the_right_size(layout):
    content = sheet(labels(layout.per_page + 1), layout)

    found = pages(content)
    assert len(found) == 2
    size = [float(side) / mm for side in (found[0].mediabox.width, found[0].mediabox.height)]
    assert size == pytest.approx(layout.page, abs=0.01)
    first, second = texts(content)
    assert all(f"LT-{number:06}" in first for number in range(layout.per_page))
    assert f"LT-{layout.per_page:06}" in second


def test_a_label_says_whose_it_is_and_what_it_is(settings):
    settings.ORGANISATION = "Harbour Works"
    (text,) = texts(sheet([Label("LT-000001", "ThinkPad X1")], LAYOUTS["l7160"]))
    assert "Harbour Works" in text
    assert "ThinkPad X1" in text


def test_a_tiny_label_has_the_tag_alone(settings):
    settings.ORGANISATION = "Harbour Works"
    (text,) = texts(sheet([Label("LT-000001", "ThinkPad X1")], LAYOUTS["l4731"]))
    assert text.strip() == "LT-000001"


def test_places_that_are_used_already_stay_empty():
    layout = LAYOUTS["l7160"]
    assert len(pages(sheet(labels(2), layout, skip=20))) == 2
    assert len(pages(sheet(labels(2), layout, skip=19))) == 1


@pytest.mark.parametrize("skip", [-1, 21])
def test_a_place_that_a_page_does_not_have_is_refused(skip):
    with pytest.raises(ValueError, match="has 21 labels"):
        sheet(labels(1), LAYOUTS["l7160"], skip=skip)


def test_the_code_leads_to_the_address_of_the_tag_whatever_is_in_it(settings):
    settings.SITE_URL = "https://steward.example.org"
    assert address("LT-000001") == "https://steward.example.org/a/LT-000001/"
    assert address("a/b ü?") == "https://steward.example.org/a/a%2Fb%20%C3%BC%3F/"


def test_the_dark_modules_of_the_code_are_what_is_drawn_with_four_white_ones_around():
    layout = Layout("one", (60, 20), (60, 20), padding=0)
    (page,) = pages(sheet([Label("LT-000001")], layout))
    drawn = [line.split() for line in page.get_contents().get_data().decode().splitlines()]
    (rectangles,) = [it for it in drawn if it[-2:] == ["f*", "n"] or "re" in it]
    (scale,) = [float(it[0]) for it in drawn if it[-1:] == ["cm"] and it[0] not in ("1", "0")]

    matrix = segno.make_qr(address("LT-000001"), error="l").matrix
    found = [[0] * len(matrix) for _ in matrix]
    for at in [place for place, word in enumerate(rectangles) if word == "re"]:
        x, y, width, height = map(int, rectangles[at - 4 : at])
        assert height == 1
        found[len(matrix) - 1 - y][x : x + width] = [1] * width
    assert found == [list(line) for line in matrix]
    assert scale * (len(matrix) + 8) == pytest.approx(20 * mm, abs=0.01)


@pytest.mark.skipif(
    not (shutil.which("pdftoppm") and shutil.which("zbarimg")), reason="No pdftoppm and zbarimg."
)
@pytest.mark.parametrize("name", ["62x29", "l4731"])
def test_a_scanner_reads_the_code(name, tmp_path):
    (tmp_path / "sheet.pdf").write_bytes(sheet(labels(1), LAYOUTS[name]))
    subprocess.run(
        ["pdftoppm", "-r", "400", "-gray", "-png", tmp_path / "sheet.pdf", tmp_path / "page"],
        check=True,
    )
    (image,) = tmp_path.glob("page*.png")
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", image], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == address("LT-000000")


def test_two_hundred_labels_take_about_a_second():
    begun = time.process_time()
    assert len(pages(sheet(labels(200), LAYOUTS["l7160"]))) == 10
    assert time.process_time() - begun < 5


def test_the_same_labels_make_the_same_file():
    assert sheet(labels(3), LAYOUTS["5160"]) == sheet(labels(3), LAYOUTS["5160"])


def test_a_long_tag_and_a_long_name_are_cut_to_their_box():
    (text,) = texts(sheet([Label("X" * 60, "ThinkPad " * 30)], LAYOUTS["62x29"]))
    assert "X…" in text
    assert "X" * 60 not in text
    assert text.count("…") == 2


@pytest.mark.parametrize("width", [3, 20, 50, 100])
def test_what_is_shortened_is_never_wider_than_its_box(width):
    text = shortened("A rather long name of a product", PLAIN, 8, width)
    assert text.endswith("…")
    assert width_of(text, PLAIN, 8) <= max(width, width_of("…", PLAIN, 8))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Müller & Søn, 5 €", "Müller & Søn, 5 €"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("Cafe\u0301", "Café"),
        ("北京", "??"),
        ("שלום", "????"),
        ("zero\u200bwidth", "zerowidth"),
        ("\U0001f4bb laptop", "? laptop"),
        ("\u00a0 ", ""),
    ],
)
def test_no_letter_becomes_an_empty_box(text, printed):
    assert printable(text) == printed
    assert printable(text, BOLD) == printed


def test_a_letter_that_the_font_lacks_loses_its_accent_first(monkeypatch):
    from config import fonts

    face = SimpleNamespace(charToGlyph=dict.fromkeys(map(ord, "Erzso ?"), 1))
    monkeypatch.setattr(fonts.pdfmetrics, "getFont", lambda name: SimpleNamespace(face=face))
    assert printable("Erzső Д") == "Erzso ?"


def test_a_name_is_broken_between_words_and_its_last_line_is_shortened():
    width = width_of("Lenovo ThinkPad X", PLAIN, 8)
    assert lines_of("Lenovo ThinkPad X1 Carbon", PLAIN, 8, width, most=2) == [
        "Lenovo ThinkPad",
        "X1 Carbon",
    ]
    assert lines_of("Lenovo ThinkPad X1 Carbon Gen 11", PLAIN, 8, width, most=1)[0].endswith("…")
    assert lines_of("", PLAIN, 8, width, most=2) == []
