"""Every way an order moves: placed, received serial by serial, cancelled.

Each move is atomic, under the lock of the order, recorded with actor and reason, and refuses in
words. What is received becomes assets, through `assets.lifecycle`.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.arrivals import MOVES, locked, release
from assets.models import Asset, Order
from assets.precaution import told, warnings
from assets.receiving import receive_line, serials_in
from config.history import Actor, save_as

__all__ = ["MOVES", "cancel", "place", "receive_line", "serials_in", "warnings"]

State = Order.State


@transaction.atomic
def place(
    order: Order,
    *,
    ordered_on: date | None = None,
    all_the_same: bool = False,
    by: Actor,
    reason: str = "",
) -> Order:
    """Note that a draft was sent to its supplier, today or on the day `ordered_on`.

    Raises ValidationError where it has no line, where the day lies ahead, and with the sentences of
    `warnings` where there are any, unless it is to be ordered `all_the_same`.
    """
    order = locked("place", order)
    day = ordered_on or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError(f"{order}: {told(day)} has not come yet. Give the day it was placed.")
    if not order.lines.exists():
        raise ValidationError(f"{order} has no line: it cannot be placed. Add what it orders.")
    if not all_the_same and (sentences := warnings(order)):
        raise ValidationError([f"{order}: {sentence}" for sentence in sentences])
    order.state, order.ordered_on = State.ORDERED, day
    save_as(order, by=by, reason=reason or "placed")
    return order


@transaction.atomic
def cancel(order: Order, *, by: Actor, reason: str) -> Order:
    """Note that nothing more comes of an order. What was received stays.

    Assets that wait for it are planned again. Raises ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError("Say why it is cancelled.")
    order = locked("cancel", order)
    waiting = Asset.objects.filter(order_line__order=order)
    release(waiting, by=by, reason=f"{order} was cancelled: {reason}")
    order.state = State.CANCELLED
    save_as(order, by=by, reason=reason)
    return order
