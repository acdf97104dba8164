"""What a digest says: a group per rule, the most urgent first, with the money and a link."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import batched
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Prefetch, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format

from assets.models import Asset
from config.history import Record
from contracts.models import Contract, Term
from people.models import Person
from people.outbox import Mail
from people.roles import mailbox
from support.alerts import RULES, Rule
from support.models import Alert

NEAR = 7  # days from which a date is shown as pressing
LISTED = 50  # lines of one group; what is beyond is counted and linked
RULE = {rule.kind: rule for rule in RULES}


@dataclass(frozen=True)
class Line:
    """One date of one record."""

    title: str
    when: str
    facts: list[str]
    link: str
    is_late: bool
    is_near: bool


@dataclass(frozen=True)
class Group:
    """The dates of one rule, how many more there are, and where."""

    title: str
    lines: list[Line]
    more: int
    link: str


@dataclass(frozen=True)
class Lapsed:
    """How many dates of one kind had passed before Steward watched them, and where."""

    count: int
    dates: str
    link: str


class Digest:
    """The day's mails to some people, from their alerts, which come by date."""

    def __init__(self, on: date, alerts: Sequence[Alert], lapsed: QuerySet[Alert]) -> None:
        self.on = on
        self.groups = _grouped(alerts)
        self.lapsed = _counted(lapsed)
        self.records = _records(
            alert
            for groups in self.groups.values()
            for group in groups.values()
            for alert in group[:LISTED]
        )

    @cached_property
    def finance(self) -> Person:
        return mailbox("finance")

    def mail(self, to: Person, key: str) -> Mail:
        opens = _opens_the_back_office(to)
        groups = [self._group(kind, its, opens) for kind, its in self.groups[to.pk].items()]
        lapsed = [self._lapsed(kind, n, to, opens) for kind, n in self.lapsed[to.pk].items()]
        context = {
            "person": to,
            "on": self.on,
            "groups": groups,
            "lapsed": lapsed,
            "organisation": settings.ORGANISATION,
            "finance": None if opens else self.finance,
        }
        return Mail(
            to=to,
            key=key,
            subject=_subject(groups, lapsed),
            text=render_to_string("mail/digest.txt", context),
            html=render_to_string("mail/digest.html", context),
        )

    def _group(self, kind: str, alerts: list[Alert], opens: bool) -> Group:
        rule = RULE[kind]
        return Group(
            title=rule.title,
            lines=[self._line(rule, alert, opens) for alert in alerts[:LISTED]],
            more=max(0, len(alerts) - LISTED),
            link=_list_link(kind, alerts[0].recipient_id, Alert.State.OPEN) if opens else "",
        )

    def _line(self, rule: Rule, alert: Alert, opens: bool) -> Line:
        record = self.records.get((rule.model, alert.object_id))
        days = (alert.due_on - self.on).days
        day = date_format(alert.due_on, "j F Y")
        return Line(
            title=str(record or "A record that was deleted meanwhile"),
            when=f"{rule.behind if days < 0 else rule.ahead} {day}, {_distance(days)}.",
            facts=[fact for fact in FACTS[rule.model](record) if fact] if record else [],
            link=_record_link(record) if record and opens else "",
            is_late=days < 0,
            is_near=0 <= days <= NEAR,
        )

    def _lapsed(self, kind: str, count: int, to: Person, opens: bool) -> Lapsed:
        link = _list_link(kind, to.pk, Alert.State.LAPSED) if opens else ""
        return Lapsed(count=count, dates=RULE[kind].dates, link=link)


def _grouped(alerts: Sequence[Alert]) -> dict[int, dict[str, list[Alert]]]:
    """Alerts by recipient and rule; as they come by date, the most urgent group is the first."""
    groups: dict[int, dict[str, list[Alert]]] = defaultdict(lambda: defaultdict(list))
    for alert in alerts:
        groups[alert.recipient_id][alert.rule].append(alert)
    return groups


def _counted(lapsed: QuerySet[Alert]) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    by_rule = lapsed.order_by("rule").values_list("recipient", "rule").annotate(n=Count("pk"))
    for person, kind, count in by_rule:
        counts[person][kind] = count
    return counts


def _records(alerts: Iterable[Alert]) -> dict[tuple[type[Record], int], Record]:
    keys: dict[type[Record], set[int]] = defaultdict(set)
    for alert in alerts:
        keys[RULE[alert.rule].model].add(alert.object_id)
    return {
        (model, record.pk): record
        for model, of_model in keys.items()
        for some in batched(of_model, 500)
        for record in _with_details(model).filter(pk__in=some)
    }


def _with_details(model: type[Record]) -> QuerySet[Any]:
    if model is Contract:
        related = Contract.objects.select_related("vendor", "owner")
        return related.prefetch_related(Prefetch("terms", Term.objects.order_by("starts_on")))
    return Asset.objects.select_related("product__maker", "holder", "location")


def _of_contract(contract: Contract) -> list[str]:
    return [
        contract.vendor.name,
        money(contract.annual_cost, contract.currency),
        _afterwards(contract.terms.all()),
        f"owner: {contract.owner}" if contract.owner else "nobody owns it",
    ]


def money(amount: Decimal | None, currency: str) -> str:
    return f"{amount:,.2f} {currency} a year" if amount is not None else ""


def _afterwards(terms: QuerySet[Term]) -> str:
    last = list(terms)[-1:]
    if not last or last[0].renewal != Term.Renewal.TACIT:
        return ""
    length = last[0].renewal_months
    return f"renews by itself for {length} months" if length else "renews by itself"


def _of_asset(asset: Asset) -> list[str]:
    return [
        f"serial number {asset.serial}" if asset.serial else "",
        f"with {asset.holder}" if asset.holder else "",
        f"at {asset.location}" if asset.location else "",
    ]


FACTS: dict[type[Record], Callable[[Any], list[str]]] = {Contract: _of_contract, Asset: _of_asset}


def _distance(days: int) -> str:
    if days in {-1, 0, 1}:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def _subject(groups: list[Group], lapsed: list[Lapsed]) -> str:
    if not groups:
        count = sum(one.count for one in lapsed)
        return f"Dates that had passed before Steward watched them: {count}"
    first = groups[0].lines[0]
    others = sum(len(group.lines) + group.more for group in groups) - 1
    return f"{first.when.rstrip('.')}: {first.title}" + (f", and {others} more" if others else "")


def _opens_the_back_office(person: Person) -> bool:
    """Staff; a shared mailbox is read by staff."""
    user = person.user
    return person.kind == Person.Kind.SHARED or bool(user and user.is_staff and user.is_active)


def _record_link(record: Record) -> str:
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return f"{settings.SITE_URL}{reverse(name, args=[record.pk])}"


def _list_link(kind: str, person: int, state: str) -> str:
    query = urlencode({"rule__exact": kind, "state__exact": state, "recipient__id__exact": person})
    return f"{settings.SITE_URL}{reverse('admin:support_alert_changelist')}?{query}"
