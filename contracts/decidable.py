"""What may be decided on: the contract as the caller saw it, its last term, and what stands."""

from collections.abc import Sequence
from datetime import date
from typing import cast

from django.core.exceptions import ValidationError
from django.utils import timezone

from assets.precaution import told
from config.history import Actor, save_as
from contracts import rollover
from contracts.models import Contract, Decision, Term
from contracts.renewals import settle, settled, standing
from contracts.terms import has_begun, in_words, lock
from people.models import User

Kind = Decision.Kind


def open_for(contract: Contract, reason: str) -> tuple[Contract, Term]:
    """The contract, locked, and its last term, once something may be decided about them."""
    if not reason.strip():
        raise ValidationError("Say why.")
    locked = lock(contract)
    if settled(locked) != settled(contract):
        raise ValidationError(changed(locked))
    rollover.catch_up(locked, timezone.localdate(), by=None)
    settle(locked, by=None, reason="settled")
    terms = _last_two(locked)
    if not terms:
        raise ValidationError(f"{locked} has no term: nothing can be decided. Add one first.")
    if locked.ends_on and locked.ends_on < timezone.localdate():
        raise ValidationError(
            f"{locked} ended on {told(locked.ends_on)}: nothing is left to decide. Add a term if it"
            " goes on."
        )
    _check_not_renewed(locked, terms)
    return locked, terms[0]


def withdrawable(contract: Contract) -> Decision | None:
    """What is decided about the last term, else the renewal that made it, until it begins."""
    terms = _last_two(contract)
    return (standing(terms[0]) or _renewal(terms)) if terms else None


def _last_two(contract: Contract) -> list[Term]:
    """The last term and the one before it, as far as there are any."""
    return list(contract.terms.order_by("-starts_on")[:2])


def _renewal(terms: Sequence[Term]) -> Decision | None:
    """The decision by which the last of two terms was made, if that has not begun."""
    if len(terms) < 2 or has_begun(terms[0]) or terms[0].rolled_over:
        return None
    decision = standing(terms[1])
    return decision if decision and decision.kind == Kind.RENEW else None


def _check_not_renewed(contract: Contract, terms: Sequence[Term]) -> None:
    """Whoever means to end the term before must not end the last one unseen."""
    if decision := _renewal(terms):
        raise ValidationError(
            f"{contract} was renewed on {told(decision.decided_on)}: {in_words(terms[0])} has not"
            " begun. Withdraw that decision first."
        )


def changed(contract: Contract) -> str:
    """Tells whoever decides on what they saw how it stands by now."""
    state = f"decided: {contract.get_decision_display()}" if contract.decision else "undecided"
    end = f"ends on {told(contract.ends_on)}" if contract.ends_on else "runs until notice is given"
    return f"{contract} has changed meanwhile: it is {state}, and {end}. Look at it again."


def record(
    contract: Contract,
    term: Term,
    kind: Kind,
    reason: str,
    by: Actor,
    ends_on: date | None = None,
) -> Decision:
    """Write the decision in place of the one that stands."""
    today = timezone.localdate()
    if before := standing(term):
        before.withdrawn_on = today
        save_as(before, by=by, reason=f"withdrawn, to {kind.value} instead: {reason}")
    decision = Decision(
        contract=contract,
        term=term,
        kind=kind,
        reason=reason,
        decided_on=today,
        decided_by=cast(User | None, by),
        ends_on=ends_on,
    )
    save_as(decision, by=by, reason=f"decided: {reason}")
    return decision


def still_standing(decision: Decision) -> Decision:
    """The decision as it now is, under the lock of its contract."""
    lock(decision.contract)
    now = Decision.objects.select_related("contract", "term").filter(pk=decision.pk).first()
    if now is None or now.withdrawn_on:
        when = f" on {told(now.withdrawn_on)}" if now and now.withdrawn_on else ""
        raise ValidationError(f"{decision.contract}: “{decision}” was withdrawn{when}.")
    return now


def notice(decision: Decision) -> Decision:
    """A cancellation that stands, under the lock of its contract."""
    decision = still_standing(decision)
    if decision.kind != Kind.CANCEL:
        raise ValidationError(f"{decision.contract}: only a cancellation gives notice.")
    return decision
