"""Where a mail belongs: to the ticket that it answers, or to a new one."""

import re
from dataclasses import dataclass
from enum import Enum

from django.core.exceptions import ValidationError

from assets.models import Asset
from people.models import Message, Person
from people.outbox import thread_id
from support.mail_in.letters import Letter
from support.models import Comment, Ticket

NUMBER = re.compile(r"\[\s*([A-Z]{1,5}-?\d{1,12})\s*\]", re.IGNORECASE)
LEAST = 4
"""Characters of a tag or serial below which its mention says nothing."""


class Answers(Enum):
    """What of ours a mail answers, which decides who reads it."""

    WORDS = "what the requester reads too"
    STEP = "what only tells of a step"
    NOTE = "what is for staff only"
    NOTHING = "nothing: it only names the ticket"


@dataclass(frozen=True)
class Match:
    """The ticket that a mail is about, and what on it: nobody can guess a Message-ID of ours."""

    ticket: Ticket
    answers: Answers


def match(letter: Letter) -> Match | None:
    """The ticket that it answers: by the mail of ours it refers to, else by what it names."""
    if answered := _answered(letter):
        return answered
    ticket = _thread(letter) or _named(letter)
    return Match(_survivor(ticket), Answers.NOTHING) if ticket else None


def claimed(letter: Letter) -> Ticket | None:
    """The ticket on whose claim it is the answer, of the very address that the claim went to."""
    ours = Message.objects.filter(message_id__in=letter.references, key__contains=":claim:")
    keys = [it.key for it in ours if it.address.lower() == letter.sender.lower()]
    found = next((it for it in map(_of_key, keys) if it), None)
    return found.ticket if found else None


def _answered(letter: Letter) -> Match | None:
    """Of several of our mails it refers to, the nearest one that is about a ticket."""
    sent = dict(
        Message.objects.filter(message_id__in=letter.references).values_list("message_id", "key")
    )
    keys = [sent[it] for it in letter.references if it in sent]
    return next((it for it in map(_of_key, keys) if it), None)


def _of_key(key: str) -> Match | None:
    """What an outbox key is about, such as "ticket:12:opened:desk" or "comment:7:3"."""
    kind, number, what, *_ = [*key.split(":"), "", ""]
    if not number.isdecimal():
        return None
    if kind == "ticket" and (ticket := Ticket.objects.filter(pk=int(number)).first()):
        said = what in {"opened", "merged"}
        return Match(_survivor(ticket), Answers.WORDS if said else Answers.STEP)
    comments = Comment.objects.select_related("ticket")
    if kind == "comment" and (comment := comments.filter(pk=int(number)).first()):
        read = Answers.WORDS if comment.is_public else Answers.NOTE
        return Match(_survivor(comment.ticket), read)
    return None


def _thread(letter: Letter) -> Ticket | None:
    """By the name of the thread, which all our mails on a ticket refer to."""
    for reference in letter.references:
        found = re.match(r"<ticket-(\d{1,15})@", reference)
        if found and thread_id(f"ticket-{found[1]}") == reference:
            return Ticket.objects.filter(pk=int(found[1])).first()
    return None


def _named(letter: Letter) -> Ticket | None:
    numbers = [it.upper() for it in NUMBER.findall(letter.subject)]
    return Ticket.objects.filter(number__in=numbers).first() if numbers else None


def _survivor(ticket: Ticket) -> Ticket:
    """Where its story goes on, if it was merged."""
    seen = {ticket.pk}
    while ticket.merged_into and ticket.merged_into_id not in seen:
        ticket = ticket.merged_into
        seen.add(ticket.pk)
    return ticket


# --- Whose it is --------------------------------------------------------------------------------


def asked(ticket: Ticket, person: Person) -> bool:
    """Whether they are on the asking side: then they write as the requester does."""
    return person.pk in {ticket.requester_id, ticket.on_behalf_of_id}


def may_answer(person: Person) -> bool:
    """Whether they speak for the desk."""
    user = person.user
    return bool(user and user.is_staff and user.has_perm("support.answer_ticket"))


def takes_part(ticket: Ticket, person: Person) -> bool:
    """Whether they may write in it without speaking for the desk."""
    return (
        asked(ticket, person)
        or person.pk == ticket.assignee_id
        or ticket.followers.filter(person=person).exists()
    )


def refuse_strangers(ticket: Ticket, person: Person) -> None:
    """Raises ValidationError for who neither takes part nor answers for the desk."""
    if not takes_part(ticket, person) and not may_answer(person):
        raise ValidationError(f"{person} writes to {ticket.number}, a ticket that is not theirs.")


def device_in(letter: Letter, person: Person) -> Asset | None:
    """The one device of theirs whose tag or serial number stands in the mail."""
    said = f"{letter.subject}\n{letter.text}".upper()
    held = Asset.objects.filter(holder=person)[:200]
    named = [asset for asset in held if _names(said, asset.tag) or _names(said, asset.serial)]
    return named[0] if len(named) == 1 else None


def _names(said: str, mark: str) -> bool:
    if len(mark) < LEAST:
        return False
    return bool(re.search(rf"(?<![\w-]){re.escape(mark.upper())}(?![\w-])", said))
