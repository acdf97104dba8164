import io
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader

from assets.notes import Item, handover_note

PHONE = Item("PH-000017", "Nokia X30", "SN-17", ["IMEI 490154203237518", "SIM 8949022000001"])


def note(**changed):
    facts = {
        "number": "4711",
        "to_name": "Ada Moss",
        "place": "Berlin / Tower 2",
        "handed_over_by": "Ben Ode",
        "handed_over_on": date(2026, 3, 5),
        "items": [PHONE],
    }
    return handover_note(**{**facts, **changed})


def texts(content):
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_a_note_says_who_got_what_from_whom_and_when():
    (text,) = texts(note())
    for said in [
        "Handover note 4711",
        "Ada Moss",
        "Berlin / Tower 2",
        "Ben Ode",
        "5 March 2026",
        "PH-000017",
        "Nokia X30",
        "SN-17",
        "IMEI 490154203237518",
        "SIM 8949022000001",
        "1 item.",
        "page 1 of 1",
    ]:
        assert said in text
    assert "Due back" not in text


def test_a_loan_says_when_it_is_due_back():
    (text,) = texts(note(due_back_on=date(2026, 4, 1)))
    assert "Due back" in text
    assert "1 April 2026" in text


def test_what_is_not_accepted_yet_has_a_line_to_sign():
    (text,) = texts(note())
    assert "I have received what is listed above." in text
    assert "Signature: Ada Moss" in text
    assert "Accepted" not in text


def test_what_was_accepted_in_the_portal_says_so_in_the_sites_time(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    (text,) = texts(note(accepted_by="A. Moss", accepted_at=at))
    flat = " ".join(text.split())
    assert "Accepted electronically by A. Moss on 6 March 2026 at 00:30 (CET)." in flat
    assert "Signature" not in text


def test_two_hundred_items_go_over_pages_that_repeat_the_header_and_lose_none():
    items = [Item(f"LT-{number:06}", "ThinkPad X1 Carbon", f"S{number}") for number in range(200)]
    found = texts(note(items=items))

    assert len(found) > 3
    assert all(text.count("Serial number") == 1 for text in found)
    assert all(f"page {at} of {len(found)}" in text for at, text in enumerate(found, 1))
    assert [tag for text in found for tag in text.split() if tag.startswith("LT-")] == [
        item.tag for item in items
    ]
    assert "200 items." in found[-1]
    assert "Signature: Ada Moss" in found[-1]


@pytest.mark.parametrize("count", range(20, 40))
def test_the_signature_is_never_torn_apart_by_the_end_of_a_page(count):
    last = texts(note(items=[Item(f"LT-{number}", "ThinkPad") for number in range(count)]))[-1]
    assert "I have received what is listed above." in last
    assert "Signature: Ada Moss" in last


def test_markup_and_long_texts_are_set_as_they_are_and_break_nothing():
    wild = Item(
        "A<b>" + "X" * 60,
        "<para>&amp; <img src='/etc/passwd'/> " * 50,
        "Y" * 120,
        ["MAC 00:11"] * 100,
    )
    found = texts(note(items=[wild], to_name="</para><b>Bobby", place="x " * 300))
    text = "".join(found)
    assert "</para><b>Bobby" in text
    assert "<para>&amp;" in text.replace("\n", " ")
    assert "and 80 more" in text


def test_the_same_note_is_the_same_file():
    assert note() == note()
    assert note() != note(number="4712")
