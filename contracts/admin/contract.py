"""The back office's screens for contracts, their terms and what they cover."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from assets.admin.asset import AssetAdmin
from assets.contacts import contacts_of
from assets.models import VendorContact
from config.admin import BaseInline, DateRangeFilter, ReadOnlyInline
from config.admin.screens import actor
from config.money import Money
from contracts import renewals
from contracts.admin.decisions import STEPS, DecisionInline
from contracts.admin.desk import DeskAdmin, cost_of
from contracts.admin.forms import OneTermForm
from contracts.admin.letters import LettersAdmin
from contracts.admin.terms import FirstTermInline, TermInline
from contracts.models import Contract, Coverage
from people.document_admin import DocumentInline
from people.exchange import ExchangeAdmin


class CoverageInline(BaseInline):
    """Adds and takes away covered assets; one that is covered is not exchanged for another."""

    model = Coverage
    fields = ["asset"]
    select_related = ["asset__product", "contract"]
    verbose_name_plural = "covered assets"

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ContractsOfAssetInline(ReadOnlyInline):
    model = Coverage
    fields = ["contract", "vendor", "ends_on"]
    readonly_fields = ["vendor", "ends_on"]
    select_related = ["contract__vendor", "asset__product"]
    verbose_name_plural = "contracts"
    show_change_link = False

    @display(description="vendor")
    def vendor(self, coverage: Coverage) -> str:
        return str(coverage.contract.vendor)

    @display(description="ends")
    def ends_on(self, coverage: Coverage) -> Any:
        return coverage.contract.ends_on


AssetAdmin.inlines = [*AssetAdmin.inlines, ContractsOfAssetInline]


FOLLOWS = "What follows from its terms"
TALK = "Whom to talk to"
CONTACTS = 10
"""How many of a vendor's contacts the page of a contract names."""


@admin.register(Contract)
class ContractAdmin(DeskAdmin, LettersAdmin, ExchangeAdmin):
    spreadsheet = "contracts"
    list_display = [
        "number",
        "title",
        "vendor",
        "kind",
        "ends_on",
        "notice_by",
        "decision",
        "yearly",
        "owner",
        "department",
    ]
    list_filter = [
        "kind",
        ("ends_on", DateRangeFilter),
        ("notice_by", DateRangeFilter),
        "decision",
        "department",
    ]
    allowed_lookups = ["vendor", "owner"]
    search_fields = ["number", "title", "reference", "vendor__name", "vendor__aliases__name"]
    readonly_fields = ["starts_on", "ends_on", "notice_by", "yearly", "decision", "contacts"]
    fieldsets = [
        (None, {"fields": [("number", "reference"), "title", ("vendor", "kind")]}),
        ("Who decides", {"fields": [("owner", "department")]}),
        (TALK, {"fields": ["contacts"]}),
        (FOLLOWS, {"fields": [("ends_on", "notice_by", "yearly", "decision")]}),
        ("Notes", {"fields": ["notes"]}),
    ]
    inlines = [CoverageInline, DocumentInline]
    add_fieldsets = [it for it in fieldsets if it[0] not in (TALK, FOLLOWS)]
    steps = STEPS

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The first term is given with the contract; later ones come by its steps."""
        terms = [FirstTermInline] if obj is None else [TermInline, DecisionInline]
        return [*terms, *self.inlines]

    def prepare_step_form(
        self, request: HttpRequest, form: forms.Form, rows: Sequence[Any]
    ) -> None:
        super().prepare_step_form(request, form, rows)
        if isinstance(form, OneTermForm):
            form.ask_about(rows[0], request.GET.get("term", ""))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contract]:
        return super().get_queryset(request).select_related("vendor", "owner", "department")

    @display(description="cost a year", ordering="annual_cost")
    def yearly(self, contract: Contract) -> Money | None:
        return cost_of(contract)

    @display(description="at the vendor")
    def contacts(self, contract: Contract) -> str:
        """Who is there, with how to reach them; those that take notices first."""
        told = [(_reached(it),) for it in contacts_of(contract.vendor)[:CONTACTS]]
        return format_html_join("", "<p>{}</p>", told) or "Nobody is noted at the vendor."

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            reason = self.reason(form, change)
            renewals.settle(form.instance, by=actor(request), reason=reason)


def _reached(contact: VendorContact) -> str:
    notices = "takes notices" if contact.takes_notices else ""
    return ", ".join(
        filter(None, [contact.name, contact.role, notices, contact.email, contact.phone])
    )
