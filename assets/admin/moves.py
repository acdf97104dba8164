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


STEPS = [
    Step(
        name="receive",
        label="Receive",
        form=ReceiveForm,
        run=lifecycle.receive,
        permission="assets.receive_asset",
        allows=lifecycle.MOVES["receive"].allows,
    ),
    Step(
        name="hand_over",
        label="Hand over",
        form=HandOverForm,
        run=lifecycle.hand_over,
        permission="assets.hand_over_asset",
        allows=lifecycle.MOVES["hand_over"].allows,
    ),
    Step(
        name="take_back",
        label="Take back",
        form=TakeBackForm,
        run=lifecycle.take_back,
        permission="assets.take_back_asset",
        allows=lifecycle.MOVES["take_back"].allows,
    ),
    Step(
        name="move",
        label="Move",
        form=MoveForm,
        run=lifecycle.move,
        permission="assets.move_asset",
        allows=lifecycle.MOVES["move"].allows,
    ),
    Step(
        name="retire",
        label="Retire",
        form=RetireForm,
        run=lifecycle.retire,
        permission="assets.retire_asset",
        allows=lifecycle.MOVES["retire"].allows,
    ),
]
