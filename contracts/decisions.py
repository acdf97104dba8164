"""What is decided about a contract before its term ends: renew, renegotiate, cancel, take it back.

Each is atomic, under the lock of the contract, recorded with actor and reason, stores what follows
on the contract, and refuses in words. A decision is about the last term; a new one withdraws the
one that stands. The contract is passed as the caller saw it: where its dates, its cost or what is
decided have changed meanwhile, the caller is told instead of deciding on something else.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets.precaution import told
from config.history import Actor, delete_as, save_as
from config.periods import A_DAY, last_day, months_between
from contracts import letters
from contracts.decidable import notice, open_for, record, still_standing
from contracts.models import Contract, Decision, Term
from contracts.renewals import earliest_end, possible_end, settle
from contracts.terms import FIELDS, add_term, has_begun, in_words

Kind = Decision.Kind
WRITTEN = (Decision.Way.EMAIL, Decision.Way.POST, Decision.Way.REGISTERED)
NOT_COPIED = ("starts_on", "ends_on")


@transaction.atomic
def decide(
    contract: Contract, *, kind: str, reason: str, by: Actor, ends_on: date | None = None
) -> Decision:
    """Note what is to become of a contract; `kind` is one of Decision.Kind.

    To renew or renegotiate is an intention: the contract stays as it is, and one that renews by
    itself still does. `renew` makes the next term. To cancel is `cancel`, on `ends_on`.
    Raises ValidationError without a reason, and where the contract has ended, was renewed, or has
    changed since the caller read it.
    """
    if kind == Kind.CANCEL:
        return cancel(contract, reason=reason, by=by, ends_on=ends_on)
    if ends_on:
        raise ValidationError("Only a cancellation says on which day the contract ends.")
    _, last = open_for(contract, reason)
    decision = record(contract, last, Kind(kind), reason, by)
    settle(contract, by=by, reason=f"to {kind}: {reason}")
    return decision


@transaction.atomic
def renew(
    contract: Contract,
    *,
    months: int | None = None,
    ends_on: date | None = None,
    reason: str,
    by: Actor,
    **fields: Any,
) -> Term:
    """Agree on the next term, from the day after the last one, and note that as the decision.

    It lasts `months` or until `ends_on`; with neither as long as the last one renews for, else as
    the last one was. `fields` are those of `contracts.terms.FIELDS` that change, such as amount,
    billing or notice. A renewal "until notice" has no end.
    Raises ValidationError where the last term runs until notice or has not begun, and as `decide`.
    """
    locked, last = open_for(contract, reason)
    if last.ends_on is None:
        raise ValidationError(
            f"{locked} runs until notice is given: it cannot be renewed. Where the price changes,"
            " correct the term's end and add the next term."
        )
    if not has_begun(last):
        raise ValidationError(
            f"{locked} goes on already: {in_words(last)} has not begun. Change that term instead."
        )
    first = last.ends_on + A_DAY
    end = _end(last, first, months, ends_on)
    copied = {name: getattr(last, name) for name in FIELDS if name not in NOT_COPIED}
    given = {name: value for name, value in fields.items() if value is not None}
    record(contract, last, Kind.RENEW, reason, by)
    reason = f"renewed: {reason}"
    return add_term(contract, by=by, reason=reason, starts_on=first, ends_on=end, **copied | given)


@transaction.atomic
def cancel(
    contract: Contract,
    *,
    reason: str,
    by: Actor,
    ends_on: date | None = None,
    out_of_time: bool = False,
) -> Decision:
    """Cancel a contract: it ends on `ends_on`, else on the first day that notice today can reach.

    A day that notice given today cannot reach is refused, unless the contract may be ended
    `out_of_time`, for a cause or because the vendor agrees. Raises ValidationError as `decide`.
    """
    locked, last = open_for(contract, reason)
    today = timezone.localdate()
    possible = earliest_end(last, today)
    end = ends_on or possible
    if end < today:
        raise ValidationError(f"{told(end)} has passed: {locked} cannot end then.")
    if not out_of_time:
        _check_in_time(locked, last, end, possible)
    decision = record(contract, last, Kind.CANCEL, reason, by, ends_on=end)
    settle(contract, by=by, reason=f"cancelled to {told(end)}: {reason}")
    return decision


@transaction.atomic
def withdraw(decision: Decision, *, by: Actor, reason: str) -> Decision:
    """Take a decision back. The next term that a renewal made goes with it, if it has not begun.

    Raises ValidationError without a reason, where it is withdrawn already, where its contract has
    ended by it, and where the next term has begun.
    """
    if not reason.strip():
        raise ValidationError("Say why it is withdrawn.")
    decision = still_standing(decision)
    contract, today = decision.contract, timezone.localdate()
    if decision.ends_on and decision.ends_on < today:
        raise ValidationError(f"{contract} ended on {told(decision.ends_on)} by this decision.")
    renewed = _renewed_to(decision)
    if renewed and has_begun(renewed):
        raise ValidationError(f"{contract} was renewed: {in_words(renewed)} has begun.")
    if renewed:
        delete_as(renewed, by=by, reason=f"the renewal was withdrawn: {reason}")
    decision.withdrawn_on = today
    save_as(decision, by=by, reason=f"withdrawn: {reason}")
    settle(contract, by=by, reason=f"withdrawn, to {decision.kind}: {reason}")
    return decision


@transaction.atomic
def send_notice(decision: Decision, *, sent_on: date, sent_by: str, by: Actor) -> Decision:
    """Note when and how notice went out; `sent_by` is one of Decision.Way. Sent again, the last.

    A letter is kept among the contract's documents, as it was on that day. Raises ValidationError
    where the decision is no cancellation that stands, or is confirmed, where the day lies ahead,
    and where it was too late for the day on which the contract was to end.
    """
    decision = notice(decision)
    if decision.confirmed_on:
        raise ValidationError(f"{decision.contract}: the vendor has confirmed the notice already.")
    if sent_by not in Decision.Way.values or not sent_by:
        raise ValidationError({"sent_by": "Say how it was sent."})
    _check_past(sent_on)
    _check_sent_in_time(decision, sent_on)
    decision.sent_on, decision.sent_by = sent_on, sent_by
    save_as(decision, by=by, reason=f"notice sent by {decision.get_sent_by_display()}")
    if sent_by in WRITTEN:
        letters.keep(decision, by=by)
    return decision


@transaction.atomic
def confirm(decision: Decision, *, confirmed_on: date, confirmation: str, by: Actor) -> Decision:
    """Note when the vendor confirmed the notice, and with what words or number.

    Raises ValidationError where the decision is no cancellation that stands, where no notice was
    sent, where the day lies ahead, and where it is before the notice.
    """
    decision = notice(decision)
    if decision.sent_on is None:
        raise ValidationError(f"{decision.contract}: note first when notice was sent.")
    _check_past(confirmed_on)
    decision.confirmed_on, decision.confirmation = confirmed_on, confirmation
    decision.full_clean(exclude=["contract", "term", "decided_by"])
    save_as(decision, by=by, reason="notice confirmed by the vendor")
    return decision


def _end(last: Term, first: date, months: int | None, ends_on: date | None) -> date | None:
    """The last day of the term after `last`, which begins on the day `first`."""
    if months and ends_on:
        raise ValidationError("Give the months of the next term or its last day, not both.")
    if ends_on:
        return ends_on
    if months is None and last.renewal == Term.Renewal.OPEN:
        return None
    length = months or next_length(last)
    if length is None:
        raise ValidationError("Say for how many months it is renewed, or until which day.")
    return last_day(first, length)


def next_length(term: Term) -> int | None:
    """For how many months a term renews: as it says, else as long as it is, if in whole months."""
    if term.renewal_months or term.ends_on is None:
        return term.renewal_months
    months = months_between(term.starts_on, term.ends_on)
    return int(months) if months >= 1 and months == int(months) else None


def _check_in_time(contract: Contract, term: Term, end: date, possible: date) -> None:
    if term.ends_on is not None and end == possible:
        return
    if term.ends_on is None and end >= possible and possible_end(term, end) == end:
        return
    where = f" and then only at {term.get_notice_to_display()}" if term.ends_on is None else ""
    first = f"the first day it can end is {told(possible)}"
    raise ValidationError(
        {
            "ends_on": f"{contract} cannot end on {told(end)} by notice given today: {first}"
            f"{where if term.notice_to != Term.NoticeTo.TERM else ''}. Out of time it ends only for"
            " a cause, or where the vendor agrees."
        }
    )


def _check_sent_in_time(decision: Decision, sent_on: date) -> None:
    """An end that could not be reached when it was decided was agreed to be out of time."""
    assert decision.ends_on
    if earliest_end(decision.term, decision.decided_on) > decision.ends_on:
        return
    possible = earliest_end(decision.term, sent_on)
    if possible > decision.ends_on:
        raise ValidationError(
            {
                "sent_on": f"Sent on {told(sent_on)} it is too late for {told(decision.ends_on)}:"
                f" it ends {decision.contract} on {told(possible)}. Cancel it again to that day."
            }
        )


def _check_past(day: date) -> None:
    if day > timezone.localdate():
        raise ValidationError(f"{told(day)} has not come yet.")


def _renewed_to(decision: Decision) -> Term | None:
    """The term that a renewal made: the next one, on whatever day it begins by now."""
    if decision.kind != Kind.RENEW:
        return None
    later = decision.contract.terms.filter(starts_on__gt=decision.term.starts_on)
    term = later.order_by("starts_on").first()
    return None if term is None or term.rolled_over else term
