"""Budgets and exchange rates from spreadsheets, the European Central Bank's among them."""

from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from config import amounts, cells
from config.resources import BaseResource, column
from config.widgets import Amount, Cell, Currency, Day, Reference, Text, Whole
from contracts.models import Budget, ExchangeRate
from people.lookups import Departments

PLACES = Decimal("0.00000001")
FAR, NEAR = Decimal("0.05"), Decimal("0.03")
"""A rate this far from the last known one and this near to its inverse is the wrong way round."""


class Rate(Cell):
    """A positive number with a dot or a comma before its decimals, of which eight are kept."""

    def read(self, value: object) -> Decimal:
        text = cells.text(value).replace(" ", "")
        if "." not in text and text.count(",") == 1:
            text = text.replace(",", ".")
        try:
            rate = Decimal(text).quantize(PLACES)
        except InvalidOperation as error:
            raise ValueError("is no rate; accepted are numbers such as 1.0835") from error
        if rate <= 0:
            raise ValueError("is not accepted: a rate is above zero")
        return rate

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else f"{value.normalize():f}"


class BudgetResource(BaseResource):
    """One budget a row, known by department and year."""

    slug = "budgets"
    headers: ClassVar = {
        "department": ["department name", "dept", "cost centre", "cost center"],
        "year": ["fiscal year", "budget year"],
        "amount": ["budget", "value", "total", "amt"],
        "currency": ["currency code"],
        "notes": ["comment", "comments"],
    }
    identified_by: ClassVar = ["department"]
    required: ClassVar = ["department", "year", "amount"]

    department = column("department", Reference(Departments))
    year = column("year", Whole())
    amount = column("amount", Amount())
    currency = column("currency", Currency())
    notes = column("notes", Text())

    class Meta:
        model = Budget
        fields: ClassVar = ["department", "year", "amount", "currency", "notes"]

    def get_queryset(self) -> models.QuerySet[Budget]:
        return Budget.objects.select_related("department")

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        rows = self.get_queryset().select_for_update(of=("self",)).order_by("pk")
        self.budgets = {(it.department_id, it.year): it for it in rows}
        return {}

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        if row.get("amount") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["amount"])

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        name, year = cells.text(row.get("department") or ""), row.get("year")
        found = self.lookup(Departments).find(name) if name else []
        if len(found) != 1 or year in (None, ""):
            return None
        with suppress(ValueError):
            budget = self.budgets.get((found[0].pk, cells.whole(year)))
            return self.claim(budget) if budget else None
        return None  # The row is refused for its year where the field itself is read.


class ExchangeRateResource(BaseResource):
    """One rate a row, known by its two currencies and its day: one `currency` is `rate` of `base`.

    Without a base it is the base currency of the site. The European Central Bank writes it the
    other way round, how many of a currency one euro is (OBS_VALUE of CURRENCY for one
    CURRENCY_DENOM): that is kept as the rate of the euro.
    """

    slug = "exchange-rates"
    headers: ClassVar = {
        "currency": ["currency code", "from", "from currency"],
        "base": ["base currency", "to", "to currency", "currency denom"],
        "on": ["date", "day", "time period", "valid from", "rate date"],
        "rate": ["exchange rate", "value"],
        "units": ["obs value", "units per base", "units of currency per base"],
        "source": ["published by", "provider"],
    }
    identified_by: ClassVar = ["currency"]
    required: ClassVar = ["currency", "on"]
    extras: ClassVar = ["units"]

    currency = column("currency", Currency())
    base = column("base", Currency())
    on = column("on", Day())
    rate = column("rate", Rate())
    source = column("source", Text())

    class Meta:
        model = ExchangeRate
        fields: ClassVar = ["currency", "base", "on", "rate", "source"]

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        rows = ExchangeRate.objects.select_for_update().order_by("on")
        self.rates = {(it.currency, it.base, it.on): it for it in rows}
        self.latest = {(it.currency, it.base): it for it in self.rates.values()}
        return {}

    def prepare(self, row: dict[str, Any]) -> None:
        """What is quoted in units of the currency is the rate of the base."""
        row["base"] = row.get("base") or settings.DEFAULT_CURRENCY
        if row.get("rate") in (None, "") and row.get("units") in (None, ""):
            raise ValidationError({"rate": "is missing: no cell of the row gives it"})
        if units := row.get("units"):
            row["currency"], row["base"] = row["base"], row.get("currency")
            row["rate"] = units

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        pair = [cells.text(row.get(name) or "").upper() for name in ("currency", "base")]
        with suppress(ValueError):
            day: date = self.fields["on"].widget.read(row.get("on") or "")
            rate = self.rates.get((pair[0], pair[1], day))
            return self.claim(rate) if rate else None
        return None  # The row is refused for its day where the field itself is read.

    def check(self, instance: ExchangeRate) -> None:
        known = self.latest.get((instance.currency, instance.base))
        if known and known is not instance and _is_inverted(instance.rate, known.rate):
            raise ValidationError(
                {
                    "rate": f"is the wrong way round: {known}. Give what one {instance.currency}"
                    f" is worth in {instance.base}"
                }
            )


def _is_inverted(rate: Decimal, known: Decimal) -> bool:
    return abs(rate / known - 1) > FAR and abs(rate * known - 1) < NEAR
