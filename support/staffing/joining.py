"""What whoever joins gets, asked for in time."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from config.history import Actor, save_as
from people.models import Department, Person
from support import catalogue, merging, tickets
from support.models import Offer, StaffChange, StarterKit, Ticket
from support.staffing import changes

Kind = StaffChange.Kind
SAME = timedelta(90)
"""So far a first day may move; one that lies further off is of somebody who comes again."""


@transaction.atomic
def welcome(person: Person, *, by: Actor) -> StaffChange | None:
    """Ask for what a joiner gets, for their first day; None if that was done or they get nothing.

    What is not on offer for them is named on the ticket. A first day that has moved keeps its
    ticket; who comes again is welcomed again.
    """
    person = changes.locked(person)
    if person.starts_on is None or _is_welcomed(person, by=by):
        return None
    offers = [it.offer for it in starter_kits(person)]
    if not offers:
        return None
    asked, refused = _ask_for(offers, person, by=by)
    ticket = tickets.open_ticket(
        requester=person,
        subject=f"{person} starts on {person.starts_on:%-d %B %Y}",
        description=_described([str(it) for it in asked], refused),
        kind=Ticket.Kind.REQUEST,
        by=by,
    )
    for other in asked:
        merging.link(ticket, other=other, by=by)
    return changes.note(person, Kind.JOINS, person.starts_on, ticket, by=by)


def _described(asked: list[str], refused: list[str]) -> str:
    parts = {
        "To be ready by then:": asked,
        "Part of what joiners get, but not asked for:": refused,
    }
    return "\n\n".join(
        f"{opening}\n{changes.listed(lines)}" for opening, lines in parts.items() if lines
    )


def _is_welcomed(person: Person, *, by: Actor) -> bool:
    """Whether this first day is known; the one near it moves, an earlier join is over."""
    assert person.starts_on is not None
    joins = person.staff_changes.filter(kind=Kind.JOINS)
    if joins.filter(on=person.starts_on).exists():
        return True
    near = (person.starts_on - SAME, person.starts_on + SAME)
    if moved := joins.filter(on__range=near).order_by("on").last():
        moved.on = person.starts_on
        save_as(moved, by=by, reason="the first day has moved")
        return True
    if earlier := joins.filter(completed_at=None).first():
        earlier.completed_at = timezone.now()
        save_as(earlier, by=by, reason="joins again")
    return False


def _ask_for(
    offers: Iterable[Offer], person: Person, *, by: Actor
) -> tuple[list[Ticket], list[str]]:
    """The tickets of what they may have, and a sentence for each thing that they may not."""
    asked, refused = [], []
    reason = f"For the first day of {person}, {person.starts_on:%-d %B %Y}."
    for offer in offers:
        try:
            asked.append(catalogue.ask(offer, requester=person, reason=reason, by=by))
        except ValidationError as refusal:
            refused += refusal.messages
    return asked, refused


def starter_kits(person: Person) -> list[StarterKit]:
    """What whoever joins gets: of their department, else of the one it is part of, else of all."""
    kits = StarterKit.objects.filter(title__in=["", person.title]).select_related("offer")
    lineage: list[Department | None] = []
    department = person.department
    while department and department not in lineage:
        lineage.append(department)
        department = department.parent
    for place in [*lineage, None]:
        found = list(kits.filter(department=place))
        exact = [it for it in found if it.title]
        if found:
            return exact or found
    return []
