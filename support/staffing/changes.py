"""What joining, moving and leaving share: locks, the change itself, and words on its ticket."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError

from config.history import Actor, save_as
from people.models import Person
from support import tickets
from support.models import StaffChange, Ticket
from support.moves import OPEN, enter


def locked(person: Person) -> Person:
    rows = Person.objects.select_for_update(of=("self",))
    return rows.select_related("department", "location", "manager").get(pk=person.pk)


def opened(change: StaffChange, kind: StaffChange.Kind | None = None) -> StaffChange:
    rows = StaffChange.objects.select_for_update(of=("self",)).select_related("person", "ticket")
    change = rows.get(pk=change.pk)
    if kind and change.kind != kind:
        raise ValidationError(f"{change}: this is for somebody who leaves.")
    if change.completed_at:
        raise ValidationError(f"{change}: it was closed already.")
    return change


def note(
    person: Person, kind: StaffChange.Kind, on: date, ticket: Ticket, *, by: Actor
) -> StaffChange:
    change = StaffChange(person=person, kind=kind, on=on, ticket=ticket)
    save_as(change, by=by, reason=str(kind.label))
    return change


def say(change: StaffChange, text: str, *, by: Actor) -> None:
    ticket = change.ticket
    if ticket and ticket.state in OPEN:
        tickets.answer(ticket, body=text, by=by)
        ticket.refresh_from_db()
        if ticket.state == Ticket.State.NEW:
            enter(ticket, Ticket.State.IN_PROGRESS, by=by, reason="begun")


def listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
