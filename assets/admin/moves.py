"""The moves of an asset, as the back office asks for them."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from django import forms

from assets import lifecycle
from assets.lifecycle import MOVES
from assets.lifecycle.moves import offers
from assets.models import Asset, Custody, Disposal, OrderLine, Repair, StateLabel, Upgrade, Wipe
from config.admin import Step
from config.forms import FilesField, LinkField, StepForm, currency_field, reason_field

State = Asset.State


def _place(help_text: str, *, required: bool = False) -> LinkField:
    return LinkField(Asset.location, required=required, help_text=help_text)


def cost_field(label: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=2, **options
    )


class PlanForm(StepForm):
    quantity = forms.IntegerField(min_value=1, max_value=1000, initial=1)
    location = _place("Where they are meant to go.")
    reason = reason_field()


class OrderForm(StepForm):
    order = LinkField(
        OrderLine.order, help_text="An order that was placed and has a line for the product."
    )
    reason = reason_field()


class ReceiveForm(StepForm):
    location = _place("Where it lies in stock.", required=True)
    reason = reason_field()


class InspectForm(StepForm):
    """One verdict; the points of the checklists are ticked one by one."""

    passed = forms.TypedChoiceField(
        label="Verdict",
        choices=[("yes", "passed: into stock"), ("no", "failed: rejected")],
        coerce=lambda value: value == "yes",
    )
    points = forms.MultipleChoiceField(
        label="In order", required=False, help_text="Tick each point that is in order."
    )
    remark = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    photos = FilesField(required=False, help_text="Kept with the inspection.")
    location = _place("Where it lies in stock. Empty: where it is.")

    def ask(self, rows: Sequence[Asset]) -> None:
        awaiting = [row for row in rows if row.state == State.RECEIVED]
        self.asked = list(
            dict.fromkeys(it for row in awaiting for it in row.product.category.points)
        )
        if not self.asked:
            del self.fields["points"]
            return
        points = cast(forms.MultipleChoiceField, self.fields["points"])
        points.choices = [(point, point) for point in self.asked]

    def clean_points(self) -> list[dict[str, Any]]:
        ticked = self.cleaned_data["points"]
        return [{"point": point, "passed": point in ticked} for point in self.asked]


class StockForm(StepForm):
    location = _place("Where it lies in stock. Empty: where it is.")
    reason = reason_field()


class HandOverForm(StepForm):
    to = LinkField(
        Asset.holder, required=False, label="To", help_text="Who holds it and gets a mail about it."
    )
    location = _place("Where it will be used. Without a person it serves this place.")
    into = LinkField(
        Asset.installed_in,
        required=False,
        label="Into a device",
        help_text="For a SIM or a part: it goes to the holder of the device.",
    )
    due_back_on = forms.DateField(
        required=False, label="Due back", help_text="Only for a loan: the day it must be back."
    )
    reason = reason_field()


class LendForm(StepForm):
    to = LinkField(Asset.holder, label="To", help_text="Who borrows it and gets a mail about it.")
    due_back_on = forms.DateField(label="Due back", help_text="The day it must be back.")
    reason = reason_field()


class ExtendLoanForm(StepForm):
    due_back_on = forms.DateField(
        label="Due back", help_text="The later day it must be back. The borrower gets a mail."
    )
    reason = reason_field()


class TakeBackForm(StepForm):
    location = _place("Where it lies in stock. Empty: where it is.")
    condition = forms.ChoiceField(required=False, choices=Custody.Condition.choices)
    reason = reason_field()


class MoveForm(StepForm):
    location = _place("Where it stands or lies now.", required=True)
    reason = reason_field()


class FitForm(StepForm):
    part = LinkField(
        Asset.installed_in,
        label="SIM or part",
        help_text="From stock it goes to the holder of this device.",
    )
    reason = reason_field()


class PairForm(StepForm):
    device = LinkField(Asset.installed_in, label="Device", help_text="In which it is put.")
    reason = reason_field()


class RelabelForm(StepForm):
    label = forms.ModelChoiceField(
        StateLabel.objects.none(), required=False, empty_label="no label"
    )
    reason = reason_field()

    def ask(self, rows: Sequence[Asset]) -> None:
        states = {row.state for row in rows}
        field = cast(forms.ModelChoiceField, self.fields["label"])
        field.queryset = StateLabel.objects.filter(state__in=states)


class SendToRepairForm(StepForm):
    fault = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), help_text="What is wrong with it."
    )
    vendor = LinkField(Repair.vendor, required=False, help_text="Empty: your own workshop.")
    reference = forms.CharField(
        required=False, max_length=60, help_text="The vendor's number for it, such as an RMA."
    )
    on_warranty = forms.BooleanField(required=False, label="Claimed on warranty")
    due_back_on = forms.DateField(required=False, label="Due back")


class ReturnFromRepairForm(StepForm):
    outcome = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    cost = cost_field("Cost of each repair")
    currency = currency_field()
    location = _place("Where it is now. Empty: where it was.")
    reason = reason_field()


class UpgradeForm(StepForm):
    what = forms.CharField(max_length=250, label="What was done")
    vendor = LinkField(Upgrade.vendor, required=False)
    cost = cost_field("Cost of each")
    currency = currency_field()


class LostForm(StepForm):
    reason = reason_field(
        required=True, help_text="What is known: since when, where, which report."
    )


class FindForm(StepForm):
    location = _place("Where it lies in stock now.", required=True)
    reason = reason_field()


class RetireForm(StepForm):
    reason = reason_field(required=True, help_text="Why it goes out of service for good.")


class WipeForm(StepForm):
    method = forms.ChoiceField(choices=Wipe.Method.choices, help_text="As NIST SP 800-88 has them.")
    wiped_by = forms.CharField(max_length=150, label="By whom")
    wiped_on = forms.DateField(required=False, label="On", help_text="Empty: today.")
    certificate = forms.CharField(required=False, max_length=100, label="Certificate number")


class DisposeForm(StepForm):
    method = forms.ChoiceField(choices=Disposal.Method.choices)
    vendor = LinkField(Disposal.vendor, required=False, help_text="Who took it.")
    recipient = forms.CharField(
        required=False, max_length=150, help_text="Who got it, where that is no vendor."
    )
    disposed_on = forms.DateField(required=False, label="On", help_text="Empty: today.")
    certificate = forms.CharField(required=False, max_length=100, label="Certificate number")
    proceeds = cost_field("Proceeds of each")
    currency = currency_field()


class NoteForm(StepForm):
    reason = reason_field()


def _step(move: str, form: type[StepForm], permission: str = "", **options: Any) -> Step:
    return Step(
        name=move,
        label=MOVES[move].label,
        form=form,
        run=getattr(lifecycle, move),
        permission=f"assets.{permission or move}_asset",
        **{"allows": partial(offers, move), **options},
    )


PLAN = _step("plan", PlanForm, allows=lambda product: True)
FIT = Step(
    name="fit",
    label="Install a SIM or part",
    form=FitForm,
    run=lifecycle.fit,
    permission="assets.pair_asset",
    allows=lambda asset: MOVES["pair"].allows(asset) and asset.product.sim_slots > 0,
    in_bulk=False,
)
STEPS = [
    _step("order", OrderForm),
    _step("receive", ReceiveForm),
    _step("inspect", InspectForm),
    _step("stock", StockForm),
    _step("hand_over", HandOverForm),
    _step("take_back", TakeBackForm),
    FIT,
    _step("find", FindForm, "report_lost"),
    _step("return_from_repair", ReturnFromRepairForm, "repair"),
    _step("dispose", DisposeForm),
    _step("lend", LendForm),
    _step(
        "extend_loan",
        ExtendLoanForm,
        "lend",
        allows=lambda asset: offers("extend_loan", asset) and lifecycle.is_lent(asset),
    ),
    _step("move", MoveForm),
    _step("send_to_repair", SendToRepairForm, "repair"),
    _step("unpair", NoteForm, "pair"),
    _step("pair", PairForm),
    _step("upgrade", UpgradeForm),
    _step("report_lost", LostForm),
    _step("retire", RetireForm),
    _step("wipe", WipeForm),
    _step("relabel", RelabelForm),
]
