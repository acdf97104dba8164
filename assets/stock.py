"""Every way the quantity of a stock item changes.

Each is atomic, under the lock of the item, recorded with actor and reason, and leaves a movement
that says what lay there after it. Nothing ever goes below zero.
"""

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from assets.models import StockItem, StockMovement
from config.history import Actor, create_all_as, save_as
from people import outbox
from people.mailboxes import mailbox
from people.models import Person

Kind = StockMovement.Kind
MOST = 1_000_000
"""More pieces than any store keeps: a number beyond it is a mistake of the hand."""


@transaction.atomic
def enter(items: Sequence[StockItem], *, by: Actor, reason: str) -> list[StockItem]:
    """Put new items on the register; what lies there already is each one's first movement."""
    for item in items:
        _check_total(item, item.quantity)
    entered = create_all_as(items, by=by, reason=reason)
    opening = [_movement(it, Kind.CORRECTION, it.quantity, reason) for it in entered if it.quantity]
    create_all_as(opening, by=by, reason=reason)
    return entered


@transaction.atomic
def deliver(item: StockItem, *, quantity: int, by: Actor, reason: str = "") -> StockMovement:
    """So many have arrived. Raises ValidationError unless `quantity` is 1 to MOST."""
    item = _locked(item)
    _check_quantity(quantity)
    return _book(item, Kind.DELIVERY, quantity, by=by, reason=reason or "delivered")


@transaction.atomic
def issue(
    item: StockItem, *, quantity: int, to: Person, by: Actor, reason: str = ""
) -> StockMovement:
    """Hand so many to a person.

    Raises ValidationError where fewer lie there, or where the person has left.
    """
    item = _locked(item)
    _check_quantity(quantity)
    if to.has_left(timezone.localdate()):
        raise ValidationError(f"{to} left on {to.leaves_on}: nothing can be handed out.")
    if quantity > item.quantity:
        raise ValidationError(f"{_lying(item)}: {quantity} cannot be handed out.")
    reason = reason or f"handed out to {to}"
    return _book(item, Kind.ISSUE, -quantity, person=to, by=by, reason=reason)


@transaction.atomic
def give_back(
    item: StockItem,
    *,
    quantity: int,
    person: Person | None = None,
    by: Actor,
    reason: str = "",
) -> StockMovement:
    """So many come back, from a person or from somewhere that was never booked.

    Raises ValidationError where the person has been given fewer than that.
    """
    item = _locked(item)
    _check_quantity(quantity)
    if person and quantity > (has := held(item, person)):
        raise ValidationError(
            f"{person} has {has or 'none'} of {item}: {quantity} cannot come back. Name nobody for"
            " what was never booked out."
        )
    reason = reason or (f"returned by {person}" if person else "returned")
    return _book(item, Kind.RETURN, quantity, person=person, by=by, reason=reason)


@transaction.atomic
def correct(item: StockItem, *, counted: int, by: Actor, reason: str) -> StockMovement:
    """Somebody counted: so many really lie there.

    Raises ValidationError without a reason, and where that many lie there already.
    """
    item = _locked(item)
    if not reason.strip():
        raise ValidationError("Say why the quantity is corrected.")
    _check_total(item, counted)
    if counted == item.quantity:
        raise ValidationError(f"{_lying(item)} already: there is nothing to correct.")
    return _book(item, Kind.CORRECTION, counted - item.quantity, by=by, reason=reason)


def held(item: StockItem, person: Person) -> int:
    """How many of the item were handed to the person and have not come back."""
    own = StockItem.objects.held_by(person).filter(pk=item.pk).first()
    return int(getattr(own, "held", 0))


def _locked(item: StockItem) -> StockItem:
    """The item as it now is. Its lock is the queue: two clerks book one after the other."""
    items = StockItem.objects.select_related("location", "supplier")
    return items.select_for_update(of=("self",)).get(pk=item.pk)


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST:
        raise ValidationError(f"{quantity} cannot be booked: give a number from 1 to {MOST:,}.")


def _check_total(item: StockItem, total: int) -> None:
    if not 0 <= total <= MOST:
        raise ValidationError(
            f"{total} of {item} cannot lie there: a place keeps 0 to {MOST:,} of one thing."
        )


def _lying(item: StockItem) -> str:
    """How many lie there, as the beginning of a sentence."""
    verb = "lies" if item.quantity == 1 else "lie"
    return f"{item.quantity or 'None'} of {item} {verb} there"


def _book(
    item: StockItem,
    kind: StockMovement.Kind,
    quantity: int,
    *,
    person: Person | None = None,
    by: Actor,
    reason: str,
) -> StockMovement:
    """Write the movement of `quantity`, above zero in and below zero out, and the new balance."""
    was_low = item.is_low
    item.quantity += quantity
    _check_total(item, item.quantity)
    save_as(item, by=by, reason=reason)
    movement = _movement(item, kind, quantity, reason, person)
    save_as(movement, by=by, reason=reason)
    if item.is_low and not was_low:
        _warn(movement)
    return movement


def _movement(
    item: StockItem,
    kind: StockMovement.Kind,
    quantity: int,
    reason: str,
    person: Person | None = None,
) -> StockMovement:
    return StockMovement(
        item=item,
        kind=kind,
        quantity=quantity,
        balance=item.quantity,
        person=person,
        moved_at=timezone.now(),
        note=reason[:250],
    )


def _warn(movement: StockMovement) -> None:
    """Owe IT a mail, once for each time that an item reaches its minimum."""
    item = movement.item
    lines = [f"{_lying(item)}; the minimum is {item.minimum}.", ""]
    if item.reorder_quantity:
        lines.append(f"Order so many: {item.reorder_quantity}")
    if item.supplier:
        lines.append(f"Supplier: {item.supplier}")
    if item.part_number:
        lines.append(f"Part number: {item.part_number}")
    address = reverse("admin:assets_stockitem_change", args=[item.pk])
    lines += [f"The item: {settings.SITE_URL}{address}", ""]
    subject = f"Order more: {item}, {item.quantity} left"
    outbox.queue(mailbox("it"), key=f"low:{movement.pk}", subject=subject, text="\n".join(lines))
