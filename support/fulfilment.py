"""Giving what was asked for: from stock first, else by an order; nothing is given twice.

One request has one `Fulfilment`, unique in the database. Each step locks the ticket first; what was
only ordered is completed later by one of the other steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, QuerySet, When
from django.utils import timezone

from assets import kits, lifecycle
from assets.models import Asset, Handover, Order
from config.history import Actor, save_as
from contracts import seats
from contracts.models import Licence
from people.models import Location, Person
from support import tickets
from support.models import Approval, Fulfilment, Ticket
from support.moves import OPEN, enter

Way = Fulfilment.Way
State = Ticket.State
PROPOSED = 20


@dataclass(frozen=True)
class Proposal:
    """What could be given now, and why not where nothing could."""

    assets: Sequence[Asset] = ()
    licence: Licence | None = None
    free_seats: int | None = None
    shortages: Sequence[str] = field(default_factory=list)
    orders: Sequence[Order] = ()


def receiver(ticket: Ticket) -> Person:
    """Whom it is for."""
    return ticket.on_behalf_of or ticket.requester


def in_stock(ticket: Ticket) -> QuerySet[Asset]:
    """What lies in stock, in no device, and is what was asked for.

    What lies at the receiver's place comes first; of each place what was bought first.
    """
    offer = ticket.offer
    rows = Asset.objects.filter(state=Asset.State.IN_STOCK, installed_in=None)
    if offer and offer.product_id:
        rows = rows.filter(product=offer.product_id)
    elif offer and offer.category_id:
        rows = rows.filter(product__category=offer.category_id)
    else:
        return rows.none()
    place = receiver(ticket).location_id
    away = Case(When(location=place, location__isnull=False, then=0), default=1)
    rows = rows.select_related("product__maker", "location")
    return rows.order_by(away, F("purchased_on").asc(nulls_last=True), "tag")


def proposed(ticket: Ticket) -> Sequence[Asset]:
    """The first of what lies in stock, always as many as were asked for where there are."""
    return list(in_stock(ticket)[: max(PROPOSED, ticket.quantity)])


def lacking(ticket: Ticket) -> Approval | None:
    """The first of the approvals without which nothing may be given."""
    return ticket.approvals.lacking().select_related("approver").first()


def propose(ticket: Ticket) -> Proposal:
    """What stock, seats and kits have for a request, and the open orders that could bring it."""
    offer = ticket.offer
    if offer is None:
        return Proposal()
    if offer.licence:
        return Proposal(licence=offer.licence, free_seats=_free(offer.licence))
    if offer.kit:
        return Proposal(shortages=kits.shortages(offer.kit))
    awaited = Order.objects.filter(state__in=[Order.State.DRAFT, Order.State.ORDERED])
    if offer.product_id:
        awaited = awaited.filter(lines__product=offer.product_id).distinct()
    elif offer.category_id:
        awaited = awaited.filter(lines__product__category=offer.category_id).distinct()
    else:
        return Proposal()
    orders = awaited.select_related("supplier")
    return Proposal(assets=proposed(ticket), orders=list(orders[:PROPOSED]))


@transaction.atomic
def hand_over(ticket: Ticket, *, assets: Sequence[Asset], note: str = "", by: Actor) -> Ticket:
    """Hand over assets from stock and close the request; the receiver is asked to accept them.

    Raises ValidationError where it was fulfilled already, where there are not as many as were
    asked for, or where one of them can no longer be handed over: then none is.
    """
    ticket = _locked(ticket)
    assets = list(assets)
    if len(assets) != ticket.quantity:
        raise ValidationError(f"Choose {ticket.quantity}: that many were asked for.")
    outcome = lifecycle.hand_over(
        assets, to=receiver(ticket), by=by, reason=f"asked for in {ticket.number}"
    )
    if outcome.refused:
        raise ValidationError(outcome.refused)
    given = Handover.objects.filter(custodies__asset__in=outcome.done, custodies__until=None)
    said = "Handed over to you: " + ", ".join(f"{it.product} ({it.tag})" for it in outcome.done)
    return _complete(ticket, Way.HANDOVER, said, note, handover=given.latest("pk"), by=by)


@transaction.atomic
def hand_over_kit(
    ticket: Ticket, *, location: Location | None = None, note: str = "", by: Actor
) -> Ticket:
    """Hand over the whole kit of the offer and close the request.

    Raises ValidationError with a sentence for each line that is short.
    """
    ticket = _single(_locked(ticket))
    kit = ticket.offer.kit if ticket.offer else None
    if kit is None:
        raise ValidationError(f"{ticket} asks for no kit.")
    given = kits.hand_over(
        kit, to=receiver(ticket), location=location, by=by, reason=f"asked for in {ticket.number}"
    )
    handover = Handover.objects.filter(custodies__asset__in=given.assets, custodies__until=None)
    said = f"Handed over to you: {kit}"
    return _complete(ticket, Way.KIT, said, note, handover=handover.order_by("pk").last(), by=by)


@transaction.atomic
def give_seat(ticket: Ticket, *, note: str = "", by: Actor) -> Ticket:
    """Give the receiver a seat of the offer's licence and close the request."""
    ticket = _single(_locked(ticket))
    licence = ticket.offer.licence if ticket.offer else None
    if licence is None:
        raise ValidationError(f"{ticket} asks for no licence.")
    seat = seats.assign(licence, to=receiver(ticket), by=by, reason=f"asked for in {ticket.number}")
    ticket = _complete(ticket, Way.SEAT, f"You have a seat of {licence.name}.", note, by=by)
    ticket.fulfilment.seats.add(seat)
    return ticket


