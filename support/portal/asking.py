"""Where an employee asks for something in the catalogue, for themselves or for somebody else."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from people import documents
from people.models import Person
from support import approvals, approvers, catalogue
from support.models import Offer, Ticket
from support.portal.access import (
    TOO_OFTEN,
    for_a_person,
    has_named_too_many,
    has_reported_too_much,
)
from support.portal.forms import LONGEST, OnceForm

NOT_POSSIBLE = (
    "This cannot be asked for at this address. Check it, leave it empty, or ask the service desk."
)


class AskForm(OnceForm):
    """How many, for whom and why. For whom else: an exact address, so that nobody can list all."""

    quantity = forms.IntegerField(
        label="How many?",
        min_value=1,
        initial=1,
        error_messages={"required": "Say how many.", "invalid": "Give a whole number, such as 1."},
    )
    for_whom = forms.EmailField(
        label="For somebody else?",
        required=False,
        help_text="Then give the e-mail address of the colleague it is for.",
    )
    reason = forms.CharField(
        label="What do you need it for?",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Whoever has to agree reads this.",
        error_messages={"required": "Say in a sentence what you need it for."},
    )

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offer.most == 1:
            del self.fields["quantity"]
        else:
            most = MaxValueValidator(offer.most, f"Ask for at most {offer.most} at a time.")
            self.fields["quantity"].validators.append(most)
            self.fields["quantity"].help_text = f"At most {offer.most}."


@require_GET
@for_a_person
def offers(request: HttpRequest, person: Person) -> HttpResponse:
    found = Offer.objects.visible_to(person).select_related("picture")
    return render(request, "portal/offers.html", {"offers": found})


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def ask(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    offer = get_object_or_404(Offer.objects.visible_to(person).select_related("picture"), pk=pk)
    form = AskForm(request.POST or None, offer=offer)
    status = 200
    if form.is_valid() and _is_too_often(person, form):
        form.add_error(None, TOO_OFTEN)
        status = 429
    elif form.is_valid() and (ticket := _asked(request, person, offer, form)):
        return redirect("portal:request", ticket.pk)
    # Who will be asked, as it stands: nobody wonders afterwards where it lies.
    draft = Ticket(requester=person, offer=offer, price=offer.price, quantity=1)
    context = {
        "offer": offer,
        "form": form,
        "asked": approvers.needed(draft, timezone.localdate()),
    }
    return render(request, "portal/ask.html", context, status=status)


def _is_too_often(person: Person, form: AskForm) -> bool:
    names = bool(form.cleaned_data["for_whom"])
    return has_reported_too_much(person, timezone.now()) or (names and has_named_too_many(person))


def _asked(request: HttpRequest, person: Person, offer: Offer, form: AskForm) -> Ticket | None:
    told = form.cleaned_data
    email = told["for_whom"]
    try:
        ticket = catalogue.ask(
            offer,
            requester=person,
            on_behalf_of=_colleague(email) if email else None,
            quantity=told.get("quantity", 1),
            reason=told["reason"],
            submission=told["submission"],
            by=person.user,
        )
    except ValidationError as refusal:
        # Who works here, and what a colleague has, is told to nobody who tries addresses.
        hushed = bool(email) and refusal.code == catalogue.NOT_FOR_THEM
        form.add_error("for_whom" if hushed else None, NOT_POSSIBLE if hushed else refusal)
        return None
    messages.success(request, f"Thank you. Your request is {ticket.number}.")
    return ticket


def _colleague(email: str) -> Person:
    """Raises ValidationError where nobody who works here has the address."""
    employed = Person.objects.employed(timezone.localdate())
    found = employed.filter(email__iexact=email).first()
    if found is None:
        raise ValidationError(NOT_POSSIBLE, code=catalogue.NOT_FOR_THEM)
    return found


@require_GET
@for_a_person
def picture(request: HttpRequest, person: Person, pk: int) -> HttpResponseBase:
    offer = get_object_or_404(Offer.objects.visible_to(person).select_related("picture"), pk=pk)
    if offer.picture is None or not offer.picture.media_type.startswith("image/"):
        raise Http404("There is no picture.")
    try:
        response = documents.response(offer.picture)
    except FileNotFoundError as error:
        raise Http404("There is no picture.") from error
    # Shown in the page, unlike what people attach: staff chose it, and it is an image by content.
    response.headers["Content-Disposition"] = "inline"
    return response


@require_POST
@for_a_person
def withdraw(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    ticket = get_object_or_404(person.tickets, pk=pk)
    try:
        approvals.withdraw(ticket, by=person.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, "Your request is taken back.")
    return redirect("portal:request", ticket.pk)
