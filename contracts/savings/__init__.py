"""What is paid for and not used, each with the money and the evidence.

One function for each kind gives its lines as they stand on a day, in the same number of queries
however many rows there are. Nothing is added up across currencies, nor what would come back once
with what would come back every year.
"""

from collections.abc import Callable, Collection
from datetime import date

from contracts.savings.covers import gone_assets, twice_covered
from contracts.savings.goods import retired_warranties, unused_stock
from contracts.savings.line import Kind, Line
from contracts.savings.tools import duplicate_tools, idle_seats

__all__ = ["KINDS", "Kind", "Line", "lines"]

KINDS: dict[Kind, Callable[[date], list[Line]]] = {
    Kind.IDLE_SEATS: idle_seats,
    Kind.UNUSED_STOCK: unused_stock,
    Kind.DUPLICATE_TOOLS: duplicate_tools,
    Kind.GONE_ASSETS: gone_assets,
    Kind.TWICE_COVERED: twice_covered,
    Kind.RETIRED_WARRANTIES: retired_warranties,
}


def lines(on: date, kinds: Collection[Kind] = tuple(KINDS)) -> list[Line]:
    """Every line of these kinds, within a kind the most money of each currency first."""
    return [
        line
        for kind, found in KINDS.items()
        if kind in kinds
        for line in sorted(found(on), key=lambda it: (it.money.currency, -it.money.amount, it.what))
    ]
