"""What an amount of one currency is worth in another, by the rates known on a day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Subquery

from assets.precaution import told
from config.money import Money, by_currency, cents
from contracts.models import ExchangeRate

Pair = tuple[str, str]


class MissingRate(ValidationError):
    """No rate leads from one currency to the other."""


class Rates:
    """The latest rate of each two currencies dated `on` or before: one query, when first needed.

    It remembers the rates that it used, so that a total can say of which days they are.
    """

    def __init__(self, on: date) -> None:
        self.on = on
        self._used: dict[Pair, ExchangeRate] = {}

    def convert(self, money: Money, to: str) -> Money:
        """`money` in the currency `to`, to the cent.

        By the rate between the two, whichever way round it is entered, the later one where there
        are both; else by way of a third currency, the base currency of the site before others.
        Raises MissingRate, saying what to enter where.
        """
        if money.currency == to:
            return money
        amount = money.amount
        for pair in self._way(money.currency, to):
            amount = self._exchanged(amount, *pair)
        return Money(cents(amount), to)

    @property
    def used(self) -> list[ExchangeRate]:
        """The rates that `convert` has used so far, by currency."""
        return [self._used[pair] for pair in sorted(self._used)]

    @property
    def notes(self) -> list[str]:
        """Each rate used so far, with its day: "1 USD = 0.92 EUR on 20 November 2026"."""
        return [
            f"1 {it.currency} = {it.rate.normalize():f} {it.base} on {told(it.on)}"
            for it in self.used
        ]

    @property
    def short(self) -> str:
        """The rates used so far with their days, as a cell of a table has them."""
        return ", ".join(f"{it.currency}/{it.base} of {it.on}" for it in self.used)

    @cached_property
    def _known(self) -> dict[Pair, ExchangeRate]:
        """By (currency, base)."""
        same = ExchangeRate.objects.known(self.on).filter(
            currency=OuterRef("currency"), base=OuterRef("base")
        )
        latest = Subquery(same.order_by("-on").values("on")[:1])
        return {(it.currency, it.base): it for it in ExchangeRate.objects.filter(on=latest)}

    def _way(self, start: str, to: str) -> list[Pair]:
        if self._between(start, to):
            return [(start, to)]
        currencies = {code for pair in self._known for code in pair} - {start, to}
        base = settings.DEFAULT_CURRENCY
        for third in sorted(currencies, key=lambda code: (code != base, code)):
            if self._between(start, third) and self._between(third, to):
                return [(start, third), (third, to)]
        raise MissingRate(
            f"There is no rate from {start} to {to} on {told(self.on)} or before: enter one under"
            " Exchange rates."
        )

    def _between(self, one: str, other: str) -> ExchangeRate | None:
        found = [self._known.get((one, other)), self._known.get((other, one))]
        return max(filter(None, found), key=lambda rate: rate.on, default=None)

    def _exchanged(self, amount: Decimal, start: str, to: str) -> Decimal:
        rate = self._between(start, to)
        assert rate
        self._used[rate.currency, rate.base] = rate
        return amount * rate.rate if rate.currency == start else amount / rate.rate


@dataclass
class Total:
    """Amounts of several currencies in one; `left_out` are those that no rate leads from."""

    money: Money
    left_out: list[Money] = field(default_factory=list)


def total(moneys: Iterable[Money], rates: Rates, to: str) -> Total:
    """Everything in the currency `to`; what cannot be converted stands apart, by currency.

    Each currency is converted once, as the sum of its amounts.
    """
    found = Total(Money(Decimal(0), to))
    for money in by_currency(moneys):
        try:
            found.money += rates.convert(money, to)
        except MissingRate:
            found.left_out.append(money)
    return found
