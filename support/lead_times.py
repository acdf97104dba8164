"""How many days before its date each record is told of: what staff set, else what the rule says.

The narrowest setting counts: that of the record, of its kind of contract, of its category, of the
whole rule. Rows are split by the days in force for them, so that the number of statements depends
on how many different settings there are, and never on the rows.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from config.history import Record
from contracts.models import Contract
from support.alerts import Rule
from support.models import LeadTime

type Leads = tuple[int, ...]

OWN = "own"
NOTHING = Q(pk__in=[])


@dataclass
class Settings:
    """What staff set for one rule. The days of single records are only read one of each."""

    rule: Rule
    usual: Leads
    is_usual_set: bool = False
    kinds: dict[str, Leads] = field(default_factory=dict)
    categories: dict[int, Leads] = field(default_factory=dict)
    own: set[Leads] = field(default_factory=set)

    @property
    def found(self) -> set[Leads]:
        """The different days in force."""
        return {self.usual, *self.kinds.values(), *self.categories.values(), *self.own}

    @property
    def farthest(self) -> int:
        """The most days before its date at which any row is told of."""
        return max((day for leads in self.found for day in leads), default=0)

    def split(self) -> list[tuple[Leads, Q]]:
        """The different days in force, the most distant first, each with whose they are."""
        return [(leads, _whose(self, leads)) for leads in sorted(self.found - {()}, reverse=True)]

    def told(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of which somebody is told at all."""
        return rows.filter(~_whose(self, ())) if () in self.found else rows


def read(rule: Rule) -> Settings:
    """What staff set for a rule, in one query."""
    settings = Settings(rule, usual=rule.leads)
    every = Q(content_type=None) | Q(content_type=rule.record_type)
    rows = LeadTime.objects.filter(every, rule=rule.kind).order_by()
    is_own = ExpressionWrapper(Q(object_id__isnull=False), BooleanField())
    scopes = rows.values_list(is_own, "contract_kind", "category", "days").distinct()
    for of_record, kind, category, days in scopes:
        leads = tuple(days)
        if of_record:
            settings.own.add(leads)
        elif kind and rule.kind_path:
            settings.kinds[kind] = leads
        elif category and rule.category_path:
            settings.categories[category] = leads
        elif not kind and not category:
            settings.usual, settings.is_usual_set = leads, True
    return settings


def without_those_never_told(rule: Rule, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows of which somebody is told at all."""
    return read(rule).told(rows)


def in_force(rule: Rule, record: Record) -> tuple[Leads, str]:
    """The days of one record, and why: "own", else in words, such as "as set for all"."""
    settings = read(rule)
    own = _own(rule).filter(object_id=record.pk).first()
    if own is not None:
        return tuple(own.days), OWN
    kind, category = _at(record, rule.kind_path), _at(record, rule.category_path)
    if kind in settings.kinds:
        return settings.kinds[kind], f"as every contract of the kind “{Contract.Kind(kind).label}”"
    if category is not None and category.pk in settings.categories:
        return settings.categories[category.pk], f"as all of the category “{category}”"
    return settings.usual, "as set for all" if settings.is_usual_set else "as usual"


def _own(rule: Rule) -> QuerySet[LeadTime]:
    return LeadTime.objects.filter(rule=rule.kind, content_type=rule.record_type).order_by()


def _whose(settings: Settings, leads: Leads) -> Q:
    """The condition on which these days are in force for a row."""
    if not settings.own:
        return _of_parts(settings, leads)
    own = _own(settings.rule).filter(object_id=OuterRef("pk"))
    same = Q(Exists(own.filter(days=list(leads))))
    return same | (~Q(Exists(own)) & _of_parts(settings, leads))


def _of_parts(settings: Settings, leads: Leads) -> Q:
    """The same, of a row that has no days of its own."""
    rule = settings.rule
    of_kind = _among(rule.kind_path, settings.kinds, leads)
    of_category = _among(rule.category_path, settings.categories, leads)
    has_kind = _among(rule.kind_path, settings.kinds)
    has_category = _among(rule.category_path, settings.categories)
    found = of_kind | (~has_kind & of_category)
    if leads == settings.usual:
        found |= ~has_kind & ~has_category
    return found


def _among(path: str, settings: dict[Any, Leads], leads: Leads | None = None) -> Q:
    """Rows whose kind or category has these days, or any of its own."""
    keys = [key for key, value in settings.items() if leads is None or value == leads]
    return Q(**{f"{path}__in": keys}) if keys else NOTHING


def _at(record: Any, path: str) -> Any:
    """What stands at a path of the ORM, from the record on."""
    for name in path.split("__") if path else []:
        record = getattr(record, name, None)
    return record if path else None
