"""The terms of a contract: the first is given when it is added, later ones are looked at."""

from datetime import datetime
from typing import Any

from django.contrib.admin import display
from django.db.models import F, Model, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import Lag
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from config.admin import BaseInline, ReadOnlyInline
from config.forms import history_of
from contracts.models import Term
from contracts.prices import change, price
from contracts.terms import FIELDS, has_begun

PRICED = ("starts_on", "ends_on", "amount", "currency", "billing")


class FirstTermInline(BaseInline):
    """On the page that adds a contract."""

    model = Term
    fields = list(FIELDS)
    extra = min_num = max_num = 1
    can_delete = False
    template = "admin/edit_inline/stacked.html"  # ten fields do not fit side by side
    verbose_name = verbose_name_plural = "first term"


class TermInline(ReadOnlyInline):
    """What each term cost against the one before, and who noted it when."""

    model = Term
    fields = ["starts_on", "ends_on", "price", "changed", "notice_", "renews", "noted", "step"]
    show_change_link = False
    verbose_name_plural = "terms and prices"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        may = request.user.has_perm("contracts.change_term")
        return [name for name in fields if name != "step" or may]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        versions = history_of(Term).filter(id=OuterRef("pk"))
        first, latest = versions.order_by("history_id"), versions.order_by("-history_id")
        former = {
            f"former_{name}": Window(Lag(name), partition_by="contract", order_by="starts_on")
            for name in PRICED
        }
        return (
            super()
            .get_queryset(request)
            .annotate(
                **former,
                first_version=Subquery(first.values("history_id")[:1]),
                noted_at=Subquery(first.values("history_date")[:1]),
                noted_by=Subquery(first.values("history_user__name")[:1]),
                last_version=Subquery(latest.values("history_id")[:1]),
                corrected_at=Subquery(latest.values("history_date")[:1]),
                corrected_by=Subquery(latest.values("history_user__name")[:1]),
                correction=Subquery(latest.values("history_change_reason")[:1]),
            )
            .order_by(F("starts_on").desc())
        )

    @display(description="price")
    def price(self, term: Term) -> str:
        return price(term)

    @display(description="against the term before")
    def changed(self, term: Any) -> str:
        if term.former_starts_on is None:
            return "–"
        former = Term(**{name: getattr(term, f"former_{name}") for name in PRICED})
        compared = change(former, term)
        return f"before {price(former)}" if compared is None else str(compared)

    @display(description="notice")
    def notice_(self, term: Term) -> str:
        if not term.notice:
            return "none needed"
        unit = term.get_notice_unit_display()
        words = f"{term.notice} {unit if term.notice > 1 else unit.removesuffix('s')}"
        open_ended = term.ends_on is None and term.notice_to != Term.NoticeTo.TERM
        return f"{words} to {term.get_notice_to_display()}" if open_ended else words

    @display(description="renews")
    def renews(self, term: Term) -> str:
        if term.ends_on is None:
            return "runs until notice"
        words = str(term.get_renewal_display())
        months = f" for {term.renewal_months} months" if term.renewal_months else ""
        return words + months

    @display(description="noted")
    def noted(self, term: Any) -> str:
        who = "by itself" if term.rolled_over else term.noted_by or "Steward"
        words = f"{who}, {_day(term.noted_at)}" if term.noted_at else who
        if not term.correction or term.first_version == term.last_version:
            return words
        by = term.corrected_by or "Steward"
        return f"{words}; {term.correction} ({by}, {_day(term.corrected_at)})"

    @display(description="next")
    def step(self, term: Term) -> str:
        address = reverse("admin:contracts_contract_step", args=[term.contract_id, "correct_term"])
        label = "Correct" if has_begun(term) else "Change"
        return format_html(
            '<a href="{}?term={}" aria-label="{} {}">{}</a>', address, term.pk, label, term, label
        )


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment))
