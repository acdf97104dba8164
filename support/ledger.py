"""What somebody was told: the ledger, computed from the state of the data, never from ticks.

On the day `on` each watched record is owed the most urgent lead time it has reached, however many
days nobody looked. A date that passed unseen is told once, as lapsed. A moved date is another
alert, and the alerts of the old one become moot.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import batched
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Case, Exists, Max, OuterRef, QuerySet, Value, When

from support.alerts import RULES, Rule
from support.models import Alert

LAPSED = 0  # the lead of an alert about a date that had passed
BATCH = 2000
A_CENTURY = 36_500


def raise_due(on: date) -> int:
    """Enter in the ledger all that is due on the day `on`, and return how many alerts are new.

    Run again, or twice at once, it enters nothing twice: the ledger is unique in the database.
    """
    run = uuid4()
    for rule in RULES:
        _review(rule, on)
        for alerts in batched(_owed(rule, on, run), BATCH):
            Alert.objects.bulk_create(alerts, ignore_conflicts=True)
    return Alert.objects.filter(run=run).count()


def _review(rule: Rule, on: date) -> None:
    """Alerts whose date has moved become moot; one whose date moved back is true again."""
    alerts = Alert.objects.filter(rule=rule.kind, content_type=rule.record_type)
    current = Exists(
        rule.rows(on, A_CENTURY).filter(pk=OuterRef("object_id"), **{rule.due: OuterRef("due_on")})
    )
    alerts.filter(~current, state=Alert.State.OPEN).update(state=Alert.State.MOOT)
    alerts.filter(current, state=Alert.State.MOOT).update(state=Alert.State.OPEN)


def _owed(rule: Rule, on: date, run: UUID) -> Iterator[Alert]:
    watched_since = _last_raised(rule, on) or on
    entries = [*_upcoming(rule, on), *_lapsed(rule, on)]
    for record, due_on, lead, recipient in entries:
        unwatched = lead == LAPSED and due_on < watched_since
        yield Alert(
            rule=rule.kind,
            content_type=rule.record_type,
            object_id=record,
            due_on=due_on,
            lead=lead,
            recipient_id=recipient,
            state=Alert.State.LAPSED if unwatched else Alert.State.OPEN,
            raised_on=on,
            run=run,
        )


def _last_raised(rule: Rule, on: date) -> date | None:
    """The last day before `on` on which the rule found something; None in a first run."""
    earlier = Alert.objects.filter(rule=rule.kind, raised_on__lt=on)
    last: date | None = earlier.aggregate(last=Max("raised_on"))["last"]
    return last


def _upcoming(rule: Rule, on: date) -> QuerySet[Any, Any]:
    """Record, date, lead, recipient of what is near and not told to him at that lead or later."""
    reached = Case(
        *(When(**{f"{rule.due}__lte": on + timedelta(lead)}, then=lead) for lead in _rising(rule))
    )
    told = _ledger(rule).filter(lead__lte=OuterRef("told_lead"), recipient=OuterRef("told_person"))
    entries: QuerySet[Any, Any] = (
        rule.rows(on, max(rule.leads))
        .filter(**{f"{rule.due}__gte": on})
        .annotate(told_lead=reached, told_person=rule.recipient(on))
        .filter(~Exists(told))
        .values_list("pk", rule.due, "told_lead", "told_person")
    )
    return entries


def _lapsed(rule: Rule, on: date) -> QuerySet[Any, Any]:
    """The same of what passed before anybody was told of it at the last lead."""
    told = _ledger(rule).filter(lead__lte=min(rule.leads))
    entries: QuerySet[Any, Any] = (
        rule.rows(on, 0)
        .filter(**{f"{rule.due}__lt": on})
        .filter(~Exists(told))
        .annotate(told_lead=Value(LAPSED), told_person=rule.recipient(on))
        .values_list("pk", rule.due, "told_lead", "told_person")
    )
    return entries


def _rising(rule: Rule) -> list[int]:
    # The first condition that holds decides: the most urgent lead comes first.
    return sorted(rule.leads)


def _ledger(rule: Rule) -> QuerySet[Alert]:
    return Alert.objects.filter(
        rule=rule.kind,
        content_type=rule.record_type,
        object_id=OuterRef("pk"),
        due_on=OuterRef(rule.due),
    )
