"""Reporting a problem in three steps: which device, what is wrong, check and send.

Nothing is kept on the server between the steps: what was typed goes along in hidden fields, so the
way back is open and nothing is left behind by who gives up. Files are asked for with the last step,
since no page can carry them.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assets.models import Asset
from people.models import Person
from support import articles, tickets
from support.models import Ticket
from support.portal.access import TOO_OFTEN, for_a_person, has_reported_too_much
from support.portal.forms import STOPS_ME, ReportForm


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def report(request: HttpRequest, person: Person, pk: int | None = None) -> HttpResponse:
    """The first step without a device, the second with one or `?about=else`; a POST goes on."""
    device = get_object_or_404(person.assets, pk=pk) if pk else None
    if request.method == "POST":
        return _sent(request, person, device)
    if device is None and "about" not in request.GET and person.assets.exists():
        devices = person.assets.select_related("product__maker").order_by("tag")
        return render(request, "portal/report_device.html", {"devices": devices})
    return _second(request, ReportForm(person=person, initial={"asset": device}), device)


def _sent(request: HttpRequest, person: Person, device: Asset | None) -> HttpResponse:
    form = ReportForm(request.POST, request.FILES, person=person, initial={"asset": device})
    if not form.is_valid() or "change" in request.POST:
        wrong = set(form.errors) - {"attachments"}
        is_third = form.errors and not wrong
        return _third(request, form) if is_third else _second(request, form, device)
    if "send" not in request.POST:
        return _third(request, form)
    if has_reported_too_much(person, timezone.now()):
        form.add_error(None, TOO_OFTEN)
        return _third(request, form, status=429)
    try:
        ticket = tickets.open_ticket(requester=person, by=person.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error("attachments", ValidationError(refusal.messages))
        return _third(request, form)
    return _thanked(request, ticket)


def _second(request: HttpRequest, form: ReportForm, device: Asset | None) -> HttpResponse:
    return render(request, "portal/report.html", {"form": form, "device": device})


def _third(request: HttpRequest, form: ReportForm, status: int = 200) -> HttpResponse:
    told = form.cleaned_data
    words = f"{told.get('subject', '')} {told.get('description', '')}"
    context: dict[str, Any] = {
        "form": form,
        "told": told,
        "stops": next((words for level, words in STOPS_ME if level == told.get("urgency")), ""),
        "articles": articles.suggest(words),
    }
    return render(request, "portal/report_check.html", context, status=status)


def _thanked(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    messages.success(
        request, f"Thank you. Your request is {ticket.number}; we have mailed it to you."
    )
    return redirect("portal:request", ticket.pk)
