"""What nobody answered until its date was over is told to somebody who can see to it."""

from datetime import timedelta

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
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from config.inserting import insert_from
from contracts.owners import reachable
from people.roles import last_resort, mailbox
from support.models import Alert, Response
from support.watch import MATTER, Watch

ESCALATED = 0
"""The lead of an alert that was escalated."""


def escalate(watch: Watch) -> int:
    """Tell the manager, else the role, else the mailbox of last resort; return how many were told.

    Each is told of a matter once, with a `Response` that says so. Whoever was told or woken only
    now has the days of grace before him.
    """
    ignored = _ignored(watch)
    if not ignored.exists():
        return 0
    role, last = mailbox(watch.rule.role).pk, last_resort().pk
    others = Case(
        When(~Q(recipient=role), then=Value(role)),
        When(~Q(recipient=last), then=Value(last)),
    )
    manager = reachable("recipient__manager", watch.on)
    told = ignored.annotate(
        told_person=Coalesce(manager, others, output_field=BigIntegerField())
    ).exclude(told_person=None)
    raised = insert_from(
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
        state=Value(Alert.State.OPEN),
        raised_on=Value(watch.on, DateField()),
        run=Value(watch.run, UUIDField()),
    )
    _note(watch)
    return raised


def _ignored(watch: Watch) -> QuerySet[Alert]:
    """Open ones whose days of grace are over, and that are not escalated yet."""
    before = watch.on - timedelta(watch.rule.grace)
    same = {f"alert__{name}": OuterRef(name) for name in MATTER}
    woken = Response.objects.filter(**same, kind=Response.Kind.SNOOZED, until__gte=before)
    return watch.alerts.filter(
        ~Exists(Alert.objects.filter(escalates=OuterRef("pk"))),
        ~Exists(woken),
        state=Alert.State.OPEN,
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
