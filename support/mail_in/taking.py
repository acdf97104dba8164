"""One mail, taken: what becomes of it, in one transaction with the note that it was taken."""

import email
import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.utils import parseaddr

from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q

from config.history import Actor
from people import documents
from people.models import Document, Person
from support import conversation, merging, tickets
from support.mail_in import automatic, files, routing
from support.mail_in.letters import MESSAGE_ID, Letter, Unreadable
from support.mail_in.routing import Answers
from support.mail_in.senders import check_sender, person_at, sender_of
from support.mail_in.words import one_line
from support.models import Comment, InboundMail, Ticket

logger = logging.getLogger(__name__)

HEADERS = 64 * 1024
State = InboundMail.State


@dataclass(frozen=True)
class Place:
    """Where a mail lies: the identity by which it is taken once."""

    mailbox: str
    validity: int
    uid: int


def take(place: Place, raw: bytes, arrived_at: datetime) -> InboundMail | None:
    """Make of a mail what it asks for, and return the note of it; None where it was taken before.

    Whatever is wrong with it alone keeps it for the desk, with the reason. Where it is the database
    that fails, its error is raised and nothing was written.
    """
    try:
        return _understood(place, raw, arrived_at)
    except (OperationalError, InterfaceError):
        raise
    except Unreadable as error:
        return keep_back(place, raw, arrived_at, str(error))
    except Exception as error:
        logger.exception("The mail %s of %s cannot be understood.", place.uid, place.mailbox)
        reason = f"It cannot be understood: {type(error).__name__}."
        return keep_back(place, raw, arrived_at, reason)


@transaction.atomic
def _understood(place: Place, raw: bytes, arrived_at: datetime) -> InboundMail | None:
    letter = Letter(raw, arrived_at)
    mail = _enter(
        place,
        message_id=letter.message_id,
        received_at=letter.sent_at,
        sender=letter.sender,
        sender_name=letter.sender_name,
        subject=letter.subject,
        text=letter.text,
        person=person_at(letter.sender) if letter.sender else None,
    )
    if mail is None:
        return None
    mail.original = _original(mail, raw)
    if put_aside := automatic.aside(letter):
        mail.state, mail.reason = put_aside.state, put_aside.reason
    else:
        _place(mail, letter)
    mail.save()
    return mail


def keep_back(place: Place, raw: bytes, arrived_at: datetime, reason: str) -> InboundMail | None:
    """Keep a mail for the desk that is not to be read: only the plain beginning is looked at."""
    head = email.message_from_bytes(raw[:HEADERS], policy=policy.compat32)
    plain = {name: str(head.get(name, ""))[:1000] for name in ("From", "Subject", "Message-ID")}
    found = MESSAGE_ID.search(plain["Message-ID"])
    name, address = parseaddr(plain["From"])
    with transaction.atomic():
        mail = _enter(
            place,
            message_id=found[0] if found else f"<{hashlib.sha256(raw).hexdigest()}@without.id>",
            received_at=arrived_at,
            sender=one_line(address, 250).lower(),
            sender_name=one_line(name, 250),
            subject=one_line(plain["Subject"], 250),
            state=State.QUARANTINED,
            reason=one_line(reason, 250),
        )
        if mail is not None and raw:
            mail.original = _original(mail, raw)
            mail.save()
    return mail


def _enter(place: Place, **fields: object) -> InboundMail | None:
    """The note that it is taken, written first: of two at once the second waits here, and loses."""
    mail = InboundMail(
        mailbox=place.mailbox,
        validity=place.validity,
        uid=place.uid,
        **{"state": State.QUARANTINED, **fields},
    )
    mail.message_id = mail.message_id[:250]
    try:
        with transaction.atomic():
            mail.save()
    except IntegrityError:
        if not _is_noted(mail):
            raise
        return None
    return mail


def _is_noted(mail: InboundMail) -> bool:
    """Whether it was taken before: under this number, or under another."""
    number = Q(validity=mail.validity, uid=mail.uid)
    identity = Q(message_id=mail.message_id, received_at=mail.received_at)
    return InboundMail.objects.filter(number | identity, mailbox=mail.mailbox).exists()


def _original(mail: InboundMail, raw: bytes) -> Document:
    return documents.keep_original(
        mail,
        title=one_line(f"Mail: {mail.subject}", 150),
        name="mail.eml",
        media_type="message/rfc822",
        content=raw,
        by=None,
    )


# --- What becomes of it -------------------------------------------------------------------------


def _place(mail: InboundMail, letter: Letter) -> None:
    """Put it where it belongs; what the rules refuse is kept for the desk, and changes nothing."""
    try:
        with transaction.atomic():
            if claimed := routing.claimed(letter):
                _join_claim(mail, letter, claimed)
                return
            person = sender_of(letter)
            found = routing.match(letter)
            if found is None:
                open_ticket(mail, letter, person, by=person.user)
            else:
                _join(mail, letter, found, person)
    except ValidationError as refusal:
        mail.state, mail.reason = State.QUARANTINED, one_line(" ".join(refusal.messages), 250)
        mail.ticket = mail.comment = None


