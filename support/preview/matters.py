"""What the rules watch in the days to come, and what the ledger has of it: read set-based."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import batched
from typing import Any, Self
from uuid import UUID

from django.db.models import DateField, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from support import lead_times
from support.alerts import RULES, Rule
from support.escalation import escalations, is_above
from support.lead_times import Leads
from support.models import Alert, Response
from support.owed import lapses_before
from support.preview.people import People
from support.preview.telling import A_DAY, Matter, Told
from support.watch import A_CENTURY, ANSWERED, Watch

State = Alert.State
BRANCHES = 100
"""How many days one statement asks for; SQLite takes at most 500 at once."""
KEYS = 5_000
NOBODY = UUID(int=0)

type Key = tuple[str, int, date]
type Whom = list[tuple[date, int | None]]


@dataclass
class Ledger:
    """Alerts by rule and record, then by date; `old` are records whose date has passed."""

    alerts: dict[tuple[str, int], dict[date, list[Told]]]
    woken: dict[Key, list[date]]
    since: dict[str, date]
    old: dict[str, set[int]]
    far: dict[str, set[int]]

    @classmethod
    def read(cls, first: date, last: date, people: People) -> Self:
        """What can still say something between the two days, in five queries."""
        found: dict[tuple[str, int], dict[date, list[Told]]] = defaultdict(dict)
        old: defaultdict[str, set[int]] = defaultdict(set)
        far: defaultdict[str, set[int]] = defaultdict(set)
        escalated = set(escalations().values_list("escalates", flat=True))
        standing = {rule.kind for rule in RULES if rule.is_standing}
        for key, rule, record, told in _of_interest(first, last, standing, people):
            told.is_escalated = key in escalated
            found[rule, record].setdefault(told.due_on, []).append(told)
            if told.due_on < first and rule not in standing:
                old[rule].add(record)
            elif told.due_on > last:
                far[rule].add(record)
        since = Alert.objects.filter(raised_on__lt=first).order_by().values_list("rule")
        return cls(found, _woken(first), dict(since.annotate(Max("raised_on"))), old, far)

    def of(self, rule: Rule, record: int, due_on: date | None) -> list[Told]:
        """The alerts of one matter; of a condition those of all the days it was seen on."""
        by_date = self.alerts.get((rule.kind, record), {})
        if due_on is not None:
            return by_date.get(due_on, [])
        return [alert for day in sorted(by_date) for alert in by_date[day]]


def of_rule(
    rule: Rule, ledger: Ledger, first: date, last: date, people: People
) -> Iterator[Matter]:
    """The matters of a rule of which somebody could be told between the two days."""
    watch = Watch(rule, first, NOBODY, lead_times.read(rule))
    lapsed = lapses_before(rule, first, ledger.since.get(rule.kind))
    known = _told_of_another_date(watch, lapsed)
    read = _steady if _is_steady(rule, first) else _by_day
    for leads, record, due_on, whom in read(watch, ledger, last, people):
        since = date.min if record in known else lapsed
        matter = Matter(rule, record, due_on, leads, whom, since)
        matter.alerts = ledger.of(rule, record, due_on)
        if due_on is not None:
            matter.woken = ledger.woken.get((rule.kind, record, due_on), [])
        else:
            days = {it.due_on for it in matter.alerts}
            keys = ((rule.kind, record, day) for day in days)
            matter.woken = [it for key in keys for it in ledger.woken.get(key, [])]
        yield matter


def _told_of_another_date(watch: Watch, lapsed: date) -> set[int]:
    """Records whose date passed long ago, of which somebody was told before it was theirs."""
    rule = watch.rule
    if rule.is_standing or lapsed == date.min:
        return set()
    passed = rule.rows(watch.on, 0).filter(~Exists(watch.ledger), **{f"{rule.due}__lt": lapsed})
    told = watch.alerts.filter(object_id=OuterRef("pk"))
    return set(passed.filter(Exists(told)).order_by().values_list("pk", flat=True))


def _is_steady(rule: Rule, on: date) -> bool:
    """Whether the days decide nothing but how near a date is: then one question answers all."""
    today = rule.rows(on, 0 if rule.is_standing else 2)
    tomorrow = rule.rows(on + A_DAY, 0 if rule.is_standing else 1)
    same: bool = today.query.sql_with_params() == tomorrow.query.sql_with_params()
    return same


# --- The ledger ---


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


# --- What the rules watch ---


def _steady(
    watch: Watch, ledger: Ledger, last: date, people: People
) -> Iterator[tuple[Leads, int, date | None, Whom]]:
    """Rows that are true as long as nothing changes, with whom they concern from when on."""
    rule, first = watch.rule, watch.on
    leaving = people.leaving_between(first, last)
    for leads, whose in watch.settings.split():
        rows = _candidates(watch, ledger, leads, last).filter(whose)
        told = rows.annotate(told_person=rule.recipient(first)).order_by()
        due = [] if rule.is_standing else [rule.due]
        found = list(told.values_list("pk", "told_person", *due))
        changing = [key for key, who, *_ in found if who in leaving]
        later = dict(_later(rule, rows, changing, leaving.values()))
        for key, who, *on in found:
            yield leads, key, on[0] if on else None, [(first, who), *later.get(key, [])]


def _candidates(watch: Watch, ledger: Ledger, leads: Leads, last: date) -> QuerySet[Any]:
    """What comes near enough, or has passed and is not at rest in the ledger."""
    rule, first = watch.rule, watch.on
    if rule.is_standing:
        return rule.rows(first, 0)
    reach = (last - first).days + max(leads)
    current = _current(watch, ledger, leads)
    far = ledger.far[rule.kind]
    if not far:
        return rule.rows(first, reach).filter(current)
    within = Q(**{f"{rule.due}__lte": first + timedelta(reach)})
    return rule.rows(first, A_CENTURY).filter(current & within | Q(pk__in=far))


def _current(watch: Watch, ledger: Ledger, leads: Leads) -> Q:
    """To come, or not at rest in the ledger, or not told of at the last lead."""
    told = Q(lead__lte=min(leads), escalates=None) & ~Q(state=State.MOOT)
    unseen = ~Exists(watch.ledger.filter(told | Q(state__in=ANSWERED)))
    old = Q(pk__in=ledger.old[watch.rule.kind])
    return Q(**{f"{watch.rule.due}__gte": watch.on}) | old | Q(unseen)


def _later(
    rule: Rule, rows: QuerySet[Any], keys: Sequence[int], last_days: Iterable[date]
) -> Iterator[tuple[int, Whom]]:
    """Whom the rows concern after each day on which somebody leaves."""
    days = sorted({day + A_DAY for day in last_days})
    names = {f"told_person_{number}": rule.recipient(day) for number, day in enumerate(days)}
    for some in batched(keys, KEYS):
        chosen = rows.filter(pk__in=some).annotate(**names).order_by()
        for key, *whom in chosen.values_list("pk", *names):
            yield key, list(zip(days, whom, strict=True))


def _by_day(
    watch: Watch, ledger: Ledger, last: date, people: People
) -> Iterator[tuple[Leads, int, date | None, Whom]]:
    """Rows that depend on the day itself: each day is asked for, many in one statement."""
    rule, first = watch.rule, watch.on
    days = [first + timedelta(number) for number in range((last - first).days + 1)]
    splits = watch.settings.split()
    among = _among(watch, ledger, last)
    if among is None:
        return
    whom = _whom_by_day(rule, days, people)
    found: defaultdict[tuple[Leads, int, date | None], dict[date, int]] = defaultdict(dict)
    branches = [
        _of_day(watch, ledger, day, last, number, whom[day], among)
        for day in days
        for number in range(len(splits))
    ]
    for some in batched(branches, BRANCHES):
        for key, day, number, who, *due in some[0].union(*some[1:], all=True):
            found[splits[number][0], key, due[0] if due else None][day] = who
    for (leads, key, due_on), by_day in found.items():
        yield leads, key, due_on, list(_changes(by_day, days))


def _changes(by_day: dict[date, int], days: Sequence[date]) -> Iterator[tuple[date, int | None]]:
    """Each day on which it is somebody else than on the day before."""
    before: int | None = -1
    for day in days:
        if by_day.get(day) != before:
            before = by_day.get(day)
            yield day, before


def _among(watch: Watch, ledger: Ledger, last: date) -> Q | None:
    """The few rows that a date can bring near: each day's question is then one about those.

    None where there are none, and no day needs to be asked for.
    """
    rule, first = watch.rule, watch.on
    if rule.is_standing:
        return Q() if rule.model._base_manager.exists() else None
    names = {field.name for field in rule.model._meta.concrete_fields}
    reach = (last - first).days + max((leads[0] for leads, _ in watch.settings.split()), default=0)
    found: set[int] = set()
    for leads, whose in watch.settings.split():
        rows = _candidates(watch, ledger, leads, last).filter(whose)
        found.update(rows.order_by().values_list("pk", flat=True))
    if rule.due in names:
        near = {f"{rule.due}__range": (first, first + timedelta(reach))}
        found.update(rule.model._base_manager.filter(**near).values_list("pk", flat=True))
    return Q(pk__in=found) if found else None


def _whom_by_day(rule: Rule, days: Sequence[date], people: People) -> dict[date, Combinable]:
    """Whom the rows concern on each day; between two last days of people that is the same."""
    changes = {day + A_DAY for day in people.leaving_between(days[0], days[-1]).values()}
    found: dict[date, Combinable] = {}
    for day in days:
        same = day - A_DAY
        found[day] = found[same] if same in found and day not in changes else rule.recipient(day)
    return found


def _of_day(
    watch: Watch, ledger: Ledger, day: date, last: date, number: int, whom: Combinable, among: Q
) -> QuerySet[Any, Any]:
    rule = watch.rule
    leads, whose = watch.settings.split()[number]
    reach = 0 if rule.is_standing else (last - day).days + max(leads)
    rows = rule.rows(day, reach).filter(whose, among)
    if not rule.is_standing:
        rows = rows.filter(_current(watch, ledger, leads))
    named = rows.annotate(
        told_on=Value(day, DateField()),
        told_number=Value(number, IntegerField()),
        told_person=whom,
    )
    due = [] if rule.is_standing else [rule.due]
    names = ("pk", "told_on", "told_number", "told_person", *due)
    asked: QuerySet[Any, Any] = named.order_by().values_list(*names)
    return asked
