"""What the ledger has that can still say something in the days to come: read set-based."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import batched
from typing import Self

from django.db.models import Max, Q, QuerySet

from contracts.models import Contract, Term
from contracts.rollover import foreseen
from support.alerts import RULES, Rule
from support.escalation import is_above
from support.models import Alert, Response
from support.preview.people import People
from support.preview.telling import A_DAY, Matter, Told
from support.states import until_when

State = Alert.State
KEYS = 5_000
"""How many records one statement asks for."""

type Key = tuple[str, int, date]


@dataclass
class Ledger:
    """Alerts by rule and record, then by date; `old` are records whose date has passed.

    `renewing` has the contracts that renew by themselves until the last day.
    """

    alerts: dict[tuple[str, int], dict[date, list[Told]]]
    woken: dict[Key, list[date]]
    since: dict[str, date]
    old: dict[str, set[int]]
    far: dict[str, set[int]]
    renewing: dict[int, list[tuple[date, Term]]]

    @classmethod
    def read(cls, first: date, last: date, people: People) -> Self:
        """What can still say something between the two days, in seven queries."""
        found: dict[tuple[str, int], dict[date, list[Told]]] = defaultdict(dict)
        old: defaultdict[str, set[int]] = defaultdict(set)
        far: defaultdict[str, set[int]] = defaultdict(set)
        above = Alert.objects.filter(escalates__isnull=False).exclude(state=State.PASSED_ON)
        escalated = set(above.order_by().values_list("escalates", flat=True))
        standing = {rule.kind for rule in RULES if rule.is_standing}
        put_off = _put_off()
        for key, rule, record, told in _of_interest(first, last, standing, people):
            told.is_escalated = key in escalated
            told.until = told.until or put_off.get(key)
            found[rule, record].setdefault(told.due_on, []).append(told)
            if told.due_on < first and rule not in standing:
                old[rule].add(record)
            elif told.due_on > last:
                far[rule].add(record)
        since = Alert.objects.filter(raised_on__lt=first).order_by().values_list("rule")
        renewing = foreseen(last)
        passed = {key for key, [(day, _), *_] in renewing.items() if day <= first}
        for kind in (it.kind for it in RULES if it.model is Contract):
            old[kind] |= passed
        raised = dict(since.annotate(Max("raised_on")))
        return cls(found, _woken(first), raised, old, far, renewing)

    def entered(self, matter: Matter) -> Matter:
        """The matter, with what stands in the ledger of it."""
        kind, record = matter.rule.kind, matter.record
        matter.alerts = self.of(matter.rule, record, matter.due_on)
        days = [matter.due_on] if matter.due_on else {it.due_on for it in matter.alerts}
        found = (self.woken.get((kind, record, day), []) for day in days)
        matter.woken = [until for some in found for until in some]
        return matter

    def of(self, rule: Rule, record: int, due_on: date | None) -> list[Told]:
        """The alerts of one matter; of a condition those of all the days it was seen on."""
        by_date = self.alerts.get((rule.kind, record), {})
        if due_on is not None:
            return by_date.get(due_on, [])
        return [alert for day in sorted(by_date) for alert in by_date[day]]


type Entry = tuple[int, str, int, Told]


def _of_interest(first: date, last: date, standing: set[str], people: People) -> Iterator[Entry]:
    """Alerts to come, and of those that have passed whole matters that are not at rest."""
    leaving = people.leaving_between(first - A_DAY, last)
    alerts = Alert.objects.order_by("pk")
    is_standing = Q(rule__in=standing)
    yield from _read(
        alerts.filter(
            Q(due_on__gte=first) & ~is_standing
            | is_standing & ~Q(state=State.MOOT, due_on__lt=first)
        )
    )
    restless = Q(state=State.SNOOZED) | Q(~is_above(), state=State.OPEN, escalates=None)
    if leaving:
        restless |= Q(state__in=[State.OPEN, State.PASSED_ON], recipient__in=leaving)
        restless |= Q(is_assigned=True, recipient__in=leaving)
    past = alerts.filter(due_on__lt=first).exclude(is_standing)
    matters = set(past.filter(restless).values_list("rule", "object_id", "due_on"))
    for keys in batched(sorted({record for _, record, _ in matters}), KEYS):
        for entry in _read(past.filter(object_id__in=keys)):
            if (entry[1], entry[2], entry[3].due_on) in matters:
                yield entry


def _read(alerts: QuerySet[Alert]) -> Iterator[Entry]:
    rows = alerts.values_list(
        "pk", "rule", "object_id", "due_on", "lead", "recipient_id", "state", "raised_on",
        "is_assigned", "escalates_id", "snoozed_until",
    )  # fmt: skip
    for key, rule, record, due_on, lead, who, state, raised_on, by_hand, escalates, until in rows:
        told = Told(due_on, lead, who, state, raised_on, by_hand, escalates is not None)
        told.until = until
        yield key, rule, record, told


def _put_off() -> dict[int, date]:
    """Until when those were snoozed that became moot before they woke."""
    moot = Alert.objects.filter(state=State.MOOT, message=None).order_by()
    put_off = moot.annotate(until=until_when()).exclude(until=None)
    return dict(put_off.values_list("pk", "until"))


def _woken(first: date) -> dict[Key, list[date]]:
    """Until when a matter was snoozed, where that can still put off an escalation."""
    longest = max(rule.grace for rule in RULES)
    rows = Response.objects.filter(
        kind=Response.Kind.SNOOZED, until__gte=first - timedelta(longest)
    ).order_by()
    found: defaultdict[Key, list[date]] = defaultdict(list)
    names = ("alert__rule", "alert__object_id", "alert__due_on", "until")
    for rule, record, due_on, until in rows.values_list(*names):
        found[rule, record, due_on].append(until)
    return found
