"""A list of subscriptions, as companies keep them of their tools: what, from whom, how many, until.

A row becomes a contract, its term of twelve months and a licence of its tool.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from assets.lookups import Categories, Products, Vendors, bare
from assets.models import Product
from assets.resources.catalog import in_order
from config import amounts, cells, constraints
from config.history import create_all_as, update_all_as
from config.lookups import Lookup, folded
from config.periods import A_DAY
from config.resources import BaseResource, column
from config.tables import Table
from config.widgets import Reference, Text
from contracts import licences, terms
from contracts.lookups import SoftwareCategories
from contracts.models import Contract, Licence, Term
from contracts.renewals import apply_terms
from contracts.resources.beside import PREFIX, Beside, number_of, share
from contracts.resources.owners import Owners
from people.lookups import Departments

MONTHS = 12
KEPT = ("currency", "notice", "notice_unit", "notice_to", "renewal", "renewal_months")
"""What a new term takes over from the one before."""
LICENCE = ("plan", "seats", "reported_in_use")


class SubscriptionResource(BaseResource):
    """Known by the tool's name, from which the number of its contract follows."""

    slug = "subscriptions"
    headers: ClassVar = {
        "title": ["tool name", "tool", "subscription", "service", "application", "app"],
        "vendor": ["vendor name", "supplier", "provider"],
        "category": ["tool category"],
        "monthly_cost": ["monthly price", "cost per month"],
        "annual_cost": ["yearly cost", "cost per year", "annual price"],
        "seats": ["users licensed", "licensed users", "licences", "licenses"],
        "reported_in_use": ["users active", "active users", "in use"],
        "utilisation": ["utilization", "utilization %", "utilisation %"],
        "plan": ["plan level", "tier", "edition"],
        "renewal_date": ["renewal", "renews on", "renews", "next renewal"],
        "owner": ["owner/champion", "champion", "responsible"],
        "notes": ["comments", "comment"],
        "currency": ["currency code"],
    }
    identified_by: ClassVar = ["title"]
    required: ClassVar = ["title", "vendor"]
    extras: ClassVar = [
        "category",
        "monthly_cost",
        "annual_cost",
        "seats",
        "reported_in_use",
        "utilisation",
        "plan",
        "renewal_date",
        "owner",
        "notes",
        "currency",
    ]

    title = column("title", Text())
    vendor = column("vendor", Reference(Vendors))

    class Meta:
        model = Contract
        fields: ClassVar = ["title", "vendor"]

    # --- Before the rows ---

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        self.lookups[Categories] = SoftwareCategories(self)
        self.owners = Owners(self.lookup(Departments))
        self.strangers: dict[str, int] = {}
        super().before_import(dataset, **kwargs)
        order = [cells.orders(dataset[it]) for it in ("renewal_date",) if it in dataset.headers]
        proved = order[0] if order else set()
        self.day_order = self.order or (next(iter(proved)) if len(proved) == 1 else None)

    def get_queryset(self) -> models.QuerySet[Contract]:
        rows = Contract.objects.select_related("vendor", "owner", "department")
        return rows.prefetch_related("terms", "licences__product__maker")

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        own = self.get_queryset().filter(number__istartswith=PREFIX)
        rows = own.select_for_update(of=("self",)).order_by("pk")
        self.contracts = {contract.number.casefold(): contract for contract in rows}
        return {}

    # --- One row ---

    def prepare(self, row: dict[str, Any]) -> None:
        if not _text(row, "title"):
            raise ValidationError("names no tool: it is left out, as a row of totals is")

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        found = self.contracts.get(number_of(_text(row, "title")).casefold())
        return self.claim(found) if found else None

    def import_instance(self, instance: Contract, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        if self.new:
            instance.number = number_of(instance.title)
            instance.kind = Contract.Kind.SUBSCRIPTION
        self.beside = Beside()
        problems: dict[str, Any] = {}
        for read in (self._read_term, self._read_licence, self._read_owner):
            try:
                read(instance, row)
            except ValidationError as refusal:
                problems = refusal.update_error_dict(problems)
        if problems:
            raise ValidationError(problems)

    def _cell(self, row: dict[str, Any], name: str, read: Any) -> Any:
        """What a cell says; None where it is blank. Raises ValidationError that names it."""
        if row.get(name) in (None, ""):
            return None
        try:
            return read(row[name])
        except ValueError as error:
            raise ValidationError({name: str(error)}) from error

    def _read_term(self, contract: Contract, row: dict[str, Any]) -> None:
        end = self._cell(row, "renewal_date", lambda cell: cells.day(cell, self.day_order))
        name = "annual_cost" if row.get("annual_cost") else "monthly_cost"
        money = self._cell(row, name, amounts.money)
        if end is None or money is None:
            missing = "renewal_date" if end is None else "annual_cost"
            raise ValidationError({missing: "is missing: no cell of the row gives it"})
        billing = Term.Billing.YEARLY if name == "annual_cost" else Term.Billing.MONTHLY
        said = money.currency or _text(row, "currency").upper()
        values: dict[str, Any] = {"amount": money.amount, "billing": billing}
        if said:
            values["currency"] = said
        self._compare_term(contract, end, values)

    def _compare_term(self, contract: Contract, end: date, values: dict[str, Any]) -> None:
        """The term that ends on this day says it already, or is corrected, or is a new one."""
        first: date = end + A_DAY - relativedelta(months=MONTHS)
        known = [] if self.new else list(contract.terms.all())
        now = next((term for term in known if term.ends_on == end), None)
        if now is None:
            last = known[-1:]
            kept = {name: getattr(term, name) for term in last for name in KEPT}
            fresh = {**kept, "starts_on": first, "ends_on": end, **values}
            try:
                terms.check_overlap(Term(**fresh), known)
            except ValidationError as overlap:
                raise ValidationError({"renewal_date": overlap.messages}) from overlap
            self.beside.term = fresh
        elif changed := {k: v for k, v in values.items() if getattr(now, k) != v}:
            self.beside.now, self.beside.term = now, changed

    def _read_licence(self, contract: Contract, row: dict[str, Any]) -> None:
        counts = [self._cell(row, name, cells.whole) for name in ("seats", "reported_in_use")]
        self._check_share(row, *counts)
        product = self._product(row)
        there = [] if self.new else [it for it in contract.licences.all() if it.product == product]
        licence = there[0] if there else Licence(product=product, contract=contract)
        said = dict(zip(LICENCE, [_text(row, "plan") or None, *counts], strict=True))
        changed = [k for k, v in said.items() if v is not None and getattr(licence, k) != v]
        for name in changed:
            setattr(licence, name, said[name])
        if "reported_in_use" in changed:
            licence.reported_on = timezone.localdate()
        self.beside.licence, self.beside.changed = licence, changed

    def _check_share(self, row: dict[str, Any], seats: int | None, used: int | None) -> None:
        said = self._cell(row, "utilisation", share)
        if said is None or not seats or used is None:
            return
        share_ = round(used * 100 / seats)
        if abs(share_ - said) > 1:
            problem = f"does not fit: {used} of {seats} are {share_}%"
            raise ValidationError({"utilisation": problem})

    def _product(self, row: dict[str, Any]) -> Product | None:
        """The tool; its vendor is its maker, unless the tool's name begins with the vendor's."""
        tool, maker = _text(row, "title"), _text(row, "vendor")
        begins = folded(tool).startswith(folded(maker)) or bare(tool).startswith(bare(maker))
        named = "" if begins else maker
        try:
            return self.lookup(Products).named(tool, named, _text(row, "category"), "")
        except ValueError as error:
            raise ValidationError({"title": str(error)}) from error

    def _read_owner(self, contract: Contract, row: dict[str, Any]) -> None:
        """Who answers for it; a name that is nobody's here is kept in the notes, and said."""
        assert self.found
        lines = [_text(row, "notes")]
        if text := _text(row, "owner"):
            department, owner = self.owners.named(text)
            contract.department = department or contract.department
            contract.owner = owner or contract.owner
            if contract.owner is None:
                lines.append(f"Owner in {self.found.table.name}: {text}")
                self.strangers.setdefault(text, self.row)
        for line in filter(None, lines):
            if line not in contract.notes:
                contract.notes = f"{contract.notes}\n{line}".strip()

    def snapshot(self, instance: Any) -> dict[str, object]:
        names = ("title", "vendor", "owner", "department", "notes")
        return {name: getattr(instance, name) for name in names}

    def told(self, name: str, value: object) -> str:
        return "" if value is None or not name else str(value)

    def skip_row(self, instance: Any, *args: Any, **kwargs: Any) -> bool:
        skipped = super().skip_row(instance, *args, **kwargs)
        return skipped and not self.beside.term and not self.beside.changed

    def check(self, instance: Contract) -> None:
        """What the row writes beside its contract: may it be written, and is it sound."""
        verb = "add" if self.beside.licence._state.adding else "change"
        if self.beside.changed and not self.may(f"contracts.{verb}_licence"):
            raise ValidationError(f"you may not {verb} licences")
        verb = "change" if self.beside.now else "add"
        if self.beside.term and not self.may(f"contracts.{verb}_term"):
            raise ValidationError(f"you may not {verb} terms")
        self.clean_fields(self.beside.licence)
        term = self.beside.now or Term()
        for name, value in self.beside.term.items():
            setattr(term, name, value)
        if self.beside.term:
            self.clean_fields(term)
            constraints.check(term)
        if self.new:
            apply_terms(instance, [term])

    def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        super().after_save_instance(instance, row, **kwargs)
        instance.import_beside = self.beside
        for name, value in self.beside.term.items() if not self.new else []:
            self._note(instance, name, None, value)
        for name in self.beside.changed if not self.new else []:
            self._note(instance, name, None, getattr(self.beside.licence, name))

    # --- What is written ---

    def create(self, instances: Sequence[Contract]) -> None:
        super().create(instances)
        plans = [vars(contract)["import_beside"] for contract in instances]
        fresh = [
            Term(contract=contract, **plan.term)
            for contract, plan in zip(instances, plans, strict=True)
        ]
        create_all_as(fresh, by=self.by, reason=self.reason)
        licences.enter([plan.licence for plan in plans], by=self.by, reason=self.reason)

    def update(self, instances: Sequence[Any]) -> None:
        super().update([contract for contract in instances if contract.import_changed])
        signed: dict[str, Any] = {"by": self.by, "reason": self.reason}
        for contract in instances:
            plan = contract.import_beside
            if plan.now:
                terms.correct(plan.now, **signed, **plan.term)
            elif plan.term:
                terms.add_term(contract, **signed, **plan.term)
            if plan.changed and plan.licence._state.adding:
                licences.enter([plan.licence], **signed)
            elif plan.changed:
                names = [*plan.changed, "reported_on"]
                update_all_as([plan.licence], names, **signed)

    def in_order(self) -> list[Lookup]:
        return [self.lookup(Departments), *in_order(self.lookups)]

    def notes(self) -> list[str]:
        known = super().notes()
        if not self.strangers:
            return known
        named = ", ".join(f"{text} (row {row})" for text, row in self.strangers.items())
        return [*known, f"owners unknown here, whose names are kept in the notes: {named}"]


def _text(row: dict[str, Any], name: str) -> str:
    return cells.text(row.get(name) or "")
