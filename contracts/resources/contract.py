"""Contracts from spreadsheets: one contract a row, with one of its terms."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from assets.lookups import Vendors
from config import amounts, constraints
from config.history import create_all_as, update_all_as
from config.lookups import Lookup
from config.resources import BaseResource, column
from config.widgets import Amount, Choice, Currency, Day, Reference, Text, Whole
from contracts.models import Contract, Term
from contracts.renewals import SETTLED, apply_terms
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
}
# What an amount is for where no column says so: its header does, else it is that of the term.
BILLED_BY_HEADER = {
    "annual": Term.Billing.YEARLY,
    "yearly": Term.Billing.YEARLY,
    "monthly": Term.Billing.MONTHLY,
    "quarterly": Term.Billing.QUARTERLY,
}
TERM = [
    "starts_on",
    "ends_on",
    "amount",
    "currency",
    "billing",
    "notice",
    "notice_unit",
    "renewal",
    "renewal_months",
]


class ContractResource(BaseResource):
    """Known by number. A row's dates and amount are one term: the one that starts on its day, else
    the only one there is."""

    slug = "contracts"
    headers: ClassVar = {
        "number": ["contract number", "contract no", "contract id", "current item id"],
        "title": ["short desc", "short description", "description", "contract name", "name"],
        "kind": ["type", "contract type", "contract structure type"],
        "vendor": ["vendor name", "supplier"],
        "reference": ["original contract id", "vendor reference", "vendor contract"],
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

    def get_queryset(self) -> models.QuerySet[Contract]:
        related = Contract.objects.select_related("vendor", "owner", "department")
        return related.prefetch_related("terms")

    def prepare(self, row: dict[str, Any]) -> None:
        """The currency may stand beside the amount."""
        if row.get("amount") and not row.get("currency"):
            # A mark that is no currency is refused where the amount itself is read.
            with suppress(ValueError):
                row["currency"] = amounts.currency(row["amount"])

    def after_init_instance(
        self, instance: Any, new: bool, row: dict[str, Any], **kwargs: Any
    ) -> None:
        super().after_init_instance(instance, new, row, **kwargs)
        self.term, self.new_term = self._term(instance, new, row)
        self.term_before = {name: getattr(self.term, name) for name in TERM}

    def _term(self, contract: Contract, new: bool, row: dict[str, Any]) -> tuple[Term, bool]:
        terms = [] if new else list(contract.terms.all())
        try:
            start = self.fields["starts_on"].clean(row) if row.get("starts_on") else None
        except ValueError:
            start = None  # The row is refused for it where the field itself is read.
        same = [term for term in terms if term.starts_on == start]
        if same or len(terms) == 1:
            return (same or terms)[0], False
        if terms and start:
            raise ValidationError(
                {
                    "starts_on": f"{contract} has {len(terms)} terms and none starts on this day;"
                    " change its terms on its page"
                }
            )
        return (terms[-1], False) if terms else (Term(billing=self._billing()), True)

    def _billing(self) -> Term.Billing:
        header = self.found.columns.get("amount", "").lower() if self.found else ""
        words = [billing for word, billing in BILLED_BY_HEADER.items() if word in header]
        return words[0] if words else Term.Billing.ONCE

    def snapshot(self, instance: Any) -> dict[str, object]:
        return {name: getattr(instance, name) for name in self.fields if name not in TERM}

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        target = self.term if field.attribute in TERM else instance
        super().import_field(field, target, row, *args, **kwargs)

    def skip_row(self, instance: Any, *args: Any, **kwargs: Any) -> bool:
        skipped = super().skip_row(instance, *args, **kwargs)
        self.term_changed = [
            name for name in TERM if self.term_before[name] != getattr(self.term, name)
        ]
        return skipped and not self.term_changed

    def check(self, instance: Contract) -> None:
        """The term is checked as its own form would, and what follows from it is stored."""
        if not self.term_changed and not self.new:
            return
        if not self.new and not self.may("contracts.change_term"):
            raise ValidationError("you may not change terms")
        for name in ("starts_on", "amount"):
            if getattr(self.term, name) is None:
                raise ValidationError({name: "is missing: no cell of the row gives it"})
        self.clean_fields(self.term)
        constraints.check(self.term)
        others = [] if self.new else [t for t in instance.terms.all() if t is not self.term]
        apply_terms(instance, sorted([*others, self.term], key=lambda term: term.starts_on))

    def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
        super().after_save_instance(instance, row, **kwargs)
        self.term.contract = instance
        instance.import_term = (self.term, self.new_term, self.term_changed)
        for name in self.term_changed if not self.new else []:
            self._note(instance, name, self.term_before[name], getattr(self.term, name))

    def create(self, instances: Sequence[Any]) -> None:
        super().create(instances)
        self._create_terms([contract.import_term[0] for contract in instances])

    def _create_terms(self, terms: list[Term]) -> None:
        create_all_as(terms, by=self.by, reason=self.reason)

    def update(self, instances: Sequence[Any]) -> None:
        changed: defaultdict[tuple[str, ...], list[Term]] = defaultdict(list)
        begun: list[Term] = []
        for contract in instances:
            term, new, names = contract.import_term
            if new:
                begun.append(term)
            elif names:
                changed[tuple(names)].append(term)
            if names:
                contract.import_changed = [*contract.import_changed, *SETTLED]
        super().update(instances)
        self._create_terms(begun)
        for names, terms in changed.items():
            update_all_as(terms, names, by=self.by, reason=self.reason)

    def exported_from(self, record: Any, name: str) -> Any:
        """A contract's dates and amount are those of its last term."""
        terms = list(record.terms.all()) if name in TERM else []
        return (terms[-1] if terms else None) if name in TERM else record

    def in_order(self) -> list[Lookup]:
        order: list[type[Lookup]] = [Locations, Departments, People, Vendors]
        return [self.lookups[kind] for kind in order if kind in self.lookups]
