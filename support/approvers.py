"""Who must agree to a request: by role, with deputies, and never who asks or receives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from people.mailboxes import mailbox
from people.models import Department, Person
from support.models import Absence, Approval, Offer, Ticket

Role = Approval.Role
LONGEST_CHAIN = 20
"""Managers or departments looked at upwards, should they ever lead in a circle."""


@dataclass(frozen=True)
class Asked:
    """Who is asked in which role, and in whose place, if they are a deputy."""

    role: Approval.Role
    person: Person
    for_whom: Person | None = None


def needed(ticket: Ticket, on: date) -> list[Asked]:
    """Who is asked about a request on the day `on`, one after the other; nobody is asked twice.

    The manager of the receiver, the head of their department where the whole price is above the
    offer's limit, and the offer's own approver. Where a place is empty, or held by the
    receiver or the requester, the next above is asked, and in the end Finance.
    """
    offer = ticket.offer
    if offer is None:
        return []
    asked: list[Asked] = []
    for role, candidates in _places(ticket, offer):
        found = _first(ticket, role, candidates, on)
        if all(found.person != other.person for other in asked):
            asked.append(found)
    return asked


def _places(ticket: Ticket, offer: Offer) -> Iterator[tuple[Approval.Role, Iterator[Person]]]:
    receiver = ticket.on_behalf_of or ticket.requester
    if offer.needs_manager:
        yield Role.MANAGER, managers(receiver)
    if _is_above(ticket, offer):
        yield Role.BUDGET, heads(receiver.department)
    if offer.approver:
        yield Role.APPROVER, iter([offer.approver])


def _is_above(ticket: Ticket, offer: Offer) -> bool:
    price, limit = ticket.price, offer.budget_above
    return price is not None and limit is not None and price * ticket.quantity > limit


def _first(ticket: Ticket, role: Approval.Role, candidates: Iterator[Person], on: date) -> Asked:
    for candidate in candidates:
        person = standing_in(candidate, on)
        if person and not is_party(person, ticket):
            return Asked(role, person, candidate if person != candidate else None)
    return Asked(role, mailbox("finance"))


def is_party(person: Person, ticket: Ticket) -> bool:
    """Whether they ask, or it is for them: they cannot agree to it."""
    return person.pk in {ticket.requester_id, ticket.on_behalf_of_id}


def managers(person: Person) -> Iterator[Person]:
    """Their manager, the manager of that one, and so on upwards."""
    above, seen = person.manager, {person.pk}
    while above and above.pk not in seen and len(seen) < LONGEST_CHAIN:
        yield above
        seen.add(above.pk)
        above = above.manager


def heads(department: Department | None) -> Iterator[Person]:
    """The head of a department, of the one it is part of, and so on upwards."""
    seen: set[int] = set()
    while department and department.pk not in seen and len(seen) < LONGEST_CHAIN:
        if department.head:
            yield department.head
        seen.add(department.pk)
        department = department.parent


def standing_in(person: Person, on: date) -> Person | None:
    """The person, or their deputy of that day; None where none of them can be reached."""
    seen: set[int] = set()
    while person.pk not in seen:
        seen.add(person.pk)
        absence = Absence.objects.on(on).filter(person=person).select_related("deputy").first()
        if absence is None:
            return person if person.email and not person.has_left(on) else None
        person = absence.deputy
    return None
