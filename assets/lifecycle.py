"""Every way an asset changes state, holder or place.

Each move is atomic, under a lock, recorded with actor and reason, and refuses in words. It is
written for many assets, set-based; one refused asset never stops the others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.models import Asset, Custody, TagSequence
from config.history import Actor, create_all_as, update_all_as
from people import outbox
from people.models import Location, Person

State = Asset.State


@dataclass(frozen=True)
class Move:
    """What a move is called once done, and from which states it is allowed."""

    done: str
    sources: tuple[Asset.State, ...]

    def allows(self, asset: Asset) -> bool:
        return asset.state in self.sources


MOVES = {
    "receive": Move("received", (State.PLANNED, State.ORDERED)),
    "hand_over": Move("handed over", (State.IN_STOCK,)),
    "take_back": Move("taken back", (State.IN_USE,)),
    "move": Move("moved", (State.RECEIVED, State.IN_STOCK, State.IN_USE)),
    "retire": Move("retired", (State.RECEIVED, State.IN_STOCK)),
}


@dataclass
class Outcome:
    """Which assets a move changed, and a sentence for each that it refused."""

    done: list[Asset] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def one(move: Callable[..., Outcome], asset: Asset, **options: object) -> Asset:
    """Run a move on one asset and return it as it now is.

    Raises ValidationError with the sentence that says why the asset was refused.
    """
    outcome = move([asset], **options)
    if outcome.refused:
        raise ValidationError(outcome.refused)
    return outcome.done[0]


@transaction.atomic
def enter(assets: Sequence[Asset], *, by: Actor, reason: str) -> list[Asset]:
    """Put new assets on the register, in the state and with the holder they already have.

    Who has a holder gets an open custody; who has no tag gets the next one of its category.
    """
    number(assets)
    entered = create_all_as(assets, by=by, reason=reason)
    _open_custody([asset for asset in entered if asset.state in Asset.HELD], by=by, reason=reason)
    return entered


@transaction.atomic
def receive(assets: Iterable[Asset], *, location: Location, by: Actor, reason: str = "") -> Outcome:
    """What was planned or ordered has arrived and lies in stock at `location`."""
    outcome = _locked("receive", assets)
    for asset in outcome.done:
        asset.state, asset.location = State.IN_STOCK, location
    _record(outcome, by=by, reason=reason or f"received at {location}")
    return outcome


@transaction.atomic
def hand_over(
    assets: Iterable[Asset],
    *,
    to: Person | None = None,
    location: Location | None = None,
    due_back_on: date | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Give assets from stock to a person, or into service at a place.

    The person gets one mail for all of them. Raises ValidationError where nobody and no place
    is named, where the person has left, or where the day it is due back has passed.
    """
    _check_receiver(to, location, due_back_on)
    outcome = _locked("hand_over", assets)
    for asset in outcome.done:
        asset.state, asset.holder = State.IN_USE, to
        asset.location = location or (to and to.location) or asset.location
    reason = reason or f"handed over to {to or location}"
    _record(outcome, by=by, reason=reason)
    custodies = _open_custody(outcome.done, by=by, reason=reason, due_back_on=due_back_on)
    if to and custodies:
        _tell(to, f"handover:{custodies[0].pk}", HANDED_OVER, outcome.done, due_back_on)
    return outcome


@transaction.atomic
def take_back(
    assets: Iterable[Asset], *, location: Location | None = None, by: Actor, reason: str = ""
) -> Outcome:
    """Take assets back into stock, at `location` or where they are."""
    outcome = _locked("take_back", assets)
    reason = reason or f"taken back{f' at {location}' if location else ''}"
    returned = _close_custody(outcome.done, by=by, reason=reason)
    for asset in outcome.done:
        asset.state, asset.holder = State.IN_STOCK, None
        asset.location = location or asset.location
    _record(outcome, by=by, reason=reason)
    for holder, custodies in returned.items():
        _tell(holder, f"return:{custodies[0].pk}", TAKEN_BACK, [c.asset for c in custodies])
    return outcome


@transaction.atomic
def move(assets: Iterable[Asset], *, location: Location, by: Actor, reason: str = "") -> Outcome:
    """Record that assets now stand or lie at another place."""
    outcome = _locked("move", assets)
    for asset in outcome.done:
        asset.location = location
    _record(outcome, by=by, reason=reason or f"moved to {location}")
    return outcome


