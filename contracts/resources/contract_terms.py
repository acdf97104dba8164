"""The terms that the rows of one import give to contracts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from contracts import terms
from contracts.models import Contract, Decision, Term

LASTING = ("currency", "notice", "notice_unit", "notice_to", "renewal", "renewal_months")
"""What a further term takes over from the one before it, where the row does not say."""


@dataclass
class RowTerm:
    """The term that one row is about."""

    term: Term
    adds: bool
    """Whether it is a further one, or the first."""
    before: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.values()

    def values(self) -> dict[str, object]:
        return {name: getattr(self.term, name) for name in terms.FIELDS}

    @property
    def changed(self) -> list[str]:
        return [name for name, value in self.values().items() if value != self.before[name]]

    @property
    def had_begun(self) -> bool:
        start = self.before["starts_on"]
        return isinstance(start, date) and start <= timezone.localdate()

    def undo(self) -> None:
        for name, value in self.before.items():
            setattr(self.term, name, value)


class Chains:
    """Of each contract in the file its terms, those of earlier rows too.

    A row is about the term that starts on its day; one without a day about the last term. A day on
    which none starts is a further term: in a file of renewals each row is one. Two rows about the
    same term are refused: where an amendment has changed the amount, the rows do not say from which
    day, and which of the two holds is for a person to say.
    """

    def __init__(self) -> None:
        self.terms: dict[int, list[Term]] = {}
        self.rows: dict[int, int] = {}
        self.changes: list[RowTerm] = []

    def of(self, contract: Contract) -> list[Term]:
        """By start. The list is kept, and so are its terms: they are the same in every row."""
        if id(contract) not in self.terms:
            known = [] if contract.pk is None else list(contract.terms.all())
            self.terms[id(contract)] = sorted(known, key=lambda term: term.starts_on)
        return self.terms[id(contract)]

    def choose(
        self, contract: Contract, start: date | None, billing: Term.Billing, row: int
    ) -> RowTerm:
        """The term that a row is about which starts on that day, if it says so.

        Raises ValidationError where an earlier row is about it.
        """
        known = self.of(contract)
        same = [term for term in known if term.starts_on == start] if start else known[-1:]
        if not same:
            return RowTerm(_further(known, start, billing), adds=True)
        first = self.rows.setdefault(id(same[0]), row)
        if first != row:
            raise ValidationError(
                {
                    "starts_on": f"row {first} is about the term from {same[0]} of {contract} too."
                    " Leave one of them, or correct the term on its page"
                }
            )
        return RowTerm(same[0], adds=False)

    def check(self, contract: Contract, of_row: RowTerm) -> list[Term]:
        """All terms of the contract as the row leaves them, by start.

        Raises ValidationError where they overlap, or a cancellation speaks against it.
        """
        others = [term for term in self.of(contract) if term is not of_row.term]
        terms.check_overlap(of_row.term, others)
        decision = standing(contract, others if of_row.adds else [of_row.term])
        if of_row.adds or "ends_on" in of_row.changed:
            terms.refuse_cancelled(contract, decision, of_row.term)
        return sorted([*others, of_row.term], key=lambda term: term.starts_on)

    def keep(self, contract: Contract, of_row: RowTerm, row: int) -> None:
        """The row is good: what it says is there for the rows after it, and will be written."""
        of_row.term.contract = contract
        if of_row.adds:
            self.rows[id(of_row.term)] = row
            self.of(contract).append(of_row.term)
            self.of(contract).sort(key=lambda term: term.starts_on)
        self.changes.append(of_row)

    def added(self) -> list[Term]:
        return [it.term for it in self.changes if it.adds]

    def altered(self) -> dict[tuple[tuple[str, ...], bool], list[Term]]:
        """The other changed terms, by what changed in them and whether they had begun before."""
        groups: defaultdict[tuple[tuple[str, ...], bool], list[Term]] = defaultdict(list)
        for it in self.changes:
            if not it.adds:
                groups[tuple(it.changed), it.had_begun].append(it.term)
        return groups


def standing(contract: Contract, among: Iterable[Term]) -> Decision | None:
    """What is decided about the last of these terms; decisions are prefetched, all of them."""
    last = max(among, key=lambda term: term.starts_on, default=None)
    if last is None or last.pk is None:
        return None
    decisions = contract.decisions.all()
    return next((it for it in decisions if it.term_id == last.pk and not it.withdrawn_on), None)


def _further(known: list[Term], start: date | None, billing: Term.Billing) -> Term:
    """A term as the one before it was, but for what a row says."""
    earlier = [term for term in known if start and term.starts_on < start] or known[:1]
    lasting = {name: getattr(earlier[-1], name) for name in LASTING} if earlier else {}
    return Term(billing=billing, **lasting)
