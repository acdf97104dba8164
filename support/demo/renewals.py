"""What became of the contracts: some renewed by themselves, some are cancelled or talked about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from config.history import create_signed, sign, update_signed
from contracts.models import Contract, Decision, Term
from contracts.renewals import SETTLED, apply_terms, notice_by
from contracts.rollover import is_certain, next_term
from support.demo.company import Company

A_DAY = timedelta(1)
CANCEL, RENEGOTIATE = Decision.Kind.CANCEL, Decision.Kind.RENEGOTIATE
# What is decided about those whose notice is due next, so many days ago; and how the notice stands.
COMING = [
    (RENEGOTIATE, 12, "The price went up twice in a row."),
    (CANCEL, 9, "Two of five seats were used this year."),
    (CANCEL, 23, "Replaced by what the parent company has."),
    (RENEGOTIATE, 4, "Ask for the price of three years."),
    (CANCEL, 40, "The site closes."),
]
ANSWER_DAYS = 6  # until a vendor confirms


@dataclass
class Course:
    """One contract, its terms by start, and what is decided about the last of them."""

    contract: Contract
    terms: list[Term]
    rolled: list[Term] = field(default_factory=list)
    decision: Decision | None = None

    @property
    def last(self) -> Term:
        return self.terms[-1]


def write(company: Company) -> None:
    contracts = Contract.objects.prefetch_related("terms").order_by("number")
    courses = [Course(contract, list(contract.terms.all())) for contract in contracts]
    for course in courses:
        if course.last.renewal == Term.Renewal.TACIT and course.last.ends_on:
            _run_on(company, course)
    _decide_on_what_comes(company, courses)
    changed = [it for it in courses if it.rolled or it.decision]
    create_signed([term for course in changed for term in course.rolled])
    create_signed([course.decision for course in changed if course.decision])
    update_signed([_settled(company, course) for course in changed], SETTLED)


def _run_on(company: Company, course: Course) -> None:
    """What has ended was cancelled in time; what was not renewed by itself."""
    end = course.last.ends_on
    if end and end < company.today:
        day = (notice_by(course.last) or end) - timedelta(15)
        course.decision = _decision(company, course, CANCEL, day, "Nobody needed it any more.")
        _send(course.decision, day + A_DAY, confirmed_on=day + timedelta(ANSWER_DAYS))
        return
    while is_certain(course.last, company.today):
        day = (notice_by(course.last) or company.today) + A_DAY
        term = next_term(course.last)
        reason = "renewed by itself; nobody had decided in time"
        course.rolled.append(sign(term, by=None, reason=reason, at=company.at(day)))
        course.terms.append(term)


def _decide_on_what_comes(company: Company, courses: Iterable[Course]) -> None:
    ahead = [it for it in courses if not it.rolled and not it.decision]
    ahead = [it for it in ahead if (notice_by(it.last) or company.founded) > company.today]
    ahead.sort(key=lambda it: (notice_by(it.last), it.contract.number))
    for course, (kind, days, reason) in zip(ahead, COMING, strict=False):
        day = company.days_ago(days)
        course.decision = _decision(company, course, kind, day, reason)
    notices = [it.decision for it in ahead if it.decision and it.decision.kind == CANCEL]
    for decision, confirmed in zip(notices[1:], [False, True], strict=False):
        day = decision.decided_on
        _send(decision, day, confirmed_on=day + timedelta(ANSWER_DAYS) if confirmed else None)


def _decision(
    company: Company, course: Course, kind: Decision.Kind, day: date, reason: str
) -> Decision:
    by = company.users["finance"]
    decision = Decision(
        contract=course.contract,
        term=course.last,
        kind=kind,
        reason=reason,
        decided_on=day,
        decided_by=by,
        ends_on=course.last.ends_on if kind == CANCEL else None,
    )
    return sign(decision, by=by, reason=f"decided: {reason}", at=company.at(day))


def _send(decision: Decision, day: date, *, confirmed_on: date | None) -> None:
    decision.sent_on, decision.sent_by = day, Decision.Way.EMAIL
    if confirmed_on:
        decision.confirmed_on, decision.confirmation = confirmed_on, "Confirmed by e-mail."


def _settled(company: Company, course: Course) -> Contract:
    apply_terms(course.contract, course.terms, course.decision)
    decided = course.decision
    by = company.users["finance"] if decided else None
    reason = f"to {decided.kind}: {decided.reason}" if decided else "renewed by itself"
    return sign(course.contract, by=by, reason=reason, at=company.at(_day_of(company, course)))


def _day_of(company: Company, course: Course) -> date:
    """When it came to this."""
    if course.decision:
        return course.decision.decided_on
    former = course.terms[-2]
    return (notice_by(former) or company.today) + A_DAY
