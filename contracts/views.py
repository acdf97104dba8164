"""What is served outside the back office and the portal."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from contracts import calendar_feed


@never_cache
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """A person's calendar. Unknown, revoked and a leaver's secret get the same answer."""
    today = timezone.localdate()
    person = calendar_feed.person_of(token, today)
    if person is None:
        response = HttpResponse("There is no such calendar.\n", "text/plain", status=404)
        # The address is a secret: Django would write it into the log with the refusal.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response
    content = calendar_feed.calendar(person, today, timezone.now())
    headers = {"Content-Disposition": 'inline; filename="contracts.ics"'}
    return HttpResponse(content, "text/calendar; charset=utf-8", headers=headers)
