"""How an asset ends: retired, wiped, disposed of."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from assets.lifecycle.custody import close_custody
from assets.lifecycle.moves import Outcome, State, locked, record, with_parts
from assets.lifecycle.upkeep import close_repairs
from assets.models import Asset, Disposal, Vendor, Wipe
from config.history import Actor, create_all_as


@transaction.atomic
def retire(assets: Iterable[Asset], *, by: Actor, reason: str) -> Outcome:
    """Take assets out of service for good; raises ValidationError without a reason."""
    if not reason.strip():
        raise ValidationError("Say why they are retired.")
    outcome = locked("retire", assets)
    close_custody(outcome.moved, by=by, reason=reason)
    for asset in outcome.moved:
        asset.state, asset.holder = State.RETIRED, None
    record(outcome, by=by, reason=reason)
    close_repairs(outcome.moved, by=by, reason=reason, outcome="retired")
    return outcome


@transaction.atomic
def wipe(
    assets: Iterable[Asset],
    *,
    method: str,
    wiped_by: str,
    wiped_on: date | None = None,
    certificate: str = "",
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Note that the data on assets was destroyed; `method` is one of Wipe.Method."""
    if not wiped_by.strip():
        raise ValidationError("Say who wiped them.")
    wiped_on = _past(wiped_on, "wiped")
    outcome = locked("wipe", assets)
    reason = reason or f"wiped ({Wipe.Method(method).label}) by {wiped_by}"
    done = [
        Wipe(
            asset=asset,
            method=method,
            wiped_on=wiped_on,
            wiped_by=wiped_by,
            certificate=certificate,
        )
        for asset in outcome.done
    ]
    create_all_as(done, by=by, reason=reason)
    record(outcome, by=by, reason=reason)
    return outcome


@transaction.atomic
def dispose(
    assets: Iterable[Asset],
    *,
    method: str,
    vendor: Vendor | None = None,
    recipient: str = "",
    disposed_on: date | None = None,
    certificate: str = "",
    proceeds: Decimal | None = None,
    currency: str = "",
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Let go of retired assets; `method` is one of Disposal.Method, `proceeds` are for each.

    What holds data by its category is refused until its wipe since it was last held is recorded.
    """
    disposed_on = _past(disposed_on, "disposed of")
    assets = list(assets)
    outcome = locked("dispose", assets, check=Unwiped(assets))
    reason = reason or f"{Disposal.Method(method).label} on {disposed_on:%-d %B %Y}"
    done = [
        Disposal(
            asset=asset,
            method=method,
            disposed_on=disposed_on,
            vendor=vendor,
            recipient=recipient,
            certificate=certificate,
            proceeds=proceeds if asset in outcome.done else None,
            currency=currency or settings.DEFAULT_CURRENCY,
        )
        for asset in outcome.moved
    ]
    create_all_as(done, by=by, reason=reason)
    for asset in outcome.moved:
        asset.state, asset.location = State.DISPOSED, None
    record(outcome, by=by, reason=reason)
    return outcome


def _past(day: date | None, done: str) -> date:
    today = timezone.localdate()
    if day and day > today:
        raise ValidationError(f"{day} is still to come: it cannot have been {done} then.")
    return day or today


class Unwiped:
    """Refuses what holds data, itself or a part of it, and was not wiped since it was last held."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        everything = Asset.objects.filter(pk__in=with_parts({asset.pk for asset in assets}))
        inside = dict(everything.values_list("pk", "installed_in"))
        holding = everything.filter(product__category__holds_data=True).select_related("product")
        rows = holding.annotate(
            held_until=Max("custodies__until"), last_wipe=Max("wipes__wiped_on")
        )
        self.unwiped: dict[int, Asset] = {}
        for row in rows:
            if not _is_wiped(row.last_wipe, row.held_until):
                key: int | None = row.pk
                while key is not None:  # the asset itself, and whatever it is in
                    self.unwiped[key] = row
                    key = inside.get(key)

    def __call__(self, asset: Asset) -> str | None:
        part = self.unwiped.get(asset.pk)
        if part is None:
            return None
        return (
            f"{part} is {part.get_state_display()} and holds data: it cannot be disposed of"
            " before its wipe is recorded."
        )


def _is_wiped(last_wipe: date | None, held_until: datetime | None) -> bool:
    if last_wipe is None or held_until is None:
        return last_wipe is not None
    return last_wipe >= timezone.localdate(held_until)
