"""What no human wrote, or what nobody should answer: the reasons, in words.

Steward answers none of it, so that two machines never keep each other busy (RFC 3834).
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils import timezone

from support.mail_in import bounces
from support.mail_in.letters import Letter
from support.mail_in.senders import person_at
from support.models import InboundMail

MOST_AN_HOUR = 30
"""Mails of one sender that are taken; what is above waits for the desk."""
State = InboundMail.State


@dataclass(frozen=True)
class Aside:
    """Why a mail is put aside: ignored, or kept for the desk to decide."""

    state: InboundMail.State
    reason: str


def aside(letter: Letter) -> Aside | None:
    """Whether a mail is put aside unread, and why. A report on our own mail is noted there."""
    if reason := _own(letter):
        return Aside(State.IGNORED, reason)
    if bounces.is_report(letter):
        return Aside(State.IGNORED, bounces.note(letter))
    if reason := _answer_of_a_machine(letter):
        return Aside(State.IGNORED, reason)
    if reason := _sent_to_many(letter):
        # The desk's own address may be such a list: what somebody known wrote is not lost.
        known = person_at(letter.sender) is not None
        return Aside(State.QUARANTINED if known else State.IGNORED, reason)
    if reason := _written_by_a_machine(letter) or _too_many(letter):
        return Aside(State.QUARANTINED, reason)
    return None


def _own(letter: Letter) -> str:
    addresses = {settings.MAIL_IN_ADDRESS, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}
    if letter.sender in {address.lower() for address in addresses if address}:
        return "It comes from our own address."
    if bounces.ours([letter.message_id]):
        return "It is a mail of ours that came back to us."
    return ""


def _answer_of_a_machine(letter: Letter) -> str:
    """An out-of-office note, or the word of another ticket system that it has the mail."""
    submitted = letter.header("Auto-Submitted").lower()
    if submitted.startswith("auto-replied"):
        return f"An automatic answer (Auto-Submitted: {submitted[:60]})."
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply"):
        if letter.headers(name):
            return f"An automatic answer ({name})."
    precedence = letter.header("Precedence").lower()
    return "An automatic answer (Precedence: auto_reply)." if precedence == "auto_reply" else ""


def _sent_to_many(letter: Letter) -> str:
    if letter.headers("List-Id") or letter.headers("List-Unsubscribe"):
        return "It was sent to a mailing list."
    precedence = letter.header("Precedence").lower()
    if precedence in {"bulk", "list", "junk"}:
        return f"It was sent to many (Precedence: {precedence})."
    return ""


def _written_by_a_machine(letter: Letter) -> str:
    """Such as a scanner's or a monitor's mail: perhaps the desk wants a ticket of it."""
    submitted = letter.header("Auto-Submitted").lower()
    if submitted and re.split(r"[\s;(]", submitted, maxsplit=1)[0] != "no":
        return f"A machine wrote it (Auto-Submitted: {submitted[:60]})."
    if suppress := letter.header("X-Auto-Response-Suppress"):
        return f"A machine wrote it (X-Auto-Response-Suppress: {suppress[:60]})."
    return ""


def _too_many(letter: Letter) -> str:
    hour_ago = timezone.now() - timedelta(hours=1)
    recent = InboundMail.objects.filter(sender=letter.sender, taken_at__gte=hour_ago)
    if letter.sender and recent.count() >= MOST_AN_HOUR:
        return f"More than {MOST_AN_HOUR} mails within an hour come from {letter.sender}."[:250]
    return ""
