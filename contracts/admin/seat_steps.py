"""Giving seats out and taking them back, as the back office asks for it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from config.admin import Step
from config.forms import LinkField, StepForm, reason_field
from config.history import Actor
from config.outcomes import Outcome
from contracts import seats
from contracts.models import Licence, Seat
from contracts.seat_holders import named
from contracts.seat_rooms import METRICS, Holder, field_of

PERMISSION = "contracts.assign_seat"
DAYS = (30, 60, 90, 180)
HINTS = {
    "person": "an e-mail, login name, employee number or full name",
    "device": "a tag, hostname or serial number",
    "site": "the name or path of a place",
}


class HoldersForm(StepForm):
    """Who is meant: one chosen, and any number pasted, in the metric of the licence."""

    person = LinkField(Seat.person, required=False)
    asset = LinkField(Seat.asset, required=False, label="Device")
    location = LinkField(Seat.location, required=False, label="Site")
    others = forms.CharField(
        required=False,
        label="Several at once",
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def ask(self, rows: Sequence[Licence]) -> None:
        self.metric = rows[0].metric
        kind, name = METRICS[self.metric]
        for field in {"person", "asset", "location"} - {field_of(kind())}:
            del self.fields[field]
        self.fields["others"].help_text = f"One a line: {HINTS[name]}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        links = [cleaned.pop(name, None) for name in ("person", "asset", "location")]
        holders: list[Holder] = [holder for holder in links if holder]
        try:
            holders += named(self.metric, cleaned.pop("others", ""))
        except ValidationError as problem:
            self.add_error("others", problem)
        if not holders and not self.errors:
            raise ValidationError("Say who it is.")
        return {**cleaned, "holders": list(dict.fromkeys(holders))}


class AssignForm(HoldersForm):
    since = forms.DateField(required=False, label="Since", help_text="Empty: today.")
    reason = reason_field()


class TakeBackFromForm(HoldersForm):
    reason = reason_field()


class TakeBackForm(StepForm):
    reason = reason_field(help_text="Such as: left the company. Kept in the history.")


class ReclaimForm(StepForm):
    reason = reason_field(
        help_text="Kept in the history. Each person gets one mail about all that is taken back."
    )


class ReclaimIdleForm(ReclaimForm):
    days = forms.TypedChoiceField(
        label="Not used for",
        coerce=int,
        choices=[(days, f"{days} days") for days in DAYS],
        initial=90,
    )
    field_order = ["days"]


def _assign(
    rows: Sequence[Licence],
    *,
    holders: Sequence[Holder],
    since: date | None,
    by: Actor,
    reason: str,
) -> Outcome:
    outcome = seats.assign_all(rows[0], holders, since=since, by=by, reason=reason)
    return _or_refused(outcome)


def _take_back_from(
    rows: Sequence[Licence], *, holders: Sequence[Holder], by: Actor, reason: str
) -> Outcome:
    """The seats of those who were named; who has none is named in turn."""
    licence, outcome = rows[0], Outcome()
    for holder in holders:
        found = licence.given_seats.taken().filter(**{field_of(holder): holder}).first()
        if found is None:
            outcome.refused.append(f"{holder} has no seat of {licence}.")
        else:
            outcome.done.append(seats.take_back(found, by=by, reason=reason))
    return _or_refused(outcome)


def _or_refused(outcome: Outcome) -> Outcome:
    """Where nothing at all was done the form stays, with the reasons."""
    if not outcome.done and outcome.refused:
        raise ValidationError(outcome.refused)
    return outcome


def _reclaim_idle(rows: Sequence[Licence], *, days: int, by: Actor, reason: str) -> Outcome:
    idle = Seat.objects.idle(days, timezone.localdate()).filter(licence__in=rows)
    found = list(idle.select_related("licence"))
    if not found:
        raise ValidationError(f"No seat of it has been unused for {days} days.")
    return _or_refused(seats.reclaim(found, by=by, reason=reason))


def _take_back(rows: Sequence[Seat], *, by: Actor, reason: str) -> Outcome:
    outcome = Outcome()
    for seat in sorted(rows, key=lambda seat: (seat.licence_id, seat.pk)):
        try:
            outcome.done.append(seats.take_back(seat, by=by, reason=reason))
        except ValidationError as refusal:
            outcome.refused += refusal.messages
    return _or_refused(outcome)


def _reclaim(rows: Sequence[Seat], *, by: Actor, reason: str) -> Outcome:
    return _or_refused(seats.reclaim(rows, by=by, reason=reason))


OF_LICENCE = [
    Step(
        name="assign",
        label="Give out seats",
        form=AssignForm,
        run=_assign,
        permission=PERMISSION,
        in_bulk=False,
        help="Never more than were bought: whoever finds none left is named.",
    ),
    Step(
        name="take_back",
        label="Take seats back",
        form=TakeBackFromForm,
        run=_take_back_from,
        permission=PERMISSION,
        in_bulk=False,
    ),
    Step(
        name="reclaim",
        label="Reclaim idle seats",
        form=ReclaimIdleForm,
        run=_reclaim_idle,
        permission=PERMISSION,
        help="Takes back what nobody has used for so long.",
    ),
]
OF_SEAT = [
    Step(
        name="take_back",
        label="Take back",
        form=TakeBackForm,
        run=_take_back,
        permission=PERMISSION,
        allows=lambda seat: seat.until is None,
    ),
    Step(
        name="reclaim",
        label="Reclaim",
        form=ReclaimForm,
        run=_reclaim,
        permission=PERMISSION,
        allows=lambda seat: seats.is_idle(seat, timezone.localdate()),
        help="Takes back what has not been used, and mails each person how to get it again.",
    ),
]
