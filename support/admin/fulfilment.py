"""The steps by which a request of the catalogue is fulfilled, on the page of its ticket."""

from collections.abc import Sequence
from typing import Any

from django import forms

from assets.models import Asset, Order
from config.admin import Step
from config.forms import StepForm
from config.outcomes import each
from support import fulfilment
from support.admin.ticket import TicketAdmin
from support.models import Ticket

FULFIL = "support.fulfil_ticket"


def _note() -> forms.CharField:
    return forms.CharField(required=False, max_length=2_000, label="Note, for staff")


class HandOverForm(StepForm):
    assets = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        label="From stock",
        widget=forms.CheckboxSelectMultiple,
        help_text="First what lies at the receiver’s own place, then the oldest.",
        error_messages={"required": "Choose what is handed over."},
    )
    note = _note()

    def ask(self, rows: Sequence[Ticket]) -> None:
        field = self.fields["assets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = fulfilment.in_stock(rows[0])
        shown = fulfilment.proposed(rows[0])
        field.choices = [(it.pk, f"{it} {it.serial}, {it.location or 'no place'}") for it in shown]
        if not shown:
            field.help_text = "Nothing of it lies in stock: put the request on an order instead."


class KitForm(StepForm):
    note = _note()

    def ask(self, rows: Sequence[Ticket]) -> None:
        shortages = fulfilment.propose(rows[0]).shortages
        self.fields["note"].help_text = " ".join(shortages) or "Everything of the kit is in stock."


class SeatForm(StepForm):
    note = _note()

    def ask(self, rows: Sequence[Ticket]) -> None:
        free = fulfilment.propose(rows[0]).free_seats
        if free is not None:
            self.fields["note"].help_text = f"Free seats: {free}."


class OnOrderForm(StepForm):
    order = forms.ModelChoiceField(
        Order.objects.none(), help_text="A draft or an open order that brings it."
    )
    note = _note()

    def ask(self, rows: Sequence[Ticket]) -> None:
        field = self.fields["order"]
        assert isinstance(field, forms.ModelChoiceField)
        keys = [order.pk for order in fulfilment.propose(rows[0]).orders]
        field.queryset = Order.objects.filter(pk__in=keys).select_related("supplier")
        if not keys:
            field.help_text = "No order brings it: make one first, with a line for the product."


class DoneForm(StepForm):
    note = forms.CharField(
        label="What was done",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="It is mailed to the requester.",
    )


def _can(kind: str) -> Any:
    """Open and approved, and of the kind that the step gives."""

    def allows(ticket: Ticket) -> bool:
        offer = ticket.offer
        if offer is None or ticket.state in (*Ticket.ENDED, Ticket.State.WAITING_APPROVAL):
            return False
        is_stock = bool(offer.product_id or offer.category_id)
        kinds = {"stock": is_stock, "kit": bool(offer.kit_id), "seat": bool(offer.licence_id)}
        return kinds.get(kind, True) and fulfilment.lacking(ticket) is None

    return allows


def _step(
    name: str, label: str, run: Any, form: type[StepForm], kind: str, also: Sequence[str] = ()
) -> Step:
    """One way to fulfil; it asks the permission of what it does to assets and seats too."""
    return Step(name, label, each(run), FULFIL, form, _can(kind), in_bulk=False, also=also)


TicketAdmin.steps = (
    *TicketAdmin.steps,
    _step(
        "hand-over",
        "Hand over from stock",
        fulfilment.hand_over,
        HandOverForm,
        "stock",
        ["assets.hand_over_asset"],
    ),
    _step(
        "kit",
        "Hand over the kit",
        fulfilment.hand_over_kit,
        KitForm,
        "kit",
        ["assets.hand_over_kit"],
    ),
    _step(
        "seat", "Give the seat", fulfilment.give_seat, SeatForm, "seat", ["contracts.assign_seat"]
    ),
    _step("on-order", "Put on an order", fulfilment.put_on_order, OnOrderForm, "stock"),
    _step("done", "Done otherwise", fulfilment.done, DoneForm, "any"),
)
