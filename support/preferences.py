"""How somebody is told: at what time of which zone, and of each kind in which way."""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import Value

from config.history import Actor, delete_as, save_as
from people.models import Person
from support.alerts import RULES, Rule
from support.models import DigestTime, Preference

USUAL = time(DigestTime.DEFAULT_HOUR)


@transaction.atomic
def choose(
    person: Person, *, at: time, time_zone: str, deliveries: Mapping[str, str], by: Actor
) -> None:
    """Set the time of their mail of the day, and how they are told of each kind; "" is as usual.

    Raises ValidationError for a time zone or a way that there is not.
    """
    person = Person.objects.select_for_update().get(pk=person.pk)
    _set_time(person, at, time_zone, by)
    chosen = {preference.rule: preference for preference in person.alert_preferences.all()}
    for rule, delivery in deliveries.items():
        _set_delivery(chosen.get(rule) or Preference(person=person, rule=rule), delivery, by)


def kinds_for(person: Person, *, on: date) -> list[Rule]:
    """The rules that may tell this person something.

    Staff and mailboxes are told of any; an employee of what is not for a role alone, and of what
    somebody has passed on to them before.
    """
    if person.kind == Person.Kind.SHARED or (person.user and person.user.is_staff):
        return list(RULES)
    told = set(person.alerts.order_by().values_list("rule", flat=True).distinct())
    return [rule for rule in RULES if rule.kind in told or not _is_for_a_role_alone(rule, on)]


@cache
def time_zones() -> list[str]:
    """The zones of places, as people know theirs: Europe/Berlin, and UTC."""
    places = {name for name in available_timezones() if "/" in name}
    return ["UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))]


def _is_for_a_role_alone(rule: Rule, on: date) -> bool:
    return isinstance(rule.recipient(on), Value)


def _set_time(person: Person, at: time, time_zone: str, by: Actor) -> None:
    known = DigestTime.objects.filter(person=person).first()
    if known is None and (at, time_zone) == (USUAL, ""):
        return
    chosen = known or DigestTime(person=person)
    if known and (known.at, known.time_zone) == (at, time_zone):
        return
    chosen.at, chosen.time_zone = at, time_zone
    chosen.full_clean()
    save_as(chosen, by=by, reason="chosen")


def _set_delivery(preference: Preference, delivery: str, by: Actor) -> None:
    if preference.delivery == delivery:
        return
    if not delivery:
        delete_as(preference, by=by, reason="as usual again")
        return
    preference.delivery = delivery
    preference.full_clean()
    save_as(preference, by=by, reason="chosen")
