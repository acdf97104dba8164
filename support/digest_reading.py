"""What the mails to some people are written from, read for all of them at once."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import batched

from django.db import OperationalError, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from config.history import Record
from people.accounts import Backend
from people.models import Person
from support.alert_facts import with_details
from support.alert_words import RULE
from support.cost_facts import SEE_COSTS
from support.models import Alert, Response

logger = logging.getLogger(__name__)

NEAR = 7  # days from which a date is shown as pressing
LISTED = 50  # most lines of one group; what is beyond is counted and linked
LISTED_IN_ALL = 60  # lines of one mail, shared by its groups: mail programs cut what is long
FEWEST = 5  # but every group has so many
PARAMETERS = 500  # of one statement

type Key = tuple[type[Record], int]
type Matters = dict[str, list[Alert]]
"""Of each rule the alerts that are listed, the most urgent first, as are the rules."""


@dataclass
class Numbers:
    """Of one recipient: their open alerts of each rule, how many of all dates have passed or are
    near, and how many of each rule had lapsed before they were watched.
    """

    open: Counter[str] = field(default_factory=Counter)
    lapsed: Counter[str] = field(default_factory=Counter)
    late: int = 0
    near: int = 0


class Reading:
    """The alerts that some people are told of on the day `on`, and what they are about."""

    def __init__(self, on: date, people: Sequence[Person], alerts: QuerySet[Alert]) -> None:
        self.on = on
        self.numbers = _numbers(on, alerts)
        self.matters = _listed(alerts, self.numbers)
        listed = [it for theirs in self.matters.values() for of in theirs.values() for it in of]
        self.records = _records(on, listed)
        self.turns = _turns(listed)
        self.see_costs = who_see_costs(people)

    def record(self, alert: Alert) -> Record | None:
        """What it is about; None where that was deleted or cannot be read."""
        return self.records.get((RULE[alert.rule].model, alert.object_id))

    def is_gone(self, alert: Alert) -> bool:
        """Whether what it is about was deleted."""
        return (RULE[alert.rule].model, alert.object_id) not in self.records


def who_see_costs(people: Sequence[Person]) -> set[int]:
    """The keys of those people who may see what assets cost, in one query.

    The mailboxes of IT and Finance are read by those who may.
    """
    may = Backend().with_perm(SEE_COSTS).filter(is_staff=True, person__in=people)
    users = set(may.values_list("pk", flat=True))
    readers = {"it", "finance"}
    return {it.pk for it in people if it.answers_for in readers or it.user_id in users}


def _numbers(on: date, alerts: QuerySet[Alert]) -> dict[int, Numbers]:
    rows = (
        alerts.order_by()
        .values("recipient", "rule", "state")
        .annotate(
            count=Count("pk"),
            late=Count("pk", filter=Q(due_on__lt=on)),
            near=Count("pk", filter=Q(due_on__range=(on, on + timedelta(NEAR)))),
        )
    )
    found: dict[int, Numbers] = defaultdict(Numbers)
    for row in rows:
        theirs, kind = found[row["recipient"]], row["rule"]
        if row["state"] == Alert.State.LAPSED:
            theirs.lapsed[kind] += row["count"]
            continue
        theirs.open[kind] += row["count"]
        if not RULE[kind].is_standing:
            theirs.late += row["late"]
            theirs.near += row["near"]
    return found


def _listed(alerts: QuerySet[Alert], numbers: dict[int, Numbers]) -> dict[int, Matters]:
    """The most urgent of each recipient and rule; the rest is only counted."""
    keys = _most_urgent(alerts, {key: len(theirs.open) for key, theirs in numbers.items()})
    found: list[Alert] = []
    for some in batched(keys, PARAMETERS):
        rows = Alert.objects.filter(pk__in=some).select_related("escalates__recipient")
        found += rows.annotate(**_last_turns())
    matters: dict[int, Matters] = defaultdict(lambda: defaultdict(list))
    for alert in sorted(found, key=lambda it: (it.due_on, it.pk)):
        matters[alert.recipient_id][alert.rule].append(alert)
    return matters


def _most_urgent(alerts: QuerySet[Alert], groups: dict[int, int]) -> list[int]:
    """The keys of those that a mail of so many groups has room for, by recipient."""
    most = {person: _lines_of_a_group(count) for person, count in groups.items()}
    place = Window(
        RowNumber(),
        partition_by=[F("recipient"), F("rule")],
        order_by=[F("due_on").asc(), F("pk").asc()],
    )
    rows = alerts.exclude(state=Alert.State.LAPSED).order_by().annotate(place=place)
    near = rows.filter(place__lte=max(most.values(), default=0))
    entries = near.values_list("pk", "recipient", "place").iterator()
    return [key for key, person, at in entries if at <= most[person]]


def _lines_of_a_group(groups: int) -> int:
    return min(LISTED, max(FEWEST, LISTED_IN_ALL // max(groups, 1)))


def _last_turns() -> dict[str, Subquery]:
    """Who last put the matter off since it was raised, and who passed it on to the recipient."""
    turns = Response.objects.filter(
        alert__rule=OuterRef("rule"),
        alert__content_type=OuterRef("content_type"),
        alert__object_id=OuterRef("object_id"),
        alert__due_on=OuterRef("due_on"),
    ).order_by("-at", "-pk")
    off = turns.filter(kind=Response.Kind.SNOOZED, at__date__gte=OuterRef("raised_on"))
    on = turns.filter(kind=Response.Kind.PASSED_ON, to=OuterRef("recipient"))
    return {"put_off": Subquery(off.values("pk")[:1]), "given": Subquery(on.values("pk")[:1])}


def _turns(alerts: Iterable[Alert]) -> dict[int, Response]:
    keys = {key for it in alerts for key in (it.put_off, it.given) if key}  # type: ignore[attr-defined]
    found: dict[int, Response] = {}
    for some in batched(keys, PARAMETERS):
        found |= Response.objects.select_related("by").in_bulk(some)
    return found


def _records(on: date, alerts: Iterable[Alert]) -> dict[Key, Record | None]:
    keys: dict[type[Record], set[int]] = defaultdict(set)
    for alert in alerts:
        keys[RULE[alert.rule].model].add(alert.object_id)
    return {
        (model, key): record
        for model, of_model in keys.items()
        for some in batched(sorted(of_model), PARAMETERS)
        for key, record in _read(model, some, on).items()
    }


def _read(model: type[Record], keys: Sequence[int], on: date) -> dict[int, Record | None]:
    """The records of one kind by their keys; one that cannot be read is None, and stops no other.

    What is not there any more is not among them.
    """
    try:
        with transaction.atomic():
            return {record.pk: record for record in with_details(model, on).filter(pk__in=keys)}
    except OperationalError:
        raise
    except Exception:
        if len(keys) == 1:
            logger.exception("%s %s cannot be read for a mail.", model.__name__, keys[0])
            return {keys[0]: None}
        return {pk: record for key in keys for pk, record in _read(model, [key], on).items()}
