"""The pages of an employee: what he holds, what he has reported. Everything else does not exist."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from assets.models import Asset, Count, Custody
from people.models import Person
from support import tickets
from support.models import Ticket
from support.moves import MOVES
from support.portal.access import (
    for_a_person,
    has_answered_too_much,
    has_reported_too_much,
)
from support.portal.forms import ReplyForm, ReportForm

PER_PAGE = 20
TOO_OFTEN = "You have sent a lot within the last hour. Please wait a little before you send more."


@require_GET
@for_a_person
def home(request: HttpRequest, person: Person) -> HttpResponse:
    open_requests = person.tickets.open().select_related("asset__product__maker")
    context = {
        "person": person,
        "devices": person.assets.count(),
        "open_requests": open_requests[:5],
        "open_count": open_requests.count(),
        "to_confirm": Count.objects.awaited_of(person).count(),
        "to_accept": person.handovers.waiting(),
    }
    return render(request, "portal/home.html", context)


@require_GET
@for_a_person
def equipment(request: HttpRequest, person: Person) -> HttpResponse:
    context = {
        "page": _page(request, _equipment_of(person)),
        "seats": person.seats.taken().select_related("licence__product__maker"),
        "today": timezone.localdate(),
    }
    return render(request, "portal/equipment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def report(request: HttpRequest, person: Person, pk: int | None = None) -> HttpResponse:
    device = get_object_or_404(person.assets, pk=pk) if pk else None
    form = ReportForm(request.POST or None, person=person, initial={"asset": device})
    status = 200
    if form.is_valid():
        if not has_reported_too_much(person, timezone.now()):
            return _opened(request, person, form)
        form.add_error(None, TOO_OFTEN)
        status = 429
    return render(request, "portal/report.html", {"form": form, "device": device}, status=status)


@require_GET
@for_a_person
def requests(request: HttpRequest, person: Person) -> HttpResponse:
    rows = person.tickets.open_first().select_related("asset__product__maker")
    return render(request, "portal/requests.html", {"page": _page(request, rows)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def request_(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    rows = person.tickets.select_related("asset__product__maker", "assignee")
    ticket = get_object_or_404(rows, pk=pk)
    form, status = ReplyForm(request.POST or None), 200
    if form.is_valid():
        if not has_answered_too_much(person, timezone.now()):
            return _replied(request, person, ticket, form)
        form.add_error(None, TOO_OFTEN)
        status = 429
    context = {
        "ticket": ticket,
        "turns": ticket.comments.public().select_related("author"),
        "form": form,
        "may_answer": MOVES["reply"].allows(ticket),
    }
    return render(request, "portal/request.html", context, status=status)


def _opened(request: HttpRequest, person: Person, form: ReportForm) -> HttpResponse:
    ticket = tickets.open_ticket(requester=person, by=person.user, **form.cleaned_data)
    messages.success(request, f"Thank you. Your request is {ticket.number}; we have mailed you it.")
    return redirect("portal:request", ticket.pk)


def _replied(request: HttpRequest, person: Person, ticket: Ticket, form: ReplyForm) -> HttpResponse:
    try:
        tickets.reply(ticket, by=person.user, **form.cleaned_data)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, "Your answer is with the service desk.")
    return redirect("portal:request", ticket.pk)


def _equipment_of(person: Person) -> QuerySet[Asset]:
    """What the person holds, each with his open custody in `held`."""
    held = Prefetch("custodies", Custody.objects.open(), to_attr="held")
    return person.assets.select_related("product__maker").prefetch_related(held).order_by("tag")


def _page(request: HttpRequest, rows: QuerySet) -> object:
    """The page of `rows` that the address asks for; a wrong number gives the nearest."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
