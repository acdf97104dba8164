"""How an asset ends: retired, wiped, disposed of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from assets.lifecycle.custody import close_custody
from assets.lifecycle.moves import Outcome, State, locked, record, with_parts
from assets.lifecycle.upkeep import close_repairs
from assets.models import Asset, Disposal, Vendor, Wipe
from assets.precaution import told
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
    """Note that the data on assets was destroyed; `method` is one of Wipe.Method.

    What was bought later than `wiped_on` is refused.
    """
    if not wiped_by.strip():
        raise ValidationError("Say who wiped them.")
    day = _past(wiped_on, "wiped")
    outcome = locked("wipe", assets, check=lambda it: _too_early([_bought(it)], it, day, "wiped"))
    reason = reason or f"wiped ({Wipe.Method(method).label}) by {wiped_by}"
    facts = {"method": method, "wiped_on": day, "wiped_by": wiped_by, "certificate": certificate}
    create_all_as([Wipe(asset=it, **facts) for it in outcome.done], by=by, reason=reason)
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

    What holds data by its category is refused until its wipe since it was last held is recorded,
    and anything that was bought, held or wiped later than `disposed_on`.
    """
    disposed_on = _past(disposed_on, "disposed of")
    assets = list(assets)
    outcome = locked("dispose", assets, check=Obstacles(assets, disposed_on))
    reason = reason or f"{Disposal.Method(method).label} on {told(disposed_on)}"
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


class Obstacles:
    """Why assets cannot be disposed of on a day: for themselves, or for what is in them."""

    def __init__(self, assets: Sequence[Asset], day: date) -> None:
        self.keys, self.day = {asset.pk for asset in assets}, day
        self.found: dict[int, str] | None = None

    def __call__(self, asset: Asset) -> str | None:
        if self.found is None:
            self.found = self._look()  # they are locked by now
        return self.found.get(asset.pk)

    def _look(self) -> dict[int, str]:
        keys = with_parts(self.keys)
        inside = dict(Asset.objects.filter(pk__in=keys).values_list("pk", "installed_in"))
        found: dict[int, str] = {}
        for part, sentence in self._sentences(keys):
            key: int | None = part.pk
            while key is not None:  # the asset itself, and whatever it is in
                found.setdefault(key, sentence)
                key = inside.get(key)
        return found

    def _sentences(self, keys: set[int]) -> Iterator[tuple[Asset, str]]:
        for asset in unwiped(keys):
            state = f"{asset} is {asset.get_state_display()} and holds data"
            yield asset, f"{state}: it cannot be disposed of before its wipe is recorded."
        rows = Asset.objects.filter(pk__in=keys).select_related("product")
        dated = rows.annotate(held_until=Max("custodies__until"), wiped_on=Max("wipes__wiped_on"))
        for asset in dated:
            held_until = asset.held_until and timezone.localdate(asset.held_until)
            events = [("held until", held_until), ("wiped on", asset.wiped_on), _bought(asset)]
            if sentence := _too_early(events, asset, self.day, "disposed of"):
                yield asset, sentence


type Event = tuple[str, date | None]
"""What happened to an asset and when: ("bought on", 5 January 2026)."""


def _bought(asset: Asset) -> Event:
    return "bought on", asset.purchased_on


def _too_early(events: Iterable[Event], asset: Asset, day: date, done: str) -> str | None:
    """Why it cannot have been done on a day: the last of the events came after it."""
    known = [(on, event) for event, on in events if on]
    last, event = max(known, default=(date.min, ""))
    if last <= day:
        return None
    return f"{asset} was {event} {told(last)}: it cannot have been {done} on {told(day)}."


def unwiped(keys: Iterable[int]) -> list[Asset]:
    """Those of the assets that hold data and were not wiped since they were last held."""
    holding = Asset.objects.filter(pk__in=keys, product__category__holds_data=True)
    rows = holding.select_related("product").annotate(held_until=Max("custodies__until"))
    first = Wipe.history.filter(id=OuterRef("pk"), history_type="+")
    recorded = Wipe.objects.annotate(recorded_at=Subquery(first.values("history_date")[:1]))
    wipes: defaultdict[int, list[Any]] = defaultdict(list)
    for wipe in recorded.filter(asset__in=holding):
        wipes[wipe.asset_id].append(wipe)
    return [row for row in rows if not any(_ended(row.held_until, it) for it in wipes[row.pk])]


def _ended(held_until: datetime | None, wipe: Any) -> bool:
    """Whether the wipe came after the last custody; on the same day its recording decides."""
    if held_until is None:
        return True
    day = timezone.localdate(held_until)
    if wipe.wiped_on != day or wipe.recorded_at is None:
        return bool(wipe.wiped_on > day)
    return bool(wipe.recorded_at >= held_until)
