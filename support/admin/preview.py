"""The preview of alerts as a report: what would go to whom, by day."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from config.admin.filters import DaysField
from config.admin.reporting import Chart, Column, DaysFilter, LinkFilter, Report
from people.mailboxes import mailbox
from people.models import Person
from support import alert_words, preview
from support.admin.lead_times import LeadTimeAdmin
from support.lead_time_words import said
from support.models import Alert, LeadTime
from support.preview import FORESEEN, LONGEST, How, Telling
from support.preview.shown import Line, Lines

TITLES = {rule.kind: rule.title for rule in FORESEEN}
AHEAD = 90
A_WEEK = timedelta(7)
WEEKS = 27
"""How many weeks the chart has room for; it begins with the first."""


class ComingDaysField(DaysField):
    """From a day to another, of which none has passed and none is more than a year ahead."""

    def compress(self, data_list: list[date | None]) -> slice | None:
        days = super().compress(data_list)
        today = timezone.localdate()
        for day in (days.start, days.stop) if days else ():
            if day and not today <= day <= today + timedelta(LONGEST):
                raise ValidationError(f"Choose days from today to {LONGEST} days ahead.")
        return days


class ComingDaysFilter(DaysFilter):
    field_class = ComingDaysField


class PreviewFilters(django_filters.FilterSet):
    days = ComingDaysFilter(label="Told")
    rule = django_filters.ChoiceFilter(label="Rule", choices=list(TITLES.items()))
    person = LinkFilter(Alert.recipient, label="To")
    department = LinkFilter(Person.department, label="To somebody of")
    role = django_filters.ChoiceFilter(
        label="To the mailbox of", choices=Person._meta.get_field("answers_for").choices
    )

    class Meta:
        model = LeadTime
        fields: Sequence[str] = []


def rows(filters: Any) -> Lines:
    """What the filters ask for, of records that this user may see."""
    asked, today = filters.form.cleaned_data, timezone.localdate()
    days = asked.get("days")
    first = (days and days.start) or today
    last = (days and days.stop) or min(first + timedelta(AHEAD), today + timedelta(LONGEST))
    kinds = _seen(filters.request.user) & ({asked["rule"]} if asked.get("rule") else set(TITLES))
    whom = _whom(asked)
    return Lines(
        [
            it
            for it in preview.coming(today, max(first, last))
            if it.day >= first and it.rule in kinds and (whom is None or it.recipient in whom)
        ]
    )


def _seen(user: Any) -> set[str]:
    """The rules about records that this user may see."""
    options = {rule.kind: rule.model._meta for rule in FORESEEN}
    return {
        kind
        for kind, it in options.items()
        if user.has_perm(f"{it.app_label}.view_{it.model_name}")
    }


def _whom(asked: dict[str, Any]) -> set[int] | None:
    """The keys of the recipients that are asked for; None for all."""
    if not any(asked.get(name) for name in ("person", "department", "role")):
        return None
    chosen = Q()
    if person := asked.get("person"):
        chosen &= Q(pk=person.pk)
    if department := asked.get("department"):
        chosen &= Q(department=department)
    if role := asked.get("role"):
        chosen &= Q(pk=mailbox(role).pk)
    return set(Person.objects.filter(chosen).values_list("pk", flat=True))


def tellings(lines: Sequence[Line]) -> Sequence[Telling]:
    """What the lines say, without the records: those that a column sorts are read already."""
    return lines.tellings if isinstance(lines, Lines) else [line.telling for line in lines]


def totals(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """How many there are of each kind."""
    told = tellings(lines)
    counted = Counter(it.rule for it in told)
    escalated = sum(it.how == How.ESCALATED for it in told)
    of_kinds = [(title, f"{counted[kind]:,}") for kind, title in TITLES.items() if counted[kind]]
    return [*of_kinds, ("Escalated, of all these", f"{escalated:,}")] if escalated else of_kinds


def chart(lines: Sequence[Line]) -> Chart | None:
    """How many are told in each week, from the first day on."""
    told = tellings(lines)
    if not told:
        return None
    first, last = min(it.day for it in told), max(it.day for it in told)
    weeks = min((last - first).days // 7 + 1, WEEKS)
    counted = Counter(((it.day - first).days // 7, it.how) for it in told)
    starts = [first + number * A_WEEK for number in range(weeks)]
    series = [
        (name, [Decimal(sum(counted[number, how] for how in hows)) for number in range(weeks)])
        for name, hows in (("Told", (How.TOLD, How.AGAIN)), ("Escalated", (How.ESCALATED,)))
    ]
    labels = [f"{start.day} {start:%b}" for start in starts]
    return Chart("Alerts in the week from", labels, series, "alerts", "stacked")


def lead(line: Line) -> str:
    """Why on that day, in words."""
    told = line.telling
    if told.how == How.ESCALATED:
        return "nobody answered"
    if told.how == How.AGAIN:
        return "told again"
    if line.rule.is_standing:
        return "when it is first seen"
    return said([told.lead]) if told.due_on >= told.day else "it has passed"


PREVIEW = Report(
    slug="preview",
    title="Alerts to come",
    permission="support.view_alert",
    export_permission="support.export_alert",
    columns=[
        Column("Day", lambda it: it.telling.day),
        Column("To", lambda it: str(it.recipient)),
        Column("Kind", lambda it: it.rule.title),
        Column(
            "About",
            lambda it: alert_words.name_of(it.record),
            link=lambda it: alert_words.page_of(it.record),
        ),
        Column("Due", lambda it: it.telling.due_on),
        Column("Why on that day", lead),
        Column("Costs a year", lambda it: it.money, amount=True),
    ],
    filterset=PreviewFilters,
    rows=rows,
    totals=totals,
    chart=chart,
    help=f"What would go to whom in the next {AHEAD} days, if nothing changes and nobody answers:"
    " what was told or acknowledged already is left out, and what would be escalated is shown."
    " Kinds that are told at once go by hours and are not in it.",
    empty="Nothing is to be told in this time. Look further ahead, or at the rules.",
)
LeadTimeAdmin.reports = [*LeadTimeAdmin.reports, PREVIEW]
