"""The leave of somebody: what they have, how it comes back, who takes over, and when it is done."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from assets import lifecycle
from assets.stock import give_back
from config.history import Actor, save_as
from config.outcomes import Outcome
from contracts import seats
from contracts.models import Contract
from people.models import Location, Person
from support import approvals, approvers, holdings, responses, ticket_mail, tickets
from support.models import Follower, StaffChange, Ticket
from support.moves import OPEN
from support.staffing import changes

Kind = StaffChange.Kind
AHEAD = 14
"""Days before the last one that a leave gets its ticket."""


@transaction.atomic
def depart(person: Person, *, by: Actor) -> StaffChange | None:
    """Open the ticket of a leave, with all that they have; None where there is one already.

    A leave whose day has moved keeps its ticket. Raises ValidationError without a last day.
    """
    person = changes.locked(person)
    if person.leaves_on is None:
        raise ValidationError(f"{person} has no last day: give one first.")
    change = person.staff_changes.filter(kind=Kind.LEAVES, completed_at=None).first()
    if change:
        if change.on != person.leaves_on:
            change.on = person.leaves_on
            save_as(change, by=by, reason="the last day has moved")
        return None
    if person.staff_changes.filter(kind=Kind.LEAVES, on=person.leaves_on).exists():
        return None  # worked off already
    has = holdings.of(person, timezone.localdate())
    listed = "\n".join(f"- {it}" for it in has.sentences()) or "Nothing is recorded as theirs."
    ticket = tickets.open_ticket(
        requester=person,
        subject=f"{person} leaves on {person.leaves_on:%-d %B %Y}",
        description=f"To be returned, or to be passed on:\n{listed}",
        kind=Ticket.Kind.RETURN,
        by=by,
    )
    for manager in approvers.managers(person):
        if manager.email and not manager.has_left(timezone.localdate()):
            follower = Follower(ticket=ticket, person=manager)
            save_as(follower, by=by, reason=f"manages {person}")
            ticket_mail.changed(ticket, "Please see to it that everything comes back.", by=by)
            break
    return changes.note(person, Kind.LEAVES, person.leaves_on, ticket, by=by)


@transaction.atomic
def announce_leave(person: Person, *, leaves_on: date, reason: str = "", by: Actor) -> Person:
    """Write down somebody's last day, and begin their leave where that is near."""
    person = changes.locked(person)
    person.leaves_on = leaves_on
    person.full_clean()
    save_as(person, by=by, reason=reason or "leaves")
    if leaves_on <= timezone.localdate() + timedelta(AHEAD):
        depart(person, by=by)
    return person


@transaction.atomic
def take_all_back(
    change: StaffChange, *, location: Location | None = None, stock: bool = True, by: Actor
) -> Outcome:
    """Take back all assets and seats of somebody who leaves, and the `stock`, in one step.

    What cannot be taken back now stays with them, and is named in the outcome and on the ticket.
    Raises ValidationError where they have nothing, or nothing can be.
    """
    change = changes.opened(change, Kind.LEAVES)
    has = holdings.of(change.person, timezone.localdate())
    if not has.to_return:
        raise ValidationError(f"{change.person} holds nothing that could be taken back.")
    returned, refused = _take_back(has, location, stock, by=by, reason=f"{change.person} leaves")
    if not returned:
        raise ValidationError(refused or "Only stock is left: it was not to be taken back.")
    parts = [("Taken back:", returned), ("Still to be returned:", refused)]
    said = [f"{opening}\n{changes.listed(lines)}" for opening, lines in parts if lines]
    changes.say(change, "\n\n".join(said), by=by)
    return Outcome([change], refused)


def _take_back(
    has: holdings.Holdings, location: Location | None, stock: bool, *, by: Actor, reason: str
) -> tuple[list[str], list[str]]:
    """What came back, and a sentence for each asset that cannot."""
    # What is built into a device goes back with it.
    whole = [it for it in has.assets if it.installed_in_id not in {one.pk for one in has.assets}]
    outcome = lifecycle.take_back(whole, location=location, by=by, reason=reason)
    returned = [f"{it.product}, {it.tag}" for it in outcome.moved]
    for seat in has.seats:
        seats.take_back(seat, by=by, reason=reason)
        returned.append(f"Seat of {seat.licence.name}")
    for item in has.stock if stock else ():
        give_back(item, quantity=item.held, person=has.person, by=by, reason=reason)
        returned.append(f"{item.held} × {item.name}")
    return returned, outcome.refused


@transaction.atomic
def transfer(change: StaffChange, *, to: Person, by: Actor) -> StaffChange:
    """Give tickets, approvals and alerts of somebody who leaves to a successor.

    Raises ValidationError where there is none, or `to` is the same, has left or has no e-mail.
    """
    change = changes.opened(change, Kind.LEAVES)
    person, reason = change.person, f"taken over from {change.person}, who leaves"
    _check_successor(person, to)
    has = holdings.of(person, timezone.localdate())
    if not (has.work or has.approvals or has.alerts):
        raise ValidationError(f"{person} has no ticket, approval or alert to be passed on.")
    for ticket in has.work:
        tickets.assign(ticket, to=to, by=by)
    for approval in has.approvals:
        if not approvers.is_party(to, approval.ticket):
            approvals.pass_on(approval, to=to, reason=reason, by=by)
    for alert in has.alerts:
        responses.pass_on(alert, to=to, text=reason, by=by)
    return _succeed(change, to, f"{to} takes over what {person} worked on.", by=by)


@transaction.atomic
def transfer_contracts(change: StaffChange, *, to: Person, by: Actor) -> StaffChange:
    """Make a successor the owner of the contracts of somebody who leaves.

    Raises ValidationError as `transfer` does.
    """
    change = changes.opened(change, Kind.LEAVES)
    person, reason = change.person, f"taken over from {change.person}, who leaves"
    _check_successor(person, to)
    owned = list(Contract.objects.select_for_update().filter(owner=person).order_by("pk"))
    if not owned:
        raise ValidationError(f"{person} owns no contract.")
    for contract in owned:
        contract.owner = to
        save_as(contract, by=by, reason=reason)
    return _succeed(change, to, f"{to} owns the contracts of {person} now.", by=by)


def _check_successor(person: Person, to: Person) -> None:
    if to == person or not to.email or to.has_left(timezone.localdate()):
        raise ValidationError(f"{to} cannot take over: choose somebody who is here and has mail.")


def _succeed(change: StaffChange, to: Person, said: str, *, by: Actor) -> StaffChange:
    change.successor = to
    save_as(change, by=by, reason=said)
    changes.say(change, said, by=by)
    return change


@transaction.atomic
def complete(change: StaffChange, *, remark: str = "", by: Actor) -> StaffChange:
    """Close a change and its ticket.

    Raises ValidationError, with each thing, where somebody who leaves still has something, unless
    a remark says why.
    """
    change = changes.opened(change)
    if change.kind == Kind.LEAVES:
        left = list(holdings.of(change.person, timezone.localdate()).sentences())
        if left and not remark.strip():
            raise ValidationError(
                [f"{change.person} has this; take it back, pass it on, or say why not:", *left]
            )
    change.completed_at, change.remark = timezone.now(), remark.strip()
    save_as(change, by=by, reason=remark or "done")
    if change.ticket and change.ticket.state in OPEN:
        tickets.resolve(change.ticket, solution=remark.strip() or "Everything is done.", by=by)
    return change