@transaction.atomic
def put_on_order(ticket: Ticket, *, order: Order, note: str = "", by: Actor) -> Ticket:
    """Note with which order it comes; the ticket waits for the vendor until it is handed over."""
    ticket = _locked(ticket)
    if _fulfilment(ticket):
        raise ValidationError(f"{ticket} is on order {ticket.fulfilment.order} already.")
    made = Fulfilment(ticket=ticket, way=Way.ORDER, order=order, note=note.strip())
    save_as(made, by=by, reason=f"comes with order {order}")
    tickets.answer(ticket, body=f"It is ordered, and comes with {order.number}.", by=by)
    ticket.refresh_from_db()
    enter(ticket, State.WAITING_VENDOR, by=by, reason=f"ordered: {order}")
    return ticket


@transaction.atomic
def done(ticket: Ticket, *, note: str, by: Actor) -> Ticket:
    """Close a request that was fulfilled in another way, saying how."""
    ticket = _locked(ticket)
    if not note.strip():
        raise ValidationError("Say what was done.")
    return _complete(ticket, Way.OTHER, note.strip(), note, by=by)


def _locked(ticket: Ticket) -> Ticket:
    """The request under its lock, open, approved and not fulfilled yet."""
    rows = Ticket.objects.select_for_update(of=("self",))
    related = ("requester__location", "on_behalf_of__location", "offer__licence", "offer__kit")
    ticket = rows.select_related(*related).get(pk=ticket.pk)
    if ticket.offer_id is None:
        raise ValidationError(f"{ticket} asks for nothing of the catalogue.")
    made = _fulfilment(ticket)
    if made and made.way != Way.ORDER:
        raise ValidationError(f"{ticket} was fulfilled already: {made.get_way_display()}.")
    if ticket.state == State.WAITING_APPROVAL:
        raise ValidationError(f"{ticket} waits for approval: nothing can be given yet.")
    if ticket.state not in OPEN:
        raise ValidationError(f"{ticket} is {ticket.get_state_display()}: nothing can be given.")
    if approval := lacking(ticket):
        raise ValidationError(f"{ticket} is not approved ({approval}): nothing can be given.")
    return ticket


def _single(ticket: Ticket) -> Ticket:
    """Refuses what was asked for while an offer of a seat or a kit could still allow several."""
    if ticket.quantity > 1:
        raise ValidationError(
            f"{ticket} asks for {ticket.quantity}, of which one is given at a time: give them by"
            " hand, and say so under Done otherwise."
        )
    return ticket


def _fulfilment(ticket: Ticket) -> Fulfilment | None:
    return Fulfilment.objects.filter(ticket=ticket).select_related("order").first()


def _complete(
    ticket: Ticket,
    way: Fulfilment.Way,
    said: str,
    note: str,
    *,
    handover: Handover | None = None,
    by: Actor,
) -> Ticket:
    made = _fulfilment(ticket) or Fulfilment(ticket=ticket)
    made.way, made.handover, made.done_at = way, handover, timezone.now()
    made.note = "\n\n".join(filter(None, [made.note, note.strip()]))
    save_as(made, by=by, reason=said)
    return tickets.resolve(ticket, solution=said, by=by)


def _free(licence: Licence) -> int | None:
    """Seats left; None where there are as many as are needed."""
    if licence.seats is None:
        return None
    return max(0, licence.seats - licence.given_seats.taken().count())
