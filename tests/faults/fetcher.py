"""A poller of the desk's mailbox, to be killed: `python -m tests.faults.fetcher`.

FAULT_BREAK=file away first makes it the negative control.
"""

import os

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from support.mail_in import polling  # noqa: E402


def file_away_first():
    """A mail is moved before it is taken: a poller that dies loses it."""
    take = polling._take

    def moved_and_taken(box, envelope, done):
        whole = box.whole(envelope.uid)
        box.file_away([envelope.uid])
        box.whole = lambda _: whole
        try:
            return take(box, envelope, done)
        finally:
            del box.whole

    polling._take = moved_and_taken


if __name__ == "__main__":
    if os.environ.get("FAULT_BREAK") == "file away first":
        file_away_first()
    call_command("fetch_mail")
