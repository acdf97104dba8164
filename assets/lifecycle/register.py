"""How assets come: planned, ordered, received, inspected, put into stock, numbered."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from assets import arrivals, numbers, warranties
from assets.lifecycle.moves import Outcome, State, locked, record
from assets.models import (
    Asset,
    Custody,
    Inspection,
    Order,
    OrderLine,
    Product,
    StateLabel,
)
from config.history import Actor, create_all_as
from people import documents
from people.models import Location


@transaction.atomic
def plan(
    products: Iterable[Product],
    *,
    quantity: int = 1,
    location: Location | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Put `quantity` assets of each product on the register that are wanted but not ordered."""
    if quantity < 1:
        raise ValidationError("Plan at least one.")
    assets = [
        Asset(product=product, state=State.PLANNED, location=location)
        for product in products
        for _ in range(quantity)
    ]
    return Outcome(done=enter(assets, by=by, reason=reason or "planned"))


@transaction.atomic
def order(assets: Iterable[Asset], *, order: Order, by: Actor, reason: str = "") -> Outcome:
    """Put planned assets on the line of their product in an order that was placed.

    Raises ValidationError where nothing more is awaited from the order.
    """
    order = (
        Order.objects.select_for_update(of=("self",)).select_related("supplier").get(pk=order.pk)
    )
    if order.state not in (Order.State.ORDERED, Order.State.PARTLY_RECEIVED):
        state = order.get_state_display()
        raise ValidationError(f"{order} is {state}: nothing is awaited from it. Place it first.")
    free = _free_places(order)

    def check(asset: Asset) -> str | None:
        line = next((it for it in free if it.product_id == asset.product_id and free[it]), None)
        if line is None:
            return f"{asset} finds no place on {order}: no line has {asset.product} left to fill."
        free[line] -= 1
        asset.order_line = line
        return None

    outcome = locked("order", assets, check=check)
    for asset in outcome.done:
        asset.state = State.ORDERED
        asset.supplier, asset.order_number = order.supplier, order.number
    fields = ("order_line", "supplier", "order_number")
    record(outcome, by=by, reason=reason or f"ordered with {order}", fields=fields)
    return outcome


def _free_places(order: Order) -> dict[OrderLine, int]:
    """How many more assets each line can take: outstanding, less those that wait for it."""
    lines = list(order.lines.select_related("product"))
    waiting = Asset.objects.filter(order_line__in=lines, state=State.ORDERED)
    taken = list(waiting.values_list("order_line", flat=True))
    return {line: line.outstanding - taken.count(line.pk) for line in lines}


@transaction.atomic
def receive(assets: Iterable[Asset], *, location: Location, by: Actor, reason: str = "") -> Outcome:
    """What was planned or ordered has arrived at `location`.

    It lies in stock, or waits for its inspection where its category asks for one. What was on an
    order counts there as arrived.
    """
    assets = list(assets)
    reason, today = reason or f"received at {location}", timezone.localdate()
    arrivals.lock_orders_of(assets)
    outcome = locked("receive", assets)
    for asset in outcome.done:
        asset.state, asset.location = arrival_state(asset.product), location
        asset.in_service_on = asset.in_service_on or today
    record(outcome, by=by, reason=reason, fields=("in_service_on",))
    arrivals.count(Counter(it.order_line_id for it in outcome.done), by=by, reason=reason)
    return outcome


def arrival_state(product: Product) -> Asset.State:
    """What a product is when it arrives."""
    return State.RECEIVED if product.category.needs_inspection else State.IN_STOCK


