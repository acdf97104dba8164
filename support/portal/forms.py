"""What an employee can send: a report, and an answer to the desk."""

import uuid
from typing import Any

from django import forms

from assets.models import Asset
from config.forms import FilesField, FilesInput
from people import documents
from people.models import Person
from support.conversation import MOST_FILES
from support.models import Ticket

Level = Ticket.Level
LONGEST = 20_000

STOPS_ME = [
    (Level.HIGH, "I cannot work at all"),
    (Level.MEDIUM, "I can work, but it is in my way"),
    (Level.LOW, "It can wait"),
]


class OnceForm(forms.Form):
    """A form that counts once, however often its button is pressed."""

    submission = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "This form is incomplete. Open the page again, and send it once more.",
            "invalid": "This form is damaged. Open the page again, and send it once more.",
        },
    )
    label_suffix = ""
    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["submission"] = uuid.uuid4()


def files_field() -> FilesField:
    return FilesField(
        label="Pictures or files",
        required=False,
        widget=FilesInput({"data-largest": documents.LARGEST, "data-most": MOST_FILES}),
        help_text=f"A photo of what you see helps most. Up to {MOST_FILES} at a time:"
        f" {documents.IN_WORDS}, each of at most {documents.LARGEST // 1024**2} MB.",
    )


class DeviceField(forms.ModelChoiceField):
    def label_from_instance(self, asset: Asset) -> str:
        return f"{asset.product} ({asset.tag})"


class ReportForm(OnceForm):
    asset = DeviceField(
        Asset.objects.none(),
        label="What is it about?",
        required=False,
        empty_label="Something else",
        error_messages={"invalid_choice": "Choose one of your own devices, or something else."},
    )
    subject = forms.CharField(
        label="What is wrong?",
        max_length=250,
        help_text="In a few words: “The screen stays black”.",
        error_messages={"required": "Say in a few words what is wrong."},
    )
    description = forms.CharField(
        label="Tell us more",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What did you do, what happened, and since when? Never write a password here.",
    )
    urgency = forms.TypedChoiceField(
        label="How badly does it stop you?",
        choices=STOPS_ME,
        coerce=int,
        initial=Level.MEDIUM,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how badly it stops you."},
    )
    attachments = files_field()

    field_order = ["asset", "subject", "description", "urgency"]

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["asset"]
        assert isinstance(field, DeviceField)
        field.queryset = person.assets.select_related("product__maker").order_by("tag")


class ReplyForm(OnceForm):
    body = forms.CharField(
        label="Your answer",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Write something before you send it."},
    )
    attachments = files_field()


class RatingForm(forms.Form):
    rating = forms.TypedChoiceField(
        label="How well was it solved?",
        choices=[
            (Ticket.Rating.GOOD, "Solved well"),
            (Ticket.Rating.FAIR, "Solved, with trouble"),
            (Ticket.Rating.POOR, "Not solved"),
        ],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the three."},
    )
    comment = forms.CharField(
        label="Anything to add",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    label_suffix = ""
    required_css_class = "required"


class FollowForm(forms.Form):
    email = forms.EmailField(
        label="E-mail of a colleague",
        help_text="They read along here and by e-mail, and may answer.",
        error_messages={"required": "Give an e-mail address."},
    )
    label_suffix = ""
    required_css_class = "required"
