"""What becomes of an attempt to deliver a message, as whoever carries it says it.

Nothing raised means that it was taken.
"""

from datetime import timedelta


class Failed(Exception):
    """It will never be taken as it is."""


class Postponed(Exception):
    """It was not taken this time; `wait` is how long the receiver asks to be left alone."""

    def __init__(self, words: str, wait: timedelta = timedelta()) -> None:
        super().__init__(words)
        self.wait = wait


class Unreachable(Exception):
    """The server takes no message at all now, whomever it is for."""


def said(error: Exception) -> str:
    """An error with its kind, since the text of some says little."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
