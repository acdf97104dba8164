"""What the portal asks of who answers an alert, and of who sets how they are told."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import date_format

from people.models import Person
from support.alerts import Rule
from support.models import Alert, Preference
from support.preferences import USUAL, time_zones
from support.responses import LONGEST_TEXT, last_day

A_WEEK = 7
PREFIX = "kind-"


class PlainForm(forms.Form):
    label_suffix = ""
    required_css_class = "required"


def _words(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WordsForm(PlainForm):
    text = _words("Say something about it")


class SnoozeForm(PlainForm):
    until = forms.DateField(
        label="Tell me again on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Give a day, as 2026-12-31."},
    )

    def __init__(self, *args: Any, alert: Alert, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = last_day(alert, on=on)
        field = self.fields["until"]
        field.widget.attrs |= {"min": str(on + timedelta(1)), "max": str(last)}
        field.help_text = f"{date_format(last, 'j F Y')} at the latest."
        self.initial["until"] = min(last, on + timedelta(A_WEEK))


class PassOnForm(PlainForm):
    to = forms.EmailField(
        label="E-mail of who takes care of it",
        error_messages={"required": "Give an e-mail address."},
    )
    text = _words("A word to them")

    def __init__(self, *args: Any, alert: Alert, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["to"].help_text = "They are told by their next mail, and of what follows."
        manager = alert.recipient.manager
        if manager and manager.email and not manager.has_left(on):
            self.fields["to"].help_text += f" The manager is {manager}, {manager.email}."

    def clean_to(self) -> Person:
        """The person of exactly this address: nobody is found by a part of one."""
        address = self.cleaned_data["to"]
        found = Person.objects.reachable(self.on).filter(email__iexact=address).first()
        if found is None:
            raise ValidationError("We know nobody here with this address. Check how it is spelled.")
        return found


class ToldForm(PlainForm):
    """When the mail of the day comes, and how one is told of each kind."""

    at = forms.TimeField(
        label="Mail of the day at",
        initial=USUAL,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="It comes on days when there is something to tell, and not otherwise.",
        error_messages={"required": "Choose a time.", "invalid": "Give a time, as 07:30."},
    )
    time_zone = forms.ChoiceField(label="In the time of", required=False)

    def __init__(self, *args: Any, person: Person, kinds: Sequence[Rule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = getattr(person, "digest_time", None)
        zone = known.time_zone if known else ""
        zones = time_zones() if zone in {"", *time_zones()} else [zone, *time_zones()]
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        usual = f"The organisation: {settings.TIME_ZONE}"
        field.choices = [("", usual), *((name, name) for name in zones)]
        self.initial["at"] = known.at if known else USUAL
        self.initial["time_zone"] = zone
        chosen = {it.rule: it.delivery for it in person.alert_preferences.all()}
        for rule in kinds:
            self.fields[f"{PREFIX}{rule.kind}"] = _delivery(rule, chosen.get(rule.kind, ""))

    def kinds(self) -> list[forms.BoundField]:
        """The fields of the kinds, in their order."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def chosen(self) -> dict[str, Any]:
        """What `support.preferences.choose` takes."""
        data: dict[str, Any] = self.cleaned_data
        given = {name.removeprefix(PREFIX): data[name] for name in data if name.startswith(PREFIX)}
        at: time = data["at"]
        return {"at": at, "time_zone": data["time_zone"], "deliveries": given}


def _delivery(rule: Rule, chosen: str) -> forms.ChoiceField:
    way = Preference.Delivery.AT_ONCE if rule.at_once else Preference.Delivery.DIGEST
    usual = ("", f"as usual, {way.label}")
    return forms.ChoiceField(
        label=rule.title,
        required=False,
        choices=[usual, *Preference.Delivery.choices],
        initial=chosen,
    )
