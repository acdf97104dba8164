"""What a mail about alerts says: a group per kind, the most urgent first, each with its buttons."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format

from config.history import Record
from people.mailboxes import mailbox
from people.models import Person
from people.outbox import one_line
from support.alert_facts import facts
from support.alert_links import answer_link
from support.alert_words import DELETED, RULE, distance, name_of, number_of, page_of
from support.alerts import Rule
from support.cost_facts import SEE_COSTS, Cost
from support.digest_reading import NEAR, Numbers, Reading
from support.models import Alert, Response

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """A mail without its envelope; `readable_with` as in `people.outbox.Mail`."""

    subject: str
    text: str
    html: str
    readable_with: str


@dataclass(frozen=True)
class Line:
    """One date of one record, why it is told again or by somebody else, and where it is answered.

    `urgency` is "late", "near" or "".
    """

    title: str
    when: str
    note: str
    facts: list[str]
    page: str
    answer: str
    urgency: str


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
    """The mails to some people about their `alerts`, for the day `on`."""

    def __init__(self, on: date, people: Sequence[Person], alerts: QuerySet[Alert]) -> None:
        self.on = on
        self.people = {person.pk: person for person in people}
        self.reading = Reading(on, people, alerts)
        self.recipients = self.reading.numbers.keys()

    @cached_property
    def finance(self) -> Person:
        return mailbox("finance")

    def words(self, to: Person, *, at_once: bool = False) -> Words:
        """The whole mail to one of `recipients`; one sent at once is not called one of the day."""
        opens = _opens_the_back_office(to)
        numbers = self.reading.numbers[to.pk]
        groups = [
            self._group(kind, its, numbers, to, opens)
            for kind, its in self.reading.matters.get(to.pk, {}).items()
        ]
        lapsed = [_lapsed(kind, n, to, opens) for kind, n in sorted(numbers.lapsed.items())]
        subject = _subject(groups, lapsed)
        context = {
            "person": to,
            "on": self.on,
            "subject": subject,
            "summary": _summary(numbers),
            "groups": groups,
            "lapsed": lapsed,
            "at_once": at_once,
            "organisation": settings.ORGANISATION,
            "finance": self.finance if groups and self._decides_by_mail(to, opens) else None,
            "preferences": _preferences(to),
        }
        return Words(
            subject=one_line(subject),
            text=render_to_string("mail/digest.txt", context),
            html=render_to_string("mail/digest.html", context),
            readable_with=SEE_COSTS if _tells_costs(groups) else "",
        )

    def _decides_by_mail(self, to: Person, opens: bool) -> bool:
        """Whoever is told of contracts and cannot open them writes to Finance."""
        kinds = self.reading.matters[to.pk]
        return not opens and any(kind.startswith("contract") for kind in kinds)

    def _group(
        self, kind: str, alerts: Sequence[Alert], numbers: Numbers, to: Person, opens: bool
    ) -> Group:
        return Group(
            title=RULE[kind].title,
            lines=[self._line(RULE[kind], alert, to, opens) for alert in alerts],
            more=numbers.open[kind] - len(alerts),
            link=_list_link(kind, to.pk, Alert.State.OPEN) if opens else "",
        )

    def _line(self, rule: Rule, alert: Alert, to: Person, opens: bool) -> Line:
        record = self.reading.record(alert)
        days = (alert.due_on - self.on).days
        day = date_format(alert.due_on, "j F Y")
        title, known = self._said(rule, alert, record, to)
        answer = answer_link(alert, to)
        return Line(
            title=title,
            when=f"{rule.behind if days < 0 else rule.ahead} {day}, {distance(days)}.",
            note=" ".join(filter(None, self._notes(rule, alert, to))),
            facts=known,
            page=settings.SITE_URL + page_of(record) if record and opens else answer,
            answer=answer,
            urgency=_urgency(rule, days),
        )

    def _said(
        self, rule: Rule, alert: Alert, record: Record | None, to: Person
    ) -> tuple[str, list[str]]:
        """The name and the facts of a record. One that is broken does not stop the mail."""
        if self.reading.is_gone(alert):
            return DELETED, []
        try:
            if record is not None:
                return name_of(record), facts(record, costs=to.pk in self.reading.see_costs)
        except Exception:
            logger.exception("%s %s cannot be described in a mail.", rule.kind, alert.object_id)
        name = number_of(rule.model, alert.object_id)
        return name, ["Steward could not read what else it is: open it."]

    def _notes(self, rule: Rule, alert: Alert, to: Person) -> list[str]:
        return [
            _escalated(rule, alert),
            _passed_on(self.reading.turns.get(alert.given)),  # type: ignore[attr-defined]
            _woken(self.reading.turns.get(alert.put_off), to),  # type: ignore[attr-defined]
        ]


# --- Why a line is there ---


def _escalated(rule: Rule, alert: Alert) -> str:
    if alert.escalates is None:
        return ""
    day, before = date_format(alert.escalates.due_on, "j F Y"), alert.escalates.recipient
    since = f"it has been so since {day}" if rule.is_standing else f"it was due {day}"
    return f"Nobody answered this: {since}, with {before}."


def _passed_on(turn: Response | None) -> str:
    if turn is None:
        return ""
    return f"{turn.by or 'Somebody'} passed this on to you{_quoted(turn)}"


def _woken(turn: Response | None, to: Person) -> str:
    if turn is None:
        return ""
    who = "You" if turn.by_id and turn.by_id == to.user_id else str(turn.by or "Somebody")
    return f"{who} asked to be told of this again{_quoted(turn)}"


def _quoted(turn: Response) -> str:
    words = " ".join(turn.text.split())
    return f": “{words}”" if words else "."


def _urgency(rule: Rule, days: int) -> str:
    if rule.is_standing:
        return "near"
    return "late" if days < 0 else "near" if days <= NEAR else ""


# --- What stands around the lines ---


def _subject(groups: Sequence[Group], lapsed: Sequence[Lapsed]) -> str:
    if not groups:
        count = sum(one.count for one in lapsed)
        return f"Dates that had passed before Steward watched them: {count}"
    first = groups[0].lines[0]
    others = sum(len(group.lines) + group.more for group in groups) - 1
    unanswered = "Nobody answered: " if first.note.startswith("Nobody answered") else ""
    more = f", and {others} more" if others else ""
    return f"{unanswered}{first.when.rstrip('.')}: {first.title}{more}"


def _summary(numbers: Numbers) -> str:
    """All of the mail in one sentence, which mail programs show behind the subject."""
    count = numbers.open.total()
    if not count:
        return "These dates had passed before Steward watched them."
    things = "1 thing needs you" if count == 1 else f"{count} things need you"
    late, near = numbers.late, numbers.near
    parts = [
        f"{late} {'date has' if late == 1 else 'dates have'} passed" if late else "",
        f"{near} {'is' if near == 1 else 'are'} within {NEAR} days" if near else "",
    ]
    said = " and ".join(filter(None, parts))
    return f"{things}: {said}." if said and count > 1 else f"{things}."


def _lapsed(kind: str, count: int, to: Person, opens: bool) -> Lapsed:
    link = _list_link(kind, to.pk, Alert.State.LAPSED) if opens else ""
    return Lapsed(count=count, dates=RULE[kind].dates, link=link)


def _tells_costs(groups: Sequence[Group]) -> bool:
    lines = [line for group in groups for line in group.lines]
    return any(isinstance(fact, Cost) for line in lines for fact in line.facts)


def _opens_the_back_office(person: Person) -> bool:
    """Staff; a shared mailbox is read by staff."""
    user = person.user
    return person.kind == Person.Kind.SHARED or bool(user and user.is_staff and user.is_active)


def _preferences(person: Person) -> str:
    """Where they choose when and how they are told. Nobody signs in as a shared mailbox."""
    if person.kind == Person.Kind.SHARED:
        return ""
    return f"{settings.SITE_URL}{reverse('portal:alert_settings')}"


def _list_link(kind: str, person: int, state: str) -> str:
    query = urlencode({"rule__exact": kind, "state__exact": state, "recipient__id__exact": person})
    return f"{settings.SITE_URL}{reverse('admin:support_alert_changelist')}?{query}"
