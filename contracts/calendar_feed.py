"""The dates of a person's contracts as a calendar that he subscribes to (RFC 5545).

The address holds a secret of 256 bits instead of a sign-in, since calendar programs have none. It
is shown once, only its SHA-256 is kept, and whoever has it sees no more than its person may see
at that moment: nothing once he has left, may no longer sign in, or has revoked it.
"""

from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from icalendar import Calendar, Event

from config.history import Actor, delete_as, save_as
from config.money import Money
from contracts.models import CalendarFeed, Contract
from people.models import Person

BACK, AHEAD = timedelta(90), timedelta(800)
"""How far a calendar reaches: two years on, and far enough back to find what has passed."""
MOST = 2000
"""Contracts in one calendar; beyond it no calendar program is of use."""


@transaction.atomic
def issue(person: Person, *, by: Actor) -> str:
    """Give the person a new secret, the former one ends. Returns it; nobody can read it again.

    Raises ValidationError where he cannot sign in: a calendar is for who may see its dates.
    """
    person = Person.objects.select_for_update(of=("self",)).select_related("user").get(pk=person.pk)
    if person.user is None or not person.user.is_active:
        raise ValidationError(f"{person} cannot sign in: a calendar needs a login.")
    token = token_urlsafe(32)
    feed = CalendarFeed.objects.filter(person=person).first() or CalendarFeed(person=person)
    feed.token_hash = _hash(token)
    save_as(feed, by=by, reason="a new address")
    return token


@transaction.atomic
def revoke(person: Person, *, by: Actor) -> bool:
    """End the person's address; whether there was one."""
    feed = CalendarFeed.objects.select_for_update().filter(person=person).first()
    if feed is not None:
        delete_as(feed, by=by, reason="revoked")
    return feed is not None


def person_of(token: str, on: date) -> Person | None:
    """Whose calendar it is; None for a secret that is unknown, revoked or of somebody who left."""
    feeds = CalendarFeed.objects.select_related("person__user").filter(
        Q(person__leaves_on=None) | Q(person__leaves_on__gte=on),
        token_hash=_hash(token),
        person__user__is_active=True,
    )
    feed = feeds.first()
    return feed.person if feed else None


def contracts_of(person: Person) -> QuerySet[Contract]:
    """What the person answers for: owns, or as head of its department where nobody owns it.

    Whoever decides on contracts also answers for those that have neither.
    """
    answered = Q(owner=person) | Q(owner=None, department__head=person)
    if person.user and person.user.has_perm("contracts.decide_contract"):
        answered |= Q(owner=None, department__head=None)
    return Contract.objects.filter(answered).select_related("vendor")


def calendar(person: Person, on: date, now: datetime) -> bytes:
    """The calendar file: one event a date, which keeps its identity when the date moves."""
    shown = Q(notice_by__range=(on - BACK, on + AHEAD)) | Q(ends_on__range=(on - BACK, on + AHEAD))
    result = Calendar()
    result.add("prodid", f"-//{settings.ORGANISATION}//Steward//EN")
    result.add("version", "2.0")
    result.add("method", "PUBLISH")
    result.add("x-wr-calname", f"Contracts of {person}")
    result.add("x-published-ttl", "PT6H")
    for contract in contracts_of(person).filter(shown).order_by("ends_on", "pk")[:MOST]:
        for event in _events(contract, bool(person.user and person.user.is_staff), now):
            result.add_component(event)
    content: bytes = result.to_ical()
    return content


def _events(contract: Contract, with_link: bool, now: datetime) -> list[Event]:
    dates = []
    if contract.notice_by and contract.decision not in ("renew", "cancel"):
        dates.append(("notice", contract.notice_by, "Last day for notice"))
    if contract.ends_on:
        ends = "Ends, cancelled" if contract.decision == "cancel" else "Term ends"
        dates.append(("end", contract.ends_on, ends))
    return [_event(contract, *entry, with_link, now) for entry in dates]


def _event(
    contract: Contract, kind: str, day: date, words: str, with_link: bool, now: datetime
) -> Event:
    event = Event()
    event.add("uid", f"contract-{contract.pk}-{kind}@{settings.SITE_HOST}")
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(1))
    event.add("summary", f"{words}: {contract.title} ({contract.vendor})")
    event.add("description", _description(contract))
    event.add("transp", "TRANSPARENT")
    if with_link:
        path = reverse("admin:contracts_contract_change", args=[contract.pk])
        event.add("url", settings.SITE_URL + path)
    return event


def _description(contract: Contract) -> str:
    lines = [f"Contract {contract.number}, {contract.get_kind_display()}"]
    if contract.annual_cost is not None:
        lines.append(f"{Money(contract.annual_cost, contract.currency)} a year")
    if contract.notice_by:
        lines.append(f"Notice is possible until {contract.notice_by:%d %B %Y}")
    if contract.ends_on:
        lines.append(f"The term ends on {contract.ends_on:%d %B %Y}")
    return "\n".join(lines)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
