"""The preview as a page shows it: each line with its person and record, read when it is shown."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, overload

from config.money import Money
from people.models import Person
from support import alert_words
from support.alert_words import RULE
from support.alerts import Rule
from support.preview.telling import Telling

BATCH = 1_000


@dataclass(frozen=True)
class Line:
    """One telling, with whom and of what."""

    telling: Telling
    recipient: Person
    record: Any

    @property
    def rule(self) -> Rule:
        return RULE[self.telling.rule]

    @property
    def money(self) -> Money | None:
        """What the record costs a year, where it says so."""
        cost = getattr(self.record, "annual_cost", None)
        return None if cost is None else Money(cost, self.record.currency)


class Lines(Sequence[Line]):
    """Many tellings of which only those that are asked for are read, a few queries at a time."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self.tellings = tellings

    def __len__(self) -> int:
        return len(self.tellings)

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Line]: ...

    def __getitem__(self, at: int | slice) -> Line | Sequence[Line]:
        if isinstance(at, slice):
            return _read(self.tellings[at])
        return _read([self.tellings[at]])[0]

    def __iter__(self) -> Iterator[Line]:
        for some in batched(self.tellings, BATCH):
            yield from _read(some)


def _read(tellings: Sequence[Telling]) -> list[Line]:
    people = Person.objects.in_bulk({it.recipient for it in tellings})
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for it in tellings:
        keys[it.rule].add(it.record)
    records = {
        kind: alert_words.rows_of(RULE[kind].model).in_bulk(found) for kind, found in keys.items()
    }
    return [
        Line(it, people[it.recipient], records[it.rule][it.record])
        for it in tellings
        if it.record in records[it.rule]
    ]
