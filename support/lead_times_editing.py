"""How the days of a rule are set and taken back, for all that it watches or for a part of it.

`support.lead_times` reads what is written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assets.models import Category
from config.history import Actor, Record, delete_as, save_as
from contracts.models import Contract
from support.alerts import RULES, Rule
from support.lead_time_words import NEVER, said, written
from support.models import LeadTime


@dataclass(frozen=True)
class Scope:
    """What the days of a rule are for: all that it watches, unless one of the three is given."""

    rule: Rule
    kind: str = ""
    category: Category | None = None
    record: Record | None = None

    def __str__(self) -> str:
        part = self.record or self.category or (Contract.Kind(self.kind).label if self.kind else "")
        return f"“{self.rule.title}” for {part}" if part else f"“{self.rule.title}”"

    @classmethod
    def of(cls, lead_time: LeadTime) -> Self:
        """What a row is for. Raises ValidationError where there is no such rule."""
        rule = rule_of(lead_time.rule)
        return cls(rule, lead_time.contract_kind, lead_time.category, lead_time.record)

    def check(self) -> None:
        """Raises ValidationError where the rule does not watch such a thing."""
        if sum(map(bool, (self.kind, self.category, self.record))) > 1:
            raise ValidationError("Choose a kind of contract or a category, not both.")
        if self.kind and not self.rule.kind_path:
            raise ValidationError(
                f"“{self.rule.title}” is about no contract: it has no days for a kind of them."
            )
        if self.category and not self.rule.category_path:
            raise ValidationError(
                f"“{self.rule.title}” is about nothing that has a category: leave it empty."
            )
        if self.record and type(self.record) is not self.rule.model:
            raise ValidationError(f"“{self.rule.title}” does not watch {self.record}.")

    @property
    def columns(self) -> dict[str, Any]:
        """As the row of it has them."""
        return {
            "rule": self.rule.kind,
            "contract_kind": self.kind,
            "category": self.category,
            "content_type": self.rule.record_type if self.record else None,
            "object_id": self.record.pk if self.record else None,
        }


def rule_of(kind: str) -> Rule:
    """The rule of that kind. Raises ValidationError where there is none."""
    for rule in RULES:
        if rule.kind == kind:
            return rule
    raise ValidationError(f"There is no alert rule “{kind}”.")


def rules_of(model: type[Any]) -> list[Rule]:
    """The rules that watch records of this model."""
    return [rule for rule in RULES if rule.model is model]


def check_days(rule: Rule, days: Sequence[int]) -> None:
    """Raises ValidationError for days before a condition: it has no date to count them from."""
    if rule.is_standing and tuple(days) not in {(), rule.leads}:
        raise ValidationError(
            f"“{rule.title}” has no date to count days from: it is told when it is first seen."
            f" Write “{NEVER}”, or “{written(rule.leads)}” to be told then."
        )


def set_days(
    rule: Rule,
    *,
    days: Sequence[int],
    kind: str = "",
    category: Category | None = None,
    record: Record | None = None,
    by: Actor,
    reason: str = "",
) -> LeadTime:
    """How many days before its date the rule tells of such a record; none: nobody is told.

    Returns the row, which is written only where something changes. Raises ValidationError where
    the days are none, the rule has no date, or it does not watch such a thing.
    """
    scope = Scope(rule, kind, category, record)
    scope.check()
    check_days(rule, days)
    try:
        return _set(scope, list(days), by, reason)
    except IntegrityError:  # somebody else set the first days of it at the same moment
        return _set(scope, list(days), by, reason)


@transaction.atomic
def clear_days(
    rule: Rule,
    *,
    kind: str = "",
    category: Category | None = None,
    record: Record | None = None,
    by: Actor,
    reason: str = "",
) -> None:
    """Take back what was set: the next wider days count again.

    Raises ValidationError where nothing is set.
    """
    scope = Scope(rule, kind, category, record)
    scope.check()
    found = _locked(scope)
    if found is None:
        raise ValidationError(f"{scope} has no days of its own: nothing is left to take back.")
    delete_as(found, by=by, reason=reason or "the usual days again")


def set_own(record: Record, *, by: Actor, reason: str = "", **days: list[int] | None) -> Record:
    """Set the days of one record: `{kind of a rule: days}`, where None takes back its own."""
    with transaction.atomic():
        for kind, wanted in days.items():
            _set_one(rule_of(kind), record, wanted, by, reason)
    return record


def _set_one(rule: Rule, record: Record, wanted: list[int] | None, by: Actor, reason: str) -> None:
    if wanted is not None:
        set_days(rule, days=wanted, record=record, by=by, reason=reason)
    elif _locked(Scope(rule, record=record)):
        clear_days(rule, record=record, by=by, reason=reason)


@transaction.atomic
def _set(scope: Scope, days: list[int], by: Actor, reason: str) -> LeadTime:
    found = _locked(scope)
    if found is not None and found.days == days:
        return found
    row = found or LeadTime(**scope.columns)
    row.days = days
    row.full_clean()
    save_as(row, by=by, reason=reason or f"told {_said(scope, days)}")
    return row


def _said(scope: Scope, days: list[int]) -> str:
    return said(days, of_condition=scope.rule.is_standing)


def _locked(scope: Scope) -> LeadTime | None:
    return LeadTime.objects.select_for_update(of=("self",)).filter(**_exactly(scope)).first()


def _exactly(scope: Scope) -> dict[str, Any]:
    return {
        f"{name}__isnull" if value is None else name: True if value is None else value
        for name, value in scope.columns.items()
    }
