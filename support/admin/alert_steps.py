"""The answers to an alert as steps of the back office."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from config.admin import Step
from config.forms import LinkField, StepForm
from config.history import Actor
from config.outcomes import Outcome
from support import responses
from support.models import Alert

RESPOND = "support.respond_alert"
NOT_YOURS = "An alert is about something that you may not see: it is not yours to answer."


def _words(required: bool = False) -> forms.CharField:
    return forms.CharField(
        label="Comment",
        required=required,
        max_length=responses.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="For all who deal with it.",
    )


class TextForm(StepForm):
    text = _words()


class CommentForm(StepForm):
    text = _words(required=True)


class SnoozeForm(StepForm):
    until = forms.DateField(
        help_text="Told again on this day: up to its date, or for 30 days once that is over."
    )
    text = _words()

    def ask(self, rows: Sequence[Alert]) -> None:
        if len(rows) == 1:
            last = responses.last_day(rows[0], on=localdate())
            self.fields[
                "until"
            ].help_text = f"Told again on this day, {last:%-d %B %Y} at the latest."


class PassOnForm(StepForm):
    to = LinkField(
        Alert.recipient,
        label="To",
        help_text="They are told of it by their next mail, and of all that follows on this date.",
    )
    text = _words()


def _answering(move: Callable[..., Alert]) -> Callable[..., Outcome]:
    """`move` for many alerts, of which those that are not theirs to answer are refused unnamed."""

    def run(rows: Sequence[Alert], *, by: Actor, **asked: Any) -> Outcome:
        outcome = Outcome()
        for alert in sorted(rows, key=lambda row: row.pk):
            try:
                if not responses.may_respond(by, alert):
                    raise ValidationError(NOT_YOURS)
                outcome.done.append(responses.named(move(alert, by=by, **asked)))
            except ValidationError as refusal:
                if len(rows) == 1:
                    raise
                outcome.refused += refusal.messages
        return outcome

    return run


def _step(name: str, label: str, form: type[StepForm], help: str) -> Step:
    return Step(
        name=name,
        label=label,
        run=_answering(getattr(responses, name)),
        permission=RESPOND,
        form=form,
        allows=lambda alert: name in responses.possible(alert, on=localdate()),
        help=help,
    )


STEPS = (
    _step("acknowledge", "Acknowledge", TextForm, "Nobody is told of this date again."),
    _step("snooze", "Snooze", SnoozeForm, "Nobody is told of this date before that day."),
    _step("pass_on", "Pass on", PassOnForm, "Another takes care of it from now on."),
    _step("comment", "Comment", CommentForm, "It changes nothing else."),
    _step("reopen", "Reopen", TextForm, "It is open again for whoever was told."),
)
