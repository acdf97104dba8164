"""What orders and their steps ask for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from assets import procurement
from assets.models import Asset, Order, OrderLine
from config.forms import LinkField, RecordForm, StepForm, reason_field


class OrderForm(RecordForm):
    """Refused where the order moved on meanwhile: other fields are open in each state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown_state = self.instance.state

    def clean(self) -> dict[str, Any] | None:
        shown = self.data.get(self.add_prefix("version"))
        cleaned = super().clean()
        order = self.instance
        if order.pk and order.state != self._state_of(shown):
            raise ValidationError(
                f"{order} is {order.get_state_display()} since you opened it. Look at it as it is"
                " now, and save again."
            )
        return cleaned

    def _state_of(self, version: str | None) -> str:
        """The state in the version that the form showed."""
        versions = Order.history.filter(id=self.instance.pk, history_id=version or None)
        return versions.values_list("state", flat=True).first() or self.shown_state


class PlaceForm(StepForm):
    ordered_on = forms.DateField(
        label="Ordered", initial=localdate, help_text="The day it went to the supplier."
    )
    all_the_same = forms.BooleanField(
        required=False, label="Order all the same", help_text="Although Steward warns of something."
    )
    reason = reason_field()


class ReceiveForm(StepForm):
    line = forms.ModelChoiceField(OrderLine.objects.none(), empty_label=None)
    serials = forms.CharField(
        required=False,
        max_length=500_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Scan or paste them, one a line; commas and tabs separate them too.",
    )
    quantity = forms.IntegerField(
        required=False, min_value=1, help_text="Only for things without a serial number."
    )
    location = LinkField(Asset.location, help_text="Where they lie now.")
    received_on = forms.DateField(
        label="Received", initial=localdate, help_text="The day their warranty starts."
    )
    reason = reason_field()

    def clean_serials(self) -> list[str]:
        return procurement.serials_in(self.cleaned_data["serials"])


class CancelForm(StepForm):
    reason = reason_field(required=True, help_text="Why nothing more comes of it.")
