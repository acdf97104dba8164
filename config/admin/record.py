"""The admin of a tracked record, and of the rows that belong to it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import GenericTabularInline, TabularInline

from config.admin.completion import CompletedSelect, Completing
from config.admin.dressing import dress
from config.admin.screens import actor, completed_fields
from config.admin.steps import StepsAdmin
from config.admin.versions import VersionsAdmin
from config.forms import (
    LinkField,
    RecordForm,
    StepForm,
    VersionedForm,
    names_of,
    with_versions,
)
from config.history import delete_as, save_as

FORM_FIELDS = ["reason", "version", "nonce"]


class AskingAdmin(StepsAdmin):
    """An admin with its steps as buttons on the page, whose forms wear the theme's widgets."""

    change_form_outer_before_template = "admin/steps.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        record = self.get_object(request, object_id) if request.method == "GET" else None
        links = self.step_links(request, record) if record else []
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "step_links": links}
        )

    def prepare_step_form(
        self, request: HttpRequest, form: forms.Form, rows: Sequence[Model]
    ) -> None:
        if isinstance(form, StepForm):
            form.ask(rows)
        for field in form.fields.values():
            self.dress(field)

    def dress(self, field: forms.Field) -> None:
        """Give a field that a form declares itself the widget that a model's would have."""
        if isinstance(field, LinkField):
            field.widget = CompletedSelect(field.source, self.admin_site)
            field.widget.choices = field.choices
        else:
            dress(field)


class BaseAdmin(VersionsAdmin, AskingAdmin):
    """The admin of a tracked record."""

    form = RecordForm

    # --- What a page shows ---

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form: type[ModelForm] = super().get_form(request, obj, change, **kwargs)
        for name in form.declared_fields:
            self.dress(form.base_fields[name])
        return form

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may change only a restricted field opens the form too, with that field alone."""
        return super().has_change_permission(request, obj) or self._may_change_some(request)

    def _may_change_some(self, request: HttpRequest) -> bool:
        return any(request.user.has_perm(change) for _, change in self.restricted.values())

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        hidden = self.hidden_fields(request)
        fieldsets = []
        for title, options in super().get_fieldsets(request, obj):
            left = [_without(entry, {*hidden, *FORM_FIELDS}) for entry in options["fields"]]
            fieldsets.append((title, {**options, "fields": [entry for entry in left if entry]}))
        if self._is_editing(request, obj):
            asked = FORM_FIELDS if obj else FORM_FIELDS[1:]
            fieldsets.append((None, {"fields": asked}))
        return fieldsets

    def _is_editing(self, request: HttpRequest, obj: Model | None) -> bool:
        if getattr(request, "reading_history", False):
            return False
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return bool(may)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[str] | tuple[Any, ...]:
        readonly = [*super().get_readonly_fields(request, obj)]
        if obj is None:
            return readonly  # who records a purchase writes down what it cost
        closed = [
            name
            for name, (_, change) in self.restricted.items()
            if not request.user.has_perm(change)
        ]
        if getattr(request, "reading_history", False):
            return self.shown_fields(request, obj)
        if not super().has_change_permission(request, obj):
            open_fields = set(self.restricted) - {*closed, *readonly}
            shown = self.shown_fields(request, obj)
            return [name for name in shown if name not in open_fields]
        return [*readonly, *closed]

    def shown_fields(self, request: HttpRequest, obj: Model | None) -> list[str]:
        """The record's own fields on its page, for whoever this is."""
        declared = self.fieldsets or [(None, {"fields": self.fields or self._form_fields()})]
        shown = [*names_of(declared), *self.readonly_fields]
        hidden = {*self.hidden_fields(request), *FORM_FIELDS}
        return [name for name in dict.fromkeys(map(str, shown)) if name not in hidden]

    def _form_fields(self) -> list[str]:
        return [
            field.name for field in self.opts.fields if field.editable and not field.auto_created
        ]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Both passed validation, one was written first: nothing of this one was.
            return self._undone(request, "Somebody saved the same a moment before you.")
        except ValidationError as refusal:
            # What was so when the form was checked is not so any more, under the lock.
            return self._undone(request, " ".join(refusal.messages))

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        try:
            response: HttpResponse | None = super().response_action(request, queryset)
        except ProtectedError as error:
            return self._undone(request, _in_use(error))
        return response

    def _undone(self, request: HttpRequest, sentence: str) -> HttpResponse:
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if form.is_bound and isinstance(form, RecordForm):
            form.renew()
        return super().render_change_form(request, context, *args, **kwargs)

    # --- What is written ---

    def reason(self, form: ModelForm, change: bool) -> str:
        return form.cleaned_data.get("reason") or ("edited" if change else "added")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_as(obj, by=actor(request), reason=self.reason(form, change))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        reason = self.reason(form, change)
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            self.delete_row(request, row, reason)
        for row in rows:
            save_as(row, by=actor(request), reason=reason)

    def delete_row(self, request: HttpRequest, row: Any, reason: str) -> None:
        """Delete a row of an inline."""
        delete_as(row, by=actor(request), reason=reason)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What is in use says what needs it, whether or not that might be deleted."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set() if protected else missing, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_as(obj, by=actor(request), reason="deleted")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for record in queryset:
                delete_as(record, by=actor(request), reason="deleted")

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except ProtectedError as error:
            return self._undone(request, _in_use(error))


class RestrictedInline(Completing, TabularInline):
    """Rows of which some fields are only for those with a permission: `{"cost": permission}`."""

    show_title = False
    restricted: ClassVar[dict[str, str]] = {}

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        hidden = {name for name, view in self.restricted.items() if not request.user.has_perm(view)}
        return [name for name in super().get_fields(request, obj) if name not in hidden]


class BaseInline(RestrictedInline):
    """Rows of a tracked model on the page of the record they belong to."""

    form = VersionedForm
    extra = 0
    show_change_link = False
    select_related: ClassVar[Sequence[str]] = ()

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        return completed_fields(self)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A cell's only label is its column's header, which a screen reader does not read."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", str(db_field.verbose_name))
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.select_related)
        return with_versions(rows)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = [name for name in super().get_fields(request, obj) if name != "version"]
        may = self.has_change_permission(request, obj)
        return [*fields, "version"] if may else fields


class GenericInline(GenericTabularInline, BaseInline):
    """Rows of a tracked model that may belong to records of any kind."""

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        return ()


class ReadOnlyInline(RestrictedInline):
    """What ties to the record, to look at; left out where there is nothing."""

    template = "admin/readonly_inline.html"
    extra = 0
    can_delete = False
    show_change_link = True
    select_related: ClassVar[Sequence[str]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.show_title = self.show_change_link  # the link stands in the title of the row
        super().__init__(*args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [*(self.fields or self.readonly_fields)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.select_related)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class GenericReadOnlyInline(GenericTabularInline, ReadOnlyInline):
    """The same of rows that may belong to records of any kind."""


def _without(entry: Any, hidden: set[str]) -> Any:
    """An entry of a fieldset, less the hidden names in it."""
    if isinstance(entry, str):
        return None if entry in hidden else entry
    return tuple(name for name in entry if name not in hidden)


def _in_use(error: ProtectedError) -> str:
    needed = len(error.protected_objects)
    return f"Nothing is deleted. Records that need it came meanwhile: {needed}."
