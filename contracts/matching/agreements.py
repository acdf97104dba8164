"""Which contract a line of the ledger pays for: by vendor, amount and period."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched, groupby
from operator import itemgetter

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When

from config.history import SET, Actor, update_set_as
from contracts.matching.turn import take_turn
from contracts.models import Spend, Term

GRACE = timedelta(31)
"""A bill is written before its period begins and booked after it was written: a month either way
takes in both, and does not reach the bill of another year."""
VAT = {
    "Switzerland": 81,
    "Germany, reduced": 70,
    "Germany": 190,
    "Austria, France, United Kingdom": 200,
    "Belgium, Netherlands, Spain": 210,
    "Italy": 220,
    "Ireland, Poland, Portugal": 230,
    "Denmark, Sweden": 250,
}
"""The rates by which a ledger's gross and a contract's net may differ: thousandths, as of 2026."""
NEAR = 20
"""In thousandths: an index clause or a rounding seldom changes more between two terms."""
EXACT, TAXED, NEARLY = 100, 95, 90
"""How sure it is: the very amount, the amount with or without tax, one within NEAR of it."""
AT_ONCE = 500
"""How many lines one statement writes: each of them is compared with each contract among them."""

type Bill = tuple[int, date, date, int]
"""Cents, the first and the last day on which it may be booked, and the contract."""
type Key = tuple[int | None, str]
"""A vendor and a currency."""


@dataclass
class Bills:
    """What the contracts of one vendor bill in one currency, by amount."""

    rows: list[Bill] = field(default_factory=list)

    def scores(self, amount: Decimal, on: date) -> dict[int, int]:
        """The contracts that a line of this amount may pay for, each with its best score.

        A credit note takes back a bill, so its sign does not count.
        """
        found = dict[int, int]()
        for score, low, high in _windows(abs(int(amount * 100))):
            for contract in self._between(low, high, on):
                found.setdefault(contract, score)
        return found

    def certain(self, amount: Decimal, on: date) -> int | None:
        """The one contract that fits best; None where none does or several do equally well."""
        windows = _windows(abs(int(amount * 100)))
        for _, same in groupby(windows, key=itemgetter(0)):
            best = {it for _, low, high in same for it in self._between(low, high, on)}
            if best:
                return best.pop() if len(best) == 1 else None
        return None

    def _between(self, low: int, high: int, on: date) -> Iterator[int]:
        start = bisect_left(self.rows, low, key=itemgetter(0))
        for _, first, last, contract in self.rows[
            start : bisect_right(self.rows, high, key=itemgetter(0))
        ]:
            if first <= on <= last:
                yield contract


def _windows(cents: int) -> Iterator[tuple[int, int, int]]:
    """A score, and from how many to how many cents the bill is then; the best scores first."""
    if not cents:
        return
    yield EXACT, cents, cents
    for rate in VAT.values():
        # Either may have been rounded to the cent, line by line.
        for other in (cents * 1000 // (1000 + rate), cents * (1000 + rate) // 1000):
            yield TAXED, other, other + 1
    # Within NEAR of the bill, not of the line.
    yield NEARLY, -(-cents * 1000 // (1000 + NEAR)), cents * 1000 // (1000 - NEAR)


def bills_of(vendors: Iterable[int] | None = None) -> dict[Key, Bills]:
    """What the contracts of these vendors bill, or of all, in one query."""
    terms = Term.objects.filter(amount__gt=0).order_by("amount", "pk")
    if vendors is not None:
        terms = terms.filter(contract__vendor__in=vendors)
    found: defaultdict[Key, Bills] = defaultdict(Bills)
    named = ("contract__vendor", "currency", "amount", "starts_on", "ends_on", "contract")
    for vendor, currency, amount, starts_on, ends_on, contract in terms.values_list(*named):
        last = ends_on + GRACE if ends_on and ends_on < date.max - GRACE else date.max
        first = starts_on - GRACE if starts_on > date.min + GRACE else date.min
        found[vendor, currency].rows.append((int(amount * 100), first, last, contract))
    return found


def candidates(lines: Iterable[Spend]) -> dict[int, list[tuple[int, int]]]:
    """By line the contracts that it may pay for, each with its score, the best first."""
    rows = list(lines)
    bills = bills_of({row.vendor_id for row in rows if row.vendor_id})
    nothing = Bills()
    return {
        row.pk: sorted(
            bills.get((row.vendor_id, row.currency), nothing)
            .scores(row.amount, row.booked_on)
            .items(),
            key=lambda it: (-it[1], it[0]),
        )
        for row in rows
    }


def undecided() -> QuerySet[Spend]:
    """The lines about which neither a rule nor a person has decided; none of them has a contract.

    Not to ask for that too keeps databases from reading all lines that have none.
    """
    return Spend.objects.filter(matched=Spend.Matched.NOT)


@transaction.atomic
def match_contracts(by: Actor) -> int:
    """Match each open line that fits one contract best; returns how many were matched.

    A line fits a contract of its vendor, in the same currency, that had a term on the day it was
    booked (give or take GRACE), and whose bill is the amount itself, the amount with or without a
    rate of VAT, or within 2 % of it. Where several fit equally well the line stays open. What was
    matched before, by hand above all, is left alone; a second run changes nothing.
    """
    take_turn()
    bills = bills_of()
    rows = (
        undecided()
        .exclude(vendor=None)
        .order_by("pk")
        .values_list("pk", "vendor_id", "currency", "amount", "booked_on")
    )
    certain = (
        (pk, contract)
        for pk, vendor, currency, amount, on in rows.iterator(SET)
        if (theirs := bills.get((vendor, currency)))
        and (contract := theirs.certain(amount, on)) is not None
    )
    # By contract, so that few branches tell the lines of a statement apart. What is written is no
    # longer open: all of it is read before.
    found = sorted(certain, key=lambda it: (it[1], it[0]))
    return sum(_write(chunk, by=by) for chunk in batched(found, AT_ONCE))


def _write(chunk: Iterable[tuple[int, int]], *, by: Actor) -> int:
    lines: defaultdict[int, list[int]] = defaultdict(list)
    for pk, contract in chunk:
        lines[contract].append(pk)
    branches = [When(pk__in=pks, then=Value(contract)) for contract, pks in lines.items()]
    return update_set_as(
        undecided().filter(pk__in=[pk for pks in lines.values() for pk in pks]),
        by=by,
        reason="vendor, amount and period are those of one contract",
        contract=Case(*branches, output_field=Spend._meta.get_field("contract")),
        matched=Spend.Matched.BY_RULE,
    )