@transaction.atomic
def retire(assets: Iterable[Asset], *, by: Actor, reason: str) -> Outcome:
    """Take assets out of service for good; raises ValidationError without a reason."""
    if not reason.strip():
        raise ValidationError("Say why they are retired.")
    outcome = _locked("retire", assets)
    for asset in outcome.done:
        asset.state = State.RETIRED
    _record(outcome, by=by, reason=reason)
    return outcome


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
    TagSequence.objects.get_or_create(prefix=prefix)
    # The row's lock is the queue: two clerks get different numbers.
    sequence = TagSequence.objects.select_for_update().get(prefix=prefix)
    tags: list[str] = []
    while len(tags) < count:
        numbers = range(sequence.last + 1, sequence.last + 1 + count - len(tags))
        sequence.last = numbers[-1]
        candidates = [f"{prefix}-{number:06}" for number in numbers]
        # A tag of this form may have come in with an import.
        taken = set(Asset.objects.filter(tag__in=candidates).values_list("tag", flat=True))
        tags += [tag for tag in candidates if tag not in taken]
    sequence.save()
    return tags


def _locked(move: str, assets: Iterable[Asset]) -> Outcome:
    """Re-read the rows under a lock, in one order, so that two clerks cannot both win."""
    rows = (
        Asset.objects.select_for_update(of=("self",))
        .select_related("product", "holder", "location")
        .order_by("pk")
        .filter(pk__in=[asset.pk for asset in assets])
    )
    outcome = Outcome()
    for asset in rows:
        if MOVES[move].allows(asset):
            outcome.done.append(asset)
        else:
            outcome.refused.append(refusal(move, asset))
    return outcome


def refusal(move: str, asset: Asset) -> str:
    """Why not: "AS-000012 T14 is in use (Ada): it cannot be handed over. It must be in stock."."""
    state = asset.get_state_display()
    holder = f" ({asset.holder})" if asset.holder else ""
    sources = " or ".join(str(source.label) for source in MOVES[move].sources)
    return f"{asset} is {state}{holder}: it cannot be {MOVES[move].done}. It must be {sources}."


def _check_receiver(to: Person | None, location: Location | None, due_back_on: date | None) -> None:
    today = timezone.localdate()
    if to is None and location is None:
        raise ValidationError("Say to whom or where it goes.")
    if to and to.leaves_on and to.leaves_on < today:
        raise ValidationError(f"{to} left on {to.leaves_on}: nothing can be handed over.")
    if due_back_on and due_back_on < today:
        raise ValidationError(f"{due_back_on} has passed: it cannot be due back then.")


def _record(outcome: Outcome, *, by: Actor, reason: str) -> None:
    update_all_as(outcome.done, ["state", "holder", "location"], by=by, reason=reason)


def _open_custody(
    assets: Sequence[Asset], *, by: Actor, reason: str, due_back_on: date | None = None
) -> list[Custody]:
    now = timezone.now()
    custodies = [
        Custody(
            asset=asset,
            holder=asset.holder,
            location=None if asset.holder else asset.location,
            since=now,
            due_back_on=due_back_on,
        )
        for asset in assets
    ]
    return create_all_as(custodies, by=by, reason=reason)


def _close_custody(
    assets: Sequence[Asset], *, by: Actor, reason: str
) -> dict[Person, list[Custody]]:
    """Close what is open, and return it by the person who had it."""
    held = Custody.objects.open().select_related("asset__product", "holder")
    custodies = list(held.filter(asset__in=assets).order_by("pk"))
    now = timezone.now()
    returned: dict[Person, list[Custody]] = {}
    for custody in custodies:
        custody.until = now
        if custody.holder:
            returned.setdefault(custody.holder, []).append(custody)
    update_all_as(custodies, ["until"], by=by, reason=reason)
    return returned


HANDED_OVER = ("You have received: {things}", "These are yours from today{until}:")
TAKEN_BACK = ("Returned: {things}", "Thank you. You have returned:")


def _tell(
    person: Person,
    key: str,
    words: tuple[str, str],
    assets: Sequence[Asset],
    due_back_on: date | None = None,
) -> None:
    """Owe the person one mail about all of the assets."""
    subject, opening = words
    things = str(assets[0].product) if len(assets) == 1 else f"{len(assets)} devices"
    until = f" until {due_back_on:%d %B %Y}" if due_back_on else ""
    lines = [f"- {asset.product}, {asset.tag}" for asset in assets]
    text = "\n".join([f"Hello {person},", "", opening.format(until=until), "", *lines, ""])
    outbox.queue(person, key=key, subject=subject.format(things=things), text=text)
