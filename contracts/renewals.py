"""What follows from a contract's terms: when it ends, when notice is due, what it costs a year."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from config.history import Actor, save_as
from config.money import cents
from config.periods import (
    A_DAY,
    end_of_month,
    end_of_quarter,
    last_day,
    latest_notice,
    months_and_days,
)
from contracts.models import Contract, Decision, Term

BILLS_A_YEAR = {Term.Billing.MONTHLY: 12, Term.Billing.QUARTERLY: 4, Term.Billing.YEARLY: 1}
SETTLED = ("starts_on", "ends_on", "notice_by", "annual_cost", "currency", "decision")


@transaction.atomic
def settle(contract: Contract, *, by: Actor, reason: str) -> None:
    """Store on the contract what follows from its terms and its standing decision.

    Called after any of them changed; `contract` itself is told too.
    """
    locked = Contract.objects.select_for_update().get(pk=contract.pk)
    before = settled(locked)
    terms = list(locked.terms.order_by("starts_on"))
    apply_terms(locked, terms, standing(terms[-1]) if terms else None)
    if before != settled(locked):
        save_as(locked, by=by, reason=reason)
    for field, value in settled(locked).items():
        setattr(contract, field, value)


def settled(contract: Contract) -> dict[str, object]:
    """What follows from its terms, as it is stored."""
    return {field: getattr(contract, field) for field in SETTLED}


def standing(term: Term) -> Decision | None:
    """What is decided about the end of a term, if anything."""
    return term.decisions.standing().first()


def apply_terms(
    contract: Contract, terms: Sequence[Term], decision: Decision | None = None
) -> None:
    """Set the settled fields from `terms`, by start, and the standing decision on the last of them.

    The last term counts, whether or not it has begun: a contract ends when its last term does and
    costs what that costs. Once it is cancelled it ends on the day that the decision says, be the
    term open or longer, and nothing is left to decide: `notice_by` is None. Writes nothing.
    """
    contract.decision = decision.kind if decision else ""
    if not terms:
        contract.starts_on = contract.ends_on = contract.notice_by = contract.annual_cost = None
        return
    last = terms[-1]
    contract.starts_on, contract.ends_on = terms[0].starts_on, last.ends_on
    contract.notice_by = notice_by(last)
    contract.annual_cost, contract.currency = annual_cost(last), last.currency
    if decision and decision.kind == Decision.Kind.CANCEL:
        contract.ends_on, contract.notice_by = decision.ends_on, None


def notice_by(term: Term) -> date | None:
    """The last day on which notice still ends the term in time.

    None where none is needed or the term has no end to count back from. Months are counted from
    the end of the period: one month before 30 April is 31 March. What `notice_to` says is about
    terms without an end alone.
    """
    if not term.ends_on or not term.notice:
        return None
    return _latest(term, term.ends_on)


def earliest_end(term: Term, given_on: date) -> date:
    """The first possible last day of a contract of which notice is given on the day `given_on`.

    A term without an end runs on for the notice, and then until the end of the month or quarter
    where `notice_to` says so; one that has not begun by then never begins. A term with an end ends
    then; where notice comes too late for it and it renews by itself, so does the next one for which
    it is in time.
    """
    if term.ends_on is None:
        return _open_end(term, given_on, term.starts_on - A_DAY)
    end = term.ends_on
    if term.renewal == Term.Renewal.OPEN and given_on > _latest(term, end):
        return _open_end(term, given_on, end)
    while term.renewal == Term.Renewal.TACIT and given_on > _latest(term, end):
        end = last_day(end + A_DAY, term.renewal_months or 1)
    return end


def _open_end(term: Term, given_on: date, not_before: date) -> date:
    if term.notice and term.notice_unit == Term.Unit.MONTHS:
        end = last_day(given_on + A_DAY, term.notice)
    else:
        end = given_on + A_DAY * _notice_days(term)
    return possible_end(term, max(end, not_before))


def possible_end(term: Term, day: date) -> date:
    """The first day from `day` on which a term without an end may end, as `notice_to` has it."""
    if term.notice_to == Term.NoticeTo.MONTH:
        return end_of_month(day)
    if term.notice_to == Term.NoticeTo.QUARTER:
        return end_of_quarter(day)
    return day


def _latest(term: Term, end: date) -> date:
    if term.notice_unit == Term.Unit.MONTHS:
        return latest_notice(end, months=term.notice)
    return latest_notice(end, days=_notice_days(term))


def _notice_days(term: Term) -> int:
    return term.notice * (7 if term.notice_unit == Term.Unit.WEEKS else 1)


def annual_cost(term: Term) -> Decimal | None:
    """What the term costs a year, in its own currency, to the cent.

    An amount paid once is spread over the term's months; None where the term has no end to
    spread it over.
    """
    if term.billing != Term.Billing.ONCE:
        amount: Decimal = term.amount * BILLS_A_YEAR[Term.Billing(term.billing)]
        return amount
    if not term.ends_on:
        return None
    return _spread(term.amount, 12, term.starts_on, term.ends_on)


def next_amount(term: Term) -> Decimal:
    """What the term after one that renews bills, at the same price.

    What is paid once for a term is for its length alone: of 36 months that renew for 12 a third.
    """
    if term.billing != Term.Billing.ONCE or not term.ends_on or not term.renewal_months:
        return term.amount
    return _spread(term.amount, term.renewal_months, term.starts_on, term.ends_on)


def _spread(amount: Decimal, months: int, first: date, last: date) -> Decimal:
    """The part of what was paid for a stretch that `months` cost; divided once, so half is half."""
    whole, days, of = months_and_days(first, last)
    return cents(amount * months * of / (whole * of + days))
