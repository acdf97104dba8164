"""What the document on tickets says of the moves is what the table of moves says."""

from pathlib import Path

from support import moves

DOCUMENT = Path(__file__).parents[2] / "docs" / "tickets.md"


def test_the_moves_in_the_document_are_those_of_the_table():
    assert moves.listing() in DOCUMENT.read_text()
