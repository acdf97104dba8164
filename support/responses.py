"""What people do about an alert. It concerns the matter: one date of one record, whoever is told.

Each answer is atomic, takes the matter's alerts under a lock in the order of their keys, leaves a
`Response`, and refuses with a sentence that names the record and what would be possible.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate

from config.history import Actor
from people.models import Person, User
from support.alert_words import RULE, name_of
from support.models import Alert, Response

State, Kind = Alert.State, Response.Kind

ANSWERS = {"acknowledge", "snooze", "pass_on", "comment", "reopen"}
LIVE = (State.OPEN, State.SNOOZED)
LONGEST_SNOOZE = 30
"""Days, where the date has come or there is none."""
LONGEST_TEXT = 5_000


def may_respond(user: object, alert: Alert) -> bool:
    """Whoever was told may answer, and staff with the permission who may see the record."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if alert.recipient.user_id == user.pk:
        return True
    return user.is_staff and user.has_perm("support.respond_alert") and may_see(user, alert)


def may_see(user: object, alert: Alert) -> bool:
    """Whether the back office shows this user what the alert is about."""
    kind = ContentType.objects.get_for_id(alert.content_type_id)
    return isinstance(user, User) and user.has_perm(f"{kind.app_label}.view_{kind.model}")


@transaction.atomic
def acknowledge(alert: Alert, *, text: str = "", by: Actor) -> Alert:
    """Say that it is known: nobody is told of this date of this record again.

    Raises ValidationError where there is nothing to say, or it was said already.
    """
    alert, matter = _locked(alert)
    _refuse_unless(alert, LIVE)
    for each in _those(matter, LIVE):
        _enter(each, State.ACKNOWLEDGED)
    return _answered(alert, Kind.ACKNOWLEDGED, text, by=by)


@transaction.atomic
def snooze(alert: Alert, *, until: date, text: str = "", by: Actor) -> Alert:
    """Be told again on the day `until`, and not of this date before it.

    Raises ValidationError for a day that is not to come, or too late: the date itself is the last
    while it is ahead, else 30 days from now.
    """
    alert, matter = _locked(alert)
    _refuse_unless(alert, LIVE)
    if alert.state == State.SNOOZED and alert.snoozed_until == until:
        raise ValidationError(f"{named(alert)}, is already snoozed until {_day(until)}.")
    check_until(alert, until, on=localdate())
    for each in _those(matter, LIVE):
        _enter(each, State.SNOOZED, until)
    return _answered(alert, Kind.SNOOZED, text, by=by, until=until)


@transaction.atomic
def pass_on(alert: Alert, *, to: Person, text: str = "", by: Actor) -> Alert:
    """Give it to another, who is told by the next mail and gets the later ones of this date.

    Returns the alert that was passed on. Raises ValidationError where they have it, have
    left or have no e-mail.
    """
    alert, matter = _locked(alert)
    _refuse_unless(alert, LIVE)
    to = _reachable(alert, to)
    _enter(alert, State.PASSED_ON)
    _assign(alert, matter, to)
    return _answered(alert, Kind.PASSED_ON, text, by=by, to=to)


@transaction.atomic
def comment(alert: Alert, *, text: str, by: Actor) -> Alert:
    """Say something about it, for all who deal with it. Raises ValidationError without words."""
    alert, _ = _locked(alert)
    if not text.strip():
        raise ValidationError("Write something before you send it.")
    return _answered(alert, Kind.COMMENTED, text, by=by)


@transaction.atomic
def reopen(alert: Alert, *, text: str = "", by: Actor) -> Alert:
    """Take back that it is known: it waits again for whoever was told, and later leads are told.

    Raises ValidationError where it was not acknowledged, or its date has passed.
    """
    alert, matter = _locked(alert)
    if alert.state == State.OPEN:
        raise ValidationError(
            f"{named(alert)}, is open already: acknowledge, snooze or pass it on."
        )
    _refuse_unless(alert, (State.ACKNOWLEDGED,))
    if _is_over(alert, on=localdate()):
        raise ValidationError(f"{named(alert)}, has passed: what is over is not opened again.")
    for each in _those(matter, (State.ACKNOWLEDGED,)):
        _enter(each, State.OPEN)
    return _answered(alert, Kind.REOPENED, text, by=by)


def possible(alert: Alert, *, on: date) -> set[str]:
    """The names of the answers that the alert takes on the day `on`."""
    answers = {"comment"}
    if alert.state in LIVE:
        answers |= {"acknowledge", "snooze", "pass_on"}
    if alert.state == State.ACKNOWLEDGED and not _is_over(alert, on=on):
        answers.add("reopen")
    return answers


def last_day(alert: Alert, *, on: date) -> date:
    """The latest day until which it can be snoozed on the day `on`."""
    return alert.due_on if alert.due_on > on else on + timedelta(LONGEST_SNOOZE)


