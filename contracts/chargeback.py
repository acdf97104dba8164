"""What contracts and licences cost, charged to the cost centres of those who hold what they cover.

For each month what it costs (accrued, `contracts.charges`), as far as it is agreed, is divided by
what was held at the close of the month's last day, or today in a month that is not over:

- What has licences goes to the seats: each of a person to their department, of a device to whoever
  has it, of a site to the contract's department; seats that were bought and nobody has, too. Of
  several licences of one contract each counts with its own cost a year, else with what the others
  leave, by seats.
- What covers assets, and has no licence, goes to those who have them, each asset alike.
- What has neither goes to the contract's department.

An asset belongs to its holder's department, else to its place; one that is built into another to
whoever has that. Departments, cost centres, and what contracts cover are those of today. Parts are
to the cent and add up, in each currency, to what the month costs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models.functions import Coalesce

from config.money import Money, shares
from config.periods import end_of_month, month_of, months_from
from contracts.charges import accruals
from contracts.holding import NOWHERE, Holdings, centre_of
from contracts.models import Contract, Licence
from contracts.outlook import Stretch, costing_by_themselves, of_licence, outlooks


class Basis(StrEnum):
    """Why a cost centre is charged."""

    SEATS = "seats"
    UNUSED = "unused seats"
    ASSETS = "covered assets"
    OWN = "its department"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a cost centre, "" where nothing says which, pays of one contract or licence."""

    cost_centre: str
    basis: Basis
    contract: Contract | None
    licence: Licence | None
    money: Money

    @property
    def what(self) -> Contract | Licence:
        found = self.licence or self.contract
        assert found
        return found


type Part = tuple[str, Basis, Contract | None, Licence | None]
"""A cost centre, why it is charged, and for what."""


def charge_back(first_month: date, months: int, *, on: date) -> list[Charge]:
    """What `months` calendar months from that of `first_month` cost, by cost centre and cause.

    As agreed on the day `on`; sorted by cost centre, then what it is for. In each currency the
    charges add up to what the months cost. Eight queries, whatever there is.
    """
    window = months_from(month_of(first_month), months)
    last = end_of_month(window[-1])
    divider = Divider(Holdings(window[0], last))
    sums: defaultdict[tuple[Part, str], Decimal] = defaultdict(Decimal)
    for cost in [*_of_contracts(on, last), *_of_licences(on, last)]:
        for currency, amounts in _accrued(cost.stretches, window).items():
            for month, amount in zip(window, amounts, strict=True):
                if not amount:
                    continue
                day = min(end_of_month(month), max(on, month))
                for part, share in divider.divided(cost, amount, month, day):
                    sums[part, currency] += share
    charges = [
        Charge(*part, Money(amount, currency))
        for (part, currency), amount in sums.items()
        if amount
    ]
    return sorted(charges, key=_order)


