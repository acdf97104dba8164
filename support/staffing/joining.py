"""What whoever joins gets, asked for in time."""

from django.db import transaction

from config.history import Actor
from people.models import Department, Person
from support import catalogue, merging, tickets
from support.models import StaffChange, StarterKit, Ticket
from support.staffing import changes

Kind = StaffChange.Kind


@transaction.atomic
def welcome(person: Person, *, by: Actor) -> StaffChange | None:
    """Ask for what a joiner gets, for his first day; None if that was done or he gets nothing."""
    person = changes.locked(person)
    if person.starts_on is None or person.staff_changes.filter(kind=Kind.JOINS).exists():
        return None
    offers = [it.offer for it in starter_kits(person)]
    if not offers:
        return None
    day = f"{person.starts_on:%-d %B %Y}"
    asked = [
        catalogue.ask(
            offer, requester=person, reason=f"For the first day of {person}, {day}.", by=by
        )
        for offer in offers
        if offer.is_active
    ]
    ticket = tickets.open_ticket(
        requester=person,
        subject=f"{person} starts on {day}",
        description="To be ready by then:\n" + "\n".join(f"- {it}" for it in asked),
        kind=Ticket.Kind.REQUEST,
        by=by,
    )
    for other in asked:
        merging.link(ticket, other=other, by=by)
    return changes.note(person, Kind.JOINS, person.starts_on, ticket, by=by)


def starter_kits(person: Person) -> list[StarterKit]:
    """What whoever joins gets: of his department, else of the one it is part of, else of all."""
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
