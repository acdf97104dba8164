"""What is done about the device of a ticket: claimed, repaired, swapped, retired.

Each does both halves in one transaction: the move of the device and the turn of its ticket.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Case, QuerySet, When
from django.utils import timezone

from assets import lifecycle, protection
from assets.lifecycle.moves import Outcome
from assets.models import Asset, Vendor
from assets.precaution import told
from config.history import Actor
from contracts.models import Contract
from people import outbox
from people.models import Location
from support import conversation, ticket_mail, tickets
from support.models import Ticket
from support.moves import enter, locked

State = Ticket.State


@transaction.atomic
def claim_warranty(ticket: Ticket, *, to: str, text: str = "", by: Actor) -> Ticket:
    """Mail a vendor `text`, else the usual letter, and wait for them.

    Raises ValidationError where there is no device, no warranty runs today, or a claim went out
    today already.
    """
    validate_email(to)
    ticket = locked("wait", ticket)
    asset, today = _device(ticket), timezone.localdate()
    if refused := protection.unclaimable([asset], today).get(asset.pk):
        raise ValidationError(refused)
    number = f", serial number {asset.serial}" if asset.serial else ""
    subject = f"[{ticket.number}] Warranty claim: {asset.product}{number}"
    said = text.strip() or claim_letter(ticket, today)
    key = f"ticket:{ticket.pk}:claim:{asset.pk}:{today}"
    thread = ticket_mail.thread_of(ticket)
    if not outbox.queue_outside(to, key=key, subject=subject, text=said, thread=thread):
        raise ValidationError(f"A claim for {asset} went out today already.")
    note = f"Claimed on warranty from {to}:\n\n{said}"
    conversation.write(ticket, note, author=tickets.person_of(by), public=False, by=by)
    enter(ticket, State.WAITING_VENDOR, by=by, reason="claimed on warranty")
    ticket_mail.changed(ticket, f"Its device is claimed on warranty from {to}.", by=by)
    return ticket


@transaction.atomic
def repair(
    ticket: Ticket,
    *,
    fault: str,
    vendor: Vendor | None = None,
    reference: str = "",
    on_warranty: bool = False,
    due_back_on: date | None = None,
    by: Actor,
) -> Ticket:
    """Send the device to repair, tell the requester, and wait for the vendor."""
    ticket = locked("wait", ticket)
    asset = _device(ticket)
    _whole(
        lifecycle.send_to_repair(
            [asset],
            fault=fault,
            vendor=vendor,
            reference=reference,
            on_warranty=on_warranty,
            due_back_on=due_back_on,
            by=by,
            reason=f"ticket {ticket.number}",
        )
    )
    where = f" to {vendor}" if vendor else ""
    back = f" It should be back on {told(due_back_on)}." if due_back_on else ""
    body = f"{asset.product} ({asset.tag}) is sent to repair{where}.{back}"
    ticket = tickets.answer(ticket, body=body, by=by)
    # The answer tells all of it: what follows is no mail of its own.
    enter(ticket, State.WAITING_VENDOR, by=by, reason="its device is in repair")
    return ticket


@transaction.atomic
def swap(
    ticket: Ticket, *, replacement: Asset, location: Location | None = None, by: Actor
) -> Ticket:
    """Give the holder another device from stock, and take the one of the ticket back."""
    ticket = locked("answer", ticket)
    asset = _device(ticket)
    holder = asset.holder
    if holder is None:
        raise ValidationError(f"{asset} is with nobody: hand the other one over instead.")
    if replacement == asset:
        raise ValidationError(f"{asset} cannot take its own place.")
    reason = f"swapped, ticket {ticket.number}"
    _whole(lifecycle.take_back([asset], location=location, by=by, reason=reason))
    _whole(lifecycle.hand_over([replacement], to=holder, by=by, reason=reason))
    body = (
        f"You get {replacement.product} ({replacement.tag}) in place of"
        f" {asset.product} ({asset.tag})."
    )
    return tickets.answer(ticket, body=body, by=by)


@transaction.atomic
def retire(ticket: Ticket, *, reason: str, by: Actor) -> Ticket:
    """Take the device of the ticket out of service for good."""
    ticket = locked("answer", ticket)
    asset = _device(ticket)
    if asset.state == Asset.State.IN_USE:
        _whole(lifecycle.take_back([asset], by=by, reason=f"ticket {ticket.number}"))
    _whole(lifecycle.retire([asset], by=by, reason=reason))
    body = f"{asset} is retired: {reason}"
    return tickets.answer(ticket, body=body, public=False, by=by)


def replacements(ticket: Ticket) -> QuerySet[Asset]:
    """What lies in stock in its place: the same product first, then others of its category."""
    asset = _device(ticket)
    alike = Asset.objects.filter(
        state=Asset.State.IN_STOCK, installed_in=None, product__category=asset.product.category_id
    ).exclude(pk=asset.pk)
    another = Case(When(product=asset.product_id, then=0), default=1)
    return alike.select_related("product__maker", "location").order_by(
        another, "product__name", "purchased_on", "tag"
    )


def _device(ticket: Ticket) -> Asset:
    if ticket.asset is None:
        raise ValidationError(f"{ticket} is about no device: say which one first.")
    return ticket.asset


def _whole(outcome: Outcome) -> None:
    if outcome.refused:
        raise ValidationError(outcome.refused)


def claim_letter(ticket: Ticket, on: date) -> str:
    """The usual letter: serial number, warranties and contracts that run on that day, the fault."""
    asset = _device(ticket)
    warranties = [it for it in protection.of_assets([asset])[asset.pk] if protection.runs(it, on)]
    contracts = asset.contracts.running(on).order_by("ends_on")
    facts = [
        f"Product: {asset.product}",
        f"Serial number: {asset.serial or 'none recorded'}",
        f"Purchased: {told(asset.purchased_on)}" if asset.purchased_on else "",
        *(f"Warranty: until {told(it.ends_on)}{_reference(it.reference)}" for it in warranties),
        *(f"Contract: {_numbers(it)}" for it in contracts),
    ]
    fault = ticket.description or ticket.subject
    opening = "We claim the repair or the replacement of this device on its warranty."
    closing = f"Please reply to this mail, and leave {ticket.number} in its subject."
    return "\n\n".join([opening, "\n".join(filter(None, facts)), f"Fault: {fault}", closing])


def _numbers(contract: Contract) -> str:
    ours = f", our number {contract.number}" if contract.number else ""
    return f"{contract.title}{ours}{_reference(contract.reference)}"


def _reference(number: str) -> str:
    return f", your number {number}" if number else ""
