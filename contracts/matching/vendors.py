"""Which vendor a ledger's spelling means, where that is certain."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import batched, groupby

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from assets.lookups import bare
from assets.models import Vendor, VendorAlias
from config.history import Actor, update_set_as
from config.lookups import folded
from contracts.matching.turn import take_turn
from contracts.models import Distinction, Spend

AT_ONCE = 200
"""How many spellings one statement writes."""
SPELLING = 150
"""The longest name that a vendor has; of a longer spelling the beginning counts."""


@dataclass
class Names:
    """Every vendor's names, as written and bare, and what was confirmed not to be theirs."""

    whole: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    bare: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    not_theirs: set[tuple[str, int]] = field(default_factory=set)

    def vendor_of(self, supplier: str, key: str) -> int | None:
        """The one vendor of exactly this name, else of this name but for its legal form."""
        exact = self.whole.get(folded(supplier[:SPELLING]), set())
        alike = {it for it in self.bare[key] if key and (key, it) not in self.not_theirs}
        found = exact or alike
        return next(iter(found)) if len(found) == 1 else None


def names() -> Names:
    """In three queries, however many vendors there are."""
    found = Names()
    written: Iterable[tuple[int, str]] = [
        *Vendor.objects.order_by().values_list("pk", "name"),
        *VendorAlias.objects.order_by().values_list("vendor_id", "name"),
    ]
    for vendor, name in written:
        found.whole[folded(name)].add(vendor)
        found.bare[bare(name)].add(vendor)
    found.not_theirs = set(Distinction.objects.order_by().values_list("supplier_key", "vendor_id"))
    return found


@transaction.atomic
def match_vendors(by: Actor) -> int:
    """Give each line without a vendor the one whom its spelling means; returns how many got one.

    By a name or another spelling as it stands there, else without legal form, punctuation, case and
    accents, where exactly one vendor is left. A second run changes nothing.
    """
    take_turn()
    known, lines = names(), Spend.objects.filter(vendor=None)
    spellings = lines.order_by("supplier_key", "supplier").values_list("supplier", "supplier_key")
    certain = [
        (supplier, key, vendor)
        for supplier, key in spellings.distinct()
        if (vendor := known.vendor_of(supplier, key)) is not None
    ]
    return sum(_write(lines, chunk, by=by) for chunk in batched(certain, AT_ONCE))


def _write(lines: QuerySet[Spend], certain: Iterable[tuple[str, str, int]], *, by: Actor) -> int:
    chosen = sorted(certain, key=lambda it: it[2])
    branches = [
        When(supplier__in=[supplier for supplier, _, _ in group], then=Value(vendor))
        for vendor, group in groupby(chosen, key=lambda it: it[2])
    ]
    return update_set_as(
        lines.filter(
            supplier_key__in={key for _, key, _ in chosen},
            supplier__in=[supplier for supplier, _, _ in chosen],
        ),
        by=by,
        reason="the vendor is known by this spelling",
        vendor=Case(*branches, output_field=Spend._meta.get_field("vendor")),
    )
