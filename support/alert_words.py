"""What an alert is about, until when, and why somebody gets it: in words, for every page of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format

from assets.models import (
    Asset,
    Custody,
    Handover,
    Order,
    Product,
    Repair,
    StockItem,
)
from contracts.models import Contract, Decision, Licence
from people.models import Person
from support.alerts import RULES, Rule
from support.models import Alert, Approval, Response

RULE: dict[str, Rule] = {rule.kind: rule for rule in RULES}
DELETED = "A record that was deleted meanwhile"


# What the name of a record is made of, and what ties a person to it.
RELATED: dict[type[Model], tuple[str, ...]] = {
    Approval: ("ticket",),
    Asset: ("product",),
    Contract: ("vendor",),
    Custody: ("asset__product", "holder", "location", "device__product"),
    Decision: ("contract",),
    Handover: ("to",),
    Licence: ("product__maker",),
    Order: ("supplier",),
    Product: ("maker",),
    Repair: ("asset__product",),
    StockItem: ("location",),
}


def with_records() -> GenericPrefetch:
    """Reads the records of many alerts, one query for each kind of record."""
    models = dict.fromkeys(rule.model for rule in RULES)
    rows = [rows_of(model) for model in models]
    return GenericPrefetch("record", rows)


def rows_of(model: type[Model]) -> Any:
    """Records of a kind, each read with what its name is made of."""
    rows = model._default_manager.all()
    return rows.select_related(*RELATED[model]) if model in RELATED else rows


def name_of(record: Any) -> str:
    """The record in words that say which it is, even away from its own page."""
    if record is None:
        return DELETED
    if isinstance(record, Decision):
        return f"{record.contract}: {record.get_kind_display()}"
    if isinstance(record, Approval):
        return str(record.ticket)
    if isinstance(record, Repair):
        return f"Repair of {record.asset}"
    return str(record)


def number_of(model: type[Model], key: object) -> str:
    """A record that cannot be named, by its number: "Asset number 12"."""
    name = f"{model._meta.verbose_name} number {key}"
    return name[0].upper() + name[1:]


def title_of(kind: str) -> str:
    """What a rule is called; a rule that is no more, by the name it had in the ledger."""
    return RULE[kind].title if kind in RULE else kind.replace("_", " ").capitalize()


def when(alert: Alert, *, on: date) -> str:
    """The date, and how far it is from the day `on`: "Notice is possible until 3 May, tomorrow"."""
    days = (alert.due_on - on).days
    rule = RULE.get(alert.rule)
    said = (rule.behind if days < 0 else rule.ahead) if rule else "Due on"
    return f"{said} {date_format(alert.due_on, 'j F Y')}, {distance(days)}"


def distance(days: int) -> str:
    """How far a day is: "today", "in 3 days", "5 days ago"."""
    if days in {-1, 0, 1}:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def why(alert: Alert, turns: Sequence[Response]) -> str:
    """Why its recipient gets it, from the alert and what was done about its matter so far."""
    whom = alert.recipient
    if alert.is_assigned:
        passed = [turn for turn in turns if turn.kind == "passed_on" and turn.to_id == whom.pk]
        by = passed[-1].by if passed else None
        return f"{by or 'Somebody'} passed it on to {whom}."
    if alert.escalates_id:
        return f"Nobody had answered it when its date was over, so that {whom} is told."
    if whom.answers_for:
        return f"It goes to the mailbox of {whom.get_answers_for_display()}."
    return _tie(alert.record, whom) or f"{whom} answers for it."


def _tie(record: Any, person: Person) -> str:
    ties = {
        "owner_id": f"{person} owns it.",
        "holder_id": f"{person} has it.",
        "to_id": f"It was handed to {person}.",
        "manager_id": f"{person} is the manager.",
    }
    for name, words in ties.items():
        if getattr(record, name, None) == person.pk:
            return words
    return ""


def page_of(record: Any) -> str:
    """The record's page in the back office."""
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[record.pk])
