"""The first pages of an employee: what waits for them, and what they hold."""

from datetime import timedelta

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from assets.models import Asset, Count, Custody
from people.models import Person
from support.models import Alert, Ticket
from support.portal.access import for_a_person
from support.portal.paging import page_of

SHOWN = 5
DAYS_TO_RATE = 14


@require_GET
@for_a_person
def home(request: HttpRequest, person: Person) -> HttpResponse:
    """What waits for them first; then what they hold, and what they have asked for."""
    mine = Ticket.objects.visible_to(person).open()
    mine = mine.select_related("asset__product__maker", "requester")
    context = {
        "person": person,
        "devices": person.assets.select_related("product__maker").order_by("tag")[:SHOWN],
        "device_count": person.assets.count(),
        "open_requests": mine.order_by("-opened_at", "-pk")[:SHOWN],
        "open_count": mine.count(),
        "to_confirm": Count.objects.awaited_of(person).count(),
        "to_accept": person.handovers.waiting(),
        "to_approve": person.approvals.waiting().count(),
        "to_answer": person.tickets.filter(state=Ticket.State.WAITING_REQUESTER),
        "to_rate": _to_rate(person),
        "told": person.alerts.filter(state=Alert.State.OPEN).count(),
    }
    return render(request, "portal/home.html", context)


@require_GET
@for_a_person
def equipment(request: HttpRequest, person: Person) -> HttpResponse:
    context = {
        "page": page_of(request, _equipment_of(person)),
        "seats": person.seats.taken().select_related("licence__product__maker"),
        "today": timezone.localdate(),
    }
    return render(request, "portal/equipment.html", context)


def _to_rate(person: Person) -> QuerySet[Ticket]:
    """What was solved lately, and they have not said how well."""
    since = timezone.now() - timedelta(DAYS_TO_RATE)
    solved = person.tickets.filter(state=Ticket.State.RESOLVED, resolved_at__gte=since)
    return solved.filter(rating=None).order_by("-resolved_at")[:SHOWN]


def _equipment_of(person: Person) -> QuerySet[Asset]:
    """What the person holds, each with its open custody in `held`."""
    held = Prefetch("custodies", Custody.objects.open(), to_attr="held")
    return person.assets.select_related("product__maker").prefetch_related(held).order_by("tag")
