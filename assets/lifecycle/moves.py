"""The one table of moves, and what every move does before and after its own work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from assets.models import Asset
from config.history import Actor, update_all_as

State = Asset.State
CHANGED = ("state", "holder", "location", "installed_in", "label")


@dataclass(frozen=True)
class Move:
    """A move by its button, its participle, the states it starts from and those it leads to.

    Without targets the state stays; `apart` are the states that lead elsewhere than the rest. A
    move that `carries` takes along what is installed in the asset; one that is not made `alone` is
    refused for a part without its device.
    """

    label: str
    done: str
    sources: tuple[Asset.State, ...]
    targets: tuple[Asset.State, ...] = ()
    carries: bool = True
    alone: bool = False
    apart: Mapping[Asset.State, tuple[Asset.State, ...]] = field(default_factory=dict)

    def allows(self, asset: Asset) -> bool:
        return asset.state in self.sources

    def leads_to(self, source: Asset.State) -> tuple[Asset.State, ...]:
        """The states in which what comes from `source` may be afterwards, itself where it stays."""
        return self.apart.get(source) or self.targets or (source,)


ANY = tuple(State)
PLANNED, ORDERED, RECEIVED, REJECTED, IN_STOCK = ANY[:5]
IN_USE, IN_REPAIR, LOST, RETIRED, DISPOSED = ANY[5:]

MOVES = {
    "plan": Move("Plan", "planned", (), (PLANNED,), carries=False),
    "order": Move("Put on an order", "ordered", (PLANNED,), (ORDERED,)),
    "receive": Move("Receive", "received", (PLANNED, ORDERED), (RECEIVED, IN_STOCK)),
    "inspect": Move("Inspect", "inspected", (RECEIVED,), (IN_STOCK, REJECTED)),
    "stock": Move("Put into stock", "put into stock", (RECEIVED,), (IN_STOCK,)),
    "hand_over": Move("Hand over", "handed over", (IN_STOCK,), (IN_USE,)),
    "lend": Move("Lend", "lent", (IN_STOCK,), (IN_USE,)),
    "extend_loan": Move("Extend loan", "lent for longer", (IN_USE,)),
    "take_back": Move("Take back", "taken back", (IN_USE,), (IN_STOCK,)),
    "move": Move("Move", "moved", (RECEIVED, REJECTED, IN_STOCK, IN_USE, RETIRED)),
    "pair": Move("Install in a device", "installed", (IN_STOCK, IN_USE), alone=True),
    "unpair": Move(
        "Take out of its device",
        "taken out",
        ANY[4:9],
        alone=True,
        apart={
            IN_USE: (IN_USE, IN_STOCK),
            IN_REPAIR: (IN_REPAIR, IN_USE, IN_STOCK),
            LOST: (IN_STOCK,),
            RETIRED: (RETIRED, IN_STOCK),
        },
    ),
    "send_to_repair": Move("Send to repair", "sent to repair", (IN_STOCK, IN_USE), (IN_REPAIR,)),
    "return_from_repair": Move(
        "Return from repair", "returned from repair", (IN_REPAIR,), (IN_USE, IN_STOCK)
    ),
    "upgrade": Move(
        "Upgrade", "upgraded", (IN_STOCK, IN_USE, IN_REPAIR), carries=False, alone=True
    ),
    "report_lost": Move("Report lost", "reported lost", (IN_STOCK, IN_USE, IN_REPAIR), (LOST,)),
    "find": Move("Found again", "found", (LOST,), (IN_STOCK,)),
    "retire": Move(
        "Retire", "retired", (RECEIVED, REJECTED, IN_STOCK, IN_REPAIR, LOST), (RETIRED,)
    ),
    "wipe": Move("Wipe", "wiped", (IN_STOCK, IN_REPAIR, RETIRED), carries=False, alone=True),
    "dispose": Move("Dispose of", "disposed of", (RETIRED,), (DISPOSED,)),
    "relabel": Move("Label its state", "labelled", ANY, carries=False, alone=True),
}


@dataclass
class Outcome:
    """Which assets a move changed, what was carried along, and a sentence for each refused."""

    done: list[Asset] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    carried: list[Asset] = field(default_factory=list)

    @property
    def moved(self) -> list[Asset]:
        """The assets and what is installed in them."""
        return [*self.done, *self.carried]


type Check = Callable[[Asset], str | None]
"""What else may refuse an asset: a sentence, or nothing."""


def one(move: Callable[..., Outcome], asset: Asset, **options: object) -> Asset:
    """Run a move on one asset and return it as it now is.

    Raises ValidationError with the sentence that says why the asset was refused.
    """
    outcome = move([asset], **options)
    if outcome.refused:
        raise ValidationError(outcome.refused)
    return outcome.done[0]


def locked(
    move: str, assets: Iterable[Asset], *, check: Check | None = None, also: Asset | None = None
) -> Outcome:
    """Re-read the rows under a lock, in one order, so that two clerks cannot both win.

    What is installed in them is locked with them, and so is the asset `also`. Raises
    ValidationError where somebody installed something between the reading and the lock.
    """
    wanted = {asset.pk for asset in assets}
    keys = with_parts(wanted) | ({also.pk} if also else set())
    rows = {asset.pk: asset for asset in _lock(keys)}
    if with_parts(wanted) - keys:
        raise ValidationError("Something was installed in them a moment ago. Try once more.")
    outcome = Outcome()
    for key in sorted(wanted & rows.keys()):
        asset = rows[key]
        sentence = _refused(move, asset, wanted) or (check(asset) if check else None)
        if sentence:
            outcome.refused.append(sentence)
        else:
            outcome.done.append(asset)
    if not MOVES[move].alone:
        _leave_with_device(move, outcome, wanted)
    if MOVES[move].carries:
        outcome.carried = _parts_of({asset.pk for asset in outcome.done}, rows)
    return outcome


def _leave_with_device(move: str, outcome: Outcome, wanted: set[int]) -> None:
    """Refuse parts whose device was to go with them and is refused itself."""
    while True:
        refused = wanted - {asset.pk for asset in outcome.done}
        left = [asset for asset in outcome.done if asset.installed_in_id in refused]
        if not left:
            return
        outcome.done = [asset for asset in outcome.done if asset not in left]
        outcome.refused += [_alone(move, asset) for asset in left]


def with_parts(keys: set[int]) -> set[int]:
    """The keys, and those of everything installed in them at any depth: a query per level."""
    found, level = set(keys), set(keys)
    while level:
        parts = Asset.objects.filter(installed_in__in=level).values_list("pk", flat=True)
        level = set(parts) - found
        found |= level
    return found


def _lock(keys: set[int]) -> Iterable[Asset]:
    related = ("product__category", "holder", "location", "label", "installed_in__product")
    rows = Asset.objects.select_for_update(of=("self",)).select_related(*related)
    return rows.order_by("pk").filter(pk__in=keys)


def _parts_of(keys: set[int], rows: dict[int, Asset]) -> list[Asset]:
    parts: list[Asset] = []
    level = set(keys)
    while level:
        inside = [row for row in rows.values() if row.installed_in_id in level]
        parts += [row for row in inside if row.pk not in keys]
        level = {row.pk for row in inside} - keys
    return parts


def _refused(move: str, asset: Asset, wanted: set[int]) -> str | None:
    if not MOVES[move].allows(asset):
        return refusal(move, asset)
    with_device = not asset.installed_in_id or asset.installed_in_id in wanted
    return None if with_device or MOVES[move].alone else _alone(move, asset)


def _alone(move: str, asset: Asset) -> str:
    return (
        f"{asset} is installed in {asset.installed_in}: it cannot be {MOVES[move].done} alone."
        " Take it out first, or do it with the device."
    )


def refusal(move: str, asset: Asset) -> str:
    """Why not: "LT-12 T14 is in use (Ada): it cannot be handed over. It must be in stock. …"."""
    state = asset.get_state_display()
    holder = f" ({asset.holder})" if asset.holder else ""
    *most, last = [str(source.label) for source in MOVES[move].sources]
    sources = f"{', '.join(most)} or {last}" if most else last
    return (
        f"{asset} is {state}{holder}: it cannot be {MOVES[move].done}. It must be {sources}."
        f" Possible now: {possible(asset)}."
    )


def possible(asset: Asset) -> str:
    """The moves that the asset may make now, as words."""
    return ", ".join(move.label.lower() for name, move in MOVES.items() if offers(name, asset))


def offers(name: str, asset: Asset) -> bool:
    """Whether its state allows the move, and whether it makes sense in a device or out of one."""
    inside = bool(asset.installed_in_id)
    if not MOVES[name].allows(asset):
        return False
    if name in ("pair", "unpair"):
        return inside == (name == "unpair")
    return MOVES[name].alone or not inside


def record(outcome: Outcome, *, by: Actor, reason: str, fields: Sequence[str] = ()) -> None:
    """Write what a move changed; a label of the state that was left goes with it."""
    for asset in outcome.moved:
        if asset.label and asset.label.state != asset.state:
            asset.label = None
    update_all_as(outcome.moved, [*CHANGED, *fields], by=by, reason=reason)


def diagram() -> str:
    """The states and the moves between them, as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> planned: plan"]
    for name, move in MOVES.items():
        for source in move.sources:
            lines += [
                f"    {source.value} --> {target.value}: {name.replace('_', ' ')}"
                for target in move.leads_to(source)
                if target != source
            ]
    return "\n".join([*lines, "    disposed --> [*]"])


def listing() -> str:
    """The moves, their sources and their targets, as a Markdown table."""
    lines = ["| Move | From | To |", "|---|---|---|"]
    for name, move in MOVES.items():
        sources = "any state" if move.sources == ANY else ", ".join(it.label for it in move.sources)
        ways = [(it, target) for it in move.sources for target in move.leads_to(it)]
        led = [target for source, target in ways if source != target] or list(move.targets)
        stays = ["stays"] if any(source == target for source, target in ways) else []
        targets = ", ".join([*stays, *dict.fromkeys(str(it.label) for it in led)])
        lines.append(f"| {move.label} (`{name}`) | {sources or 'new'} | {targets} |")
    return "\n".join(lines)
