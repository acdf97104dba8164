"""What a test shortens or breaks in the processes that it starts, read from their environment.

FAULT_LEASE is the lease of a mail in seconds, FAULT_DELAY the first delay after a refusal,
FAULT_TIMEOUT the patience with a mail server. FAULT_BREAK names one of `BROKEN`: the negative
controls, without which a run that lost nothing would prove nothing.
"""

import os
from datetime import timedelta


def mark_before_sending(delivery):
    """A row is marked as sent the moment it is taken: a worker that dies loses its mail."""
    claim = delivery._claim

    def claim_and_mark(*arguments):
        if message := claim(*arguments):
            delivery._sent(message)
        return message

    delivery._claim = claim_and_mark


def no_lease(delivery):
    """What one worker holds another may take at once; it reads row by row, so that it meets it."""
    delivery.LEASE, delivery.TOGETHER = timedelta(0), 1


BROKEN = {"mark before sending": mark_before_sending, "no lease": no_lease}


def prepare(**_):
    from django.conf import settings

    from people import delivery

    if seconds := os.environ.get("FAULT_LEASE"):
        delivery.LEASE = timedelta(seconds=float(seconds))
    if seconds := os.environ.get("FAULT_DELAY"):
        delivery.FIRST_DELAY = float(seconds)
    if seconds := os.environ.get("FAULT_TIMEOUT"):
        settings.EMAIL_TIMEOUT = float(seconds)
    if fault := os.environ.get("FAULT_BREAK"):
        BROKEN[fault](delivery)
