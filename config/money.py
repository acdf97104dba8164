"""Amounts with their currency: adding up two currencies is an error, never a number."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

CENT = Decimal("0.01")


class CurrencyMismatch(TypeError):
    """Two amounts of different currencies were added or compared."""


@dataclass(frozen=True)
class Money:
    """`amount` is exact, of any sign; `currency` is the code of ISO 4217."""

    amount: Decimal
    currency: str

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount - other.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Self:
        return type(self)(self.amount * factor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{cents(self.amount):,.2f} {self.currency}"

    def _same(self, other: object) -> None:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are of different currencies.")


def cents(amount: Decimal) -> Decimal:
    """To the cent, half up (commercial rounding)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def by_currency(moneys: Iterable[Money]) -> list[Money]:
    """The sum of each currency, in the order of their codes."""
    sums: dict[str, Decimal] = {}
    for money in moneys:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]


def shares(total: Decimal, weights: list[int] | list[Decimal]) -> list[Decimal]:
    """`total` divided by `weights`, to the cent, so that the parts add up to it.

    What rounding leaves over goes to the largest remainders, the first of equal ones.
    Raises ValueError where nothing weighs anything.
    """
    whole = sum(weights, Decimal(0))
    if not whole:
        raise ValueError("Nothing to divide by.")
    exact = [total * weight / whole for weight in weights]
    parts = [(part / CENT).to_integral_value("ROUND_FLOOR") * CENT for part in exact]
    left = int((total - sum(parts, Decimal(0))) / CENT)
    largest = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in largest[:left]:
        parts[at] += CENT
    return parts