def _join(mail: InboundMail, letter: Letter, found: routing.Match, person: Person) -> None:
    ticket = Ticket.objects.select_for_update().get(pk=found.ticket.pk)
    routing.refuse_strangers(ticket, person)
    if found.answers is Answers.NOTE and conversation.may_read_notes(person):
        answer(mail, letter, ticket, public=False, by=person.user)
    elif routing.asked(ticket, person) or not routing.may_answer(person):
        if ticket.state == Ticket.State.CLOSED:
            _follow_up(mail, letter, ticket, person)
        else:
            reply(mail, letter, ticket, person, by=person.user)
    else:
        # Who only names a ticket may be forwarding something, and who answers the word of a step
        # speaks with colleagues: what answers the requester's own words goes out.
        answer(mail, letter, ticket, public=found.answers is Answers.WORDS, by=person.user)


def _join_claim(mail: InboundMail, letter: Letter, ticket: Ticket) -> None:
    """What a vendor answers to a claim is for the desk."""
    check_sender(letter)
    ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
    answer(mail, letter, ticket, public=False, before=origin_of(mail), by=None)


def open_ticket(mail: InboundMail, letter: Letter, requester: Person, *, by: Actor) -> Ticket:
    """A new ticket of what a mail says. Raises ValidationError where it says nothing."""
    if not letter.subject and not letter.text and not letter.enclosures:
        raise ValidationError("It is empty.")
    first_line = one_line(letter.text.partition("\n")[0], 120)
    ticket = tickets.open_ticket(
        requester=requester,
        subject=letter.subject or first_line or "Mail without a subject",
        description=letter.text,
        asset=routing.device_in(letter, requester),
        submission=_submission(mail),
        by=by,
    )
    files.keep(letter, ticket, by=by)
    mail.state, mail.ticket, mail.person = State.OPENED, ticket, requester
    mail.reason = f"Opened {ticket.number}."
    return ticket


def _follow_up(mail: InboundMail, letter: Letter, closed: Ticket, person: Person) -> None:
    """What comes after the end is a new ticket, which knows the old one."""
    ticket = open_ticket(mail, letter, person, by=person.user)
    merging.link(ticket, other=closed, by=None)
    mail.reason = f"Opened {ticket.number}, since {closed.number} is closed."


def reply(
    mail: InboundMail, letter: Letter, ticket: Ticket, author: Person, *, by: Actor
) -> Comment:
    """Add it to a ticket as the word of the asking side, or of one who follows it."""
    submission = _submission(mail)
    tickets.reply(ticket, body=_body(letter), author=author, submission=submission, by=by)
    comment = ticket.comments.get(submission=submission)
    return _joined(mail, letter, comment, by=by)


def answer(
    mail: InboundMail, letter: Letter, ticket: Ticket, *, public: bool, by: Actor, before: str = ""
) -> Comment:
    """Add it to a ticket as the desk's word; what is not public only staff read."""
    tickets.answer(ticket, body=before + _body(letter), public=public, by=by)
    comment = ticket.comments.latest("pk")  # ours: the ticket is locked
    return _joined(mail, letter, comment, by=by)


def origin_of(mail: InboundMail) -> str:
    """The line before the words of somebody who takes no part in the ticket."""
    return f"Mail of {mail.sender_name} <{mail.sender}>:\n\n"


def _joined(mail: InboundMail, letter: Letter, comment: Comment, *, by: Actor) -> Comment:
    files.keep(letter, comment, by=by)
    mail.state, mail.ticket, mail.comment = State.JOINED, comment.ticket, comment
    mail.reason = f"Joined {comment.ticket.number}."
    return comment


def _body(letter: Letter) -> str:
    """What is said, which may be nothing but files."""
    if letter.answer:
        return letter.answer
    if not letter.enclosures:
        raise ValidationError("It is empty.")
    return "(Files, without a word.)"


def _submission(mail: InboundMail) -> uuid.UUID:
    """The mark of this mail, by which it opens or answers once."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{mail.mailbox} {mail.message_id} {mail.received_at}")


def letter_of(mail: InboundMail) -> Letter:
    """The mail again, from its original. Raises ValidationError where there is none to be read."""
    if mail.original is None:
        raise ValidationError(f"“{mail}” was never fetched: it lies in the mailbox.")
    try:
        with mail.original.file.open("rb") as file:
            return Letter(file.read(), mail.taken_at)
    except Unreadable as error:
        raise ValidationError(f"“{mail}” cannot be read: {error}") from error
    except FileNotFoundError as error:
        raise ValidationError(f"The original of “{mail}” is missing: tell IT.") from error
