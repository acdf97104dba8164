"""The back office's screens for what an organisation adds to the register: labels and fields."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from assets import extra_fields, state_labels
from assets.models import ExtraField, StateLabel
from config.admin import BaseAdmin, BaseInline
from config.admin.screens import actor
from config.forms import RecordForm, VersionedForm
from config.headers import bare
from config.resources import kinds


class StateLabelForm(RecordForm):
    def clean_state(self) -> str:
        """A label that assets have stays with its state, or they would have another one's."""
        state: str = self.cleaned_data["state"]
        if self.instance.pk and "state" in self.changed_data:
            count = self.instance.assets.count()
            if count:
                raise ValidationError(
                    f"{count} assets have this label, so it stays with its state. Make a new label."
                )
        return state


@admin.register(StateLabel)
class StateLabelAdmin(BaseAdmin):
    form = StateLabelForm
    list_display = ["name", "state", "asset_count"]
    list_filter = ["state"]
    search_fields = ["name"]
    fields = ["state", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StateLabel]:
        return super().get_queryset(request).annotate(asset_count=Count("assets"))

    @display(description="assets", ordering="asset_count")
    def asset_count(self, label: Any) -> int:
        return label.asset_count

    def delete_model(self, request: HttpRequest, obj: StateLabel) -> None:
        state_labels.remove(obj, by=actor(request), reason="label deleted")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StateLabel]) -> None:
        for label in queryset:
            self.delete_model(request, label)


class ExtraFieldForm(VersionedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "choices" in self.fields:
            self.fields["choices"].widget.attrs["rows"] = 2

    def clean_name(self) -> str:
        """A name is a column of the spreadsheet of assets too."""
        name: str = self.cleaned_data["name"].strip()
        if not bare(name):
            raise ValidationError("Give a name with letters or digits.")
        if bare(name) in taken_headers():
            raise ValidationError(
                f"“{name}” is a column of every asset already. Choose another name."
            )
        return name

    def clean_choices(self) -> str:
        lines = [line.strip() for line in self.cleaned_data["choices"].splitlines()]
        choices = list(dict.fromkeys(filter(None, lines)))
        folded = [choice.casefold() for choice in choices]
        if twice := [it for it in choices if folded.count(it.casefold()) > 1]:
            raise ValidationError(f"“{twice[0]}” is there twice, in another case.")
        return "\n".join(choices)

    def clean_kind(self) -> str:
        """What is stored for one kind is not what another kind stores."""
        kind: str = self.cleaned_data["kind"]
        if self.instance.pk and "kind" in self.changed_data:
            count = extra_fields.with_value(self.instance).count()
            if count:
                was = ExtraField.Kind(self.initial["kind"]).label
                raise ValidationError(
                    f"{count} assets have a value of it, so it stays a field of the kind “{was}”."
                    " Make a new field."
                )
        return kind


class ExtraFieldFormSet(BaseInlineFormSet):
    data: Any  # the whole page's, with the reason for its changes

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        self._check_names()
        self._check_deletions()
        self._give_keys()

    def _check_names(self) -> None:
        seen: dict[str, str] = {}
        for form in self._kept():
            name = form.cleaned_data.get("name", "")
            if bare(name) in seen:
                raise ValidationError(f"“{name}” and “{seen[bare(name)]}” are the same name.")
            seen[bare(name)] = name

    def _check_deletions(self) -> None:
        """What has values is deleted only by who says why: its values go with it."""
        if self.data.get("reason", "").strip():
            return
        for form in self.deleted_forms:
            count = extra_fields.with_value(form.instance).count() if form.instance.pk else 0
            if count:
                raise ValidationError(
                    f"{form.instance} has a value on {count} assets, which would lose it; only"
                    " their history keeps it. To delete it all the same, give the reason below."
                )

    def _give_keys(self) -> None:
        """A key is given once and never changes, whatever becomes of the name."""
        taken = {form.instance.key for form in self.initial_forms}
        for form in self._kept():
            if not form.instance.pk:
                form.instance.key = extra_fields.new_key(form.cleaned_data["name"], taken)
                taken.add(form.instance.key)

    def _kept(self) -> list[Any]:
        """The forms of the fields that there will be."""
        deleted = self.deleted_forms
        forms = [form for form in self.forms if form.instance.pk or form.has_changed()]
        return [form for form in forms if form not in deleted]


class ExtraFieldInline(BaseInline):
    model = ExtraField
    form = ExtraFieldForm
    formset = ExtraFieldFormSet
    fields = ["name", "kind", "choices", "is_required", "position"]
    verbose_name_plural = "extra fields of its assets"


class ExtraFieldsOfCategory(BaseAdmin):
    """A category's page asks for its extra fields; deleting one takes its values along."""

    def delete_row(self, request: HttpRequest, row: Any, reason: str) -> None:
        if isinstance(row, ExtraField):
            extra_fields.remove(row, by=actor(request), reason=reason)
        else:
            super().delete_row(request, row, reason)


def taken_headers() -> set[str]:
    """The headers that the import of assets already knows."""
    known = kinds()["assets"].headers
    return {bare(header) for name, more in known.items() for header in (name, *more)}
