"""The back office's screens for the finance ledger: what was paid, and for what."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join

from config.admin import BaseAdmin, DateRangeFilter, InUseFilter, ReadOnlyInline, Step
from config.admin.reporting import ReportsAdmin
from config.admin.screens import NeverByHand
from config.forms import LinkField, StepForm, reason_field
from config.history import Actor
from config.money import Money
from config.outcomes import each
from contracts import matching
from contracts.admin.contract import ContractAdmin
from contracts.admin.spellings import MATCH, SpellingsAdmin
from contracts.models import Contract, Distinction, Spend
from people.exchange import ExchangeAdmin

Matched = Spend.Matched
LATEST = 50
"""How many lines the page of a contract shows; the list has them all."""


class MatchForm(StepForm):
    contract = LinkField(Spend.contract, label="Contract")
    reason = reason_field()

    def ask(self, rows: Sequence[Spend]) -> None:
        """Of one line, the contracts that its amount and day fit, the best one chosen."""
        if len(rows) != 1:
            return
        fitting = _candidates(rows[0])
        if fitting:
            self.initial["contract"] = fitting[0][0]
            said = "; ".join(f"{contract} ({score} of 100)" for contract, score in fitting)
            self.fields["contract"].help_text = f"It fits: {said}."
        else:
            self.fields["contract"].help_text = "No contract fits its vendor, amount and day."


class WhyForm(StepForm):
    reason = reason_field()


def _candidates(line: Spend) -> list[tuple[Contract, int]]:
    """The contracts that a line fits, the best first."""
    scores = matching.candidates([line])[line.pk][:5]
    contracts = Contract.objects.in_bulk([pk for pk, _ in scores])
    return [(contracts[pk], score) for pk, score in scores]


def tell_line_apart(line: Spend, *, by: Actor) -> Spend:
    """Say that the vendor of a line, and of all that are spelt like it, is not who they mean."""
    assert line.vendor is not None
    matching.tell_apart(line.supplier_key, vendor=line.vendor, by=by)
    return line


def _step(name: str, label: str, move: Any, form: type[forms.Form], **options: Any) -> Step:
    return Step(name=name, label=label, run=each(move), permission=MATCH, form=form, **options)


class MatchedFilter(admin.SimpleListFilter):
    title = "matched"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("contract", "to a contract"),
            ("outside", "to no contract"),
            ("open", "to no contract, nobody decided"),
            ("unknown", "to no vendor"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Spend]) -> QuerySet[Spend]:
        match self.value():
            case "contract":
                return queryset.exclude(contract=None)
            case "outside":
                return queryset.filter(contract=None)
            case "open":
                return queryset.filter(contract=None, matched=Matched.NOT)
            case "unknown":
                return queryset.filter(vendor=None)
        return queryset


@admin.register(Spend)
class SpendAdmin(NeverByHand, SpellingsAdmin, ReportsAdmin, ExchangeAdmin):
    spreadsheet = "spend"
    list_display = [
        "booked_on",
        "supplier",
        "vendor",
        "contract",
        "money",
        "matched",
        "department",
    ]
    list_display_links = ["booked_on", "supplier"]
    list_filter = [
        ("booked_on", DateRangeFilter),
        MatchedFilter,
        ("vendor", InUseFilter),
        ("department", InUseFilter),
        "currency",
    ]
    allowed_lookups: ClassVar[list[str]] = ["contract", "supplier_key"]
    search_fields = ["reference", "supplier", "text", "vendor__name", "contract__number"]
    readonly_fields = ["money", "fits"]
    fieldsets = [
        (None, {"fields": [("reference", "booked_on"), "supplier", "text", "money"]}),
        ("Account", {"fields": [("account", "cost_centre"), "department"]}),
        ("Belongs to", {"fields": [("vendor", "contract"), ("matched", "fits")]}),
    ]
    steps = (
        _step(
            "match",
            "Match to a contract",
            matching.match_by_hand,
            MatchForm,
            help="No rule changes what is matched by hand.",
        ),
        _step(
            "set_aside",
            "Not a contract",
            matching.set_aside,
            WhyForm,
            allows=lambda line: bool(line.contract_id) or line.matched != Matched.BY_HAND,
            help="It was bought outside any contract. The rules leave it alone from now on.",
        ),
        _step(
            "unmatch",
            "Take back",
            matching.unmatch,
            WhyForm,
            allows=lambda line: line.matched != Matched.NOT,
            help="As if nobody had decided: the rules may match it again.",
        ),
        _step(
            "not_this_vendor",
            "Not this vendor",
            tell_line_apart,
            StepForm,
            allows=lambda line: line.vendor_id is not None,
            help="All lines of this spelling lose the vendor and what the rules matched by it.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Spend]:
        rows: QuerySet[Spend] = super().get_queryset(request)
        return rows.select_related("vendor", "contract", "department")

    @display(description="amount", ordering="amount")
    def money(self, line: Spend) -> str:
        return str(Money(line.amount, line.currency))

    @display(description="fits")
    def fits(self, line: Spend) -> str:
        """The contracts that it may pay for, where nobody has decided."""
        if line.matched != Matched.NOT:
            return "It is decided."
        if line.vendor is None:
            return "Say who the supplier is first."
        links = [
            (reverse("admin:contracts_contract_change", args=[contract.pk]), contract, score)
            for contract, score in _candidates(line)
        ]
        shown = format_html_join(", ", '<a href="{}">{}</a> ({} of 100)', links)
        return shown or "No contract of this vendor by amount and day."


@admin.register(Distinction)
class DistinctionAdmin(NeverByHand, BaseAdmin):
    """Which spelling is not which vendor, to look at; confirming the spelling undoes it."""

    list_display = ["supplier_key", "vendor", "decided_by"]
    list_select_related = ["vendor", "decided_by"]
    search_fields = ["supplier_key", "vendor__name"]
    fields = ["supplier_key", "vendor", "decided_by"]


class LatestFormSet(BaseInlineFormSet):
    """The latest of the last twelve months, however many there are."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "latest"):
            since = timezone.localdate() - timedelta(365)
            self.latest: QuerySet[Any] = super().get_queryset().filter(booked_on__gt=since)[:LATEST]
        return self.latest


class SpendOfContractInline(ReadOnlyInline):
    model = Spend
    formset = LatestFormSet
    fields = ["booked_on", "supplier", "text", "money", "matched"]
    readonly_fields = ["money"]
    verbose_name_plural = "paid in the last twelve months"
    show_change_link = False

    @display(description="amount")
    def money(self, line: Spend) -> str:
        return str(Money(line.amount, line.currency))


ContractAdmin.inlines = [*ContractAdmin.inlines, SpendOfContractInline]
