"""What the moves of a ticket ask for."""

from collections.abc import Sequence

from django import forms

from config.forms import FilesField, LinkField, RecordForm, StepForm, currency_field
from people.documents import IN_WORDS
from people.models import Person
from support.models import CannedAnswer, Comment, Follower, Queue, Ticket, TicketLink

LONGEST = 20_000


class AnswerForm(StepForm):
    canned = forms.ModelChoiceField(
        CannedAnswer.objects.all(),
        label="Ready answer",
        required=False,
        help_text="Stands before what you write, with the names of the ticket filled in.",
    )
    body = forms.CharField(
        label="Answer",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    attachments = FilesField(required=False, help_text=f"Pictures, PDF, office files: {IN_WORDS}.")
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
        help_text="It is mailed to the requester.",
    )
    attachments = FilesField(required=False)


class ReopenForm(StepForm):
    reason = forms.CharField(max_length=200)


class QueueForm(StepForm):
    queue = forms.ModelChoiceField(Queue.objects.all(), label="To the queue")


class MergeForm(StepForm):
    into = LinkField(
        Ticket.merged_into,
        help_text="The one that stays. Whoever asked here is told, and follows that one.",
    )


class LinkForm(StepForm):
    other = LinkField(TicketLink.second, label="The other ticket")


class SplitForm(StepForm):
    subject = forms.CharField(max_length=250, label="What the new ticket is about")
    comments = forms.ModelMultipleChoiceField(
        Comment.objects.none(),
        required=False,
        label="What was said about it",
        widget=forms.CheckboxSelectMultiple,
        help_text="It is said again in the new ticket, and stays here too.",
    )

    def ask(self, rows: Sequence[Ticket]) -> None:
        field = self.fields["comments"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Comment.objects.public().filter(ticket__in=rows)


class FollowForm(StepForm):
    person = LinkField(Follower.person, help_text="They are mailed what happens, and may read it.")


class WorkForm(StepForm):
    minutes = forms.IntegerField(required=False, min_value=0, max_value=100_000)
    cost = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    currency = currency_field()
    done_on = forms.DateField(required=False, label="Done on", help_text="Empty: today.")
    note = forms.CharField(required=False, max_length=250)


class TicketForm(RecordForm):
    """Opens a ticket by `tickets.open_ticket`, edits what no move owns."""

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())
