"""Asking for something in the catalogue: it becomes a ticket that waits for who must agree."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction

from config.history import Actor
from people.models import Person
from support import approvals
from support.models import Offer, Ticket
from support.tickets import enrol

NOT_FOR_THEM = "not for them"
"""The code of a refusal whose words tell something of whom it was asked for."""


@transaction.atomic
def ask(
    offer: Offer,
    *,
    requester: Person,
    on_behalf_of: Person | None = None,
    quantity: int = 1,
    reason: str = "",
    attachments: Sequence[File] = (),
    submission: UUID | None = None,
    by: Actor,
) -> Ticket:
    """Ask for so many of an offer, for oneself or for somebody else; returns the ticket.

    The price stays as it is now. Whoever must agree is asked, one after the other; where nobody
    must, the desk begins. The same `submission` asks once only.
    Raises ValidationError where that is more than it allows, or, with the code NOT_FOR_THEM, where
    the offer is not for that person.
    """
    receiver = on_behalf_of or requester
    offer = Offer.objects.select_for_update().get(pk=offer.pk)
    _check(offer, receiver, quantity)
    ticket = Ticket(
        kind=Ticket.Kind.ACCESS if offer.licence_id else Ticket.Kind.REQUEST,
        requester=requester,
        on_behalf_of=on_behalf_of if on_behalf_of != requester else None,
        subject=offer.name if quantity == 1 else f"{quantity} × {offer.name}",
        description=reason.strip(),
        licence=offer.licence,
        offer=offer,
        quantity=quantity,
        price=offer.price,
        currency=offer.currency,
        submission=submission,
    )
    enrolled = enrol(ticket, attachments=attachments, by=by, reason="asked for")
    if enrolled is ticket:
        approvals.begin(ticket, by=by)
    return enrolled


def _check(offer: Offer, receiver: Person, quantity: int) -> None:
    if not Offer.objects.visible_to(receiver).filter(pk=offer.pk).exists():
        raise ValidationError(f"{offer} is not on offer for {receiver}.", code=NOT_FOR_THEM)
    if not 1 <= quantity <= offer.most:
        raise ValidationError(f"Of {offer} ask for 1 to {offer.most} at a time.")
    licence = offer.licence
    if licence and licence.given_seats.taken().filter(person=receiver).exists():
        said = f"{receiver} has a seat of {licence.name} already."
        raise ValidationError(said, code=NOT_FOR_THEM)
