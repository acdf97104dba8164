"""Where somebody says when they are away, and who decides in their place."""

from datetime import date

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from people.models import Person
from support import absences
from support.models import Absence
from support.portal.access import TOO_OFTEN, for_a_person, has_named_too_many

# The same for who is not here and for who will have left: that is not told to colleagues.
NOT_POSSIBLE = "Nobody with this address can decide for you then. Check it, or name somebody else."


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Give a day, as 2026-12-31."},
    )


class AbsenceForm(forms.Form):
    starts_on = _day("First day away")
    ends_on = _day("Last day away")
    deputy = forms.EmailField(
        label="Who decides for you?",
        help_text="The e-mail address of a colleague. What waits for your approval goes to them.",
        error_messages={"required": "Give the e-mail address of a colleague."},
    )
    label_suffix = ""
    required_css_class = "required"

    def clean_ends_on(self) -> date:
        last: date = self.cleaned_data["ends_on"]
        if last < timezone.localdate():
            raise ValidationError("This day is over: choose today or a later one.")
        return last


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def absences_(request: HttpRequest, person: Person) -> HttpResponse:
    """One's own absences that are not over; a POST enters another one."""
    form, status = AbsenceForm(request.POST or None), 200
    if form.is_valid():
        if has_named_too_many(person):
            form.add_error(None, TOO_OFTEN)
            status = 429
        elif _entered(person, form):
            messages.success(request, "Saved. On these days your deputy is asked.")
            return redirect("portal:absences")
    ahead = person.absences.not_over(timezone.localdate()).select_related("deputy")
    context = {"form": form, "absences": ahead.order_by("starts_on", "pk")}
    return render(request, "portal/absences.html", context, status=status)


@require_POST
@for_a_person
def cancel(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    absence = get_object_or_404(person.absences.not_over(timezone.localdate()), pk=pk)
    absences.cancel(absence, by=person.user)
    messages.success(request, "Removed. What your deputy was asked already stays with them.")
    return redirect("portal:absences")


def _entered(person: Person, form: AbsenceForm) -> bool:
    told = form.cleaned_data
    first = max(told["starts_on"], timezone.localdate())
    employed = Person.objects.employed(first).exclude(kind=Person.Kind.SHARED)
    deputy = employed.filter(email__iexact=told["deputy"]).first()
    if deputy is None:
        form.add_error("deputy", NOT_POSSIBLE)
        return False
    try:
        absences.enter(Absence(person=person, **{**told, "deputy": deputy}), by=person.user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True
