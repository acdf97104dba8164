"""What an alert is about, until when, and why somebody gets it: in words, for every page of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate

from assets.models import (
    Asset,
    Custody,
    Handover,
    Order,
    Product,
    Release,
    Repair,
    StockItem,
)
from contracts.models import Contract, Decision, Licence
from people.models import Person
from support.alerts import RULES, Rule
from support.models import Alert, Response

RULE: dict[str, Rule] = {rule.kind: rule for rule in RULES}
DELETED = "A record that was deleted meanwhile"


@dataclass(frozen=True)
class Shown:
    """What of a record an alert shows: `related` is read with it, `facts` are labels and paths."""

    related: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


SHOWN: dict[type[Model], Shown] = {
    Asset: Shown(
        ("product__maker", "holder", "location"),
        (("Serial number", "serial"), ("With", "holder"), ("At", "location")),
    ),
    Contract: Shown(
        ("vendor", "owner", "department__head"),
        (
            ("Vendor", "vendor"),
            ("Costs a year", "annual_cost"),
            ("Currency", "currency"),
            ("Notice until", "notice_by"),
            ("Ends", "ends_on"),
            ("Owner", "owner"),
        ),
    ),
    Custody: Shown(
        ("asset__product", "holder", "location", "device__product"),
        (("With", "holder"), ("Since", "since"), ("Due back", "due_back_on")),
    ),
    Decision: Shown(
        ("contract__vendor",),
        (("Vendor", "contract.vendor"), ("Decided", "decided_on"), ("Notice sent", "sent_on")),
    ),
    Handover: Shown(("to",), (("To", "to"), ("Handed over", "handed_over_at"))),
    Licence: Shown(("product__maker",), (("Product", "product"), ("Seats", "seats"))),
    Order: Shown(("supplier",), (("Supplier", "supplier"), ("Expected", "expected_on"))),
    Person: Shown(
        ("department", "manager"), (("Department", "department"), ("Last day", "leaves_on"))
    ),
    Product: Shown(("maker",), (("Maker", "maker"),)),
    Release: Shown((), (("Support ends", "ends_on"),)),
    Repair: Shown(
        ("asset__product", "vendor"),
        (("Vendor", "vendor"), ("Sent", "sent_on"), ("Due back", "due_back_on")),
    ),
    StockItem: Shown(("location",), (("Left", "quantity"), ("Minimum", "minimum"))),
}


def with_records() -> GenericPrefetch:
    """Reads the records of many alerts, one query for each kind of record."""
    models = dict.fromkeys(rule.model for rule in RULES)
    rows = [_rows(model) for model in models]
    return GenericPrefetch("record", rows)


def _rows(model: type[Model]) -> Any:
    return model._default_manager.select_related(*SHOWN.get(model, Shown()).related)


def name_of(record: Any) -> str:
    """The record in words that say which it is, even away from its own page."""
    if record is None:
        return DELETED
    if isinstance(record, Decision):
        return f"{record.contract}: {record.get_kind_display()}"
    if isinstance(record, Repair):
        return f"Repair of {record.asset}"
    return str(record)


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


def facts(record: Any) -> list[tuple[str, str]]:
    """Labels and values of a record, less what it does not have."""
    shown = SHOWN.get(type(record), Shown())
    pairs = [(label, _said(record, path)) for label, path in shown.facts]
    return [(label, value) for label, value in pairs if value]


def _said(record: Any, path: str) -> str:
    value = record
    for name in path.split("."):
        value = getattr(value, name, None)
    if isinstance(value, datetime):
        return date_format(localdate(value), "j F Y")
    if isinstance(value, date):
        return date_format(value, "j F Y")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return "" if value is None else str(value)


def why(alert: Alert, turns: Sequence[Response]) -> str:
    """Why its recipient gets it, from the alert and what was done about its matter so far."""
    him = alert.recipient
    if alert.is_assigned:
        passed = [turn for turn in turns if turn.kind == "passed_on" and turn.to_id == him.pk]
        by = passed[-1].by if passed else None
        return f"{by or 'Somebody'} passed it on to {him}."
    if alert.escalates_id:
        return f"Nobody had answered it when its date was over, so that {him} is told."
    if him.answers_for:
        return f"It goes to the mailbox of {him.get_answers_for_display()}."
    return _tie(alert.record, him) or f"{him} answers for it."


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
