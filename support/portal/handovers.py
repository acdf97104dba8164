"""Where an employee accepts what they were handed, or says what is wrong."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from assets import handovers
from assets.models import Handover
from people.models import Person
from support.portal.access import for_a_person


class AnswerForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=150, help_text="Typed in full, it stands as your signature."
    )
    what = forms.CharField(
        label="What is wrong, if anything is",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="A wrong device, something missing, damage.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def handover(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """What one handover brought, with a button for each answer."""
    given = get_object_or_404(person.handovers, pk=pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid() and _answer(request, person, given, form):
        return redirect("portal:handover", given.pk)
    items = given.custodies.select_related("asset__product__maker").order_by("asset__tag")
    context = {
        "handover": given,
        "items": items,
        "form": form,
        "may_answer": given.answered_at is None and any(it.until is None for it in items),
    }
    return render(request, "portal/handover.html", context)


@require_GET
@for_a_person
def note(request: HttpRequest, person: Person, pk: int) -> HttpResponseBase:
    """The note: the one that was signed, else as it would be."""
    rows = person.handovers.select_related("to__location", "note")
    return handovers.paper(get_object_or_404(rows, pk=pk))


def _answer(request: HttpRequest, person: Person, given: Handover, form: AnswerForm) -> bool:
    name, what = form.cleaned_data["name"], form.cleaned_data["what"]
    try:
        if "dispute" in request.POST:
            handovers.dispute(given, name=name, what=what, by=person.user)
            messages.success(request, "Thank you. IT is told, and will come back to you.")
        else:
            handovers.accept(given, name=name, by=person.user)
            messages.success(request, "Thank you. The note is kept here and with IT.")
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True
