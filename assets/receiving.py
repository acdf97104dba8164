"""How what was ordered comes onto the register: by its serials, or by the piece."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assets import arrivals, lifecycle, warranties
from assets.lifecycle.register import arrival_state
from assets.models import Asset, Order, OrderLine
from assets.precaution import told
from assets.serials import scanned_serial, serial_key
from config import cells, periods
from config.history import Actor, update_all_as
from people.models import Location

LONGEST_SERIAL = 120
JUST_NOW = "One of these serials came onto the register a moment ago. Receive them once more."


@transaction.atomic
def receive_line(
    line: OrderLine,
    *,
    serials: Sequence[str] = (),
    quantity: int | None = None,
    location: Location,
    received_on: date | None = None,
    by: Actor,
    reason: str = "",
) -> list[Asset]:
    """Receive so many of a line at `location`, by their serials or, without any, by `quantity`.

    Assets that were planned and wait for the line come first, the one whose serial it is before
    any other; for the rest new ones are put on the register. Each gets supplier, order and cost of
    the line, and a warranty of the line's months, else the product's, from the day it is received.
    Raises ValidationError where the order awaits nothing, more arrives than is outstanding, or a
    serial is doubled, known or none at all.
    """
    order = arrivals.locked("receive", line.order)
    line = order.lines.select_related("product__category", "product__maker").get(pk=line.pk)
    vars(line)["order"] = order
    serials = checked_serials(line, serials)
    count = _count(line, serials, quantity)
    day = _day(order, received_on)
    reason = reason or f"received of {order} at {location}"
    waiting = _waiting(line, serials)[:count]
    try:
        with transaction.atomic():
            arrived = _arrive(waiting, serials, line, day, location, by=by, reason=reason)
            fresh = [_new(line, serial, day, location) for serial in _left(serials, arrived, count)]
            arrived += lifecycle.enter(fresh, by=by, reason=reason)
    except IntegrityError as error:  # another line received one of them at the same moment
        raise ValidationError(JUST_NOW) from error
    arrivals.count({line.pk: len(fresh)}, by=by, reason=reason)
    return arrived


def serials_in(text: str) -> list[str]:
    """The serials of a paste or a scan: a line, comma, semicolon or tab between them."""
    parts = re.split(r"[\n\r,;\t]", text)
    # A scanner sends the control characters of its symbols too.
    clean = ("".join(filter(str.isprintable, part)).strip() for part in parts)
    return [part for part in clean if part]


def checked_serials(line: OrderLine, serials: Sequence[str]) -> list[str]:
    """The serials, trimmed, and without what their maker prints before them on a carton.

    Raises ValidationError with a sentence for each that is doubled, too long, no serial at all,
    destroyed by a spreadsheet, or on the register already, unless its asset waits for this line.
    """
    maker = str(line.product.maker or "")
    serials = [scanned_serial(serial, maker) for serial in serials if serial.strip()]
    keys = {serial: serial_key(line.product.maker_id, serial) for serial in serials}
    problems = [sentence for serial in keys if (sentence := _none(serial, keys[serial]))]
    problems += _doubled([(serial, keys[serial]) for serial in serials if keys[serial]])
    there = Asset.objects.filter(serial_key__in={key for key in keys.values() if key})
    there = there.exclude(order_line=line, state=Asset.State.ORDERED)
    problems += [
        f"{asset.serial} is on the register already: {asset}, {asset.get_state_display()}."
        for asset in there.select_related("product")
    ]
    if problems:
        raise ValidationError(problems)
    return serials


def _none(serial: str, key: str) -> str:
    """Why this is no serial number, if it is none."""
    if len(serial) > LONGEST_SERIAL:
        too_long = f"is longer than {LONGEST_SERIAL} characters: it is no serial number"
        return f'"{serial[:40]}…" {too_long}.'
    if lost := cells.lost(serial):
        return f'"{serial}" {lost}.'
    if not key:
        ask = "leave it out, and receive what has none by its quantity"
        return f'"{serial}" is no serial number: {ask}.'
    return ""


def _doubled(pairs: Sequence[tuple[str, str]]) -> list[str]:
    first: dict[str, str] = {}
    doubled: dict[str, None] = {}
    for serial, key in pairs:
        if key in first:
            same = first[key] == serial
            doubled[serial if same else f"{first[key]}, as {serial},"] = None
        first.setdefault(key, serial)
    return [f"{serial} is there twice: scan each once." for serial in doubled]


def _count(line: OrderLine, serials: Sequence[str], quantity: int | None) -> int:
    if serials and quantity is not None and quantity != len(serials):
        raise ValidationError(
            f"There are {len(serials)} serials, and the quantity is {quantity}. Leave it empty."
        )
    count = len(serials) if serials else quantity or 0
    if count < 1:
        raise ValidationError("Scan the serials of what arrived, or give its quantity.")
    if count > line.outstanding:
        raise ValidationError(arrivals.too_many(line, count))
    return count


def _day(order: Order, received_on: date | None) -> date:
    today = timezone.localdate()
    day = received_on or today
    if day > today:
        raise ValidationError(f"{told(day)} has not come yet: nothing was received then.")
    if order.ordered_on and day < order.ordered_on:
        raise ValidationError(
            f"{order} was placed on {told(order.ordered_on)}: nothing was received before."
        )
    return day


def _waiting(line: OrderLine, serials: Sequence[str]) -> list[Asset]:
    """The planned assets that can arrive, those first that are named by their serial."""
    rows = Asset.objects.select_for_update(of=("self",)).select_related("product")
    assets = list(rows.filter(order_line=line, state=Asset.State.ORDERED).order_by("pk"))
    keys = {serial_key(line.product.maker_id, serial) for serial in serials}
    named = [asset for asset in assets if asset.serial_key in keys and asset.serial_key]
    free = [asset for asset in assets if not (asset.serial_key and (serials or asset in named))]
    return [*named, *(asset for asset in free if asset not in named)]


def _arrive(
    waiting: Sequence[Asset],
    serials: Sequence[str],
    line: OrderLine,
    day: date,
    location: Location,
    *,
    by: Actor,
    reason: str,
) -> list[Asset]:
    """Fill in the assets that waited for the line and receive them, which also counts them."""
    if not waiting:
        return []
    left = iter(_left(serials, [it for it in waiting if it.serial_key], len(waiting)))
    facts = _facts(line, day)
    for asset in waiting:
        asset.serial = asset.serial if asset.serial_key else next(left)
        for name, value in facts.items():
            setattr(asset, name, value)
    update_all_as(waiting, ["serial", "serial_key", *facts], by=by, reason=reason)
    warranties.restate(waiting, warranties.COLUMNS.keys() & facts.keys(), by=by, reason=reason)
    outcome = lifecycle.receive(waiting, location=location, by=by, reason=reason)
    if outcome.refused:
        raise ValidationError(outcome.refused)
    return outcome.done


def _left(serials: Sequence[str], arrived: Sequence[Asset], count: int) -> list[str]:
    """The serials that no asset has yet; without any, a blank for each of the rest."""
    if not serials:
        return [""] * (count - len(arrived))
    taken = {asset.serial_key.partition(":")[2] for asset in arrived}
    return [it for it in serials if serial_key(None, it).partition(":")[2] not in taken]


def _facts(line: OrderLine, day: date) -> dict[str, Any]:
    """What every asset of a line is told by its order."""
    months = line.product.warranty_months if line.warranty_months is None else line.warranty_months
    facts: dict[str, Any] = {
        "supplier": line.order.supplier,
        "order_number": line.order.number,
        "purchased_on": line.order.ordered_on,
        "in_service_on": day,
    }
    if line.unit_cost is not None:
        facts |= {"cost": line.unit_cost, "currency": line.order.currency}
    if months:
        ends = periods.last_day(day, months)
        facts |= {"warranty_starts_on": day, "warranty_ends_on": ends}
    return facts


def _new(line: OrderLine, serial: str, day: date, location: Location) -> Asset:
    return Asset(
        product=line.product,
        serial=serial,
        order_line=line,
        state=arrival_state(line.product),
        location=location,
        **_facts(line, day),
    )
