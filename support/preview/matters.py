"""What the rules watch in the days to come: read set-based."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import DateField, Exists, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from contracts.models import Contract
from support import lead_times
from support.alerts import Rule
from support.lead_times import Leads
from support.models import Alert
from support.owed import lapses_before
from support.preview import renewing
from support.preview.entries import KEYS, Ledger
from support.preview.people import People
from support.preview.telling import A_DAY, Matter, Whom
from support.states import ENDING
from support.watch import A_CENTURY, ANSWERED, Watch

State = Alert.State
BRANCHES = 100
"""How many days one statement asks for; SQLite takes at most 500 at once."""
NOBODY = UUID(int=0)
SOME_DAY = date(2000, 1, 1)


def of_rule(
    rule: Rule, ledger: Ledger, first: date, last: date, people: People
) -> Iterator[Matter]:
    """The matters of a rule of which somebody could be told between the two days."""
    watch = Watch(rule, first, NOBODY, lead_times.read(rule))
    lapsed = lapses_before(rule, first, ledger.since.get(rule.kind))
    known = _told_of_another_date(watch, lapsed)
    read = _steady if _is_steady(rule) else _by_day
    for leads, record, due_on, whom in read(watch, ledger, last, people):
        since = date.min if record in known else lapsed
        matter = Matter(rule, record, due_on, leads, whom, since)
        renewals = ledger.renewing.get(record) if rule.model is Contract else None
        for it in renewing.each(matter, renewals, first) if renewals else [matter]:
            yield ledger.entered(it)
    yield from _missed(watch, ledger)


def _missed(watch: Watch, ledger: Ledger) -> Iterator[Matter]:
    """Dates that were over before their records went on by themselves, and wait for an answer."""
    if watch.rule.missed is None:
        return
    alerts = watch.alerts.filter(watch.is_missed, ~watch.is_true, state__in=ENDING)
    found = alerts.values_list("object_id", "due_on", "recipient")
    rule, on = watch.rule, watch.on
    whom: dict[tuple[int, date], Whom] = {(record, due): [(on, who)] for record, due, who in found}
    for (record, due_on), who in whom.items():
        missed = Matter(rule, record, due_on, rule.leads, who, since=date.min, missed_on=on)
        yield ledger.entered(missed)


def _told_of_another_date(watch: Watch, lapsed: date) -> set[int]:
    """Records whose date passed long ago, of which somebody was told before it was theirs."""
    rule = watch.rule
    if rule.is_standing or lapsed == date.min or not watch.alerts.exists():
        return set()
    passed = rule.rows(watch.on, 0).filter(~Exists(watch.ledger), **{f"{rule.due}__lt": lapsed})
    told = watch.alerts.filter(object_id=OuterRef("pk"))
    return set(passed.filter(Exists(told)).order_by().values_list("pk", flat=True))


@cache
def _is_steady(rule: Rule) -> bool:
    """Whether the days decide nothing but how near a date is: then one question answers all."""
    today = rule.rows(SOME_DAY, 0 if rule.is_standing else 2)
    tomorrow = rule.rows(SOME_DAY + A_DAY, 0 if rule.is_standing else 1)
    same: bool = today.query.sql_with_params() == tomorrow.query.sql_with_params()
    return same


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
