"""The steps of a contract as buttons, and its decisions to look at."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from assets.precaution import told
from config.admin import BaseAdmin, DateRangeFilter, ReadOnlyInline, Step
from config.admin.screens import NeverByHand
from config.history import Actor
from config.outcomes import each
from contracts import decisions, terms
from contracts.admin.forms import (
    AddTermForm,
    CancelForm,
    ConfirmForm,
    CorrectTermForm,
    DecideForm,
    RemoveTermForm,
    RenewForm,
    SentForm,
    WithdrawForm,
    last_term,
)
from contracts.decidable import withdrawable
from contracts.models import Contract, Decision, Term
from contracts.prices import change, price

Kind = Decision.Kind
DECIDE = "contracts.decide_contract"


def is_open(contract: Contract) -> bool:
    """Whether anything is left to decide: it has terms and has not ended."""
    end = contract.ends_on
    return contract.starts_on is not None and (end is None or end >= timezone.localdate())


# --- What each does, and the sentence that tells of it ---


def _renew(contract: Contract, *, by: Actor, **asked: Any) -> str:
    before = last_term(contract)
    after = decisions.renew(contract, by=by, **asked)
    until = f"until {told(after.ends_on)}" if after.ends_on else "until notice is given"
    told_price = f"{contract} {until} for {price(after)}"
    if before is None or (compared := change(before, after)) is None:
        return f"{told_price}, before {price(before)}" if before else told_price
    if not compared.difference:
        return f"{told_price}, as before"
    return f"{told_price} instead of {price(before)}: {compared}"


def _decide(contract: Contract, *, by: Actor, **asked: Any) -> str:
    return f"{contract}: {decisions.decide(contract, by=by, **asked).get_kind_display()}"


def _cancel(contract: Contract, *, by: Actor, **asked: Any) -> str:
    decision = decisions.cancel(contract, by=by, **asked)
    assert decision.ends_on
    return f"{contract} ends on {told(decision.ends_on)}. Send the notice, and note it here"


def _about(move: Callable[..., Any]) -> Callable[..., str]:
    """A move of the decision that stands, as one of its contract."""

    def run(contract: Contract, *, by: Actor, **asked: Any) -> str:
        decision = withdrawable(contract)
        if decision is None:
            raise ValidationError(f"{contract}: nothing that is decided stands.")
        return f"{contract}: {move(decision, by=by, **asked)}"

    return run


def _add_term(contract: Contract, *, by: Actor, **asked: Any) -> str:
    return f"{contract}: {terms.in_words(terms.add_term(contract, by=by, **asked))}"


def _correct_term(contract: Contract, *, by: Actor, term: Term, **asked: Any) -> str:
    corrected = terms.correct(term, by=by, **asked)
    return f"{contract}: {terms.in_words(corrected)}, {price(corrected)}"


def _remove_term(contract: Contract, *, by: Actor, term: Term, reason: str) -> str:
    words = terms.in_words(term)
    terms.remove_term(term, by=by, reason=reason)
    return f"{contract}: {words}"


def _stands(contract: Contract, kind: str = "") -> bool:
    return bool(contract.decision) if not kind else contract.decision == kind


def _notice_is(contract: Contract, *, sent: bool) -> bool:
    """Whether the notice of a contract that is cancelled was sent, and not confirmed yet."""
    if not _stands(contract, Kind.CANCEL):
        return False
    open_notices = contract.decisions.unconfirmed()
    return open_notices.filter(sent_on__isnull=False).exists() if sent else open_notices.exists()


STEPS: Sequence[Step] = (
    Step(
        "confirm",
        "Notice confirmed",
        each(_about(decisions.confirm)),
        DECIDE,
        ConfirmForm,
        lambda contract: _notice_is(contract, sent=True),
        "When the vendor confirmed that it ends.",
        in_bulk=False,
    ),
    Step(
        "send_notice",
        "Notice sent",
        each(_about(decisions.send_notice)),
        DECIDE,
        SentForm,
        lambda contract: _notice_is(contract, sent=False),
        "When the notice that ends it went out, and how.",
        in_bulk=False,
    ),
    Step(
        "renew",
        "Renew",
        each(_renew),
        DECIDE,
        RenewForm,
        lambda contract: is_open(contract) and contract.ends_on is not None,
        "The next term begins on the day after this one; the old one keeps its price.",
        in_bulk=False,
    ),
    Step(
        "decide",
        "Decide",
        each(_decide),
        DECIDE,
        DecideForm,
        is_open,
        "What is to become of it. One that renews by itself still does, unless it is cancelled.",
    ),
    Step(
        "cancel",
        "Cancel the contract",
        each(_cancel),
        DECIDE,
        CancelForm,
        is_open,
        "It ends; the notice is then ready to be sent.",
    ),
    Step(
        "withdraw",
        "Withdraw the decision",
        each(_about(decisions.withdraw)),
        DECIDE,
        WithdrawForm,
        lambda contract: is_open(contract) and withdrawable(contract) is not None,
        "The term of a renewal goes with it, if it has not begun.",
        in_bulk=False,
    ),
    Step(
        "correct_term",
        "Correct a term",
        each(_correct_term),
        "contracts.change_term",
        CorrectTermForm,
        lambda contract: contract.starts_on is not None,
        "A term that has begun is what was agreed: only a mistake in it is corrected. Another price"
        " from now on is another term.",
        in_bulk=False,
    ),
    Step(
        "add_term",
        "Add a term",
        each(_add_term),
        "contracts.add_term",
        AddTermForm,
        help="One that was agreed but is missing here. To agree on the next one, renew it.",
        in_bulk=False,
    ),
    Step(
        "remove_term",
        "Delete a term",
        each(_remove_term),
        "contracts.delete_term",
        RemoveTermForm,
        lambda contract: contract.starts_on is not None,
        "One that was entered by mistake; its history stays.",
        in_bulk=False,
    ),
)


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = [
        "kind",
        "reason",
        "decided_on",
        "by",
        "withdrawn_on",
        "ends_on",
        "sent_on",
        "sent_by",
        "confirmed_on",
        "confirmation",
    ]
    select_related = ["decided_by"]
    show_change_link = False

    @display(description="by")
    def by(self, decision: Decision) -> str:
        return str(decision.decided_by or "Steward")


class NoticeFilter(admin.SimpleListFilter):
    title = "notice"
    parameter_name = "notice"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "not confirmed by the vendor")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        if self.value() != "open":
            return queryset
        return queryset.filter(pk__in=Decision.objects.unconfirmed().order_by().values("pk"))


@admin.register(Decision)
class DecisionAdmin(NeverByHand, BaseAdmin):
    list_display = [
        "decided_on",
        "contract",
        "kind",
        "ends_on",
        "by",
        "withdrawn_on",
        "sent_on",
        "confirmed_on",
    ]
    list_filter = [
        "kind",
        NoticeFilter,
        ("decided_on", DateRangeFilter),
        ("ends_on", DateRangeFilter),
    ]
    search_fields = ["contract__number", "contract__title", "reason", "confirmation"]
    fieldsets = [
        (None, {"fields": ["contract", "term", ("kind", "ends_on"), "why"]}),
        ("Who and when", {"fields": [("decided_on", "by", "withdrawn_on")]}),
        ("The notice", {"fields": [("sent_on", "sent_by"), ("confirmed_on", "confirmation")]}),
    ]

    readonly_fields = ["why", "by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return super().get_queryset(request).select_related("contract", "term", "decided_by")

    @display(description="reason")
    def why(self, decision: Decision) -> str:
        """By another name: a form's own reason is why it is changed."""
        return decision.reason

    @display(description="by", ordering="decided_by__name")
    def by(self, decision: Decision) -> str:
        return str(decision.decided_by or "Steward")