def by_cost_centre(charges: Iterable[Charge]) -> list[tuple[str, Money]]:
    """The sum of each cost centre and currency, sorted; what belongs nowhere comes last."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for charge in charges:
        sums[charge.cost_centre, charge.money.currency] += charge.money.amount
    found = sorted(sums.items(), key=lambda it: (not it[0][0], it[0]))
    return [(centre, Money(amount, currency)) for (centre, currency), amount in found]


def _order(charge: Charge) -> tuple[bool, str, str, str, str]:
    """What belongs nowhere comes last."""
    what, currency = str(charge.what), charge.money.currency
    return not charge.cost_centre, charge.cost_centre, what, charge.basis, currency


# --- What is divided -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """A contract with its licences, or a licence that costs by itself; `own` is the cost centre
    that pays what nobody holds."""

    contract: Contract | None
    licences: Sequence[Licence]
    own: str
    stretches: Sequence[Stretch]


def _of_contracts(on: date, until: date) -> Iterator[Cost]:
    licences: defaultdict[int | None, list[Licence]] = defaultdict(list)
    for licence in Licence.objects.exclude(contract=None).select_related("product__maker"):
        licences[licence.contract_id].append(licence)
    contracts = Contract.objects.order_by("pk")
    own = contracts.annotate(own=Coalesce(centre_of("department"), NOWHERE)).in_bulk()
    for key, stretches in outlooks(contracts, on=on, until=until).items():
        yield Cost(own[key], licences[key], own[key].own, stretches)


def _of_licences(on: date, until: date) -> Iterator[Cost]:
    licences = costing_by_themselves(Licence.objects.select_related("product__maker"))
    own = Coalesce(centre_of("contract__department"), NOWHERE)
    for licence in licences.order_by("pk").annotate(own=own):
        yield Cost(None, [licence], licence.own, of_licence(licence, on=on, until=until))


def _accrued(stretches: Iterable[Stretch], window: list[date]) -> dict[str, list[Decimal]]:
    """What is agreed costs each month, by currency."""
    sums: dict[str, list[Decimal]] = {}
    for stretch in stretches:
        amounts = accruals(stretch, window[0], len(window), stretch.sure_until)
        before = sums.get(stretch.currency, [Decimal(0)] * len(window))
        sums[stretch.currency] = [one + other for one, other in zip(before, amounts, strict=True)]
    return sums


class Divider:
    """Divides what something cost in a month by what was held on a day of it."""

    def __init__(self, held: Holdings) -> None:
        self.held = held

    def divided(
        self, cost: Cost, amount: Decimal, month: date, day: date
    ) -> Iterator[tuple[Part, Decimal]]:
        """The parts to the cent; they add up to the amount."""
        licences = [it for it in cost.licences if _is_valid(it, month)]
        if licences:
            weights = _weights(cost.contract, licences)
            for licence, share in zip(licences, shares(amount, weights), strict=True):
                yield from self._by_seats(cost, licence, share, day)
        elif cost.contract and (covered := self.held.covered.get(cost.contract.pk)):
            holders = Counter(self.held.of_asset(asset, day) for asset in covered)
            for centre, share in _shared(amount, holders):
                yield (centre, Basis.ASSETS, cost.contract, None), share
        else:
            # A licence that is not valid this month is still what its own cost is for.
            yield (cost.own, Basis.OWN, cost.contract, _only(cost)), amount

    def _by_seats(
        self, cost: Cost, licence: Licence, amount: Decimal, day: date
    ) -> Iterator[tuple[Part, Decimal]]:
        taken = self.held.of_seats(licence.pk, day)
        seats: Counter[tuple[str, Basis]] = Counter()
        for centre, count in taken.items():
            seats[cost.own if centre is None else centre, Basis.SEATS] += count
        if unused := max((licence.seats or 0) - taken.total(), int(not taken)):
            seats[cost.own, Basis.UNUSED] += unused
        for (centre, basis), share in _shared(amount, seats):
            yield (centre, basis, cost.contract, licence), share


def _shared[K](amount: Decimal, counts: Counter[K]) -> Iterator[tuple[K, Decimal]]:
    keys = list(counts)
    return zip(keys, shares(amount, [counts[key] for key in keys]), strict=True)


def _only(cost: Cost) -> Licence | None:
    return cost.licences[0] if cost.contract is None else None


def _is_valid(licence: Licence, month: date) -> bool:
    """It counts in this month: it has begun by its end, and has not ended before."""
    first, last = licence.starts_on or date.min, licence.ends_on or date.max
    return first <= end_of_month(month) and last >= month


def _weights(contract: Contract | None, licences: Sequence[Licence]) -> list[Decimal]:
    """What each licence is of what all cost: its own cost a year, else its seats of the rest."""
    counts = [Decimal(it.seats or 1) for it in licences]
    own = [it.annual_cost for it in licences]
    if len(licences) == 1 or contract is None or contract.annual_cost is None:
        return counts
    rest = contract.annual_cost - sum((it or Decimal(0) for it in own), Decimal(0))
    if rest < 0 or any(it.currency != contract.currency for it in licences if it.annual_cost):
        return counts
    others = sum((n for n, cost in zip(counts, own, strict=True) if cost is None), Decimal(0))
    weights = [
        cost if cost is not None else rest * count / others
        for cost, count in zip(own, counts, strict=True)
    ]
    return weights if any(weights) else counts
