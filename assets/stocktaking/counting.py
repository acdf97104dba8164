"""Counting: what a scanner reads at a place, one by one or as a list."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.codes import find_assets, tag_in
from assets.models import Asset, Count, Stocktake
from assets.stocktaking.opening import locked
from config.history import Actor, create_all_as, update_all_as
from people import places as tree
from people.models import Location

Result, Source = Count.Result, Count.Source
LONGEST = 120
"""Signs of a code; what is longer was read from something else."""
MOST = 20_000
"""Codes in one upload."""
MAX_BYTES = 2 * 2**20
HEADERS = {"tag", "asset tag", "asset", "code", "barcode", "serial", "serial number", "imei"}
WRITTEN = ("result", "source", "found_at", "counted_at", "denied_at")


@dataclass(frozen=True)
class Reading:
    """What one code came to: its line in the stocktake, and the sentence for whoever scans.

    `again` where it was counted there before, and nothing changed. Without a count the code
    means several assets, and `sentence` says which.
    """

    code: str
    sentence: str
    count: Count | None = None
    again: bool = False

    @property
    def kind(self) -> str:
        """One word: a result, "unknown", "again" or "refused"."""
        if self.count is None:
            return "refused"
        if self.again:
            return "again"
        return self.count.result if self.count.asset_id else "unknown"


@dataclass(frozen=True)
class Upload:
    """What a list of codes came to, in the order of the list."""

    readings: list[Reading] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """How many readings are of each `Reading.kind`."""
        return dict(Counter(reading.kind for reading in self.readings))

    @property
    def strange(self) -> list[Reading]:
        """Those somebody should look at: unknown, refused, misplaced, not expected."""
        return [it for it in self.readings if it.kind not in (Result.FOUND, "again")]


@transaction.atomic
def scan(stocktake: Stocktake, code: str, *, location: Location, by: Actor) -> Reading:
    """Count what a code means as found at `location`; a later scan elsewhere corrects that.

    Raises ValidationError where nothing was read, where the code means several assets, and where
    the stocktake is not open.
    """
    if not code.strip():
        raise ValidationError("Nothing was read. Scan a label, or type its tag.")
    reading = _count(stocktake, [code], location=location, source=Source.SCAN, by=by)[0]
    if reading.count is None:
        raise ValidationError(reading.sentence)
    return reading


@transaction.atomic
def upload(stocktake: Stocktake, codes: Sequence[str], *, location: Location, by: Actor) -> Upload:
    """Count what a list of codes means as found at `location`, set-based.

    Raises ValidationError where the list is empty or has more than MOST codes, and where the
    stocktake is not open.
    """
    codes = [code for code in codes if code.strip()]
    if not codes:
        raise ValidationError("There is no code in it. Give one tag or serial number a line.")
    if len(codes) > MOST:
        raise ValidationError(f"These are {len(codes):,} codes; at most {MOST:,} at once.")
    return Upload(_count(stocktake, codes, location=location, source=Source.UPLOAD, by=by))


def codes_in(data: bytes, name: str) -> list[str]:
    """The first cell of each line of a text or CSV file; a header over them is left out.

    Raises ValidationError where the file is too large, or is no text.
    """
    if len(data) > MAX_BYTES:
        raise ValidationError(f"{name} is larger than {MAX_BYTES // 2**20} MB; split it.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValidationError(f"{name} is an Excel file; save it as .csv.")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ValidationError(f"{name} is no text file. Give one code a line.")
    return _first_cells(text)


def _first_cells(text: str) -> list[str]:
    first = text.partition("\n")[0]
    delimiter = next((it for it in "\t;," if it in first), ",")
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    codes = [row[0].strip() for row in rows if row and row[0].strip()]
    return codes[1:] if codes and codes[0].casefold() in HEADERS else codes


# --- The one way in which anything is counted at a place -----------------------------------------


@dataclass(frozen=True)
class Pass:
    """One round at one place: when, where, how, and the places that count as this one.

    Whoever counts a whole floor finds what is expected in its rooms, and the other way round.
    """

    at: datetime
    location: Location
    source: str
    near: frozenset[int]

    def result_of(self, count: Count) -> str:
        """Found where the register has it by now, else misplaced; what nobody expected stays so."""
        if count.asset is None or count.result == Result.UNEXPECTED:
            return Result.UNEXPECTED
        place = count.asset.location_id
        return Result.FOUND if place is None or place in self.near else Result.MISPLACED

    def knows(self, count: Count) -> bool:
        """Whether it was counted here before, and the register was not changed meanwhile."""
        here = count.counted_at is not None and count.found_at_id == self.location.pk
        return here and count.result == self.result_of(count)


def _count(
    stocktake: Stocktake, codes: Iterable[str], *, location: Location, source: str, by: Actor
) -> list[Reading]:
    stocktake = locked(stocktake)
    refuse_unless_open(stocktake)
    near = frozenset(tree.around(location).values_list("pk", flat=True))
    here = Pass(timezone.now(), location, source, near)
    codes = [code.replace("\x00", "").strip() for code in codes]
    found = find_assets(codes)
    known = _counts_of(stocktake, found)
    readings: list[Reading] = []
    new: list[Count] = []
    corrected: dict[int, Count] = {}
    for code in codes:
        assets = found[code]
        if len(assets) > 1:
            readings.append(_ambiguous(code, assets))
            continue
        key = assets[0].pk if assets else _kept(code)
        count = known.get(key)
        if count is not None and here.knows(count):
            readings.append(Reading(code, _counted_before(count), count, again=True))
            continue
        if count is None:
            count = known[key] = _unexpected(stocktake, assets, code)
            new.append(count)
        elif count.pk:
            corrected[count.pk] = count
        count.result, count.source = here.result_of(count), source
        count.found_at, count.counted_at, count.denied_at = location, here.at, None
        readings.append(Reading(code, sentence_of(count), count))
    reason = f"{Source(source).label} at {location}"[:250]
    create_all_as(new, by=by, reason=reason)
    update_all_as(list(corrected.values()), WRITTEN, by=by, reason=reason)
    return readings


def refuse_unless_open(stocktake: Stocktake) -> None:
    """Raises ValidationError with what can be done instead."""
    if stocktake.is_open:
        return
    possible = "Open it first." if stocktake.opened_at is None else "Its report stays as it is."
    raise ValidationError(
        f"{stocktake} is {stocktake.status}: nothing can be counted in it. {possible}"
    )


def _counts_of(stocktake: Stocktake, found: dict[str, list[Asset]]) -> dict[int | str, Count]:
    """The lines that exist for what was read: by the key of the asset, or by the code."""
    assets = {asset.pk: asset for several in found.values() for asset in several}
    unknown = {_kept(code) for code, several in found.items() if not several}
    related = ("expected_location", "expected_holder", "found_at")
    rows = stocktake.counts.select_related(*related)
    counts: dict[int | str, Count] = {}
    for count in rows.filter(asset__in=assets) if assets else ():
        assert count.asset_id
        count.asset = assets[count.asset_id]
        counts[count.asset_id] = count
    for count in rows.filter(asset=None, code__in=unknown) if unknown else ():
        counts[count.code] = count
    return counts


def _kept(code: str) -> str:
    """What is noted of a code that means nothing."""
    return tag_in(code)[:LONGEST]


def _unexpected(stocktake: Stocktake, assets: Sequence[Asset], code: str) -> Count:
    """A line for what nobody expected; where the register has it is kept with it."""
    asset = assets[0] if assets else None
    return Count(
        stocktake=stocktake,
        asset=asset,
        code="" if asset else _kept(code),
        expected_location=asset.location if asset else None,
        expected_holder=asset.holder if asset else None,
        result=Result.UNEXPECTED,
    )


def sentence_of(count: Count) -> str:
    """What a reading came to, for whoever holds the scanner."""
    asset = count.asset
    if asset is None:
        return f"Unknown code: {count.code} is on no record. It is noted."
    if count.result == Result.FOUND:
        return f"Found: {asset}."
    if count.result == Result.MISPLACED:
        return f"In another place: {asset} was expected at {asset.location}."
    if asset.installed_in:
        return f"Not expected here: {asset} should be inside {asset.installed_in}."
    where = f" at {count.expected_location}" if count.expected_location else ""
    who = f" ({count.expected_holder})" if count.expected_holder else ""
    return f"Not expected here: {asset} is {asset.get_state_display()}{who}{where} on the register."


def _counted_before(count: Count) -> str:
    assert count.counted_at
    at = timezone.localtime(count.counted_at)
    when = f"{at:%H:%M}" if at.date() == timezone.localdate() else f"{at:%H:%M on %-d %B}"
    return f"Already counted at {when}: {count.asset or count.code}."


def _ambiguous(code: str, assets: Sequence[Asset]) -> Reading:
    names = " and ".join(str(asset) for asset in assets[:5])
    return Reading(code, f"{code} could be {names}: scan the label of the one you have.")
