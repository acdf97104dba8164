"""What happens to an asset in service: repair, upgrade, loss."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets import protection
from assets.lifecycle.custody import check_due, close_custody, follow
from assets.lifecycle.moves import Outcome, State, locked, record
from assets.models import Asset, Custody, Repair, Upgrade, Vendor
from config.history import Actor, create_all_as, update_all_as
from people.models import Location


@transaction.atomic
def send_to_repair(
    assets: Iterable[Asset],
    *,
    fault: str,
    vendor: Vendor | None = None,
    reference: str = "",
    on_warranty: bool = False,
    due_back_on: date | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Note that assets are away for repair; who holds them goes on answering for them.

    Claimed on warranty, what no warranty protects today is refused.
    """
    if not fault.strip():
        raise ValidationError("Say what is wrong with them.")
    check_due(due_back_on)
    today = timezone.localdate()
    assets = list(assets)
    unclaimable = protection.unclaimable(assets, today) if on_warranty else {}
    outcome = locked("send_to_repair", assets, check=lambda it: unclaimable.get(it.pk))
    reason = reason or f"sent to repair{f' at {vendor}' if vendor else ''}: {fault}"
    repairs = [
        Repair(
            asset=asset,
            vendor=vendor,
            fault=fault,
            reference=reference,
            on_warranty=on_warranty,
            sent_on=today,
            due_back_on=due_back_on,
        )
        for asset in outcome.done
    ]
    create_all_as(repairs, by=by, reason=reason)
    for asset in outcome.moved:
        asset.state = State.IN_REPAIR
    record(outcome, by=by, reason=reason)
    return outcome


@transaction.atomic
def return_from_repair(
    assets: Iterable[Asset],
    *,
    outcome: str = "",
    cost: Decimal | None = None,
    currency: str = "",
    location: Location | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Book assets back: to who holds them, else into stock at `location` or where they were.

    `cost` is what each repair cost.
    """
    result = locked("return_from_repair", assets)
    held = set(
        Custody.objects.open().filter(asset__in=result.moved).values_list("asset", flat=True)
    )
    for asset in result.moved:
        asset.state = State.IN_USE if asset.pk in held else State.IN_STOCK
        asset.location = location or asset.location
    reason = reason or "returned from repair"
    record(result, by=by, reason=reason)
    follow(result.moved, by=by, reason=reason)
    close_repairs(result.done, by=by, reason=reason, outcome=outcome, cost=cost, currency=currency)
    return result


def close_repairs(
    assets: Sequence[Asset],
    *,
    by: Actor,
    reason: str,
    outcome: str,
    cost: Decimal | None = None,
    currency: str = "",
) -> None:
    """End the open repairs of these assets today."""
    repairs = list(Repair.objects.open().filter(asset__in=assets))
    for repair in repairs:
        repair.returned_on, repair.outcome = timezone.localdate(), outcome or repair.outcome
        repair.cost = repair.cost if cost is None else cost
        repair.currency = currency or repair.currency
    update_all_as(repairs, ["returned_on", "outcome", "cost", "currency"], by=by, reason=reason)


@transaction.atomic
def upgrade(
    assets: Iterable[Asset],
    *,
    what: str,
    vendor: Vendor | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Note what was done to assets and what it cost each, as part of what they cost in all."""
    if not what.strip():
        raise ValidationError("Say what was done.")
    outcome = locked("upgrade", assets)
    reason = reason or f"upgraded: {what}"
    done = [
        Upgrade(
            asset=asset,
            done_on=timezone.localdate(),
            what=what,
            vendor=vendor,
            cost=cost,
            currency=currency or settings.DEFAULT_CURRENCY,
        )
        for asset in outcome.done
    ]
    create_all_as(done, by=by, reason=reason)
    record(outcome, by=by, reason=reason)
    return outcome


@transaction.atomic
def report_lost(assets: Iterable[Asset], *, by: Actor, reason: str) -> Outcome:
    """Note that nobody knows where assets are; who held them goes on answering for them.

    Raises ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError("Say what is known of the loss.")
    outcome = locked("report_lost", assets)
    for asset in outcome.moved:
        asset.state = State.LOST
    record(outcome, by=by, reason=reason)
    close_repairs(outcome.moved, by=by, reason=reason, outcome="lost")
    return outcome


@transaction.atomic
def find(assets: Iterable[Asset], *, location: Location, by: Actor, reason: str = "") -> Outcome:
    """What was lost lies in stock at `location` again; nobody answers for it any more."""
    outcome = locked("find", assets)
    reason = reason or f"found again, now at {location}"
    close_custody(outcome.moved, by=by, reason=reason)
    for asset in outcome.moved:
        asset.state, asset.holder, asset.location = State.IN_STOCK, None, location
    record(outcome, by=by, reason=reason)
    return outcome
