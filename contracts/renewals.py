"""What follows from a contract's terms: when it ends, when notice is due, what it costs a year."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from dateutil.relativedelta import relativedelta
from django.db import transaction

from config.history import Actor, save_as
from contracts.models import Contract, Term

BILLS_A_YEAR = {Term.Billing.MONTHLY: 12, Term.Billing.QUARTERLY: 4, Term.Billing.YEARLY: 1}


@transaction.atomic
def settle(contract: Contract, *, by: Actor, reason: str) -> None:
    """Store on the contract what follows from its terms. Called after any of them changed."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    before = {field: getattr(contract, field) for field in SETTLED}
    apply_terms(contract, list(contract.terms.order_by("starts_on")))
    if before != {field: getattr(contract, field) for field in SETTLED}:
        save_as(contract, by=by, reason=reason)


SETTLED = ("starts_on", "ends_on", "notice_by", "annual_cost", "currency")


def apply_terms(contract: Contract, terms: list[Term]) -> None:
    """Set the settled fields from `terms` (by start, the last one counts), without writing."""
    if not terms:
        contract.starts_on = contract.ends_on = contract.notice_by = contract.annual_cost = None
        return
    last = terms[-1]
    contract.starts_on, contract.ends_on = terms[0].starts_on, last.ends_on
    contract.notice_by = notice_by(last)
    contract.annual_cost, contract.currency = annual_cost(last), last.currency


def notice_by(term: Term) -> date | None:
    """The last day on which notice still ends the term in time; None where none is needed.

    Counted back from the term's last day, which itself is covered: one month before 31 March is
    28 February (29 in a leap year), the last day that month has.
    """
    if not term.ends_on or not term.notice:
        return None
    if term.notice_unit == Term.Unit.MONTHS:
        result: date = term.ends_on - relativedelta(months=term.notice)
        return result
    return term.ends_on - timedelta(term.notice * (7 if term.notice_unit == Term.Unit.WEEKS else 1))


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
    a_year: Decimal = term.amount * 12 / months(term.starts_on, term.ends_on)
    return a_year.quantize(Decimal("0.01"), ROUND_HALF_UP)


def months(first: date, last: date) -> Decimal:
    """The length of the stretch from `first` to `last`, both days included, in months.

    Whole months by the calendar, then the days left over as a part of the month they fall in.
    """
    after = last + timedelta(1)
    span = relativedelta(after, first)
    whole = span.years * 12 + span.months
    begun: date = first + relativedelta(months=whole)
    following: date = first + relativedelta(months=whole + 1)
    return whole + Decimal((after - begun).days) / (following - begun).days
