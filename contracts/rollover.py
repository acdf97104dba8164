"""Contracts that renew by themselves: the day after the last one for notice, the next term is sure.

It is added then, for the time after the present one, so that what ends and what it costs is right
from that day on; and whoever answers for the contract is told what it costs that nobody decided.
"""

import logging
from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from assets.precaution import told
from config.history import Actor, save_as
from config.periods import A_DAY, last_day
from contracts import owners
from contracts.models import Contract, Decision, Term
from contracts.prices import price
from contracts.renewals import next_amount, notice_by, settle, standing
from people import outbox

COPIED = (
    "currency",
    "billing",
    "notice",
    "notice_unit",
    "notice_to",
    "renewal",
    "renewal_months",
)
logger = logging.getLogger(__name__)
BY_ITSELF = (Term.Renewal.TACIT, Term.Renewal.OPEN)


def roll_over(on: date) -> int:
    """Add the next term to each contract that renews by itself and was not cancelled in time.

    `on` is the day it is. Run again, late, or by several at once, it adds each term once: every
    contract is looked at again under its lock. One that cannot be is logged and stops no other.
    Returns how many contracts rolled over.
    """
    rolled = 0
    for key in list(_due(on).values_list("pk", flat=True)):
        try:
            rolled += _roll_one(key, on)
        except Exception:
            logger.exception("Contract %s could not be renewed by itself.", key)
    return rolled


def foreseen(until: date) -> dict[int, list[tuple[date, Term]]]:
    """The contracts that renew by themselves by the day `until` if nobody decides, in one query.

    Of each the day from which on a next term is sure, and that term, which is not written, in
    order; the first may have been due before today.
    """
    terms = Term.objects.filter(contract__in=_due(until).order_by().values("pk"))
    ordered = terms.select_related("contract").order_by("contract", "starts_on")
    last = {term.contract_id: term for term in ordered.iterator()}
    return {key: list(_to_come(term, until)) for key, term in last.items()}


def _to_come(term: Term, until: date) -> Iterator[tuple[date, Term]]:
    while is_certain(term, until):
        since = _last_chance(term) + A_DAY
        term = next_term(term)
        yield since, term


def catch_up(contract: Contract, on: date, *, by: Actor) -> list[Term]:
    """The terms that one locked contract has run into by the day `on`; several after years.

    Whoever answers for it is mailed once about all of them.
    """
    last = contract.terms.order_by("starts_on").last()
    begun: list[Term] = []
    while last and is_certain(last, on) and not _is_cancelled(last):
        last = next_term(last)
        save_as(last, by=by, reason="renewed by itself; nobody had decided in time")
        begun.append(last)
    if begun:
        settle(contract, by=by, reason="renewed by itself")
        _tell(contract, begun, on)
    return begun


def is_certain(term: Term, on: date) -> bool:
    """Whether on that day it is too late to stop the next term of one that renews by itself."""
    if term.ends_on is None or term.renewal not in BY_ITSELF:
        return False
    return on > _last_chance(term)


def _last_chance(term: Term) -> date:
    """The last day on which one that renews by itself can be stopped; it has an end."""
    assert term.ends_on
    return notice_by(term) or term.ends_on


@transaction.atomic
def _roll_one(key: int, on: date) -> bool:
    contract = Contract.objects.select_for_update().filter(pk=key).first()
    return bool(contract and catch_up(contract, on, by=None))


def _due(on: date) -> QuerySet[Contract]:
    """A net that is cast too wide: each is looked at again, locked."""
    last = Term.objects.filter(contract=OuterRef("pk")).order_by("-starts_on")
    passed = Q(notice_by__lt=on) | Q(notice_by=None, ends_on__lt=on)
    rolling = Contract.objects.annotate(last_renewal=Subquery(last.values("renewal")[:1]))
    due = rolling.filter(passed, last_renewal__in=BY_ITSELF).exclude(decision=Decision.Kind.CANCEL)
    return due.order_by("pk")


def _is_cancelled(term: Term) -> bool:
    decision = standing(term)
    return decision is not None and decision.kind == Decision.Kind.CANCEL


def next_term(term: Term) -> Term:
    """The term after one with an end; of one that goes on until notice it has none."""
    assert term.ends_on
    first, tacit = term.ends_on + A_DAY, term.renewal == Term.Renewal.TACIT
    return Term(
        contract=term.contract,
        starts_on=first,
        ends_on=last_day(first, term.renewal_months or 1) if tacit else None,
        amount=next_amount(term),
        rolled_over=True,
        **{name: getattr(term, name) for name in COPIED},
    )


def _tell(contract: Contract, terms: list[Term], on: date) -> None:
    """Owe one mail about all terms that began by themselves at once; its key is of the last."""
    last = terms[-1]
    until = f"until {told(last.ends_on)}" if last.ends_on else "until notice is given"
    lines = [
        f"Nobody cancelled {contract} in time, so it renewed by itself and now runs {until}.",
        "",
        *(_cost(term) for term in terms),
        "",
        _what_next(last),
        f"The contract: {settings.SITE_URL}"
        f"{reverse('admin:contracts_contract_change', args=[contract.pk])}",
        "",
    ]
    outbox.queue(
        owners.of(contract, on),
        key=f"rolled-over:{last.pk}",
        subject=f"Renewed by itself: {contract}, {until}",
        text="\n".join(lines),
    )


def _cost(term: Term) -> str:
    until = f"to {told(term.ends_on)}" if term.ends_on else "until notice is given"
    return f"From {told(term.starts_on)} {until}: {price(term)}."


def _what_next(term: Term) -> str:
    if term.ends_on is None:
        return "It can be ended by notice at any time from now on."
    day = notice_by(term) or term.ends_on
    return f"The next day by which it can be cancelled: {told(day)}."
