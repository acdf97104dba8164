"""The dates of the alert rules in a person's calendar, beside those of their contracts.

A date stays in the calendar whether or not somebody said that they know of it, until its
record has another. What is only seen, and not dated, such as stock that is low, is in no calendar.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.utils.formats import date_format

from contracts.calendar_feed import AHEAD, BACK, MOST, Entry
from people.models import Person
from support import alert_words, inbox
from support.alerts import RULES, Rule
from support.lead_times import read, without_those_never_told
from support.models import Alert
from support.rule_words import WORDS
from support.watch import Watch

State = Alert.State
KNOWN = (State.OPEN, State.SNOOZED, State.ACKNOWLEDGED)
OF_CONTRACTS = {"contract_notice": "notice", "contract_end": "end"}
"""The calendar has these of the contracts somebody answers for; here are those passed on."""
DATED = {rule.kind: rule for rule in RULES if not rule.is_standing}


def entries(person: Person, on: date) -> Iterator[Entry]:
    """What the rules would tell this person, or have told them, on and around the day `on`.

    In a few queries for each rule, however much it watches.
    """
    readers = list(_readers(person))
    for rule in DATED.values():
        if rule.kind not in OF_CONTRACTS:
            yield from _coming(rule, person, readers, on)
    yield from _told(person, on)


def _readers(person: Person) -> Iterator[int]:
    """The keys of those whose alerts they read: themselves, and the mailboxes of their role."""
    yield person.pk
    if person.user and person.user.is_staff:
        yield from Person.objects.filter(inbox.reads(person.user)).values_list("pk", flat=True)


def _coming(rule: Rule, person: Person, readers: list[int], on: date) -> Iterator[Entry]:
    whose = Q(told=person.pk)
    if _may_view(person, rule):
        whose = Q(told__in=readers)
    rows = (
        without_those_never_told(rule, rule.rows(on, AHEAD.days))
        .filter(**{f"{rule.due}__range": (on - BACK, on + AHEAD)})
        .annotate(told=rule.recipient(on))
        .filter(whose)
        .order_by(rule.due, "pk")
        .values_list("pk", rule.due)
    )
    days = dict(rows[:MOST])
    records = alert_words.rows_of(rule.model).in_bulk(days)
    for key, day in days.items():
        if key in records:
            yield _entry(rule, records[key], day, person)


def _told(person: Person, on: date) -> Iterator[Entry]:
    """What stands in the ledger for them, such as what was passed on to them."""
    alerts = Alert.objects.filter(
        recipient=person,
        rule__in=DATED,
        state__in=KNOWN,
        due_on__range=(on - BACK, on + AHEAD),
    )
    true = _true(alerts, on).order_by("due_on", "pk")
    for alert in true.prefetch_related(alert_words.with_records())[:MOST]:
        if alert.record is not None:
            yield _entry(DATED[alert.rule], alert.record, alert.due_on, person)


def _true(alerts: QuerySet[Alert], on: date) -> QuerySet[Alert]:
    """Those whose record still has the date: of what is acknowledged the ledger asks no more."""
    still = Q(pk=None)
    for kind in list(alerts.order_by().values_list("rule", flat=True).distinct()):
        watch = Watch(DATED[kind], on, uuid4(), read(DATED[kind]))
        still |= Q(watch.is_true, rule=kind)
    return alerts.filter(still)


def _entry(rule: Rule, record: Any, day: date, person: Person) -> Entry:
    said = rule.ahead  # a calendar is read long after: whether it has passed, the day itself says
    return Entry(
        uid=_uid(rule, record),
        day=day,
        summary=f"{WORDS[rule.kind].event}: {alert_words.name_of(record)}",
        description=f"{said} {date_format(day, 'j F Y')}",
        path=alert_words.page_of(record) if _may_view(person, rule) else "",
    )


def _uid(rule: Rule, record: Any) -> str:
    """The same while the record has this kind of date, on whatever day it comes to fall."""
    if rule.kind in OF_CONTRACTS:
        return f"contract-{record.pk}-{OF_CONTRACTS[rule.kind]}"
    return f"{rule.kind}-{record.pk}"


def _may_view(person: Person, rule: Rule) -> bool:
    """Whether the back office shows them such records."""
    options = rule.model._meta
    view = f"{options.app_label}.view_{options.model_name}"
    return bool(person.user and person.user.is_staff and person.user.has_perm(view))
