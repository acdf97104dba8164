"""Tickets that have to do with each other: followed, linked, merged, split."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from config.history import Actor, delete_as, save_as
from people.models import Person
from support import conversation, ticket_mail, tickets
from support.models import Comment, Follower, Ticket, TicketLink
from support.moves import enter, locked

State = Ticket.State


@transaction.atomic
def follow(ticket: Ticket, *, person: Person, by: Actor) -> Ticket:
    """From now on they are mailed what happens, and may read it in the portal."""
    if not person.email or person.has_left(timezone.localdate()):
        raise ValidationError(f"{person} cannot be mailed: choose somebody with an address.")
    Ticket.objects.select_for_update().get(pk=ticket.pk)
    if ticket.followers.filter(person=person).exists():
        raise ValidationError(f"{person} follows {ticket} already.")
    save_as(Follower(ticket=ticket, person=person), by=by, reason="follows it")
    return ticket


@transaction.atomic
def unfollow(ticket: Ticket, *, person: Person, by: Actor) -> Ticket:
    follower = ticket.followers.filter(person=person).first()
    if follower is None:
        raise ValidationError(f"{person} does not follow {ticket}.")
    delete_as(follower, by=by, reason="no longer follows it")
    return ticket


@transaction.atomic
def link(ticket: Ticket, *, other: Ticket, by: Actor) -> Ticket:
    """Say that two tickets have to do with each other."""
    if ticket == other:
        raise ValidationError(f"{ticket} cannot be linked to itself.")
    first, second = sorted([ticket, other], key=lambda it: it.pk)
    Ticket.objects.select_for_update().get(pk=first.pk)
    if TicketLink.objects.filter(first=first, second=second).exists():
        raise ValidationError(f"{ticket} and {other} are linked already.")
    save_as(TicketLink(first=first, second=second), by=by, reason="linked")
    return ticket


def linked_to(ticket: Ticket) -> list[Ticket]:
    """The tickets it was linked to, the newest first."""
    forth = Ticket.objects.filter(links_back__first=ticket)
    back = Ticket.objects.filter(links__second=ticket)
    return list((forth | back).distinct().order_by("-opened_at"))


@transaction.atomic
def merge(ticket: Ticket, *, into: Ticket, by: Actor) -> Ticket:
    """Close a duplicate: who asked in it follows the other, where its story goes on.

    What was said stays where it was said. Raises ValidationError where the other one is closed.
    """
    if ticket == into:
        raise ValidationError(f"{ticket} cannot be merged into itself.")
    # In the order of their keys, so that two merges of the same pair cannot wait for each other.
    list(Ticket.objects.select_for_update().filter(pk__in=[ticket.pk, into.pk]).order_by("pk"))
    into, ticket = locked("answer", into), locked("merge", ticket)
    note = f"{ticket} was merged into this one. {ticket.requester} asked:\n\n{ticket.description}"
    conversation.write(into, note.strip(), author=None, public=False, by=by)
    _bring_followers(ticket, into, by=by)
    ticket.merged_into = into
    enter(ticket, State.CLOSED, by=by, reason=f"merged into {into}")
    ticket_mail.merged(ticket, by=by)
    return ticket


def _bring_followers(ticket: Ticket, into: Ticket, *, by: Actor) -> None:
    people = [ticket.requester, ticket.on_behalf_of, *(it.person for it in ticket.followers.all())]
    known = {into.requester_id, into.on_behalf_of_id}
    known |= set(into.followers.values_list("person", flat=True))
    for person in people:
        if person and person.pk not in known:
            save_as(Follower(ticket=into, person=person), by=by, reason=f"came with {ticket}")
            known.add(person.pk)


@transaction.atomic
def split(ticket: Ticket, *, subject: str, comments: Sequence[Comment] = (), by: Actor) -> Ticket:
    """Make a ticket of its own of what is another matter; returns the new one.

    The chosen turns are said again there, and stay where they were said.
    """
    ticket = locked("split", ticket)
    said = "\n\n".join(f"{it.author or 'Service desk'}: {it.body}" for it in comments)
    if any(it.ticket_id != ticket.pk or not it.is_public for it in comments):
        raise ValidationError("Choose public turns of this ticket.")
    part = Ticket(
        requester=ticket.requester,
        on_behalf_of=ticket.on_behalf_of,
        subject=" ".join(subject.split()),
        description=said or f"Split from {ticket.number}.",
        asset=ticket.asset,
        licence=ticket.licence,
        contract=ticket.contract,
        category=ticket.category,
        queue=ticket.queue,
        location=ticket.location,
        kind=ticket.kind,
        urgency=ticket.urgency,
        impact=ticket.impact,
        split_from=ticket,
    )
    return tickets.enrol(part, by=by, reason=f"split from {ticket}")
