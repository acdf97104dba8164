"""Every way the terms of a contract change: one is added, corrected, or taken away.

Each is atomic, under the lock of the contract, recorded with actor and reason, stores what follows
on the contract, and refuses in words. A term that has begun is what was agreed: it changes only by
a correction, whose reason is kept in its history.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.precaution import told
from config.history import Actor, delete_as, save_as
from contracts.models import Contract, Decision, Term
from contracts.renewals import settle, standing

FIELDS = (
    "starts_on",
    "ends_on",
    "amount",
    "currency",
    "billing",
    "notice",
    "notice_unit",
    "notice_to",
    "renewal",
    "renewal_months",
)


@transaction.atomic
def add_term(contract: Contract, *, by: Actor, reason: str, **fields: Any) -> Term:
    """Add a term, before, between or after those there are; `fields` are those of FIELDS.

    Raises ValidationError where it overlaps another one or is no term.
    """
    locked = lock(contract)
    term = Term(contract=contract, **_known(fields))
    others = list(locked.terms.order_by("starts_on"))
    _check(term, others)
    if others:
        refuse_cancelled(locked, standing(others[-1]), term)
    save_as(term, by=by, reason=reason or "added")
    settle(contract, by=by, reason=reason or "a term was added")
    return term


@transaction.atomic
def correct(term: Term, *, by: Actor, reason: str = "", **fields: Any) -> Term:
    """Give a term other values, of FIELDS; what is not named stays.

    One that has begun is corrected: that needs a reason, and its history says "corrected: …". One
    that is still to come may be changed freely. A cancellation to the end of the term moves with
    that end. Raises ValidationError without a reason, where nothing would change, where the term
    is gone, and where it would overlap another one or be no term.
    """
    contract = lock(term.contract)
    now = contract.terms.filter(pk=term.pk).first()
    if now is None:
        raise ValidationError(f"The term {term} has been deleted meanwhile.")
    begun, end = has_begun(now), now.ends_on
    if begun and not reason.strip():
        raise ValidationError(f"The term {now} has begun: say why it is corrected.")
    changed = [name for name, value in _known(fields).items() if value != getattr(now, name)]
    if not changed:
        raise ValidationError(f"The term {now} says that already: there is nothing to correct.")
    for name in changed:
        setattr(now, name, fields[name])
    _check(now, [other for other in contract.terms.all() if other.pk != now.pk])
    reason = f"corrected: {reason}" if begun else reason or "changed before it began"
    save_as(now, by=by, reason=reason)
    _move_cancellation(now, end, by=by, reason=reason)
    now.contract = term.contract
    settle(term.contract, by=by, reason=reason)
    return now


@transaction.atomic
def remove_term(term: Term, *, by: Actor, reason: str) -> None:
    """Take away a term that was entered by mistake; its history stays.

    Raises ValidationError without a reason, where a decision about it stands, and where it is the
    only term or the only one that has begun: such a contract is corrected, or deleted as a whole.
    """
    if not reason.strip():
        raise ValidationError("Say why it is deleted.")
    contract = lock(term.contract)
    others = [other for other in contract.terms.all() if other.pk != term.pk]
    if not others or (has_begun(term) and not any(map(has_begun, others))):
        only = "is its only term" if not others else "is the only one that has begun"
        raise ValidationError(
            f"{contract}: the term {term} {only}. Correct it, or delete the contract."
        )
    if decision := standing(term):
        raise ValidationError(
            f"{contract}: “{decision}” stands for the term {term}. Withdraw that first."
        )
    delete_as(term, by=by, reason=reason)
    settle(term.contract, by=by, reason=f"a term was deleted: {reason}")


def has_begun(term: Term, on: date | None = None) -> bool:
    return term.starts_on <= (on or timezone.localdate())


def lock(contract: Contract) -> Contract:
    """The contract as it now is. Its lock is the queue for all that changes its terms."""
    found = Contract.objects.select_for_update().filter(pk=contract.pk).first()
    if found is None:
        raise ValidationError(f"{contract} has been deleted meanwhile.")
    return found


def in_words(term: Term) -> str:
    """As a sentence says it: the term from 1 January 2026 to 31 December 2026."""
    until = f"to {told(term.ends_on)}" if term.ends_on else "until notice is given"
    return f"the term from {told(term.starts_on)} {until}"


def check_overlap(term: Term, others: Sequence[Term]) -> None:
    """Raises ValidationError where two terms of a contract would cover the same day."""
    for other in others:
        first, second = sorted([term, other], key=lambda it: it.starts_on)
        if first.ends_on is None or first.ends_on >= second.starts_on:
            message = f"It overlaps {in_words(other)}."
            if first.ends_on is None:
                message += " Give the earlier one an end first."
            raise ValidationError(message)


def refuse_cancelled(contract: Contract, decision: Decision | None, term: Term) -> None:
    """Raises ValidationError where a contract is cancelled and the term would go on after that."""
    if decision is None or decision.kind != Decision.Kind.CANCEL or decision.ends_on is None:
        return
    if term.ends_on is None or term.ends_on > decision.ends_on:
        raise ValidationError(
            f"{contract} is cancelled and ends on {told(decision.ends_on)}. Withdraw that first."
        )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"A term has no {', '.join(sorted(unknown))}.")
    return fields


def _check(term: Term, others: Sequence[Term]) -> None:
    term.full_clean(exclude=["contract"])
    check_overlap(term, others)


def _move_cancellation(term: Term, end: date | None, *, by: Actor, reason: str) -> None:
    """The notice was to the end of the term, whatever day that really is."""
    decision = standing(term)
    cancelled = decision is not None and decision.kind == Decision.Kind.CANCEL
    if decision and cancelled and end and decision.ends_on == end != term.ends_on and term.ends_on:
        decision.ends_on = term.ends_on
        save_as(decision, by=by, reason=reason)
