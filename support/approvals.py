"""Agreeing to a request: asked one after the other, by whoever `support.approvers` names."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from config.history import Actor, save_as
from people.models import Person, User
from support import approval_mail, approvers, conversation, ticket_mail
from support.models import Absence, Approval, Ticket
from support.moves import enter

State = Approval.State
DAYS_TO_ANSWER = 3
DECIDE = "support.decide_approval"


def begin(ticket: Ticket, *, by: Actor) -> None:
    """Ask the first who must agree to a new request, in the caller's transaction."""
    asked = approvers.needed(ticket, timezone.localdate())
    for position, it in enumerate(asked):
        approval = Approval(
            ticket=ticket,
            position=position,
            role=it.role,
            approver=it.person,
            for_whom=it.for_whom,
        )
        save_as(approval, by=by, reason="needed for the request")
    if asked:
        _wait(ticket, by=by)


def ask_again(ticket: Ticket, *, by: Actor) -> None:
    """Ask whoever has not agreed anew, about what was ended and is open again."""
    lacking = list(ticket.approvals.lacking())
    for approval in lacking:
        approval.state, approval.reason = State.TO_COME, ""
        approval.decided_at = approval.decided_by = None
        save_as(approval, by=by, reason="to be asked anew")
    if lacking:
        _wait(ticket, by=by)


@transaction.atomic
def approve(approval: Approval, *, text: str = "", by: Actor) -> Approval:
    """Agree; the next is asked, or the desk begins.

    Raises ValidationError where it was answered already, or `by` may not answer it.
    """
    approval = _answerable(approval, by)
    _decide(approval, State.APPROVED, text, by=by)
    ticket = approval.ticket
    if not _ask_next(ticket, by=by):
        enter(ticket, Ticket.State.NEW, by=by, reason=f"approved by {approval.approver}")
        approval_mail.agreed(ticket, by=by)
    return approval


@transaction.atomic
def refuse(approval: Approval, *, text: str, by: Actor) -> Approval:
    """Refuse with a reason, which the requester is mailed; nobody else is asked any more.

    Raises ValidationError as `approve` does, and without a reason.
    """
    if not text.strip():
        raise ValidationError("Say why you refuse it: whoever asked will read it.")
    approval = _answerable(approval, by)
    _decide(approval, State.REFUSED, text, by=by)
    ticket = approval.ticket
    said = f"{approval.approver} has refused this request:\n\n{text.strip()}"
    comment = conversation.write(ticket, said, author=None, by=by)
    enter(ticket, Ticket.State.CLOSED, by=by, reason=f"refused by {approval.approver}")
    approval_mail.refused(comment, by=by)
    return approval


@transaction.atomic
def withdraw(ticket: Ticket, *, by: Actor) -> Ticket:
    """Take a request back, as who asked, before anything was given."""
    ticket = _locked(ticket)
    if ticket.offer_id is None or ticket.state in Ticket.ENDED:
        raise ValidationError(f"{ticket} is {ticket.get_state_display()}: nothing to take back.")
    if hasattr(ticket, "fulfilment"):
        raise ValidationError(f"{ticket} is being delivered already: write to the service desk.")
    enter(ticket, Ticket.State.CLOSED, by=by, reason="taken back by whoever asked")
    ticket_mail.changed(ticket, "Whoever asked for it has taken it back.", by=by)
    return ticket


@transaction.atomic
def escalate(approval: Approval, *, by: Actor = None) -> Approval:
    """Ask the deputy of an approver who does not answer, else the next above.

    Raises ValidationError where nothing waits any more, or nobody is above them.
    """
    approval = _waiting(approval)
    silent = approval.approver
    for place in (silent, *approvers.managers(silent)):
        if person := _other(approval, place, timezone.localdate()):
            return _pass_on(approval, person, by=by, reason=f"{silent} did not answer")
    raise ValidationError(f"Nobody is above {silent}.")


@transaction.atomic
def pass_on(approval: Approval, *, to: Person, reason: str, by: Actor) -> Approval:
    """Ask somebody else in the place of who is asked, with as many days to answer.

    Raises ValidationError where nothing waits any more, or `to` asks for it or receives it.
    """
    approval = _waiting(approval)
    if approvers.is_party(to, approval.ticket):
        raise ValidationError(f"{approval.ticket} is for {to}, who cannot agree to it.")
    return _pass_on(approval, to, by=by, reason=reason)


