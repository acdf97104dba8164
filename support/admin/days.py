"""Days as a form asks for them: “90, 30, 7”, “never”, or for one record the usual ones again."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.admin.dressing import WIDGETS
from support import lead_time_words

USUAL = "default"
KEEP = object()
"""What an empty field means where many records are changed at once: each keeps what it has."""
NEITHER = f"{lead_time_words.ACCEPTED} Write “{USUAL}” for the days of its kind or rule again."


class DaysField(forms.CharField):
    """Days typed as text; gives a list, which is empty where nobody is to be told."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Days before")
        options.setdefault("help_text", f"{lead_time_words.ACCEPTED} Never: nobody is told.")
        options.setdefault("widget", WIDGETS[forms.CharField])
        super().__init__(**{"max_length": 200, **options})

    def prepare_value(self, value: Any) -> Any:
        return lead_time_words.written(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return lead_time_words.read(super().to_python(value) or "")

    def validate(self, value: Any) -> None:
        """None at all is said by a word, so that an empty list is no empty field."""

    def run_validators(self, value: Any) -> None:
        """Those of a text do not apply to a list; reading it refused what is wrong."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != str(data or "").strip())


class OwnDaysField(DaysField):
    """The days of one record: also None, for none of its own, and KEEP where it may be empty."""

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if text.casefold() == USUAL:
            return None
        if not text and not self.required:
            return KEEP
        if not text:
            raise ValidationError(NEITHER)
        return super().to_python(text)
