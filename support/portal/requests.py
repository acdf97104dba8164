"""The requests that somebody may read: their own, those for them, and those that they follow."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from people import documents
from people.models import Person
from support import conversation, merging, tickets
from support.models import Approval, Ticket
from support.moves import MOVES
from support.portal.access import (
    TOO_OFTEN,
    for_a_person,
    has_answered_too_much,
    has_named_too_many,
)
from support.portal.forms import FollowForm, RatingForm, ReplyForm
from support.portal.paging import page_of


@require_GET
@for_a_person
def requests(request: HttpRequest, person: Person) -> HttpResponse:
    rows = Ticket.objects.visible_to(person).open_first()
    rows = rows.select_related("asset__product__maker", "requester")
    return render(request, "portal/requests.html", {"page": page_of(request, rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def request_(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """One request with its conversation; a POST is an answer."""
    ticket = _visible(person, pk)
    form, status = ReplyForm(request.POST or None, request.FILES or None), 200
    if form.is_valid():
        if has_answered_too_much(person, timezone.now()):
            form.add_error(None, TOO_OFTEN)
            status = 429
        elif _replied(request, person, ticket, form):
            return redirect("portal:request", ticket.pk)
    return _page(request, person, ticket, status=status, form=form)


@require_POST
@for_a_person
def rate(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    ticket = get_object_or_404(person.tickets, pk=pk)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _page(request, person, _visible(person, pk), rating_form=form)
    try:
        tickets.rate(ticket, by=person.user, **form.cleaned_data)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, "Thank you for saying so.")
    return redirect("portal:request", ticket.pk)


@require_POST
@for_a_person
def follow(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """Let a colleague read along. An unknown address is answered as a known one is.

    Whom it reached shows in the list of who reads along; so many tries an hour are nobody's list.
    """
    ticket = get_object_or_404(person.tickets, pk=pk)
    form = FollowForm(request.POST)
    if not form.is_valid():
        return _page(request, person, _visible(person, pk), follow_form=form)
    if has_named_too_many(person):
        form.add_error(None, TOO_OFTEN)
        return _page(request, person, _visible(person, pk), status=429, follow_form=form)
    _let_follow(ticket, form.cleaned_data["email"], by=person)
    messages.success(request, "If this is the address of a colleague, they read along from now on.")
    return redirect("portal:request", ticket.pk)


@require_POST
@for_a_person
def unfollow(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """Stop reading along, or, as who asked, end it for somebody."""
    ticket = _visible(person, pk)
    who = request.POST.get("person", "")
    is_his = ticket.requester_id == person.pk and who.isdecimal() and len(who) < 19
    follower = get_object_or_404(ticket.followers, person=int(who) if is_his else person.pk)
    merging.unfollow(ticket, person=follower.person, by=person.user)
    if follower.person == person:
        messages.success(request, f"You no longer follow {ticket.number}.")
        return redirect("portal:requests")
    messages.success(request, f"{follower.person} no longer follows it.")
    return redirect("portal:request", ticket.pk)


@require_safe
@for_a_person
def file(request: HttpRequest, person: Person, pk: int, document: int) -> HttpResponseBase:
    """A file of the request or of one of its public turns, to be saved."""
    ticket = get_object_or_404(Ticket.objects.visible_to(person), pk=pk)
    found = get_object_or_404(conversation.files_of(ticket, public=True), pk=document)
    try:
        return documents.response(found)
    except FileNotFoundError as error:
        raise Http404("The file is no longer there.") from error


def _visible(person: Person, pk: int) -> Ticket:
    rows = Ticket.objects.visible_to(person).select_related(
        "asset__product__maker", "assignee", "requester", "on_behalf_of", "merged_into"
    )
    return get_object_or_404(rows, pk=pk)


def _page(
    request: HttpRequest, person: Person, ticket: Ticket, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """The page of a request; of its forms, those given show what was typed."""
    is_mine = ticket.requester_id == person.pk
    approvals = ticket.approvals.exclude(state=Approval.State.DROPPED).select_related("approver")
    followers = ticket.followers.select_related("person").order_by("person__name")
    context = {
        "person": person,
        "ticket": ticket,
        "is_mine": is_mine,
        "files": conversation.files_at_the_opening(ticket),
        "turns": conversation.turns(ticket, public=True),
        "approvals": approvals,
        "followers": followers,
        "follows": any(it.person_id == person.pk for it in followers),
        "may_answer": MOVES["reply"].allows(ticket),
        "may_rate": is_mine and ticket.is_solved,
        "may_withdraw": is_mine and _may_withdraw(ticket),
        "form": ReplyForm(),
        "rating_form": RatingForm(
            initial={"rating": ticket.rating, "comment": ticket.rating_comment}
        ),
        "follow_form": FollowForm(),
        **forms,
    }
    return render(request, "portal/request.html", context, status=status)


def _may_withdraw(ticket: Ticket) -> bool:
    is_open = ticket.offer_id is not None and ticket.state not in Ticket.ENDED
    return is_open and not hasattr(ticket, "fulfilment")


def _replied(request: HttpRequest, person: Person, ticket: Ticket, form: ReplyForm) -> bool:
    try:
        tickets.reply(ticket, author=person, by=person.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, "Your answer is with the service desk.")
    return True


@transaction.atomic
def _let_follow(ticket: Ticket, email: str, *, by: Person) -> None:
    """Nothing happens where nobody has the address, or they read it already."""
    employed = Person.objects.employed(timezone.localdate()).exclude(kind=Person.Kind.SHARED)
    found = employed.filter(email__iexact=email).first()
    if found is None or Ticket.objects.visible_to(found).filter(pk=ticket.pk).exists():
        return
    merging.follow(ticket, person=found, by=by.user)
