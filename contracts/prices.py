"""What a term costs against the one before it."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from config.money import Money
from contracts.models import Term
from contracts.renewals import annual_cost


@dataclass(frozen=True)
class Change:
    """What the cost of a year became; `percent` is None where nothing was paid before."""

    before: Money
    after: Money

    @property
    def difference(self) -> Money:
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """To a tenth, half up."""
        if not self.before:
            return None
        share = self.difference.amount * 100 / self.before.amount
        return share.quantize(Decimal("0.1"), ROUND_HALF_UP)

    def __str__(self) -> str:
        if not self.difference:
            return "the same"
        amount = f"{self.difference.amount:+,.2f} {self.after.currency} a year"
        return amount if self.percent is None else f"{amount} ({self.percent:+}%)"


def change(before: Term, after: Term) -> Change | None:
    """By cost of a year, so that other lengths and billing periods compare.

    None where they are of two currencies, or the cost of a year is not known.
    """
    costs = [annual_cost(before), annual_cost(after)]
    if None in costs or before.currency != after.currency:
        return None
    was, becomes = (Money(cost, after.currency) for cost in costs if cost is not None)
    return Change(was, becomes)


def price(term: Term) -> str:
    """As a sentence says it: 1,200.00 EUR yearly."""
    return f"{Money(term.amount, term.currency)} {term.get_billing_display()}"
