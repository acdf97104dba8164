"""An order under its lock, and what has arrived of it, from which its state follows.

`lifecycle.receive` and `procurement.receive_line` both count here, under the lock of the order,
which is always taken before those of assets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from assets.models import Asset, Order, OrderLine
from config.history import Actor, save_as, update_all_as

State = Order.State


@dataclass(frozen=True)
class Move:
    """What a move of an order is called once done, and from which states it is allowed."""

    done: str
    sources: tuple[Order.State, ...]

    def allows(self, order: Order) -> bool:
        return order.state in self.sources


MOVES = {
    "place": Move("placed", (State.DRAFT,)),
    "receive": Move("received", (State.ORDERED, State.PARTLY_RECEIVED)),
    "cancel": Move("cancelled", (State.DRAFT, State.ORDERED, State.PARTLY_RECEIVED)),
}


def lock(keys: Iterable[int]) -> list[Order]:
    """The orders of these keys, re-read under a lock, in one order."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("supplier")
    return list(rows.filter(pk__in=set(keys)).order_by("pk"))


def lock_orders_of(assets: Iterable[Asset]) -> None:
    """Lock the orders that assets wait for."""
    keys = [asset.pk for asset in assets]
    lines = OrderLine.objects.filter(assets__in=keys).order_by()
    lock(lines.values_list("order", flat=True))


def locked(move: str, order: Order) -> Order:
    """The order as it now is, under a lock; refused in words where its state forbids the move."""
    found = lock([order.pk])
    if not found:
        raise ValidationError(f"{order} has been deleted meanwhile.")
    if not MOVES[move].allows(found[0]):
        *most, last = [str(source.label) for source in MOVES[move].sources]
        sources = f"{', '.join(most)} or {last}" if most else last
        raise ValidationError(
            f"{found[0]} is {found[0].get_state_display()}: it cannot be {MOVES[move].done}."
            f" It must be {sources}."
        )
    return found[0]


def count(arrived: Mapping[int | None, int], *, by: Actor, reason: str) -> None:
    """Add what has arrived, by the key of its line, and settle the states of the orders.

    What is on no line is None's, and below zero is what is awaited anew. Assets that wait for a
    line of which all has arrived are planned again. The orders are locked by the caller. Raises
    ValidationError where more has arrived than a line orders.
    """
    rows = OrderLine.objects.filter(pk__in=[key for key in arrived if key])
    lines = list(rows.select_related("order__supplier", "product__maker"))
    for line in lines:
        if arrived[line.pk] > line.outstanding:
            raise ValidationError(too_many(line, arrived[line.pk]))
        line.received += arrived[line.pk]
    update_all_as(lines, ["received"], by=by, reason=reason)
    for line in lines:
        if not line.outstanding:
            # Others came in place of what waits for it still.
            told = f"{line.order}, {line} is complete without it"[:250]
            release(Asset.objects.filter(order_line=line), by=by, reason=told)
    for order in {line.order_id: line.order for line in lines}.values():
        _settle(order, by=by, reason=reason)


def release(assets: QuerySet[Asset], *, by: Actor, reason: str) -> None:
    """Plan again those of the assets that wait for an order of which nothing comes for them."""
    rows = assets.filter(state=Asset.State.ORDERED).select_related("product")
    waiting = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for asset in waiting:
        asset.state, asset.order_line = Asset.State.PLANNED, None
        asset.supplier, asset.order_number, asset.label = None, "", None
    fields = ["state", "order_line", "supplier", "order_number", "label"]
    update_all_as(waiting, fields, by=by, reason=reason)


def _settle(order: Order, *, by: Actor, reason: str) -> None:
    """Partly received is an order once anything arrived, though all of it was rejected since."""
    left = sum(line.outstanding for line in order.lines.all())
    state = Order.State.PARTLY_RECEIVED if left else Order.State.RECEIVED
    if order.state not in (state, Order.State.CANCELLED):
        order.state = state
        save_as(order, by=by, reason=reason)


def too_many(line: OrderLine, count: int) -> str:
    """Why no `count` more can be received of a line."""
    left = line.outstanding
    awaited = f"{left} more {'is' if left == 1 else 'are'} awaited" if left else "all have arrived"
    return f"{line.order}, {line}: {awaited}, so {count} cannot be received."
