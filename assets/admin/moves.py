"""The moves of an asset, as the back office asks for them."""

from django import forms

from assets import lifecycle
from assets.models import Asset
from config.admin import Step
from config.forms import LinkField, StepForm

REASON = "Kept in the history."


class ReceiveForm(StepForm):
    location = LinkField(Asset.location, help_text="Where it lies in stock.")
    reason = forms.CharField(required=False, max_length=250, help_text=REASON)


class HandOverForm(StepForm):
    to = LinkField(
        Asset.holder, required=False, label="To", help_text="Who holds it and gets a mail about it."
    )
    location = LinkField(
        Asset.location,
        required=False,
        help_text="Where it will be used. Without a person it serves this place.",
    )
    due_back_on = forms.DateField(
        required=False, label="Due back", help_text="Only for a loan: the day it must be back."
    )
    reason = forms.CharField(required=False, max_length=250, help_text=REASON)


class TakeBackForm(StepForm):
    location = LinkField(
        Asset.location, required=False, help_text="Where it lies in stock. Empty: where it is."
    )
    reason = forms.CharField(required=False, max_length=250, help_text=REASON)


class MoveForm(StepForm):
    location = LinkField(Asset.location, help_text="Where it stands or lies now.")
    reason = forms.CharField(required=False, max_length=250, help_text=REASON)


class RetireForm(StepForm):
    reason = forms.CharField(max_length=250, help_text="Why it goes out of service for good.")


def _step(move: str, label: str, form: type[StepForm]) -> Step:
    return Step(
        name=move,
        label=label,
        form=form,
        run=getattr(lifecycle, move),
        permission=f"assets.{move}_asset",
        allows=lifecycle.MOVES[move].allows,
    )


STEPS = [
    _step("receive", "Receive", ReceiveForm),
    _step("hand_over", "Hand over", HandOverForm),
    _step("take_back", "Take back", TakeBackForm),
    _step("move", "Move", MoveForm),
    _step("retire", "Retire", RetireForm),
]
