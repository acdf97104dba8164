"""Where somebody reads an alert and answers it; a link from a mail leads here."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from support.alert_links import alert_of
from support.models import Alert
from support.responses import may_respond


@never_cache
@require_safe
@login_required
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Leads on to the alert. A link that is too old or damaged says so, whatever it was of."""
    alert = alert_of(token)
    if alert is None:
        return render(request, "portal/alert_link.html", status=404)
    if not may_respond(request.user, alert):
        raise Http404
    return redirect("portal:alert", alert.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert: what, until when, and a button for each answer."""
    found = get_object_or_404(Alert.objects.select_related("recipient", "content_type"), pk=pk)
    if not may_respond(request.user, found):
        raise Http404
    return render(request, "portal/alert.html", {"alert": found})
