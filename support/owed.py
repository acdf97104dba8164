"""What a rule owes on a day: the alerts that are not in the ledger yet."""

from datetime import date, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from config.inserting import insert_from
from support.lead_times import Leads
from support.models import Alert
from support.rule import Rule
from support.watch import ANSWERED, Watch

LAPSED = 0
"""The lead of an alert about a date that had come or passed, or about a condition."""
LONG_AGO = timedelta(90)
"""What passed before so many days and was never watched is only counted."""


def enter(watch: Watch) -> int:
    """Enter what is owed in the ledger, and return how many alerts are new."""
    # Most rules on most days find nothing, which is asked first: it is told in a tenth of the time.
    near = watch.rule.rows(watch.on, watch.settings.farthest)
    if watch.rule.is_standing:
        return _conditions(watch) if near.exists() else 0
    due = watch.rule.due
    return sum(
        owed(watch)
        for owed, when in ((_ahead, f"{due}__gte"), (_behind, f"{due}__lt"))
        if near.filter(**{when: watch.on}).exists()
    )


def _last_raised(watch: Watch) -> date | None:
    """The last day before that of the watch on which the rule found something; None at first."""
    earlier = watch.alerts.filter(raised_on__lt=watch.on)
    last: date | None = earlier.aggregate(last=Max("raised_on"))["last"]
    return last


def _ahead(watch: Watch) -> int:
    """What is near and was not told to them at that lead or a later one."""
    return sum(_ahead_at(watch, leads, whose) for leads, whose in watch.settings.split())


def _ahead_at(watch: Watch, leads: Leads, whose: Q) -> int:
    due, on = watch.rule.due, watch.on
    # The first condition that holds decides: the most urgent lead comes first.
    reached = Case(
        *(When(**{f"{due}__lte": on + timedelta(lead)}, then=lead) for lead in sorted(leads))
    )
    told = Q(lead__lte=OuterRef("told_lead"), recipient=OuterRef("told_person"))
    rows = watch.rows(max(leads), whose).filter(**{f"{due}__gte": on}).annotate(told_lead=reached)
    return _insert(
        watch,
        rows.filter(~Exists(watch.ledger.filter(told | Q(state__in=ANSWERED)))),
        due_on=F(due),
        lead=F("told_lead"),
        state=Value(Alert.State.OPEN),
    )


def lapses_before(rule: Rule, on: date, last_raised: date | None) -> date:
    """What passed before this day, of a record that was never told of, is only counted.

    That is all that had passed on the first run of the rule; on later ones what passed long ago and
    before it last found anything, and nothing of what stays open.
    """
    if last_raised is None:
        return on
    return date.min if rule.stays_open else min(last_raised, on - LONG_AGO)


def _behind(watch: Watch) -> int:
    """What passed before anybody was told of it at the last lead."""
    lapsed = lapses_before(watch.rule, watch.on, _last_raised(watch))
    return sum(_behind_at(watch, leads, whose, lapsed) for leads, whose in watch.settings.split())


def _behind_at(watch: Watch, leads: Leads, whose: Q, lapsed: date) -> int:
    due = watch.rule.due
    told = Q(lead__lte=min(leads), escalates=None) & ~Q(state=Alert.State.MOOT)
    known = Exists(watch.alerts.filter(object_id=OuterRef("pk")))
    unwatched = Q(**{f"{due}__lt": lapsed}) & ~Q(known)
    state = Case(When(unwatched, then=Value(Alert.State.LAPSED)), default=Value(Alert.State.OPEN))
    rows = watch.rows(0, whose).filter(**{f"{due}__lt": watch.on})
    return _insert(
        watch,
        rows.filter(~Exists(watch.ledger.filter(told | Q(state__in=ANSWERED)))),
        due_on=F(due),
        lead=Value(LAPSED),
        state=state,
    )


def _conditions(watch: Watch) -> int:
    """What is so today and was not told since it became so."""
    return sum(
        _insert(
            watch,
            watch.rows(0, whose).filter(~Exists(watch.ledger)),
            due_on=Value(watch.on, DateField()),
            lead=Value(LAPSED),
            state=Value(Alert.State.OPEN),
        )
        for _, whose in watch.settings.split()
    )


def _insert(watch: Watch, rows: QuerySet[Any], **columns: Combinable) -> int:
    by_hand = When(told_assigned__isnull=False, then=Value(True))
    return insert_from(
        Alert,
        rows,
        rule=Value(watch.rule.kind),
        content_type=Value(watch.rule.record_type.pk),
        object_id=F("pk"),
        recipient=F("told_person"),
        is_assigned=Case(by_hand, default=Value(False), output_field=BooleanField()),
        raised_on=Value(watch.on, DateField()),
        run=Value(watch.run, UUIDField()),
        **columns,
    )
