"""Where somebody reads an alert and answers it; a link from a mail leads here."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from config.history import Actor
from people.models import Person, User
from support import alert_facts, responses
from support.alert_links import alert_of
from support.alert_words import why, with_records
from support.cost_facts import SEE_COSTS
from support.models import Alert, Response
from support.portal.access import for_a_person
from support.portal.alert_forms import PassOnForm, SnoozeForm, WordsForm

PER_PAGE, EARLIER = 20, 20
ANSWERS_PER_HOUR = 120
TOO_OFTEN = "You have answered a lot within the last hour. Please wait a little."
DONE = {
    "acknowledge": "Thank you. Nobody is told of this date again.",
    "comment": "Thank you. Whoever deals with it can read that.",
    "reopen": "It is open again.",
}


@require_GET
@for_a_person
def alerts(request: HttpRequest, person: Person) -> HttpResponse:
    """What the person was told: what is open, what they put off, what was before."""
    rows = _shown(person.alerts.all())
    waits = [Alert.State.OPEN, Alert.State.SNOOZED]
    context = {
        "page": Paginator(rows.filter(state=Alert.State.OPEN), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "snoozed": rows.filter(state=Alert.State.SNOOZED).order_by("snoozed_until", "pk"),
        "earlier": rows.exclude(state__in=[*waits, Alert.State.FOLLOWED]).order_by("-due_on", "pk")[
            :EARLIER
        ],
    }
    return render(request, "portal/alerts.html", context)


@never_cache
@require_safe
@login_required
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Leads on to the alert. A link that is too old or damaged says so, whatever it was of."""
    found = alert_of(token)
    if found is None:
        return render(request, "portal/alert_link.html", status=404)
    if not responses.may_respond(request.user, found):
        raise Http404
    return redirect("portal:alert", found.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert: what, until when, and a button for each answer."""
    found = get_object_or_404(_shown(Alert.objects.all()), pk=pk)
    user = request.user
    if not isinstance(user, User) or not responses.may_respond(user, found):
        raise Http404
    answer = request.POST.get("answer", "")
    forms, status = _forms(request, found, answer), 200
    asked = forms.get(answer)
    if asked is not None and asked.is_valid():
        if _has_answered_too_much(user):
            asked.add_error(None, TOO_OFTEN)
            status = 429
        elif _answered(request, found, answer, asked, by=user):
            return redirect("portal:alert", found.pk)
    context = _context(user, found) | {"forms": forms, "asked": asked}
    context["possible"] = responses.possible(found, on=timezone.localdate())
    return render(request, "portal/alert.html", context, status=status)


def _shown(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    return rows.select_related("recipient__manager", "recipient__user").prefetch_related(
        with_records()
    )


def _forms(request: HttpRequest, alert: Alert, answer: str) -> dict[str, Form]:
    """A form for each answer that is possible now; the one that was sent has what was typed.

    What was sent and is possible no longer has one too: the answer itself says why not.
    """
    on = timezone.localdate()
    made: dict[str, Form] = {}
    for name in sorted(responses.possible(alert, on=on) | ({answer} & responses.ANSWERS)):
        data = request.POST if name == answer else None
        if name == "snooze":
            made[name] = SnoozeForm(data, alert=alert, on=on, prefix=name)
        elif name == "pass_on":
            made[name] = PassOnForm(data, alert=alert, on=on, prefix=name)
        else:  # these share one field, and each has a button below it
            made[name] = WordsForm(data, prefix="words")
    return made


def _answered(request: HttpRequest, alert: Alert, answer: str, form: Form, *, by: Actor) -> bool:
    """Whether the answer was taken; its form says why not."""
    move = getattr(responses, answer)
    try:
        move(alert, by=by, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, DONE.get(answer) or _done(answer, form.cleaned_data))
    return True


def _done(answer: str, given: dict[str, Any]) -> str:
    if answer == "snooze":
        return f"We tell you again on {date_format(given['until'], 'j F Y')}."
    return f"Passed on to {given['to']}, who is told by the next mail."


def _has_answered_too_much(user: User) -> bool:
    since = timezone.now() - timedelta(hours=1)
    return Response.objects.filter(by=user, at__gt=since).count() >= ANSWERS_PER_HOUR


def _context(user: User, alert: Alert) -> dict[str, Any]:
    turns = list(responses.turns_of(alert))
    own = alert.recipient.user_id == user.pk
    may_open = user.is_staff and user.has_perm("support.view_alert")
    page = reverse("admin:support_alert_change", args=[alert.pk]) if may_open else ""
    return {
        "alert": alert,
        "own": own,
        "facts": _facts(user, alert),
        "why": why(alert, turns),
        "turns": turns,
        "back_office": page,
    }


def _facts(user: User, alert: Alert) -> list[str]:
    if alert.record is None:
        return []
    rows = alert_facts.with_details(type(alert.record), timezone.localdate())
    record = rows.filter(pk=alert.object_id).first()
    costs = user.has_perm(SEE_COSTS)
    return alert_facts.facts(record, costs=costs) if record else []
