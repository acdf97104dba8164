"""Where somebody who must agree to a request approves or refuses it."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from people.models import Person
from support import approvals
from support.models import Approval
from support.models.approval import ApprovalQuerySet
from support.portal.access import for_a_person


class DecisionForm(forms.Form):
    text = forms.CharField(
        label="What you want to say",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed where you refuse: whoever asked will read it.",
    )


def _of(person: Person) -> ApprovalQuerySet:
    """What they were asked, or are asked."""
    asked = person.approvals.exclude(state=Approval.State.TO_COME)
    related = ("ticket__requester__department", "ticket__on_behalf_of", "ticket__offer", "for_whom")
    return asked.select_related(*related)


@require_GET
@for_a_person
def approvals_(request: HttpRequest, person: Person) -> HttpResponse:
    found = _of(person)
    context = {
        "waiting": found.waiting().order_by("due_on", "pk"),
        "answered": found.exclude(state=Approval.State.WAITING).order_by("-decided_at", "-pk")[:20],
    }
    return render(request, "portal/approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def approval(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """One question, with what is asked for, by whom and at what price."""
    asked = get_object_or_404(_of(person), pk=pk)
    form = DecisionForm(request.POST or None)
    if form.is_valid() and _decided(request, person, asked, form):
        return redirect("portal:approvals")
    context = {
        "approval": asked,
        "ticket": asked.ticket,
        "total": asked.ticket.total,
        "others": asked.ticket.approvals.exclude(pk=asked.pk).select_related("approver"),
        "form": form,
    }
    return render(request, "portal/approval.html", context)


def _decided(request: HttpRequest, person: Person, asked: Approval, form: DecisionForm) -> bool:
    text = form.cleaned_data["text"]
    try:
        if "refuse" in request.POST:
            approvals.refuse(asked, text=text, by=person.user)
            messages.success(request, f"Refused. {asked.ticket.requester} is told why.")
        else:
            approvals.approve(asked, text=text, by=person.user)
            messages.success(request, "Approved. Thank you.")
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True
