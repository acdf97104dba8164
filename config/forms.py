"""Forms that lose nothing: a stale one is refused with the difference, a doubled one is told."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from config import currencies, once

VERSION = "history_version"


def with_versions[M: models.Model](rows: QuerySet[M]) -> QuerySet[M]:
    """`rows`, each with the number of its latest version in `history_version`."""
    histories = history_of(rows.model).filter(**{rows.model._meta.pk.attname: OuterRef("pk")})
    latest = histories.order_by("-history_id").values("history_id")[:1]
    versioned: QuerySet[M] = rows.annotate(**{VERSION: Subquery(latest)})
    return versioned


def history_of(model: type[models.Model]) -> QuerySet[Any]:
    """Every version of every row of a tracked model."""
    manager: Any = getattr(model, "history")  # noqa: B009 - not every Model has one
    versions: QuerySet[Any] = manager.model.objects.all()
    return versions


class VersionedForm(forms.ModelForm):
    """Knows which version of the record it shows, and is refused once there is a newer one.

    The refusal says who changed what meanwhile. What the user typed stays in the form; fields
    they had not touched show the newer values, so that saving again overwrites only what is meant.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    data: Any  # a QueryDict, of which a refused form keeps a corrected copy

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version"] = self._shown_version()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            self._lock()
            self._refuse_stale()
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Django's own hook, without a public name: derived fields are checked though not shown.
        shown: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return shown - set(getattr(self.instance, "derived", ()))

    def _shown_version(self) -> int | None:
        if hasattr(self.instance, VERSION):
            version: int | None = getattr(self.instance, VERSION)
            return version
        return self._latest_version()

    def _latest_version(self) -> int | None:
        versions = history_of(type(self.instance)).filter(
            **{self.instance._meta.pk.attname: self.instance.pk}
        )
        latest = versions.order_by("-history_id").values_list("history_id", flat=True).first()
        return int(latest) if latest else None

    def _lock(self) -> None:
        """Take the row, and take over what this form does not edit as it now is.

        The instance was read before the lock: saved as it is, it would undo a handover that
        another clerk finished in between.
        """
        rows = type(self.instance)._base_manager
        if not rows.select_for_update().filter(pk=self.instance.pk).exists():
            raise ValidationError("This record has been deleted meanwhile.")
        fields = self.instance._meta.concrete_fields
        self.instance.refresh_from_db(
            fields=[field.attname for field in fields if field.name not in self.fields]
        )

    def _refuse_stale(self) -> None:
        shown, latest = self.cleaned_data.get("version"), self._latest_version()
        if shown == latest:
            return
        versions = history_of(type(self.instance)).filter(
            **{self.instance._meta.pk.attname: self.instance.pk}
        )
        then, now = (versions.filter(history_id=pk).first() for pk in (shown, latest))
        if then is None or now is None:
            raise ValidationError("Open the record again: this form does not say what it shows.")
        changed = self.changed_between(then, now)
        self._catch_up(changed, then, now, latest)
        if changed:
            raise ValidationError(self._difference(changed, then, now))

    def _catch_up(self, changed: list[str], then: Any, now: Any, latest: int | None) -> None:
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = str(latest)
        for name in changed:
            untouched = _plain(self.cleaned_data.get(name)) == self.value_in(then, name)
            if untouched:
                value = self.fields[name].prepare_value(self.value_in(now, name))
                self.data[self.add_prefix(name)] = "" if value is None else value

    def _difference(self, changed: list[str], then: Any, now: Any) -> list[str]:
        who = now.history_user or "Steward"
        when = timezone.localtime(now.history_date)
        lines = [
            f"{who} changed this record at {when:%H:%M on %-d %B %Y}, while you had it open. "
            "Nothing of yours is lost: check the values below and save again."
        ]
        for name in changed:
            before, after = self.shown_in(then, name), self.shown_in(now, name)
            lines.append(f"{self.label_of(name)}: was “{before}”, is now “{after}”.")
        return lines

    # --- What a version says of a field of this form; a form with fields of its own adds to it ---

    def changed_between(self, then: Any, now: Any) -> list[str]:
        """The fields of this form in which two versions differ."""
        fields = [name for name in self.fields if name in tracked_names(then)]
        return list(now.diff_against(then, included_fields=fields).changed_fields)

    def value_in(self, version: Any, name: str) -> Any:
        """As `cleaned_data` would have it; of a foreign key, its key."""
        field = version.instance_type._meta.get_field(name)
        return getattr(version, getattr(field, "attname", name))

    def shown_in(self, version: Any, name: str) -> str:
        return shown_value(version, name)

    def label_of(self, name: str) -> str:
        return _label(self.instance, name)


class RecordForm(VersionedForm):
    """The form of a record's own page: versioned, sent once, with a reason for the history."""

    nonce = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    reason = forms.CharField(
        label="Reason for the change",
        required=False,
        max_length=250,
        help_text="Kept in the history, for those who wonder later.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["nonce"] = once.number()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        first = once.is_first(self.cleaned_data.get("nonce", ""))
        if self.instance.pk is None and not self.errors and not first:
            raise ValidationError(once.SENT_ALREADY)
        return cleaned

    def renew(self) -> None:
        """Let the form be sent again, after it was refused and is shown once more."""
        self.data = self.data.copy()
        self.data[self.add_prefix("nonce")] = once.number()


class StepForm(forms.Form):
    """What one move asks for."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def ask(self, rows: Sequence[Any]) -> None:
        """A hook: fields and choices that depend on the records."""


class LinkField(forms.ModelChoiceField):
    """Chooses a record as the foreign key `source` does; the back office autocompletes it."""

    def __init__(self, source: Any, **kwargs: Any) -> None:
        self.source: models.ForeignKey[Any, Any] = source.field
        super().__init__(self.source.remote_field.model._default_manager.all(), **kwargs)


def reason_field(**options: Any) -> forms.CharField:
    """Why something is done, as its history keeps it."""
    return forms.CharField(
        **{"required": False, "max_length": 250, "help_text": "Kept in the history.", **options}
    )


class CurrencyField(forms.CharField):
    """The code of a currency, typed in any case."""

    default_validators = [currencies.WELL_FORMED, currencies.check]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 3, **kwargs})

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


def currency_field() -> CurrencyField:
    """What an amount beside it is in, in a step."""
    return CurrencyField(required=False, help_text=f"Empty: {settings.DEFAULT_CURRENCY}.")


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; gives a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, (list, tuple)) else [data] if data else []
        if not files and not self.required:
            return []
        return [super(FilesField, self).clean(file, initial) for file in files or [None]]


def tracked_names(version: Any) -> set[str]:
    """The fields that a version keeps."""
    return {field.name for field in version.tracked_fields}


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _label(record: models.Model, name: str) -> str:
    label = str(record._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def shown_value(version: Any, name: str) -> str:
    """The value of a field in one version, as a person reads it."""
    field = version._meta.get_field(name)
    value = getattr(version, field.attname)
    if value in (None, ""):
        return "empty"
    if field.is_relation:
        try:
            return str(getattr(version, name))
        except ObjectDoesNotExist:
            return f"{field.verbose_name} {value}, deleted since"
    return str(getattr(version, f"get_{name}_display")()) if field.choices else str(value)


def names_of(fieldsets: Iterable[Any]) -> list[str]:
    """Every field in Django admin's `fieldsets`, flat."""
    names: list[str] = []
    for _, options in fieldsets:
        for entry in options["fields"]:
            names += [entry] if isinstance(entry, str) else list(entry)
    return names
