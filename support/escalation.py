"""What nobody answered until its date was over is told to somebody who can see to it."""

from datetime import timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from config.inserting import insert_from
from contracts.owners import reachable
from people.mailboxes import last_resort, mailbox
from support.models import Alert, Response
from support.watch import Watch, of_the_matter

State = Alert.State
ESCALATED = 0
"""The lead of an alert that was escalated."""
OVER = (State.PASSED_ON, State.MOOT)
"""States of an alert that its recipient need not answer: they can be told of the matter again."""


def escalate(watch: Watch) -> int:
    """Tell the manager, else the role, else the mailbox of last resort; return how many were told.

    Each has a matter once, with a `Response` that says so; who passed it on has it back when it is
    ignored there. Whoever was told or woken only now has the days of grace before them.
    """
    ignored = _ignored(watch)
    if not ignored.exists():
        return 0
    told = _with_those_above(ignored, watch)
    raised = _give_back(told, watch) + _enter(told, watch)
    _note(watch)
    return raised


def is_above() -> Exists:
    """For an alert of a query: whether somebody above has it; who passed it on has it no more."""
    above = Alert.objects.filter(escalates=OuterRef("pk"))
    return Exists(above.exclude(state=State.PASSED_ON))


def _with_those_above(ignored: QuerySet[Alert], watch: Watch) -> QuerySet[Any]:
    """Adds `told_person`, and leaves out what nobody else can be told of."""
    role, last = mailbox(watch.rule.role).pk, last_resort().pk
    others = Case(
        When(~Q(recipient=role), then=Value(role)),
        When(~Q(recipient=last), then=Value(last)),
    )
    manager = reachable("recipient__manager", watch.on)
    person = Coalesce(manager, others, output_field=BigIntegerField())
    told: QuerySet[Any] = ignored.annotate(told_person=person).exclude(told_person=None)
    return told


def _give_back(told: QuerySet[Any], watch: Watch) -> int:
    """Where they had the same alert before, and it was over for them, it is theirs again."""
    below = told.filter(told_person=OuterRef("recipient_id"), **of_the_matter())
    theirs = watch.alerts.filter(Exists(below), lead=ESCALATED, state__in=OVER)
    return theirs.update(
        escalates=Subquery(below.order_by("pk").values("pk")[:1]),
        state=State.OPEN,
        message=None,
        raised_on=watch.on,
        run=watch.run,
    )


def _enter(told: QuerySet[Any], watch: Watch) -> int:
    return insert_from(
        Alert,
        told,
        rule=F("rule"),
        content_type=F("content_type_id"),
        object_id=F("object_id"),
        due_on=F("due_on"),
        lead=Value(ESCALATED),
        recipient=F("told_person"),
        is_assigned=Value(False),
        escalates=F("pk"),
        state=Value(State.OPEN),
        raised_on=Value(watch.on, DateField()),
        run=Value(watch.run, UUIDField()),
    )


def _ignored(watch: Watch) -> QuerySet[Alert]:
    """Open ones whose days of grace are over, and that nobody above has."""
    before = watch.on - timedelta(watch.rule.grace)
    same = of_the_matter("alert__")
    woken = Response.objects.filter(**same, kind=Response.Kind.SNOOZED, until__gte=before)
    return watch.alerts.filter(
        ~is_above(),
        ~Exists(woken),
        state=State.OPEN,
        escalates=None,
        due_on__lt=before,
        raised_on__lt=before,
    )


def _note(watch: Watch) -> None:
    """Say on each alert that it was escalated now, and to whom."""
    insert_from(
        Response,
        watch.alerts.filter(run=watch.run, escalates__isnull=False),
        alert=F("escalates_id"),
        kind=Value(Response.Kind.ESCALATED),
        at=Value(timezone.now(), DateTimeField()),
        to=F("recipient_id"),
        text=Value(""),
    )
