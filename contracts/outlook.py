"""What lies ahead of a contract: what is agreed, and what would follow if it goes on as it is.

Agreed, and so committed, are: its terms; of one that renews by itself every next term that notice
can no longer stop; of one without an end the time until the first day on which notice given today
would end it, or to which a bill that is due by now has paid. A contract that is cancelled stops on
the day that the decision says, and all before it is committed.

Undecided is what would follow at the same price: after the end of a term that renews, by itself or
when somebody renews it, terms of the length it renews for, else of its own; and what has no end
goes on. A term that does not renew is followed by none, unless it is decided to renew or to
renegotiate it; one that only somebody renews and that has ended, by none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from config.periods import A_DAY, last_day, months_and_days
from contracts.charges import paid_to
from contracts.models import Contract, Decision, Licence, Term
from contracts.renewals import earliest_end, next_amount

Renewal = Term.Renewal


@dataclass(frozen=True, slots=True)
class Stretch:
    """A term, agreed or expected; its days up to `sure_until` are committed, the others not."""

    starts_on: date
    ends_on: date | None
    amount: Decimal
    currency: str
    billing: str
    sure_until: date = date.max


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision that stands on the last term, if any, and the last day of what is cancelled."""

    kind: str = ""
    ends_on: date | None = None


UNDECIDED = Decided()


def outlook(
    terms: Sequence[Term], decided: Decided = UNDECIDED, *, on: date, until: date
) -> list[Stretch]:
    """The terms of a contract, by start, as of the day `on`, and what follows them to `until`.

    `decided` is about the last of them. Reads nothing from the database.
    """
    if not terms:
        return []
    agreed = [_as_agreed(term) for term in terms[:-1]]
    if decided.kind == Decision.Kind.CANCEL:
        return [*agreed, *_cancelled(terms[-1], decided.ends_on or date.max, until)]
    return [*agreed, *_going_on(terms[-1], decided, on, until)]


def of_licence(licence: Licence, *, on: date, until: date) -> list[Stretch]:
    """A licence with a cost a year of its own, as a term that bills it yearly and renews.

    It begins when it starts, else when it was purchased. One without an end is committed to the
    end of the year that is paid; after its end it is undecided, and one that has ended is over.
    Nothing where no day says when it began or what it costs.
    """
    first = licence.starts_on or licence.purchased_on
    if first is None or licence.annual_cost is None:
        return []
    term = Term(
        starts_on=first,
        ends_on=licence.ends_on,
        amount=licence.annual_cost,
        currency=licence.currency,
        billing=Term.Billing.YEARLY,
        renewal=Renewal.EXPRESS if licence.ends_on else Renewal.OPEN,
        renewal_months=12,
    )
    if licence.ends_on and licence.ends_on < first:
        return []
    return outlook([term], on=on, until=until)


def _as_agreed(term: Term) -> Stretch:
    return Stretch(term.starts_on, term.ends_on, term.amount, term.currency, term.billing)


def _cancelled(last: Term, end: date, until: date) -> Iterator[Stretch]:
    """The last term, and where notice came too late for its end the next ones, up to `end`."""
    for stretch in _with_repeats(last, until):
        if stretch.starts_on > end:
            return
        yield replace(stretch, ends_on=min(stretch.ends_on or end, end))


def _going_on(last: Term, decided: Decided, on: date, until: date) -> Iterator[Stretch]:
    """The last term and what follows it, each with the day up to which it is committed."""
    if not _renews(last, decided, on):
        yield _as_agreed(last)
        return
    sure = earliest_end(last, on)
    for stretch in _with_repeats(last, until):
        committed = sure if stretch.ends_on else max(sure, paid_to(stretch, on))
        yield replace(stretch, sure_until=committed)


def _renews(last: Term, decided: Decided, on: date) -> bool:
    if last.ends_on is None or last.renewal in (Renewal.TACIT, Renewal.OPEN):
        return True
    return last.ends_on >= on and (last.renewal == Renewal.EXPRESS or bool(decided.kind))


def _with_repeats(last: Term, until: date) -> Iterator[Stretch]:
    """The last term and those that follow it at its price, as far as they begin by `until`."""
    yield _as_agreed(last)
    end, price = last.ends_on, next_amount(last)
    while end and end < until:
        first = end + A_DAY
        end = None if last.renewal == Renewal.OPEN else _end_of_next(last, first)
        yield Stretch(first, end, price, last.currency, last.billing)


def _end_of_next(term: Term, first: date) -> date:
    """The last day of the term that begins on `first` and follows `term`."""
    months = term.renewal_months or _whole_months(term)
    if months:
        return last_day(first, months)
    assert term.ends_on
    return first + (term.ends_on - term.starts_on)


def _whole_months(term: Term) -> int:
    """How many months a term has; 0 where days are left over."""
    assert term.ends_on
    whole, days, _ = months_and_days(term.starts_on, term.ends_on)
    return 0 if days else whole


# --- Many contracts ------------------------------------------------------------------------------


def outlooks(contracts: QuerySet[Contract], *, on: date, until: date) -> dict[int, list[Stretch]]:
    """The outlook of each contract that has terms, by its key. Two queries."""
    chosen = contracts.order_by().values("pk")
    decided: dict[int, Decided] = {}
    standing = Decision.objects.standing().filter(contract__in=chosen).order_by()
    for key, kind, ends_on in standing.values_list("term", "kind", "ends_on"):
        decided[key] = Decided(kind, ends_on)
    terms: defaultdict[int, list[Term]] = defaultdict(list)
    for term in Term.objects.filter(contract__in=chosen).order_by("contract_id", "starts_on"):
        terms[term.contract_id].append(term)
    return {
        key: outlook(own, decided.get(own[-1].pk, UNDECIDED), on=on, until=until)
        for key, own in terms.items()
    }


def costing_by_themselves(licences: QuerySet[Licence]) -> QuerySet[Licence]:
    """Those with a cost a year of their own that no contract with terms stands behind."""
    alone = Q(contract=None) | Q(contract__terms=None)
    return licences.filter(alone, annual_cost__gt=0)
