"""A model's constraints, checked in memory.

Django asks the database once per row and constraint. An import knows its rows and has read the keys
that are taken, so it asks itself; the database stays the last guard.
"""

from collections.abc import Callable, Iterable, Set
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

type Key = tuple[object, ...]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda left, right: bool(left == right),
    "gte": lambda left, right: bool(left >= right),
    "gt": lambda left, right: bool(left > right),
    "lte": lambda left, right: bool(left <= right),
    "lt": lambda left, right: bool(left < right),
    "in": lambda left, right: left in right,
}


def value_of(instance: models.Model, name: str) -> object:
    """A field's value; for a foreign key its key, or the unsaved record's identity."""
    field = instance._meta.get_field("pk" if name == "pk" else name)
    if isinstance(field, models.ForeignKey) and field.is_cached(instance):
        related = getattr(instance, field.name)
        return None if related is None else related.pk or f"new:{id(related)}"
    return getattr(instance, field.attname) if isinstance(field, models.Field) else None


def holds(condition: Q, instance: models.Model) -> bool | None:
    """Whether a condition over one row's fields holds; None is SQL's unknown."""
    results = [_part(child, instance) for child in condition.children]
    decisive = condition.connector == Q.OR
    result: bool | None = not decisive
    if decisive in results:
        result = decisive
    elif None in results:
        result = None
    return (not result if result is not None else None) if condition.negated else result


def _part(child: Any, instance: models.Model) -> bool | None:
    if isinstance(child, Q):
        return holds(child, instance)
    path, right = child
    name, _, lookup = path.partition("__")
    left = value_of(instance, name)
    if lookup == "isnull" or (not lookup and right is None):
        return (left is None) == (right if lookup else True)
    if isinstance(right, F):
        right = value_of(instance, _name(right))
    if left is None or right is None:
        return None
    return COMPARISONS[lookup or "exact"](left, right)


def named(condition: Q) -> set[str]:
    """The fields that a condition is about."""
    names: set[str] = set()
    for child in condition.children:
        path = child[0] if isinstance(child, tuple) else ""
        names |= named(child) if isinstance(child, Q) else {str(path).partition("__")[0]}
    return names


@cache
def checks(model: type[models.Model]) -> list[tuple[models.CheckConstraint, Q, set[str]]]:
    """The check constraints of a model, each with its condition and the fields that is about."""
    return [
        (constraint, constraint.condition, named(constraint.condition))
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint) and isinstance(constraint.condition, Q)
    ]


def check(instance: models.Model, pending: Set[str] = frozenset()) -> None:
    """Raises ValidationError in the words of the first check constraint that does not hold.

    Constraints on a field in `pending`, which is given later, are left to the database.
    """
    for constraint, condition, names in checks(type(instance)):
        if not names & pending and holds(condition, instance) is False:
            raise ValidationError(words(constraint))


def words(constraint: models.BaseConstraint) -> str:
    if constraint.violation_error_message == constraint.default_violation_error_message:
        return f"{constraint.name.replace('_', ' ').capitalize()}."
    return str(constraint.violation_error_message)


def broken(error: Exception, model: type[models.Model]) -> str:
    """What a database says of a constraint, in the constraint's words; "" where it is no such."""
    for constraint in model._meta.constraints:
        if constraint.name in str(error):
            return words(constraint)
    return ""


class Unique:
    """One uniqueness rule of a model: which keys are taken, in the database and by earlier rows."""

    def __init__(
        self, names: list[str], lowered: set[str], condition: Q | None, message: str
    ) -> None:
        self.names, self.lowered, self.condition = names, lowered, condition
        self.message = message
        self.taken: dict[Key, int] = {}
        self.rows: dict[Key, int] = {}

    def key(self, instance: models.Model) -> Key | None:
        """What must be unique; None where the rule does not apply or a part is NULL."""
        if self.condition is not None and not holds(self.condition, instance):
            return None
        return self.folded(value_of(instance, name) for name in self.names)

    def folded(self, values: Iterable[object]) -> Key | None:
        parts = tuple(
            value.lower() if name in self.lowered and isinstance(value, str) else value
            for name, value in zip(self.names, values, strict=True)
        )
        return None if None in parts else parts

    def load(self, queryset: models.QuerySet[Any]) -> None:
        rows = queryset.filter(self.condition) if self.condition is not None else queryset
        for pk, *values in rows.values_list("pk", *self.names).iterator():
            if key := self.folded(values):
                self.taken[key] = pk

    def claim(self, instance: models.Model, row: int) -> None:
        """Raises ValidationError where another record or an earlier row has the key."""
        key = self.key(instance)
        if key is None:
            return
        if key in self.rows and self.rows[key] != row:
            raise ValidationError({self.names[-1]: f"row {self.rows[key]} has the same"})
        if self.taken.get(key, instance.pk) != instance.pk:
            raise ValidationError({self.names[-1]: self.message})
        self.rows[key] = row


def uniques(model: type[models.Model]) -> list[Unique]:
    """The uniqueness rules of a model, its primary key and one-to-one fields aside."""
    rules = []
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key and not field.is_relation:
            message = str(field.error_messages["unique"])
            if "%(" in message:
                message = f"Another {model._meta.verbose_name} has this {field.verbose_name}."
            rules.append(Unique([field.name], set(), None, message))
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            rules.append(_unique(constraint))
    return rules


def _unique(constraint: models.UniqueConstraint) -> Unique:
    names, lowered = list(constraint.fields), set()
    for expression in constraint.expressions:
        name = _name(expression)
        names.append(name)
        if isinstance(expression, Lower):
            lowered.add(name)
    condition = constraint.condition if isinstance(constraint.condition, Q) else None
    return Unique(names, lowered, condition, words(constraint))


def _name(expression: Any) -> str:
    """The field that F("name") or Lower("name") is about."""
    if isinstance(expression, Lower):
        [expression] = expression.get_source_expressions()
    name: str = expression.name
    return name
