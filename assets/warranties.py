"""What changes the warranties of an asset, and what the asset stores of them.

The rows are the source. The asset stores the last day of the one that counts, and the first day of
the unbroken stretch that leads up to it: on every day between the two some warranty protects the
asset. Neither depends on today. `settle` stores both; whatever changes a warranty calls it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.models import Asset, Vendor, Warranty
from assets.models.warranty import LONGEST
from assets.precaution import told
from assets.protection import counting, of_assets, stretches
from config import constraints, periods
from config.history import Actor, create_all_as, save_as, update_all_as
from config.outcomes import Outcome

COLUMNS = {"warranty_starts_on": "starts_on", "warranty_ends_on": "ends_on"}
"""The columns of an asset, and what they are of the warranty that it came with."""


@transaction.atomic
def add(
    asset: Asset,
    *,
    kind: str,
    starts_on: date | None = None,
    months: int | None = None,
    ends_on: date | None = None,
    provider: Vendor | None = None,
    reference: str = "",
    cost: Decimal | None = None,
    currency: str = "",
    by: Actor,
    reason: str = "",
) -> Warranty:
    """Add a warranty to an asset: to its last day, or for so many months from its first.

    `cost` is an amount of `currency`, else of the site's. Raises ValidationError where the last day
    does not follow, or is not the one that the months give.
    """
    locked([asset])
    warranty = Warranty(
        asset=asset,
        kind=kind,
        starts_on=starts_on,
        months=months,
        provider=provider,
        reference=reference,
        cost=cost,
        currency=currency or settings.DEFAULT_CURRENCY,
    )
    if not (months and starts_on):
        vars(warranty)["ends_on"] = ends_on
    warranty.full_clean()
    if ends_on not in (None, warranty.ends_on):
        raise ValidationError({"ends_on": contradiction(warranty)})
    reason = reason or "added"
    save_as(warranty, by=by, reason=reason)
    settle([asset], by=by, reason=reason)
    return warranty


def contradiction(warranty: Warranty) -> str:
    """What to say where another last day was given than the months have."""
    months = "month lasts" if warranty.months == 1 else "months last"
    first = warranty.starts_on and told(warranty.starts_on)
    until = told(warranty.ends_on)
    return (
        f"{warranty.months} {months} from {first} until {until}. Give the months or the last day."
    )


@transaction.atomic
def extend(
    assets: Iterable[Asset],
    *,
    months: int,
    provider: Vendor | None = None,
    cost: Decimal | None = None,
    currency: str = "",
    reference: str = "",
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Add to each asset an extension that begins the day after the one that counts ends.

    `cost` is what each costs, of `currency` or else of the site's. Refuses in words what is out of
    service, what has no warranty to extend, and what the extension would not reach today. Raises
    ValidationError where the months or the amount are none.
    """
    if not 1 <= months <= LONGEST:
        raise ValidationError({"months": f"Extend by 1 to {LONGEST} months."})
    rows, outcome, made = locked(assets), Outcome(), []
    known = of_assets(rows)
    for asset in rows:
        last = counting(known[asset.pk])
        try:
            extension = _extension(asset, last, months)
        except ValidationError as refusal:
            outcome.refused += refusal.messages
            continue
        extension.provider, extension.reference = provider, reference
        extension.cost, extension.currency = cost, currency or settings.DEFAULT_CURRENCY
        extension.clean_fields(exclude=["asset", "provider"])
        made.append(extension)
        outcome.done.append(asset)
    reason = reason or f"extended by {months} months"
    create_all_as(made, by=by, reason=reason)
    settle(outcome.done, by=by, reason=reason)
    return outcome


def _extension(asset: Asset, last: Warranty | None, months: int) -> Warranty:
    """Raises ValidationError with the sentence that says why there is none."""
    state = asset.get_state_display()
    if asset.state in Asset.ENDED:
        raise ValidationError(f"{asset} is {state}: its warranty is not extended any more.")
    if last is None:
        raise ValidationError(f"{asset} has no warranty to extend. Add one on its page.")
    try:
        first = last.ends_on + periods.A_DAY
        ends = periods.last_day(first, months)
    except (OverflowError, ValueError) as beyond:
        until = told(last.ends_on)
        raise ValidationError(f"{asset} is protected until {until}: no later day.") from beyond
    if ends < timezone.localdate():
        raise ValidationError(
            f"{last.named.capitalize()} of {asset} ended on {told(last.ends_on)}: {months} months"
            f" more would be over since {told(ends)}. Add one with its own first day on its page."
        )
    return Warranty(
        asset=asset, kind=Warranty.Kind.EXTENSION, starts_on=first, months=months, ends_on=ends
    )


@transaction.atomic
def settle(assets: Iterable[Asset], *, by: Actor, reason: str) -> list[Asset]:
    """Store on each asset what follows from its warranties; returns those where that changed."""
    rows = locked(assets)
    known, changed = of_assets(rows), []
    for asset in rows:
        found = stretches(known[asset.pk])
        first, last = found[-1] if found else (None, None)
        if (asset.warranty_starts_on, asset.warranty_ends_on) != (first, last):
            asset.warranty_starts_on, asset.warranty_ends_on = first, last
            changed.append(asset)
    update_all_as(changed, COLUMNS, by=by, reason=reason)
    return changed


def enter(assets: Iterable[Asset], *, by: Actor, reason: str) -> None:
    """Give new assets whose columns say until when they are protected the warranty for it."""
    came = [_standard(asset) for asset in assets if asset.warranty_ends_on]
    create_all_as(came, by=by, reason=reason)


@transaction.atomic
def restate(assets: Sequence[Asset], names: Iterable[str], *, by: Actor, reason: str) -> None:
    """Write what the `names` of COLUMNS say on each asset into the warranty that it came with.

    It is made where the asset has none and a last day is known; no other warranty changes. Raises
    ValidationError where it would end before it starts.
    """
    locked(assets)
    standards = of_assets(assets, kind=Warranty.Kind.STANDARD)
    said = [it for it in assets if it.warranty_ends_on or standards[it.pk]]
    fresh, changed = [], []
    for asset in said:
        standard = counting(standards[asset.pk])
        if standard is None:
            fresh.append(_standard(asset))
        else:
            for name in names:
                setattr(standard, COLUMNS[name], getattr(asset, name))
            standard.months = None
            changed.append(standard)
            _check(asset, standard)
    create_all_as(fresh, by=by, reason=reason)
    update_all_as(changed, [*COLUMNS.values(), "months"], by=by, reason=reason)
    settle(said, by=by, reason=reason)


def _check(asset: Asset, warranty: Warranty) -> None:
    try:
        constraints.check(warranty)
    except ValidationError as refusal:
        raise ValidationError(f"{asset}: {' '.join(refusal.messages)}") from refusal


def _standard(asset: Asset) -> Warranty:
    """The one that its columns speak of; they give the last day."""
    assert asset.warranty_ends_on
    return Warranty(asset=asset, starts_on=asset.warranty_starts_on, ends_on=asset.warranty_ends_on)


def locked(assets: Iterable[Asset]) -> list[Asset]:
    """The assets as they now are, locked in the order of their keys."""
    rows = Asset.objects.select_for_update(of=("self",)).select_related("product__maker")
    return list(rows.filter(pk__in={asset.pk for asset in assets}).order_by("pk"))