def ask_deputies(on: date, *, of: Person | None = None, by: Actor = None) -> int:
    """What waits for those who are away on the day `on`, or for one, is asked of their deputies.

    Returns how much was; the rest stays with them, for nobody stands in who could agree to it.
    """
    passed = 0
    waiting = (of.approvals if of else Approval.objects).waiting()
    away = Absence.objects.on(on).values("person")
    for approval in waiting.filter(approver__in=away).select_related("approver", "ticket"):
        if deputy := _other(approval, approval.approver, on):
            try:
                pass_on(approval, to=deputy, reason=f"{approval.approver} is away", by=by)
            except ValidationError:
                continue  # answered meanwhile
            passed += 1
    return passed


def escalate_silent(on: date) -> int:
    """Pass on what was not answered in time; returns how many were."""
    passed = 0
    for approval in Approval.objects.waiting().filter(due_on__lt=on).order_by("pk"):
        try:
            escalate(approval)
        except ValidationError:
            continue  # its alert tells who answers for it
        passed += 1
    return passed


def may_decide(user: User, approval: Approval) -> bool:
    """Whoever is asked; of a mailbox whoever has the right. Never who asks or receives."""
    person = Person.objects.filter(user=user).first()
    if person and approvers.is_party(person, approval.ticket):
        return False
    if person and person == approval.approver:
        return True
    return approval.approver.kind == Person.Kind.SHARED and user.has_perm(DECIDE)


def _wait(ticket: Ticket, *, by: Actor) -> None:
    enter(ticket, Ticket.State.WAITING_APPROVAL, by=by, reason="waits for approval")
    _ask_next(ticket, by=by)


def _ask_next(ticket: Ticket, *, by: Actor) -> bool:
    """Ask whoever comes next; False where all have agreed."""
    following = ticket.approvals.filter(state=State.TO_COME).order_by("position").first()
    if following is None:
        return False
    # Deputies are those of the day on which they are asked.
    original = following.for_whom or following.approver
    person = approvers.standing_in(original, timezone.localdate())
    if person and not approvers.is_party(person, ticket):
        following.approver = person
        following.for_whom = original if person != original else None
    _ask(following, by=by, reason="asked")
    return True


def _other(approval: Approval, place: Person, on: date) -> Person | None:
    """Who answers for a place that day, where that is another one who may agree."""
    person = approvers.standing_in(place, on)
    if person == approval.approver or (person and approvers.is_party(person, approval.ticket)):
        return None
    return person


def _pass_on(approval: Approval, to: Person, *, by: Actor, reason: str) -> Approval:
    approval.for_whom, approval.approver = approval.approver, to
    _ask(approval, by=by, reason=reason)
    return approval


def _ask(approval: Approval, *, by: Actor, reason: str) -> None:
    approval.state, approval.asked_at = State.WAITING, timezone.now()
    approval.due_on = timezone.localdate() + timedelta(DAYS_TO_ANSWER)
    save_as(approval, by=by, reason=reason)
    approval_mail.asked(approval)


def _decide(approval: Approval, state: Approval.State, text: str, *, by: Actor) -> None:
    approval.state, approval.reason = state, text.strip()
    approval.decided_at = timezone.now()
    approval.decided_by = by if isinstance(by, User) else None
    save_as(approval, by=by, reason=f"{state.label}: {text.strip()}".strip(": "))


def _locked(ticket: Ticket) -> Ticket:
    rows = Ticket.objects.select_for_update(of=("self",))
    return rows.select_related("requester", "on_behalf_of", "assignee", "offer").get(pk=ticket.pk)


def _waiting(approval: Approval) -> Approval:
    """Re-read under the lock of its ticket, and still to be answered."""
    ticket = _locked(approval.ticket)
    approval = Approval.objects.select_related("approver__manager").get(pk=approval.pk)
    approval.ticket = ticket
    if approval.state != State.WAITING or ticket.state in Ticket.ENDED:
        raise ValidationError(f"{approval}: nothing waits any more.")
    return approval


def _answerable(approval: Approval, by: Actor) -> Approval:
    """Re-read under the lock of its ticket: of two answers the first counts."""
    ticket = _locked(approval.ticket)
    approval = Approval.objects.select_related("approver").get(pk=approval.pk)
    approval.ticket = ticket
    if ticket.state in Ticket.ENDED and approval.decided_at is None:
        ended = ticket.get_state_display()
        raise ValidationError(f"{ticket} is {ended}: there is nothing left to decide.")
    if approval.state != State.WAITING:
        raise ValidationError(f"{ticket} was answered: {approval.get_state_display()}.")
    if not isinstance(by, User) or not may_decide(by, approval):
        raise ValidationError(f"{approval.approver} is asked about {ticket}, and not you.")
    return approval
