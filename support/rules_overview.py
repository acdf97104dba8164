"""Every alert rule with what it does now: its days, what differs from them, what it watches."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, prefetch_related_objects

from support import alert_words
from support.alerts import RULES, Rule
from support.models import Alert, LeadTime
from support.rule_words import WORDS

A_CENTURY = 36_500
SHOWN = 20
"""How many exceptions of a rule the page names; it counts the rest."""


@dataclass(frozen=True)
class Line:
    """One rule. `watched` records have a date to come or meet its condition on that day."""

    rule: Rule
    own: LeadTime | None
    exceptions: Sequence[LeadTime]
    count: int
    watched: int
    open: int

    @property
    def days(self) -> Sequence[int]:
        """How many days before somebody is told, where no exception says otherwise."""
        return self.own.days if self.own else self.rule.leads

    @property
    def more(self) -> int:
        return self.count - len(self.exceptions)

    @property
    def watches(self) -> str:
        return WORDS[self.rule.kind].watches

    @property
    def told(self) -> str:
        return WORDS[self.rule.kind].told


def lines(on: date) -> list[Line]:
    """All rules in their order, as of the day `on`: a query for each, and three."""
    own, exceptions = _set_by_staff()
    counted = Alert.objects.open().order_by().values_list("rule").annotate(Count("pk"))
    alerts: dict[str, int] = dict(counted)
    return [
        Line(
            rule,
            own.get(rule.kind),
            exceptions[rule.kind][:SHOWN],
            len(exceptions[rule.kind]),
            _watched(rule, on),
            alerts.get(rule.kind, 0),
        )
        for rule in RULES
    ]


def _set_by_staff() -> tuple[dict[str, LeadTime], dict[str, list[LeadTime]]]:
    """By rule, the days for all that it watches, and those for a part of it."""
    own: dict[str, LeadTime] = {}
    exceptions: defaultdict[str, list[LeadTime]] = defaultdict(list)
    for row in LeadTime.objects.select_related("category"):
        if row.contract_kind or row.category_id or row.object_id:
            exceptions[row.rule].append(row)
        else:
            own[row.rule] = row
    named = [row for rows in exceptions.values() for row in rows[:SHOWN]]
    prefetch_related_objects(named, alert_words.with_records())
    return own, exceptions


def _watched(rule: Rule, on: date) -> int:
    rows = rule.rows(on, A_CENTURY)
    return (rows if rule.is_standing else rows.filter(**{f"{rule.due}__gte": on})).count()
