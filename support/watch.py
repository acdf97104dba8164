"""One rule on one day: which rows it watches, whom each concerns, and what the ledger has of it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from people.models import Person
from support.alerts import Rule
from support.lead_times import NOTHING, Settings
from support.models import Alert

MATTER = ("rule", "content_type_id", "object_id", "due_on")
"""What the alerts of one matter have in common."""
A_CENTURY = 36_500
ANSWERED = (Alert.State.ACKNOWLEDGED, Alert.State.SNOOZED)
"""States in which somebody has said that they know: of this matter nobody is told more."""


@dataclass(frozen=True)
class Watch:
    """One rule on the day `on`, with what staff set for it, in one run."""

    rule: Rule
    on: date
    run: UUID
    settings: Settings

    @property
    def alerts(self) -> QuerySet[Alert]:
        """All of the rule, whatever has become of them."""
        kind = self.rule.record_type
        return Alert.objects.filter(rule=self.rule.kind, content_type=kind).order_by()

    def has(self, state: str) -> bool:
        """Whether any alert of the rule is in this state."""
        return self.alerts.filter(state=state).exists()

    def rows(self, within: int, whose: Q | None = None) -> QuerySet[Any]:
        """What is due before the day or within so many days of it, with whom to tell.

        Adds `told_assigned`, the person it was passed on to by hand, and `told_person`.
        """
        rows = self.rule.rows(self.on, within)
        person = Coalesce("told_assigned", self._recipient, output_field=BigIntegerField())
        rows = rows.filter(whose or Q())
        told: QuerySet[Any] = rows.annotate(told_assigned=self._assigned, told_person=person)
        return told

    @property
    def ledger(self) -> QuerySet[Alert]:
        """For a row of a query its alerts of this matter; those of a condition until it ended."""
        alerts = self.alerts.filter(object_id=OuterRef("pk"))
        if self.rule.is_standing:
            return alerts.exclude(state=Alert.State.MOOT)
        return alerts.filter(due_on=OuterRef(self.rule.due))

    @property
    def is_true(self) -> Exists:
        """For an alert of a query: whether its date stands and somebody is told of it at all."""
        rows = self.settings.told(self.rule.rows(self.on, A_CENTURY))
        return Exists(rows.filter(**self._of_the_alert))

    @property
    def is_his(self) -> Exists:
        """For an alert of a query: whether its recipient is still the one to tell."""
        rows = self.rows(A_CENTURY).filter(**self._of_the_alert)
        return Exists(rows.filter(told_person=OuterRef("recipient_id")))

    @property
    def is_missed(self) -> Q:
        """For an alert of a query: whether its date was over before its record went on by itself.

        That it was missed stays so, whatever the next date is, until somebody answers.
        """
        if self.rule.missed is None:
            return NOTHING
        return Q(due_on__lt=self.on) & Q(self.rule.missed())

    @property
    def _of_the_alert(self) -> dict[str, OuterRef]:
        same = {"pk": OuterRef("object_id")}
        return same if self.rule.is_standing else same | {self.rule.due: OuterRef("due_on")}

    @cached_property
    def _recipient(self) -> Combinable:
        return self.rule.recipient(self.on)

    @property
    def _assigned(self) -> Subquery:
        here = Exists(Person.objects.reachable(self.on).filter(pk=OuterRef("recipient_id")))
        given = self.ledger.filter(here, is_assigned=True).order_by("-pk")
        return Subquery(given.values("recipient_id")[:1])


def of_the_matter(path: str = "") -> dict[str, OuterRef]:
    """The condition that an alert, or that at the path, is of the matter of one of a query."""
    return {f"{path}{name}": OuterRef(name) for name in MATTER}


def same_matter() -> QuerySet[Alert]:
    """For an alert of a query all those of its matter, itself included."""
    return Alert.objects.order_by().filter(**of_the_matter())


def told_to_the_same() -> QuerySet[Alert]:
    """For an alert of a query those of its matter that are nearer, and told to the same person."""
    return same_matter().filter(recipient=OuterRef("recipient_id"), lead__lt=OuterRef("lead"))
