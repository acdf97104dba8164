"""Who wrote a mail, and whether our own mail server believes it."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from people.models import Person
from support.mail_in.letters import Letter
from support.mail_in.words import one_line

RESULT = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)


def sender_of(letter: Letter) -> Person:
    """Who wrote it. Raises ValidationError, in a sentence, where nobody known and present did."""
    check_sender(letter)
    person = person_at(letter.sender)
    if person is None:
        raise ValidationError(f"Nobody is known by the address {letter.sender}.")
    if person.has_left(timezone.localdate()):
        raise ValidationError(f"{person} left on {person.leaves_on}.")
    return person


def check_sender(letter: Letter) -> None:
    """Raises ValidationError where it names no single sender, or ours says that it is forged."""
    if not letter.sender:
        count = len(letter.senders)
        raise ValidationError(f"It names {count or 'no'} sender{'s' if count > 1 else ''}.")
    if forged := _forged(letter):
        raise ValidationError(forged)


def person_at(address: str) -> Person | None:
    """Whose address it is, in any case of its letters."""
    if not address.isascii():
        # A database takes some foreign letters for plain ones when it ignores their case.
        return Person.objects.filter(email=address).select_related("user").first()
    return Person.objects.filter(email__iexact=address).select_related("user").first()


def _forged(letter: Letter) -> str:
    """What our own server says against the sender (RFC 8601); others' verdicts count for nothing.

    Of its verdicts the topmost counts: one below may have come with the mail. What DMARC says
    decides; without it one pass of SPF or DKIM is enough.
    """
    if not settings.IMAP_AUTHSERV_ID:
        return ""
    verdicts = [it.strip() for it in letter.headers("Authentication-Results")]
    own = next((it for it in verdicts if _server(it) == settings.IMAP_AUTHSERV_ID), "")
    results: dict[str, set[str]] = {}
    for method, result in RESULT.findall(_without_comments(own)):
        results.setdefault(method.lower(), set()).add(result.lower())
    by_method = results.pop("dmarc", None) or set().union(*results.values())
    if "fail" not in by_method or "pass" in by_method:
        return ""
    return f"Our mail server holds the sender {letter.sender} to be forged: {_shown(own)}"[:250]


def _shown(verdict: str) -> str:
    return one_line(", ".join(f"{it[0]}={it[1]}" for it in RESULT.findall(verdict)), 100) + "."


def _server(verdict: str) -> str:
    return re.split(r"[\s;]", verdict, maxsplit=1)[0].lower()


def _without_comments(verdict: str) -> str:
    return re.sub(r"\([^()]{0,1000}\)", "", verdict)
