"""Where somebody sets how they are told of what comes due."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.models import Person
from support import preferences
from support.portal.access import for_a_person
from support.portal.alert_forms import ToldForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def settings(request: HttpRequest, person: Person) -> HttpResponse:
    kinds = preferences.kinds_for(person, on=timezone.localdate())
    form = ToldForm(request.POST or None, person=person, kinds=kinds)
    if form.is_valid():
        preferences.choose(person, **form.chosen(), by=person.user)
        messages.success(request, "Saved. It holds from the next mail on.")
        return redirect("portal:alert_settings")
    return render(request, "portal/alert_settings.html", {"form": form, "person": person})
