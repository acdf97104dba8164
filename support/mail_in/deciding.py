"""The desk's word on mail that was kept back, or left alone, by the rules."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from config.history import Actor
from people.models import Person, User
from support.mail_in import routing, taking
from support.mail_in.words import one_line
from support.models import InboundMail, Ticket

DECIDABLE = (InboundMail.State.QUARANTINED, InboundMail.State.IGNORED)


def is_decidable(mail: InboundMail) -> bool:
    return mail.state in DECIDABLE


@transaction.atomic
def open_as(mail: InboundMail, *, requester: Person, by: Actor) -> InboundMail:
    """Open a ticket of what it says for `requester`, who is told of it as of any other."""
    if requester.has_left(timezone.localdate()):
        raise ValidationError(f"{requester} left on {requester.leaves_on}: choose somebody else.")
    mail = _locked(mail)
    letter = taking.letter_of(mail)
    taking.open_ticket(mail, letter, requester, by=by)
    return _decided(mail, by=by)


@transaction.atomic
def join(mail: InboundMail, *, ticket: Ticket, by: Actor) -> InboundMail:
    """Add it to a ticket: as the word of a sender who takes part, else as a note for staff.

    Raises ValidationError where the ticket is closed.
    """
    mail = _locked(mail)
    letter = taking.letter_of(mail)
    ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
    person = mail.person
    if person is not None and routing.takes_part(ticket, person):
        taking.reply(mail, letter, ticket, person, by=by)
    else:
        origin = taking.origin_of(mail)
        taking.answer(mail, letter, ticket, public=False, before=origin, by=by)
    return _decided(mail, by=by)


@transaction.atomic
def throw_away(mail: InboundMail, *, reason: str = "", by: Actor) -> InboundMail:
    """Nothing becomes of it; the mail itself stays to be read."""
    mail = _locked(mail)
    mail.state = InboundMail.State.REJECTED
    mail.reason = one_line(
        f"{reason} (It was kept back: {mail.reason})" if reason else mail.reason, 250
    )
    return _decided(mail, by=by)


def _locked(mail: InboundMail) -> InboundMail:
    rows = InboundMail.objects.select_for_update(of=("self",))
    mail = rows.select_related("original", "person__user", "ticket").get(pk=mail.pk)
    if not is_decidable(mail):
        where = f" {mail.ticket.number}" if mail.ticket else ""
        raise ValidationError(
            f"“{mail}” is decided: {mail.get_state_display()}{where}."
            " Only what was kept back, or left alone, is."
        )
    return mail


def _decided(mail: InboundMail, *, by: Actor) -> InboundMail:
    mail.decided_by = by if isinstance(by, User) else None
    mail.decided_at = timezone.now()
    mail.save()
    return mail
