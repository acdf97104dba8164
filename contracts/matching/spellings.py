"""Spellings of the ledger that no vendor has: who is suggested, and what a person says to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Min, QuerySet, Sum
from rapidfuzz import fuzz, process

from assets.models import Vendor, VendorAlias
from config.history import Actor, create_all_as, delete_as, save_as, update_set_as
from config.lookups import folded
from config.money import Money
from contracts.matching.turn import take_turn
from contracts.matching.vendors import SPELLING, names
from contracts.models import Distinction, Spend

SUGGESTED_FROM = 75
"""The score from which a vendor is suggested; below it, it is another more often than not."""
A_PART = 90
"""The score of a name that has all the words of the other, and more."""
BEST, SPELLINGS = 3, 50
"""How many vendors are suggested, and how many of its ways to write a spelling has remembered."""


@dataclass(frozen=True)
class Suggestion:
    """A spelling, what was paid under it, and who it may be, the likeliest first.

    A score is 0 to 100: how alike the names are, never how sure it is.
    """

    key: str
    supplier: str
    lines: int
    sums: Sequence[Money]
    vendors: Sequence[tuple[Vendor, int]] = field(default_factory=list)


def unknown() -> QuerySet[Spend, Any]:
    """The spellings that no vendor has, each with its number of lines; the most frequent first."""
    lines = Spend.objects.filter(vendor=None).order_by()
    groups = lines.values("supplier_key").annotate(lines=Count("pk"), supplier=Min("supplier"))
    return groups.order_by("-lines", "supplier_key")


def suggestions(groups: Iterable[Any] | None = None) -> list[Suggestion]:
    """Who the spellings of `unknown`, or some of them, may be; the queries do not grow with them.

    Raises nothing and writes nothing: only a person makes a suggestion true.
    """
    rows = list(unknown() if groups is None else groups)
    sums = _sums([row["supplier_key"] for row in rows])
    scores = _scores([row["supplier_key"] for row in rows])
    wanted = {vendor for found in scores.values() for vendor, _ in found}
    vendors = Vendor.objects.in_bulk(wanted)
    return [
        Suggestion(
            key := row["supplier_key"],
            row["supplier"],
            row["lines"],
            sums[key],
            [(vendors[pk], score) for pk, score in scores[key] if pk in vendors],
        )
        for row in rows
    ]


def _sums(keys: Sequence[str]) -> defaultdict[str, list[Money]]:
    lines = Spend.objects.filter(vendor=None, supplier_key__in=keys).order_by()
    groups = lines.values("supplier_key", "currency").annotate(total=Sum("amount"))
    found: defaultdict[str, list[Money]] = defaultdict(list)
    for row in groups.order_by("currency"):
        found[row["supplier_key"]].append(Money(row["total"], row["currency"]))
    return found


def _scores(keys: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    """By spelling the vendors whose names are like it, with their scores."""
    known = names()
    squeezed = {name: name.replace(" ", "") for name in known.bare}
    found = {}
    for key in keys:
        # Of equal scores the longer name comes first: it has more of the spelling.
        best: dict[int, tuple[int, int]] = {}
        for name, score in _alike(key, list(known.bare), squeezed):
            for vendor in known.bare[name]:
                if (key, vendor) not in known.not_theirs:
                    best[vendor] = max((score, len(name)), best.get(vendor, (0, 0)))
        ranked = sorted(best.items(), key=lambda it: (it[1], -it[0]), reverse=True)
        found[key] = [(vendor, score) for vendor, (score, _) in ranked[:BEST]]
    return found


def _alike(key: str, known: list[str], squeezed: dict[str, str]) -> Iterable[tuple[str, int]]:
    """Names like `key`: letter by letter without spaces, word by word, or as a part of it.

    A part has all the words of the other, or is how it begins, as in "Service Now Nederland".
    """
    letters = process.extract(
        key.replace(" ", ""), squeezed, scorer=fuzz.ratio, score_cutoff=SUGGESTED_FROM, limit=9
    )
    words = process.extract(
        key, known, scorer=fuzz.token_sort_ratio, score_cutoff=SUGGESTED_FROM, limit=9
    )
    parts = process.extract(key, known, scorer=fuzz.token_set_ratio, score_cutoff=100, limit=9)
    yield from ((name, round(score)) for _, score, name in letters)
    yield from ((name, round(score)) for name, score, _ in words)
    yield from ((name, A_PART) for name, _, _ in parts if name)
    begins = set(accumulate(key.split()))
    yield from ((name, A_PART) for name, plain in squeezed.items() if plain in begins and name)


# --- What a person says --------------------------------------------------------------------------


@transaction.atomic
def confirm(supplier_key: str, *, vendor: Vendor, by: Actor) -> int:
    """Say that a spelling means `vendor`: all its lines get it; returns how many.

    It is remembered as another spelling, so that every import knows it. Raises ValidationError
    where no line has this spelling, or another vendor has taken it meanwhile.
    """
    take_turn()
    lines = _lines_of(supplier_key).filter(vendor=None)
    written = [
        it[:SPELLING] for it in lines.values_list("supplier", flat=True).distinct()[:SPELLINGS]
    ]
    if not written:
        raise ValidationError(
            f"No line of the ledger waits for the vendor of “{supplier_key}”: somebody said who it"
            " is meanwhile."
        )
    for told_apart in Distinction.objects.filter(supplier_key=supplier_key, vendor=vendor):
        delete_as(told_apart, by=by, reason="it is this vendor after all")
    _remember(vendor, written, by=by)
    reason = f"{by or 'Steward'} confirmed that it is {vendor}"
    return update_set_as(lines, by=by, reason=reason, vendor=vendor)


def _remember(vendor: Vendor, written: Iterable[str], *, by: Actor) -> None:
    spellings = {folded(it): it for it in written}
    taken = names().whole
    for text, spelling in spellings.items():
        if others := taken.get(text, set()) - {vendor.pk}:
            other = Vendor.objects.get(pk=min(others))
            raise ValidationError(f"“{spelling}” is a name of {other}: it cannot be {vendor} too.")
    fresh = [it for text, it in spellings.items() if text not in taken]
    aliases = [VendorAlias(vendor=vendor, name=it) for it in fresh]
    try:
        with transaction.atomic():
            create_all_as(aliases, by=by, reason="confirmed from the finance ledger")
    except IntegrityError as error:
        raise ValidationError(
            f"Somebody gave “{fresh[0]}” to a vendor a moment before you. Look again."
        ) from error


@transaction.atomic
def make_vendor(supplier_key: str, *, name: str, by: Actor) -> Vendor:
    """Make a new vendor of a spelling and give it all its lines.

    Raises ValidationError where there is a vendor of this name, or no line has this spelling.
    """
    vendor = Vendor(name=name.strip(), is_supplier=True)
    vendor.full_clean()
    save_as(vendor, by=by, reason="made from the finance ledger")
    confirm(supplier_key, vendor=vendor, by=by)
    return vendor


@transaction.atomic
def tell_apart(supplier_key: str, *, vendor: Vendor, by: Actor) -> int:
    """Say that a spelling is not `vendor`, which is never suggested for it again.

    Lines that the rule gave the vendor for it lose it, and the contract that the rule found by it;
    returns how many. A line that has its very name stays. Saying it twice changes nothing. Raises
    ValidationError where the spelling was confirmed as the vendor's.
    """
    take_turn()
    lines = _lines_of(supplier_key).filter(vendor=vendor)
    aliases = list(vendor.aliases.all())
    written = {folded(it): it for it in lines.values_list("supplier", flat=True).distinct()}
    for alias in aliases:
        if folded(alias.name) in written:
            raise ValidationError(
                f"“{alias}” is written down as another spelling of {vendor}: take it off the page"
                f" of {vendor} first."
            )
    if not Distinction.objects.filter(supplier_key=supplier_key, vendor=vendor).exists():
        told_apart = Distinction(supplier_key=supplier_key, vendor=vendor, decided_by=by)  # type: ignore[misc]
        save_as(told_apart, by=by, reason="told apart")
    wrong = [it for text, it in written.items() if text != folded(vendor.name)]
    return _take_away(lines.filter(supplier__in=wrong), vendor, by=by)


def _take_away(lines: QuerySet[Spend], vendor: Vendor, *, by: Actor) -> int:
    reason = f"it is not {vendor}"
    decided = lines.filter(matched=Spend.Matched.BY_HAND)
    count = update_set_as(decided, by=by, reason=reason, vendor=None)
    return count + update_set_as(
        lines, by=by, reason=reason, vendor=None, contract=None, matched=Spend.Matched.NOT
    )


def _lines_of(supplier_key: str) -> QuerySet[Spend]:
    return Spend.objects.filter(supplier_key=supplier_key)
