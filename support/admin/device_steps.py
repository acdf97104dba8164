"""What is done about the device of a ticket, as the ticket's page asks for it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils import timezone

from assets import protection
from assets.admin.moves import SendToRepairForm
from assets.lifecycle.moves import offers
from assets.models import Asset
from config.admin import Step
from config.forms import LinkField, StepForm
from config.outcomes import each
from support import device_steps, in_context
from support.admin.ticket import ANSWER, TicketAdmin
from support.models import Ticket
from support.moves import MOVES

PROPOSED = 50
"""How many of the stock a form names; whatever else there is, is found by typing."""
GONE = (Asset.State.RETIRED, Asset.State.DISPOSED, Asset.State.LOST)


class ClaimForm(StepForm):
    to = forms.CharField(
        max_length=254,
        label="Mailed to",
        validators=[validate_email],
        help_text="Who gives the warranty; what is answered from this address joins this ticket.",
    )
    text = forms.CharField(
        label="The mail, as it goes out",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14}),
    )

    def ask(self, rows: Sequence[Ticket]) -> None:
        ticket, today = rows[0], timezone.localdate()
        if ticket.asset:
            self.fields["to"].initial = in_context.claim_address(ticket.asset, today)
            self.fields["text"].initial = device_steps.claim_letter(ticket, today)


class RepairForm(SendToRepairForm):
    """What sending any asset to repair asks, filled in with what the ticket knows."""

    def ask(self, rows: Sequence[Ticket]) -> None:
        ticket, today = rows[0], timezone.localdate()
        self.fields["fault"].initial = ticket.description or ticket.subject
        if ticket.asset is None:
            return
        warranties = protection.of_assets([ticket.asset])[ticket.asset.pk]
        if any(protection.runs(it, today) for it in warranties):
            self.fields["vendor"].initial = in_context.whose_warranty(
                ticket.asset, warranties, today
            )
            self.fields["on_warranty"].initial = True


class SwapForm(StepForm):
    replacement = forms.ModelChoiceField(
        Asset.objects.none(),
        required=False,
        label="From stock",
        empty_label="none of these",
        help_text="The same product first, then others of its category.",
    )
    other = LinkField(Ticket.asset, required=False, label="Or another one")
    location = LinkField(
        Asset.location, required=False, help_text="Where the old one lies then. Empty: where it is."
    )

    def ask(self, rows: Sequence[Ticket]) -> None:
        if rows[0].asset is None:
            return
        field = self.fields["replacement"]
        assert isinstance(field, forms.ModelChoiceField)
        stock = device_steps.replacements(rows[0])
        field.queryset = stock
        shown = list(stock[:PROPOSED])
        field.choices = [
            ("", field.empty_label or ""),
            *((it.pk, f"{it} {it.serial}, {it.location or 'no place'}") for it in shown),
        ]
        if shown:
            field.initial = shown[0].pk
        else:
            field.help_text = "Nothing of its category lies in stock."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        other = cleaned.pop("other", None)
        cleaned["replacement"] = other or cleaned.get("replacement")
        if not cleaned["replacement"] and not self.errors:
            self.add_error("replacement", "Choose what takes its place.")
        return cleaned


class RetireForm(StepForm):
    reason = forms.CharField(
        max_length=250,
        help_text="Why it goes out of service for good. Whoever has it gives it back.",
    )


def _about_a_device(move: str, allowed: Any) -> Any:
    """Offered where the ticket allows its move, and the state of its device what is done."""

    def allows(ticket: Ticket) -> bool:
        asset = ticket.asset
        return asset is not None and MOVES[move].allows(ticket) and bool(allowed(asset))

    return allows


def _is_protected(asset: Asset) -> bool:
    """By its last warranty: whether one runs today, the step itself looks at."""
    ends = asset.warranty_ends_on
    return asset.state not in GONE and ends is not None and ends >= timezone.localdate()


def _may_go(asset: Asset) -> bool:
    return offers("retire", asset) or offers("take_back", asset)


def _is_held(asset: Asset) -> bool:
    return asset.holder_id is not None and offers("take_back", asset)


_step = partial(Step, in_bulk=False)
TicketAdmin.steps = (
    *TicketAdmin.steps,
    _step(
        "claim",
        "Claim on warranty",
        each(device_steps.claim_warranty),
        ANSWER,
        ClaimForm,
        _about_a_device("wait", _is_protected),
    ),
    _step(
        "repair",
        "Send to repair",
        each(device_steps.repair),
        "assets.repair_asset",
        RepairForm,
        _about_a_device("wait", partial(offers, "send_to_repair")),
        also=(ANSWER,),
    ),
    _step(
        "swap",
        "Swap the device",
        each(device_steps.swap),
        "assets.hand_over_asset",
        SwapForm,
        _about_a_device("assign", _is_held),
        also=("assets.take_back_asset", ANSWER),
    ),
    _step(
        "retire",
        "Retire the device",
        each(device_steps.retire),
        "assets.retire_asset",
        RetireForm,
        _about_a_device("assign", _may_go),
        also=("assets.take_back_asset", ANSWER),
    ),
)
