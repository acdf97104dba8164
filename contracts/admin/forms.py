"""What the steps of a contract ask for: about its terms, and what is decided about them."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import fields_for_model
from django.utils import timezone

from assets.precaution import told
from config.forms import StepForm, reason_field
from contracts.decidable import changed, withdrawable
from contracts.decisions import next_length
from contracts.models import Contract, Decision, Term
from contracts.prices import price
from contracts.renewals import earliest_end, settled
from contracts.terms import FIELDS, has_begun

AGREED = [name for name in FIELDS if name not in ("starts_on", "ends_on")]


def last_term(contract: Contract) -> Term | None:
    return contract.terms.order_by("starts_on").last()


class ShownForm(StepForm):
    """Knows what the contracts were when it was shown, and is refused once that has changed."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def ask(self, rows: Sequence[Any]) -> None:
        self.rows = rows
        self.fields["shown"].initial = self.stamp = stamp(rows)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        shown = cleaned.pop("shown", "")
        if shown and shown != self.stamp:
            self.data: Any = {**self.data.dict(), "shown": self.stamp}
            several = "Some of these have changed meanwhile. Look at them again."
            raise ValidationError(changed(self.rows[0]) if len(self.rows) == 1 else several)
        return cleaned


def stamp(contracts: Sequence[Contract]) -> str:
    """Another one for every other state of what is decided on."""
    states = [(it.pk, *settled(it).values()) for it in sorted(contracts, key=lambda it: it.pk)]
    return sha256(repr(states).encode()).hexdigest()[:20]


class DecideForm(ShownForm):
    kind = forms.ChoiceField(
        label="Decision",
        choices=[
            (Decision.Kind.RENEGOTIATE, "renegotiate: it is talked about"),
            (Decision.Kind.RENEW, "to be renewed: the next term follows once it is agreed"),
        ],
    )
    reason = reason_field(required=True, help_text="Kept with the decision.")


class RenewForm(ShownForm):
    """The next term, as the last one was unless it says otherwise."""

    months = forms.IntegerField(
        required=False, min_value=1, max_value=1200, label="For how many months"
    )
    ends_on = forms.DateField(
        required=False, label="Or until", help_text="A last day instead of the months."
    )
    reason = reason_field(required=True, help_text="Kept with the decision.")
    field_order = ["months", "ends_on", *AGREED, "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= fields_for_model(Term, AGREED)
        self.order_fields(self.field_order)

    def ask(self, rows: Sequence[Contract]) -> None:
        super().ask(rows)
        term = last_term(rows[0])
        if term is None:
            return
        _show(self, term, AGREED)
        self.fields["months"].initial = next_length(term)
        self.fields["amount"].help_text = f"Per billing period. Until now: {price(term)}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("ends_on"):
            cleaned["months"] = None
        return cleaned


class CancelForm(ShownForm):
    ends_on = forms.DateField(required=False, label="Ends on")
    out_of_time = forms.BooleanField(
        required=False,
        label="Out of time",
        help_text="For a cause, or because the vendor agrees: it ends sooner than notice reaches.",
    )
    reason = reason_field(required=True, help_text="Kept with the decision.")

    def ask(self, rows: Sequence[Contract]) -> None:
        super().ask(rows)
        term = last_term(rows[0]) if len(rows) == 1 else None
        first = f"{told(earliest_end(term, timezone.localdate()))}, " if term else ""
        words = f"Empty: {first}the first day that notice given today reaches."
        self.fields["ends_on"].help_text = words


class WithdrawForm(ShownForm):
    reason = reason_field(required=True, label="Why it is withdrawn")

    def ask(self, rows: Sequence[Contract]) -> None:
        super().ask(rows)
        if decision := withdrawable(rows[0]):
            words = f"Now stands: {decision}, by {decision.decided_by or 'Steward'}: "
            self.fields["reason"].help_text = words + decision.reason


class SentForm(ShownForm):
    sent_on = forms.DateField(label="Sent on", initial=timezone.localdate)
    sent_by = forms.ChoiceField(label="By", choices=Decision.Way.choices[1:])


class ConfirmForm(ShownForm):
    confirmed_on = forms.DateField(label="Confirmed on", initial=timezone.localdate)
    confirmation = forms.CharField(
        required=False,
        max_length=200,
        help_text="What the vendor wrote, or their number for it. Keep the letter under Documents.",
    )


class AddTermForm(ShownForm):
    """Begins on the day after the last term, as that was; any other stretch may be given."""

    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= fields_for_model(Term, FIELDS)
        self.order_fields([*FIELDS, "reason"])

    def ask(self, rows: Sequence[Contract]) -> None:
        super().ask(rows)
        if term := last_term(rows[0]):
            _show(self, term, AGREED)
            self.fields["starts_on"].initial = term.ends_on and _after(term.ends_on)


class OneTermForm(ShownForm):
    """About one term of the contract: the one that its address names, else the last one."""

    term = forms.ModelChoiceField(Term.objects.none(), widget=forms.HiddenInput)

    def ask_about(self, contract: Contract, key: str) -> None:
        field = cast(forms.ModelChoiceField, self.fields["term"])
        field.queryset = contract.terms.all()
        key = str(self.data.get("term", "")) or key
        chosen = contract.terms.filter(pk=key).first() if key.isdecimal() else None
        if term := chosen or last_term(contract):
            field.initial = term.pk
            self.show(term)

    def show(self, term: Term) -> None:
        """A hook: what the form says of the term."""


class CorrectTermForm(OneTermForm):
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= fields_for_model(Term, FIELDS)
        self.order_fields(["term", *FIELDS, "reason"])

    def show(self, term: Term) -> None:
        _show(self, term, FIELDS)
        begun = has_begun(term)
        self.fields["reason"].required = begun
        self.fields["reason"].help_text = (
            "The term has begun: its history keeps why it is corrected."
            if begun
            else "The term has not begun; it may be changed freely."
        )


class RemoveTermForm(OneTermForm):
    reason = reason_field(required=True)

    def show(self, term: Term) -> None:
        self.fields["reason"].help_text = f"Why the term from {term} is deleted, at {price(term)}."


def _show(form: forms.Form, term: Model, names: Sequence[str]) -> None:
    for name in names:
        form.fields[name].initial = getattr(term, name)


def _after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
