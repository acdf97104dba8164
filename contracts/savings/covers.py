"""Contracts: what they cover that is gone, and what two of them cover at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from assets.models import Asset
from contracts.models import Contract, Coverage
from contracts.savings.line import Kind, Line, counted, named, worth

GONE = (*Asset.ENDED, Asset.State.LOST)


def gone_assets(on: date) -> list[Line]:
    """Running contracts that cover what is retired, disposed of, rejected or lost.

    The money is the share of a year's cost, each covered asset taken for the same.
    """
    return [
        line
        for contract, covered in _covered(on)
        if (line := _gone_line(contract, [it for it in covered if it.state in GONE], len(covered)))
    ]


def _covered(on: date) -> list[tuple[Contract, list[Asset]]]:
    """Each running contract that costs something and goes on, with what it covers."""
    coverages = (
        Coverage.objects.filter(contract__in=Contract.objects.running(on))
        .filter(contract__annual_cost__gt=0)
        .exclude(contract__decision="cancel")
        .select_related("contract__department", "asset")
        .order_by("contract", "asset__tag")
    )
    return [
        (rows[0].contract, [row.asset for row in rows])
        for rows in (list(it) for _, it in groupby(coverages, key=lambda it: it.contract_id))
    ]


def _gone_line(contract: Contract, gone: Sequence[Asset], count: int) -> Line | None:
    if not gone:
        return None
    names = named([f"{asset.tag} ({asset.get_state_display()})" for asset in gone])
    cost = contract.annual_cost or Decimal(0)
    return Line(
        Kind.GONE_ASSETS,
        contract,
        str(contract),
        f"{len(gone)} of {counted(count, 'covered asset')} gone: {names}.",
        worth(cost * len(gone) / count, contract.currency),
        whole=len(gone) == count,
        department=contract.department,
    )


def twice_covered(on: date) -> list[Line]:
    """Contracts that cover what another running one of the same kind covers too.

    An asset's share is the contract's cost a year by the number of assets it covers. Of several
    contracts all but the one with the largest share could let go of it; where they are paid in
    several currencies, all but the oldest.
    """
    covered = _covered(on)
    shares = {
        contract.pk: (contract.annual_cost or Decimal(0)) / len(assets)
        for contract, assets in covered
    }
    doubled: defaultdict[int, list[tuple[Asset, Contract]]] = defaultdict(list)
    for asset, contracts in _sharing(covered):
        kept, *others = _by_worth(contracts, shares)
        for contract in others:
            doubled[contract.pk].append((asset, kept))
    return [
        _doubled_line(contract, doubled[contract.pk], shares[contract.pk], len(assets))
        for contract, assets in covered
        if contract.pk in doubled
    ]


def _sharing(
    covered: Iterable[tuple[Contract, list[Asset]]],
) -> list[tuple[Asset, list[Contract]]]:
    """The assets in service that several contracts of one kind cover, with these."""
    found: defaultdict[tuple[str, int], list[tuple[Asset, Contract]]] = defaultdict(list)
    for contract, assets in covered:
        for asset in assets:
            if asset.state not in GONE:
                found[contract.kind, asset.pk].append((asset, contract))
    pairs = [rows for rows in found.values() if len(rows) > 1]
    return [(rows[0][0], [contract for _, contract in rows]) for rows in pairs]


def _by_worth(contracts: Sequence[Contract], shares: dict[int, Decimal]) -> list[Contract]:
    """The one that is kept, and then the others."""
    if len({contract.currency for contract in contracts}) > 1:
        return sorted(contracts, key=lambda it: (it.starts_on or date.min, it.pk))
    return sorted(contracts, key=lambda it: (-shares[it.pk], it.pk))


def _doubled_line(
    contract: Contract, doubled: Sequence[tuple[Asset, Contract]], share: Decimal, count: int
) -> Line:
    names = named([f"{asset.tag} (also {kept.number})" for asset, kept in doubled])
    return Line(
        Kind.TWICE_COVERED,
        contract,
        str(contract),
        f"{len(doubled)} of {counted(count, 'covered asset')} under another contract of the same"
        f" kind: {names}.",
        worth(share * len(doubled), contract.currency),
        whole=len(doubled) == count,
        department=contract.department,
    )
