"""The dates that a person answers for as a calendar to subscribe to (RFC 5545).

Those of their contracts, and what apps above this one add to `SOURCES`.

The address holds a secret of 256 bits instead of a sign-in, since calendar programs have none. It
is shown once, only its SHA-256 is kept, and whoever has it sees no more than its person may see
at that moment: nothing once they have left, may no longer sign in, or have revoked it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
from contracts.owners import who_answers
from people.mailboxes import mailbox
from people.models import Person

BACK, AHEAD = timedelta(90), timedelta(800)
"""How far a calendar reaches: two years on, and far enough back to find what has passed."""
MOST = 2000
"""Contracts in one calendar, and other dates; beyond it no calendar program is of use."""


@dataclass(frozen=True)
class Entry:
    """A date for a calendar. Its `uid` stays the same when the date moves; `path` may be empty."""

    uid: str
    day: date
    summary: str
    description: str
    path: str = ""


type Source = Callable[[Person, date], Iterable[Entry]]

SOURCES: list[Source] = []
"""What gives further dates that a person may know on that day, BACK and AHEAD of it."""


@transaction.atomic
def issue(person: Person, *, by: Actor) -> str:
    """Give the person a new secret, the former one ends. Returns it; nobody can read it again.

    Raises ValidationError where they cannot sign in: a calendar is for those who may see its dates.
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


def contracts_of(person: Person, on: date) -> QuerySet[Contract]:
    """What the person owns, or would be mailed about on the day `on`; see `contracts.owners`.

    Whoever decides on contracts also answers for those about which the mailbox of Finance is.
    """
    answering = [person.pk]
    if person.user and person.user.has_perm("contracts.decide_contract"):
        answering.append(mailbox("finance").pk)
    # A calendar, unlike a mail, also reaches an owner without an e-mail address.
    answered = Q(answers__in=answering) | Q(owner=person)
    rows = Contract.objects.annotate(answers=who_answers(on)).filter(answered)
    return rows.select_related("vendor")


def calendar(person: Person, on: date, now: datetime) -> bytes:
    """The calendar file: one event a date, which keeps its identity when the date moves."""
    result = Calendar()
    result.add("prodid", f"-//{settings.ORGANISATION}//Steward//EN")
    result.add("version", "2.0")
    result.add("method", "PUBLISH")
    result.add("x-wr-calname", f"Steward: dates of {person}")
    result.add("x-published-ttl", "PT6H")
    for entry in _each_once([*_of_contracts(person, on), *_of_sources(person, on)]):
        result.add_component(_event(entry, now))
    content: bytes = result.to_ical()
    return content


def _of_contracts(person: Person, on: date) -> Iterator[Entry]:
    shown = Q(notice_by__range=(on - BACK, on + AHEAD)) | Q(ends_on__range=(on - BACK, on + AHEAD))
    with_link = bool(person.user and person.user.is_staff)
    for contract in contracts_of(person, on).filter(shown).order_by("ends_on", "pk")[:MOST]:
        yield from _entries(contract, with_link)


def _of_sources(person: Person, on: date) -> list[Entry]:
    """The first dates of all sources, at most MOST of them."""
    found = [entry for source in SOURCES for entry in source(person, on)]
    return sorted(found, key=lambda entry: entry.day)[:MOST]


def _each_once(entries: Iterable[Entry]) -> Iterator[Entry]:
    seen = set()
    for entry in entries:
        if entry.uid not in seen:
            seen.add(entry.uid)
            yield entry


def _entries(contract: Contract, with_link: bool) -> list[Entry]:
    dates = []
    if contract.notice_by and contract.decision not in ("renew", "cancel"):
        dates.append(("notice", contract.notice_by, "Last day for notice"))
    if contract.ends_on:
        ends = "Ends, cancelled" if contract.decision == "cancel" else "Term ends"
        dates.append(("end", contract.ends_on, ends))
    path = reverse("admin:contracts_contract_change", args=[contract.pk]) if with_link else ""
    return [
        Entry(
            uid=f"contract-{contract.pk}-{kind}",
            day=day,
            summary=f"{words}: {contract.title} ({contract.vendor})",
            description=_description(contract),
            path=path,
        )
        for kind, day, words in dates
    ]


def _event(entry: Entry, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{settings.SITE_HOST}")
    event.add("dtstamp", now)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(1))
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("transp", "TRANSPARENT")
    if entry.path:
        event.add("url", settings.SITE_URL + entry.path)
    return event


def _description(contract: Contract) -> str:
    lines = [f"Contract {contract.number}, {contract.get_kind_display()}"]
    if contract.annual_cost is not None:
        lines.append(f"{Money(contract.annual_cost, contract.currency)} a year")
    if contract.notice_by:
        lines.append(f"Notice is possible until {contract.notice_by:%-d %B %Y}")
    if contract.ends_on:
        lines.append(f"The term ends on {contract.ends_on:%-d %B %Y}")
    return "\n".join(lines)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