@transaction.atomic
def inspect(
    assets: Iterable[Asset],
    *,
    passed: bool,
    points: Sequence[dict[str, Any]] = (),
    remark: str = "",
    photos: Sequence[File] = (),
    location: Location | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Record what was found of assets that arrived: passed is in stock, failed is rejected.

    The order of what is rejected awaits another in its place, unless it was cancelled. `points` is
    what was checked, `[{"point": "Screen", "passed": True}]`. Raises ValidationError where it
    passed with a failed point, or failed without a word why.
    """
    _check_verdict(passed, points, remark)
    assets = list(assets)
    if not passed:
        arrivals.lock_orders_of(assets)
    outcome = locked("inspect", assets)
    now = timezone.now()
    reason = reason or (f"passed inspection. {remark}" if passed else f"rejected: {remark}").strip()
    found = [
        Inspection(asset=it, passed=passed, inspected_at=now, points=[*points], remark=remark)
        for it in outcome.done
    ]
    for inspection in create_all_as(found, by=by, reason=reason):
        _attach(inspection, photos, by=by)
    for asset in outcome.done:
        asset.state = State.IN_STOCK if passed else State.REJECTED
        asset.location = location or asset.location
    record(outcome, by=by, reason=reason)
    if not passed:
        _await_others(outcome.done, by=by, reason=reason)
    return outcome


def _await_others(rejected: Sequence[Asset], *, by: Actor, reason: str) -> None:
    """The places of what was rejected are open again on its orders."""
    back: Counter[int | None] = Counter()
    back.subtract(asset.order_line_id for asset in rejected)
    arrivals.count(back, by=by, reason=reason)


def _check_verdict(passed: bool, points: Sequence[dict[str, Any]], remark: str) -> None:
    failed = [point["point"] for point in points if not point["passed"]]
    if passed and failed:
        raise ValidationError(f"It cannot pass: {', '.join(failed)} did not.")
    if not passed and not (failed or remark.strip()):
        raise ValidationError("Say what is wrong with it.")


def _attach(inspection: Inspection, photos: Sequence[File], *, by: Actor) -> None:
    for photo in photos:
        documents.attach(inspection, title="Photo", file=photo, by=by)


@transaction.atomic
def stock(
    assets: Iterable[Asset], *, location: Location | None = None, by: Actor, reason: str = ""
) -> Outcome:
    """Put what arrived into stock, at `location` or where it is; some must be inspected instead."""
    outcome = locked("stock", assets, check=_uninspected)
    for asset in outcome.done:
        asset.state, asset.location = State.IN_STOCK, location or asset.location
    record(outcome, by=by, reason=reason or "put into stock")
    return outcome


def _uninspected(asset: Asset) -> str | None:
    if not asset.product.category.needs_inspection:
        return None
    return f"{asset} is received: it cannot be put into stock before it passes its inspection."


@transaction.atomic
def relabel(
    assets: Iterable[Asset], *, label: StateLabel | None = None, by: Actor, reason: str = ""
) -> Outcome:
    """Call the state of assets what the organisation calls it, or nothing."""

    def check(asset: Asset) -> str | None:
        if label is None or label.state == asset.state:
            return None
        state = asset.get_state_display()
        return f"{asset} is {state}: “{label.name}” is a label for {label.get_state_display()}."

    outcome = locked("relabel", assets, check=check)
    for asset in outcome.done:
        asset.label = label
    record(
        outcome, by=by, reason=reason or (f"labelled {label.name}" if label else "label removed")
    )
    return outcome


@transaction.atomic
def enter(assets: Sequence[Asset], *, by: Actor, reason: str) -> list[Asset]:
    """Put new assets on the register, in the state and with the holder they already have.

    Who has a holder, or serves a place or a device, gets an open custody; who has no tag gets the
    next one of its category; what is protected until some day gets the warranty for it.
    """
    number(assets)
    entered = create_all_as(assets, by=by, reason=reason)
    warranties.enter(entered, by=by, reason=reason)
    held = [it for it in entered if it.state in Asset.HELD and _is_with_somebody(it)]
    open_custody(held, by=by, reason=reason)
    return entered


def _is_with_somebody(asset: Asset) -> bool:
    """Whether anybody knows who or what has it: of what came onto the register lost, nobody may."""
    return any((asset.holder_id, asset.location_id, asset.installed_in_id))


def open_custody(
    assets: Sequence[Asset], *, by: Actor, reason: str, **options: Any
) -> list[Custody]:
    """Note from now on who or what has each asset; `options` are fields of the custody."""
    now = timezone.now()
    custodies = [
        Custody(
            asset=asset,
            holder=asset.holder,
            location=None if asset.holder else asset.location,
            device=asset.installed_in,
            since=now,
            **options,
        )
        for asset in assets
    ]
    return create_all_as(custodies, by=by, reason=reason)


@transaction.atomic
def number(assets: Sequence[Asset]) -> None:
    """Give each asset without a tag the next free number behind its category's prefix."""
    untagged: dict[str, list[Asset]] = {}
    for asset in assets:
        if not asset.tag:
            untagged.setdefault(asset.product.category.tag_prefix, []).append(asset)
    for prefix, group in sorted(untagged.items()):
        for asset, tag in zip(group, _next_tags(prefix, len(group)), strict=True):
            asset.tag = tag


def _next_tags(prefix: str, count: int) -> list[str]:
    def taken(candidates: list[str]) -> list[str]:
        return list(Asset.objects.filter(tag__in=candidates).values_list("tag", flat=True))

    return numbers.take(prefix, count, taken)
