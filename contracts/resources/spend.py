"""The finance ledger from spreadsheets: one booked line a row."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from config import amounts, cells
from config.lookups import folded
from config.resources import BaseResource, column
from config.widgets import Amount, Currency, Day, Reference, Text
from contracts import matching
from contracts.matching.turn import take_turn
from contracts.models import Spend
from people.lookups import Departments
from people.models import Department


class DepartmentsOrCostCentres(Departments):
    """By name, or by a cost centre; what a line costs belongs to whoever has the cost centre."""

    accepts = "the name or the cost centre of a department that is there"

    def keys(self, record: Department) -> Iterable[str]:
        return [record.name, record.cost_centre]

    def find(self, text: str) -> list[Any]:
        """A name wins over a cost centre that reads the same."""
        found = super().find(text)
        named = [it for it in found if folded(it.name) == folded(text)]
        return named or found


class SpendResource(BaseResource):
    """Known by finance's own number of the line.

    A line without one is known by its day, supplier, amount, currency and text, and the second of
    two equal lines by being the second. What was booked does not change: a line that is there is
    refused with another day, supplier, amount or currency. Its account, cost centre, department and
    text may be corrected, which the history keeps.
    """

    slug = "spend"
    headers: ClassVar = {
        "reference": [
            "line id",
            "entry no",
            "entry number",
            "entry id",
            "journal line",
            "transaction id",
            "ledger id",
            "ref",
        ],
        "booked_on": [
            "booked",
            "posting date",
            "booking date",
            "posted",
            "date",
            "gl date",
            "transaction date",
            "invoice date",
            "buchungsdatum",
        ],
        "supplier": ["supplier name", "vendor name", "vendor", "payee", "creditor", "lieferant"],
        "text": ["description", "line description", "posting text", "memo", "buchungstext"],
        "amount": ["amt", "transaction amount", "net amount", "value", "total", "betrag"],
        "currency": ["currency code", "waehrung", "währung"],
        "account": ["gl account", "account number", "account no", "konto"],
        "cost_centre": ["cost center", "cost centre code", "kostenstelle"],
        "department": ["department name", "dept"],
    }
    keys: ClassVar = ["reference"]
    identified_by: ClassVar = ["supplier"]
    required: ClassVar = ["booked_on", "supplier", "amount"]
    exported_beside: ClassVar = {
        "known_vendor": "vendor.name",
        "contract": "contract.number",
        "matched": "matched",
    }
    booked: ClassVar = ["booked_on", "supplier", "amount", "currency"]

    reference = column("reference", Text(identifies=True))
    booked_on = column("booked_on", Day())
    supplier = column("supplier", Text())
    text = column("text", Text())
    amount = column("amount", Amount())
    currency = column("currency", Currency())
    account = column("account", Text())
    cost_centre = column("cost_centre", Text())
    department = column("department", Reference(DepartmentsOrCostCentres))

    class Meta:
        model = Spend
        fields: ClassVar = [
            "reference",
            "booked_on",
            "supplier",
            "text",
            "amount",
            "currency",
            "account",
            "cost_centre",
            "department",
        ]

    def get_queryset(self) -> models.QuerySet[Spend]:
        return Spend.objects.select_related("department", "vendor", "contract")

    # --- Lines without a number ---

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        take_turn()
        self._number_lines()
        return super().load_index()

    def _number_lines(self) -> None:
        """Give each line that has no number one that the same line has in every file."""
        assert self.found
        table, seen = self.found.table, Counter[str]()
        given = table["reference"] if "reference" in table.headers else [None] * len(table)
        numbers = []
        for cell, cells_ in zip(given, table, strict=True):
            if cell in (None, "") and (
                key := self._derived(dict(zip(table.headers, cells_, strict=True)))
            ):
                seen[key] += 1
                cell = key if seen[key] == 1 else f"{key} #{seen[key]}"
            numbers.append(cell)
        if "reference" in table.headers:
            del table["reference"]
        table.append_col(numbers, header="reference")

    def _derived(self, row: dict[str, Any]) -> str:
        """As "2026-03-31 1500.00 3f2a9c01d4"; nothing where a cell that it needs is refused."""
        try:
            on: date = self.fields["booked_on"].widget.read(row["booked_on"])
            amount: Decimal = self.fields["amount"].widget.read(row["amount"])
            money = str(row.get("currency") or amounts.currency(row["amount"]))
            said = [cells.text(row.get(it) or "") for it in ("supplier", "text")]
        except (KeyError, ValueError):
            return ""
        plain = "\n".join(map(folded, [*said, money]))
        return f"{on} {amount} {hashlib.sha256(plain.encode()).hexdigest()[:10]}"

    # --- One row ---

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        if row.get("amount") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["amount"])

    def after_init_instance(
        self, instance: Any, new: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        """A new line belongs to the one department that has its cost centre, if no cell says."""
        super().after_init_instance(instance, new, row, **kwargs)
        centre = cells.text(row.get("cost_centre") or "")
        found = self.lookup(DepartmentsOrCostCentres).find(centre) if new and centre else []
        if len(found) == 1 and not row.get("department"):
            row["department"] = centre

    def check(self, instance: Spend) -> None:
        if self.new:
            return
        for name in [name for name in self.booked if name in self.changed]:
            was = self.told(name, self.before[name])
            raise ValidationError(
                {
                    name: f"is {was} in the line that was imported under this number: what was"
                    " booked does not change; give a correction as a line of its own"
                }
            )

    def _check_permission(self) -> None:
        """Nobody adds or changes a line by hand; an import is the only way, for who may import."""
        if not self.may("contracts.import_spend"):
            raise ValidationError("you may not import the finance ledger")

    # --- All rows ---

    def create(self, instances: Sequence[Any]) -> None:
        super().create(instances)
        if instances:
            matching.ask(self.by)
