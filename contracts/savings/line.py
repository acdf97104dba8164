"""One possible saving, and the words it is told in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Model, TextChoices

from config.money import Money, cents
from people.models import Department

NAMED = 5
"""How many of the seats or assets a line names."""


class Kind(TextChoices):
    IDLE_SEATS = "idle-seats", "idle seats"
    UNUSED_STOCK = "unused-stock", "unused stock"
    DUPLICATE_TOOLS = "duplicate-tools", "duplicate tools"
    GONE_ASSETS = "gone-assets", "contracts for assets that are gone"
    TWICE_COVERED = "twice-covered", "assets under two contracts"
    RETIRED_WARRANTIES = "retired-warranties", "warranties past retirement"


@dataclass(frozen=True)
class Line:
    """`money` is what would be saved, every year where `yearly`, else once.

    `record` is what has to be changed: a licence, a contract or an asset. `whole`: it is not needed
    at all any more.
    """

    kind: Kind
    record: Model
    what: str
    evidence: str
    money: Money
    yearly: bool = True
    whole: bool = False
    department: Department | None = None


def worth(amount: Decimal, currency: str) -> Money:
    return Money(cents(amount), currency)


def named(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def counted(count: int, word: str) -> str:
    """1 seat, 2 seats."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