def check_until(alert: Alert, until: date, *, on: date) -> None:
    """Raises ValidationError for a day until which the alert cannot be snoozed on the day `on`."""
    last = last_day(alert, on=on)
    if on < until <= last:
        return
    first = on + timedelta(1)
    between = f"between {_day(first)} and {_day(last)}" if first < last else f"of {_day(last)}"
    raise ValidationError(f"{named(alert)}, can be snoozed until a day {between}.")


def turns_of(alert: Alert) -> QuerySet[Response]:
    """What was done about the matter by anybody, from the first."""
    turns = Response.objects.filter(alert__in=Alert.objects.of_matter(alert))
    return turns.select_related("by", "to", "alert__recipient")


# --- How the matter is taken and changed ---


def _locked(alert: Alert) -> tuple[Alert, list[Alert]]:
    """The alert as it now is, and all of its matter, locked in the order of their keys."""
    rows = Alert.objects.of_matter(alert).select_related("recipient", "content_type")
    matter = list(rows.order_by("pk").select_for_update(of=("self",)))
    found = next((each for each in matter if each.pk == alert.pk), None)
    if found is None:
        raise ValidationError("There is no such alert any more.")
    return found, matter


def _those(matter: Sequence[Alert], states: Sequence[str]) -> list[Alert]:
    return [each for each in matter if each.state in states]


def _enter(alert: Alert, state: str, until: date | None = None) -> None:
    alert.state, alert.snoozed_until = state, until
    alert.save(update_fields=["state", "snoozed_until"])


def _reachable(alert: Alert, to: Person) -> Person:
    """The person as they now are, if they can be told."""
    if to.pk == alert.recipient_id:
        raise ValidationError(f"{to} has {named(alert)}, already: choose somebody else.")
    found = Person.objects.filter(pk=to.pk).first()
    if found is None or found.has_left(localdate()):
        raise ValidationError(f"{to} has left: choose somebody who is here.")
    if not found.email:
        raise ValidationError(f"{to} has no e-mail and could not be told: choose somebody else.")
    return found


def _assign(alert: Alert, matter: Sequence[Alert], to: Person) -> None:
    """Their own alert of the matter, told by their next mail, with all its days of grace."""
    theirs = [each for each in matter if each.recipient_id == to.pk]
    live = _those(theirs, LIVE) or [each for each in theirs if each.lead == alert.lead]
    given = live[0] if live else _twin(alert, to)
    given.is_assigned, given.message, given.escalates = True, None, None
    given.state, given.snoozed_until, given.raised_on = State.OPEN, None, localdate()
    given.save()
    others = [each.pk for each in matter if each.is_assigned and each.pk != given.pk]
    Alert.objects.filter(pk__in=others).update(is_assigned=False)


def _twin(alert: Alert, to: Person) -> Alert:
    return Alert(
        rule=alert.rule,
        content_type=alert.content_type,
        object_id=alert.object_id,
        due_on=alert.due_on,
        lead=alert.lead,
        recipient=to,
        run=alert.run,
    )


def _answered(alert: Alert, kind: str, text: str, *, by: Actor, **options: Any) -> Alert:
    words = text.strip()
    if len(words) > LONGEST_TEXT:
        raise ValidationError(f"That is too long: up to {LONGEST_TEXT} letters are kept.")
    who = by if isinstance(by, User) else None
    Response.objects.create(alert=alert, kind=kind, text=words, by=who, **options)
    return alert


def _is_over(alert: Alert, *, on: date) -> bool:
    """Its date has passed; a condition that still holds has none that could."""
    rule = RULE.get(alert.rule)
    return alert.due_on < on and not (rule and rule.is_standing)


# --- What a refusal says ---


def _refuse_unless(alert: Alert, states: Sequence[str]) -> None:
    if alert.state not in states:
        raise ValidationError(_why_not(alert))


def _why_not(alert: Alert) -> str:
    name, last = named(alert), _last_word(alert)
    return {
        State.OPEN: f"{name}, is open: acknowledge, snooze or pass it on.",
        State.SNOOZED: f"{name}, is snoozed: acknowledge it, or be told again on another day.",
        State.ACKNOWLEDGED: f"{name}, is acknowledged already{last}: reopen it first.",
        State.PASSED_ON: f"{name}, is passed on already{last}: it can only be commented on.",
        State.FOLLOWED: f"{name}, was followed by a nearer alert of the same date: answer that.",
        State.MOOT: f"{name}, is no longer true: nothing is left to do.",
        State.LAPSED: f"{name}, lapsed before it was watched: it can only be commented on.",
    }[State(alert.state)]


def _last_word(alert: Alert) -> str:
    """By whom the matter was answered last, and for a passed on one to whom."""
    kind = Kind.PASSED_ON if alert.state == State.PASSED_ON else Kind.ACKNOWLEDGED
    last = turns_of(alert).filter(kind=kind).last()
    if last is None:
        return ""
    return f" to {last.to}" if last.to else f" by {last.by or 'Steward'}"


def named(alert: Alert) -> str:
    """The record and the date; for those who may see the record."""
    return f"{name_of(alert.record)}, due {_day(alert.due_on)}"


def _day(day: date) -> str:
    return date_format(day, "j F Y")
