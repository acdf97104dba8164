"""Joiners, movers and leavers in the back office: their changes, and the steps on a person."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.utils import timezone
from django.utils.html import format_html_join

from assets.models import Asset
from config.admin import BaseAdmin, Step
from config.admin.screens import NeverByHand
from config.forms import LinkField, StepForm, reason_field
from config.outcomes import Outcome, each
from people.admin import PersonAdmin
from people.models import Person
from support import holdings, staffing
from support.models import StaffChange

COMPLETE = "support.complete_staffchange"


class TakeBackForm(StepForm):
    location = LinkField(
        Asset.location, required=False, help_text="Where it all lies now. Empty: where it is."
    )
    stock = forms.BooleanField(
        label="Accessories too",
        required=False,
        initial=True,
        help_text="Back to where they are kept. Untick it where they are used up or not here.",
    )


class TransferForm(StepForm):
    to = LinkField(
        StaffChange.successor,
        help_text="Somebody who is here and has an e-mail address.",
    )


class CompleteForm(StepForm):
    remark = forms.CharField(
        required=False,
        label="Why, if something is left",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed where something is still with the person who leaves.",
    )


class LeaveForm(StepForm):
    leaves_on = forms.DateField(label="Last day")
    reason = reason_field()


class MoveForm(StepForm):
    department = LinkField(
        StaffChange.department, required=False, help_text="The new one. Empty: the same."
    )
    location = LinkField(
        StaffChange.location, required=False, help_text="The new one. Empty: the same."
    )
    along = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        required=False,
        label="What moves along",
        widget=forms.CheckboxSelectMultiple,
        help_text="For all that is not ticked a return is asked for.",
    )
    reason = reason_field()

    def ask(self, rows: Sequence[Person]) -> None:
        field = self.fields["along"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        held = Asset.objects.filter(holder__in=rows).select_related("product__maker")
        field.queryset = held.order_by("tag")
        field.initial = [asset.pk for asset in held]


def _take_all_back(rows: Sequence[StaffChange], **options: Any) -> Outcome:
    """Each leave is done of which something came back; what did not is said beside it."""
    taken = each(staffing.take_all_back)(rows, **options)
    return Outcome(
        done=[change for it in taken.done for change in it.done],
        refused=[*taken.refused, *(sentence for it in taken.done for sentence in it.refused)],
    )


def _leaves(change: StaffChange) -> bool:
    return change.completed_at is None and change.kind == StaffChange.Kind.LEAVES


@admin.register(StaffChange)
class StaffChangeAdmin(NeverByHand, BaseAdmin):
    list_display = ["person", "kind", "on", "ticket", "successor", "completed_at"]
    list_select_related = ["person", "ticket", "successor"]
    list_filter = ["kind", ("completed_at", admin.EmptyFieldListFilter), "on"]
    search_fields = ["person__name", "person__email"]
    fields = [
        ("person", "kind", "on"),
        ("department", "location"),
        "has",
        ("ticket", "successor"),
        ("completed_at", "remark"),
    ]
    readonly_fields = ["has", "ticket", "completed_at"]
    steps: ClassVar = [
        Step(
            "take-back",
            "Take everything back",
            _take_all_back,
            COMPLETE,
            TakeBackForm,
            _leaves,
            help="All assets go into stock, all seats become free. What is in repair stays theirs.",
            also=("assets.take_back_asset", "assets.move_stockitem", "contracts.assign_seat"),
        ),
        Step(
            "transfer",
            "Pass on work",
            each(staffing.transfer),
            COMPLETE,
            TransferForm,
            _leaves,
            help="Open tickets, approvals and alerts go to a successor; tickets only to staff.",
        ),
        Step(
            "contracts",
            "Pass on contracts",
            each(staffing.transfer_contracts),
            "contracts.change_contract",
            TransferForm,
            _leaves,
            help="A successor owns them, decides about them and is mailed before their dates.",
        ),
        Step(
            "complete",
            "Done",
            each(staffing.complete),
            COMPLETE,
            CompleteForm,
            lambda change: change.completed_at is None,
        ),
    ]

    @display(description="still has")
    def has(self, change: StaffChange) -> str:
        found = list(holdings.of(change.person, timezone.localdate()).sentences())
        return format_html_join("", "<p>{}</p>", ((it,) for it in found)) or "nothing"


def _here(person: Person) -> bool:
    return not person.has_left(timezone.localdate())


PersonAdmin.steps = [
    *PersonAdmin.steps,
    Step(
        "leaves",
        "Leaves",
        each(staffing.announce_leave),
        COMPLETE,
        LeaveForm,
        help="A ticket lists all that must come back; the manager is told.",
        also=("people.change_person",),
    ),
    Step(
        "moves",
        "Moves",
        each(staffing.move),
        COMPLETE,
        MoveForm,
        _here,
        in_bulk=False,
        also=("people.change_person", "assets.move_asset"),
    ),
]
