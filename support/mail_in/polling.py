"""Takes what lies in the desk's mailbox, each mail once, however often the poller is killed.

What is taken is noted in the transaction that makes the ticket; only then the mail is filed away.
A poller that dies in between finds the note the next time, and files away. Any number may poll.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import batched
from time import monotonic

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from people.jobs import Hindered
from support.mail_in import mailbox
from support.mail_in.mailbox import Envelope, Mailbox, Unreachable
from support.mail_in.taking import Place, keep_back, take
from support.models import InboundMail

logger = logging.getLogger(__name__)

RUN_SECONDS = 30.0  # half of the distance to the next run; what is left over waits for that
LARGEST = 25 * 1024 * 1024  # bytes
GONE, FAILED = "gone", "could not be taken"
TOGETHER = 20
"""Mails that are listed, and filed away, in one command."""


def fetch_mail(seconds: float = RUN_SECONDS) -> str:
    """Take what lies in the mailbox of IMAP_URL until the time is over; the outcome in words.

    "" where there was nothing, or no mailbox is set. Raises Hindered where it cannot be read: what
    was taken until then is taken, and the rest lies where it is.
    """
    if settings.IMAP is None:
        return ""
    done: Counter[str] = Counter()
    try:
        with mailbox.opened(settings.IMAP) as box:
            _poll(box, done, until=monotonic() + seconds)
    except Unreachable as error:
        raise Hindered(f"{error} {_in_words(done)}".strip()) from error
    if done[FAILED]:
        raise Hindered(f"{_in_words(done)}; the log says why, and they are tried again.")
    return _in_words(done)


def _poll(box: Mailbox, done: Counter[str], *, until: float) -> None:
    for uids in batched(_not_yet_filed(box), TOGETHER):
        filed = []
        for envelope in box.envelopes(uids):
            if monotonic() > until:
                break
            if _take(box, envelope, done):
                filed.append(envelope.uid)
        _file_away(box, filed)
        if monotonic() > until:
            return


def _not_yet_filed(box: Mailbox) -> Iterator[int]:
    """What is in the folder and was not taken, after filing away what was."""
    waiting = box.waiting()
    known = {uid for part in batched(waiting, 500) for uid in _taken(box, part)}
    for part in batched(sorted(known), 100):
        _file_away(box, part)
    return iter([uid for uid in waiting if uid not in known])


def _taken(box: Mailbox, uids: Sequence[int]) -> list[int]:
    return list(_notes(box, uids).values_list("uid", flat=True))


def _notes(box: Mailbox, uids: Sequence[int]) -> QuerySet[InboundMail]:
    return InboundMail.objects.filter(mailbox=box.name, validity=box.validity, uid__in=uids)


def _file_away(box: Mailbox, uids: Sequence[int]) -> None:
    """File away what is taken and still there, unless another poller is just doing so.

    A server that moves a mail for two at the same moment makes two copies of it. The notes are
    locked meanwhile: a lock ends with its poller, a mark would outlive one that is killed.
    """
    if not uids:
        return
    with transaction.atomic():
        ours = _notes(box, uids).select_for_update(skip_locked=True).values_list("uid", flat=True)
        box.file_away(box.still_waiting(list(ours)))


def _take(box: Mailbox, envelope: Envelope, done: Counter[str]) -> bool:
    """Take one mail; whether it is taken, now or before. One that cannot be stops no other."""
    place = Place(box.name, box.validity, envelope.uid)
    try:
        mail = _taken_now(box, envelope, place)
    except (OperationalError, InterfaceError, *mailbox.WRONG):
        raise
    except Exception:
        logger.exception("The mail %s of %s cannot be taken.", envelope.uid, box.name)
        done[FAILED] += 1
        return False
    if isinstance(mail, InboundMail):
        done[mail.get_state_display()] += 1
    return mail is not GONE


def _taken_now(box: Mailbox, envelope: Envelope, place: Place) -> InboundMail | str | None:
    """The note of it; None where it was taken before; GONE where it is not there any longer."""
    if envelope.size > LARGEST:
        size = envelope.size / 1024**2
        reason = f"It has {size:.0f} MB: more than {LARGEST // 1024**2} MB are not fetched."
        head = box.headers(envelope.uid)
        return GONE if head is None else keep_back(place, head, envelope.arrived_at, reason)
    raw = box.whole(envelope.uid)
    return GONE if raw is None else take(place, raw, envelope.arrived_at)


def _in_words(done: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(done.items()))
