"""What the moves of a ticket ask for."""

from django import forms

from config.forms import RecordForm, StepForm
from people.models import Person
from support.models import Ticket

LONGEST = 20_000


class AnswerForm(StepForm):
    body = forms.CharField(
        label="Answer", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 8})
    )
    public = forms.TypedChoiceField(
        label="Who reads it",
        choices=[("yes", "The requester, by mail and in the portal"), ("no", "Staff only")],
        coerce=lambda value: value == "yes",
        initial="yes",
    )


class AssignForm(StepForm):
    to = forms.ModelChoiceField(
        Person.objects.filter(user__is_staff=True, user__is_active=True),
        label="To",
        help_text="Anyone who can open the back office.",
    )


class PriorityForm(StepForm):
    urgency = forms.TypedChoiceField(choices=Ticket.Level, coerce=int, initial=Ticket.Level.MEDIUM)
    impact = forms.TypedChoiceField(choices=Ticket.Level, coerce=int, initial=Ticket.Level.LOW)


class WaitForm(StepForm):
    state = forms.ChoiceField(
        label="Waiting for",
        choices=[
            (Ticket.State.WAITING_REQUESTER, "the requester"),
            (Ticket.State.WAITING_VENDOR, "a vendor"),
            (Ticket.State.WAITING_APPROVAL, "an approval"),
        ],
    )


class ResolveForm(StepForm):
    solution = forms.CharField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="The requester is mailed it.",
    )


class ReopenForm(StepForm):
    reason = forms.CharField(max_length=200)


class TicketForm(RecordForm):
    """Opens a ticket by `tickets.open_ticket`, edits what no move owns."""

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())
