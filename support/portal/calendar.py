"""A person's own calendar address: made, shown once, revoked."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contracts import calendar_feed
from contracts.models import CalendarFeed
from people.models import Person
from support.portal.access import for_a_person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def calendar(request: HttpRequest, person: Person) -> HttpResponse:
    if "revoke" in request.POST:
        calendar_feed.revoke(person, by=person.user)
        messages.success(request, "Your calendar’s address has ended; nobody can read it any more.")
        return redirect("portal:calendar")
    address = _issued(request, person) if "issue" in request.POST else ""
    context = {
        "address": address,
        "feed": CalendarFeed.objects.filter(person=person).first(),
        "contracts": calendar_feed.contracts_of(person, localdate()).count(),
    }
    return render(request, "portal/calendar.html", context)


def _issued(request: HttpRequest, person: Person) -> str:
    try:
        token = calendar_feed.issue(person, by=person.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return ""
    path = reverse("contracts:calendar", args=[token])
    return f"{settings.SITE_URL}{path}"
