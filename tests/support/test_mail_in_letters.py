"""What is understood of real mails, of broken ones, and of those written to do harm."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.mail_in.html import text_of
from support.mail_in.letters import Letter, Unreadable
from support.mail_in.quotes import answer_in

MAILS = Path(__file__).parent / "mails"
NOW = datetime(2026, 11, 24, 13, tzinfo=UTC)
OURS = "<opened.by.us@steward.example.org>"


def read(name):
    return Letter((MAILS / f"{name}.eml").read_bytes(), NOW)


def head(lines, body="x"):
    return Letter(f"{lines}\r\n\r\n{body}".encode(), NOW)


def test_every_mail_of_the_collection_is_understood():
    letters = [Letter(path.read_bytes(), NOW) for path in sorted(MAILS.glob("*.eml"))]

    assert len(letters) >= 16
    assert all(letter.sender and letter.subject and letter.message_id for letter in letters)
    assert all(letter.text for letter in letters)
    assert all("\x00" not in f"{it.text}{it.subject}{it.sender_name}" for it in letters)


def test_outlook():
    letter = read("outlook")

    assert (letter.sender, letter.sender_name) == ("ada@example.com", "Lovelace, Ada")
    assert letter.references == [OURS]
    assert letter.answer.startswith("It flickers only when the lamp is on.")
    assert "Kind regards" in letter.answer
    assert "Sent: Tuesday" not in letter.answer
    assert "is with the service desk" in letter.text
    [logo] = letter.enclosures
    assert (logo.name, logo.is_inline) == ("image001.png", True)


def test_gmail():
    letter = read("gmail")

    assert letter.subject == "Re: Bildschirm flackert – Raum 3"
    assert letter.answer == "Yes, it works again. Thank you\u202f– great!"
    assert letter.enclosures == []


def test_apple_mail_with_a_file_of_a_name_in_two_pieces():
    letter = read("apple_mail")

    assert letter.text == "Please order what is in the offer.\n\nSent from my iPhone"
    [offer] = letter.enclosures
    assert offer.name == "Angebot für zwölf Geräte.pdf"
    assert offer.content.startswith(b"%PDF-")


def test_german():
    letter = read("german")

    assert letter.sender_name == "Jürgen Müller"
    assert letter.subject == "AW: Tastatur für Büro"
    assert letter.answer.startswith("Die Taste „Ä“ klemmt nämlich nur größtenteils.")
    assert letter.answer.endswith("Jürgen Müller")


def test_japanese():
    letter = read("japanese")

    assert letter.sender_name == "山田太郎"
    assert letter.subject == "プリンター"
    assert letter.text == "プリンターが動きません。"


def test_of_html_the_words_are_read_and_nothing_else():
    letter = read("html_only")

    assert letter.text == (
        "The coffee machine is on fire & loud.\n\n"
        "See this and the wiki <https://wiki.example.com/coffee>.\n\n"
        "- beans\n- water\n\n"
        "> old words"
    )
    assert "old words" not in letter.answer


def test_an_invitation_and_outlooks_own_format_are_files():
    assert [it.name for it in read("invitation").enclosures] == ["text 1.ics", "invite.ics"]
    assert [it.name for it in read("winmail").enclosures] == ["winmail.dat"]


def test_bytes_that_are_not_what_they_say_are_read_all_the_same():
    letter = read("broken_charset")

    assert letter.text == "Das Gerät im Café ist größer als die Tür."
    assert letter.subject
    assert letter.sent_at == NOW  # "yesterday" is no date
    assert letter.message_id.endswith("@without.id>")
    assert letter.message_id == read("broken_charset").message_id


def test_line_breaks_and_controls_in_headers_stay_within_their_line():
    letter = read("injection")

    for words in (letter.subject, letter.sender_name, letter.enclosures[0].name):
        assert not set("\r\n\x00\u202e") & set(words)
    assert letter.subject.startswith("Broken Bcc: all@example.com Hello")
    assert letter.sender == "ada@example.com"
    assert letter.text == "Text with a NUL."


def test_headers_longer_than_a_column_are_cut():
    letter = read("long_headers")

    assert len(letter.subject) == 250
    assert len(letter.message_id) <= 250


@pytest.mark.parametrize(
    "lines",
    [
        "Subject: nobody",
        "From: ",
        "From: Ada",
        "From: ada@example.com\r\nFrom: ceo@example.com",
        "From: ada@example.com, ceo@example.com",
        "From: undisclosed-recipients:;",
    ],
)
def test_a_mail_of_no_sender_or_of_several_has_none(lines):
    assert head(lines).sender == ""


def test_what_stands_in_the_name_is_no_sender():
    assert head('From: "ceo@example.com" <eve@example.net>').sender == "eve@example.net"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"(" * 10_000_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; name=" + b"(" * 3_900 + b"\r\n\r\nx",
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
            for number in range(3000)
        ),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1000,
        b"X: y\r\n" * 2000 + b"\r\nx",
    ],
    ids=["long header", "nested comment", "nested parts", "many parts", "many headers"],
)
def test_a_mail_that_keeps_its_reader_busy_is_refused_at_once(raw):
    begun = time.process_time()

    with pytest.raises(Unreadable, match=r"\.$"):
        Letter(raw, NOW)

    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "html",
    ["<div>" * 100_000, "<" * 100_000, "<a " * 100_000, "<!--" * 100_000, "<script>" * 50_000],
)
def test_html_without_end_takes_no_time_without_end(html):
    begun = time.process_time()

    assert isinstance(text_of(html), str)

    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes.\n\nOn Monday Ada wrote:\n> No?", "Yes."),
        ("Yes.\n\nOn Monday Ada\n<ada@example.com> wrote:\n\n> No?\n>\n> Or?", "Yes."),
        ("On Monday Ada wrote:\n> No?\n\nBelow I answer.", "Below I answer."),
        ("> One?\nFirst.\n> Two?\nSecond.", "First.\nSecond."),
        ("Ja.\n\nAm 24.11.26 um 09:00 schrieb Steward:\n> Alt", "Ja."),
        (
            "Oui.\n\nLe mar. 24 nov. 2026 à 09:00, Steward <s@example.org> a écrit :\n> Vieux",
            "Oui.",
        ),
        ("はい。\n\n2026年11月24日(火) 9:00 Steward <s@example.org>:\n> 古い", "はい。"),
        ("Yes.\n-----Original Message-----\nFrom: x\nOld", "Yes."),
        ("Yes.\n\nVon: Steward\nGesendet: heute\nAn: Ada\nBetreff: Alt\n\nAlt", "Yes."),
        ("Yes.\n________________________________\nFrom: x\nSent: y\nTo: z\n\nOld", "Yes."),
        ("From: the top it looks fine.\nBut below it does not.",) * 2,
        ("> only quoted",) * 2,
        ("On Monday nobody\nwrote to me about it.",) * 2,
        ("",) * 2,
    ],
)
def test_the_history_below_an_answer_is_cut_off(text, answer):
    assert answer_in(text) == answer
