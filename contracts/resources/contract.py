"""Contracts from spreadsheets: a row is a contract with one of its terms."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from itertools import cycle
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets.lookups import Vendors
from config import amounts, constraints
from config.history import create_all_as, update_all_as
from config.lookups import Lookup
from config.resources import BaseResource, column
from config.tables import Table
from config.widgets import Amount, Choice, Currency, Day, Reference, Text, Whole
from contracts.models import Contract, Term
from contracts.renewals import SETTLED, apply_terms, settled
from contracts.resources.contract_terms import Chains, standing
from contracts.terms import FIELDS
from people.lookups import Departments, Locations, People

KINDS = {
    "saas": Contract.Kind.SUBSCRIPTION,
    "support": Contract.Kind.MAINTENANCE,
    "software maintenance": Contract.Kind.MAINTENANCE,
    "license": Contract.Kind.LICENCE,
    "license agreement": Contract.Kind.LICENCE,
    "leasing": Contract.Kind.LEASE,
    "professional services": Contract.Kind.SERVICE,
    "computer and information svcs": Contract.Kind.SERVICE,
}
BILLINGS = {
    "total": Term.Billing.ONCE,
    "one time": Term.Billing.ONCE,
    "month": Term.Billing.MONTHLY,
    "quarter": Term.Billing.QUARTERLY,
    "annual": Term.Billing.YEARLY,
    "annually": Term.Billing.YEARLY,
    "year": Term.Billing.YEARLY,
}
RENEWALS = {
    "no": Term.Renewal.NONE,
    "manual": Term.Renewal.EXPRESS,
    "auto": Term.Renewal.TACIT,
    "automatic": Term.Renewal.TACIT,
    "yes": Term.Renewal.TACIT,
    "open ended": Term.Renewal.OPEN,
    "until notice": Term.Renewal.OPEN,
}
# What an amount is for where no column says so: its header does, else it is that of the term.
BILLED_BY_HEADER = {
    "annual": Term.Billing.YEARLY,
    "yearly": Term.Billing.YEARLY,
    "monthly": Term.Billing.MONTHLY,
    "quarterly": Term.Billing.QUARTERLY,
}
TERM = list(FIELDS)
NOTICE_TO = {
    "term": Term.NoticeTo.TERM,
    "end of term": Term.NoticeTo.TERM,
    "month": Term.NoticeTo.MONTH,
    "month end": Term.NoticeTo.MONTH,
    "end of month": Term.NoticeTo.MONTH,
    "quarter": Term.NoticeTo.QUARTER,
    "quarter end": Term.NoticeTo.QUARTER,
    "end of quarter": Term.NoticeTo.QUARTER,
}


class ContractResource(BaseResource):
    """Known by number. A row's dates and amount are one term, the one that starts on its day.

    A file may have several rows of one contract, as the renewals of Philadelphia's contracts, where
    `original_contract_id` names the contract and each `current_item_id` one of its terms. What the
    contract itself is called, and who decides about it, is taken from the row of the latest term.
    A term that has begun is corrected by a row with other values, and its history says so.
    """

    slug = "contracts"
    headers: ClassVar = {
        "number": [
            "contract number",
            "contract no",
            "contract id",
            "original contract id",
            "current item id",
        ],
        "title": ["short desc", "short description", "description", "contract name", "name"],
        "kind": ["type", "contract type", "contract structure type"],
        "vendor": ["vendor name", "supplier"],
        "reference": ["current item id", "vendor reference", "vendor contract"],
        "owner": ["contract owner", "responsible", "contract administrator"],
        "department": ["department name"],
        "notes": ["comments", "comment"],
        "starts_on": ["start dt", "start date", "start", "starts", "begins"],
        "ends_on": ["end dt", "end date", "end", "ends", "expires", "expiration date"],
        "amount": [
            "amt",
            "contract value",
            "value",
            "total",
            "cost",
            "price",
            "annual cost",
            "yearly cost",
            "monthly cost",
        ],
        "currency": ["currency code"],
        "billing": ["billing period", "payment frequency"],
        "notice": ["notice period", "notice days"],
        "notice_unit": ["notice period unit"],
        "notice_to": ["notice to the end of", "cancellable to"],
        "renewal": ["renews", "renewal type", "auto renew"],
        "renewal_months": ["renewal term", "renews for (months)"],
    }
    keys: ClassVar = ["number"]
    identified_by: ClassVar = ["number"]
    required: ClassVar = ["number", "title", "vendor"]

    number = column("number", Text(identifies=True))
    title = column("title", Text())
    kind = column("kind", Choice(Contract.Kind, KINDS))
    vendor = column("vendor", Reference(Vendors))
    reference = column("reference", Text(identifies=True))
    owner = column("owner", Reference(People))
    department = column("department", Reference(Departments))
    notes = column("notes", Text())
    starts_on = column("starts_on", Day())
    ends_on = column("ends_on", Day())
    amount = column("amount", Amount())
    currency = column("currency", Currency())
    billing = column("billing", Choice(Term.Billing, BILLINGS))
    notice = column("notice", Whole())
    notice_unit = column("notice_unit", Choice(Term.Unit))
    notice_to = column("notice_to", Choice(Term.NoticeTo, NOTICE_TO))
    renewal = column("renewal", Choice(Term.Renewal, RENEWALS))
    renewal_months = column("renewal_months", Whole())

    class Meta:
        model = Contract
        fields: ClassVar = [
            "number",
            "title",
            "kind",
            "vendor",
            "reference",
            "owner",
            "department",
            "notes",
            *TERM,
        ]

    # --- Before the rows ---

    def get_queryset(self) -> models.QuerySet[Contract]:
        related = Contract.objects.select_related("vendor", "owner", "department")
        return related.prefetch_related("terms", "decisions")

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self.duplicates.clear()  # several rows of one contract are its terms
        self.uniques = [rule for rule in self.uniques if rule.names != self.keys]
        self.chains = Chains()
        self.begun: dict[str, Contract] = {}
        self.changed_in: defaultdict[int, set[str]] = defaultdict(set)
        self.leading = self._leading(dataset)

    def _leading(self, dataset: Table) -> set[int]:
        """The rows with the latest start of each contract; of equal ones the last."""
        latest: dict[str, tuple[date, int]] = {}
        starts = dataset["starts_on"] if "starts_on" in dataset.headers else cycle([None])
        for number, key, cell in zip(self.numbers, dataset["number"], starts, strict=False):
            start = self._start({"starts_on": cell}) or date.min
            key = self.key("number", key)
            latest[key] = max(latest.get(key, (start, number)), (start, number))
        return {number for _, number in latest.values()}

    def _start(self, row: dict[str, Any]) -> date | None:
        if not row.get("starts_on"):
            return None
        # A row with another kind of day is refused for it where the field itself is read.
        with suppress(ValueError):
            start: date | None = self.fields["starts_on"].clean(row)
            return start
        return None

    # --- One row ---

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        if row.get("amount") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["amount"])

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        """The contract of the row's number: from an earlier row, or from the register."""
        key = self.key("number", row.get("number"))
        pks = self.index["number"].get(key, []) if key else []
        return self.begun.get(key) or (self.there[pks[0]] if pks else None)

    def after_init_instance(
        self, instance: Any, new: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        super().after_init_instance(instance, new, row, **kwargs)
        start, billing = self._start(row), self._billing()
        self.of_row = self.chains.choose(instance, start, billing, self.row)
        self.settled = settled(instance)

    def _billing(self) -> Term.Billing:
        header = self.found.columns.get("amount", "").lower() if self.found else ""
        words = [billing for word, billing in BILLED_BY_HEADER.items() if word in header]
        return words[0] if words else Term.Billing.ONCE

    def snapshot(self, instance: Any) -> dict[str, object]:
        return {name: getattr(instance, name) for name in self.fields if name not in TERM}

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        if field.attribute in TERM:
            super().import_field(field, self.of_row.term, row, *args, **kwargs)
        elif self.new or self.row in self.leading:
            super().import_field(field, instance, row, *args, **kwargs)

    def validate_instance(self, instance: Any, *args: Any, **kwargs: Any) -> None:
        """A refused row leaves the contract, which other rows may be about too, as it was."""
        try:
            super().validate_instance(instance, *args, **kwargs)
        except ValidationError:
            self.of_row.undo()
            for name, value in {**self.before, **self.settled}.items():
                setattr(instance, name, value)
            raise

    def check(self, instance: Contract) -> None:
        """The term is checked as its own form would, and what follows from it is stored."""
        term, changed = self.of_row.term, self.of_row.changed
        if not changed and not self.new:
            return
        verb = "add" if self.of_row.adds else "change"
        if not self.new and not self.may(f"contracts.{verb}_term"):
            raise ValidationError(f"you may not {verb} terms")
        for name in ("starts_on", "amount"):
            if getattr(term, name) is None:
                raise ValidationError({name: "is missing: no cell of the row gives it"})
        self.clean_fields(term)
        constraints.check(term)
        terms = self.chains.check(instance, self.of_row)
        apply_terms(instance, terms, standing(instance, terms))

    def skip_row(self, instance: Any, *args: Any, **kwargs: Any) -> bool:
        return super().skip_row(instance, *args, **kwargs) and not self.of_row.changed

    def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        super().after_save_instance(instance, row, **kwargs)
        self.begun[self.key("number", instance.number)] = instance
        names = self.of_row.changed
        if names or self.new:
            self.chains.keep(instance, self.of_row, self.row)
        if not self.new:
            settled_too = SETTLED if names else ()
            self.changed_in[id(instance)] |= {*instance.import_changed, *settled_too}
            for name in names:
                value = getattr(self.of_row.term, name)
                self._note(instance, name, self.of_row.before[name], value)

    # --- What is written ---

    def update(self, instances: Sequence[Any]) -> None:
        """Each contract once, however many rows are about it; what is new is written already."""
        created = {id(contract) for contract in self.create_instances}
        known = {id(it): it for it in instances if id(it) not in created}
        for key, contract in known.items():
            contract.import_changed = sorted(self.changed_in[key])
        super().update(list(known.values()))

    def write_beside(self) -> None:
        """The terms. One that has begun was agreed otherwise: what changes it is a correction."""
        create_all_as(self.chains.added(), by=self.by, reason=self.reason)
        for (names, begun), changed in self.chains.altered().items():
            reason = f"corrected: {self.reason}" if begun else self.reason
            update_all_as(changed, names, by=self.by, reason=reason)

    # --- The export ---

    def exported_from(self, record: Any, name: str) -> Any:
        """A contract's dates and amount are those of its last term."""
        terms = list(record.terms.all()) if name in TERM else []
        return (terms[-1] if terms else None) if name in TERM else record

    def in_order(self) -> list[Lookup]:
        order: list[type[Lookup]] = [Locations, Departments, People, Vendors]
        return [self.lookups[kind] for kind in order if kind in self.lookups]
