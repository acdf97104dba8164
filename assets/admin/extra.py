"""A category's extra fields on the page, in the list and in the history of its assets."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import SimpleListFilter, display
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from assets import extra_fields
from assets.models import Asset, ExtraField
from config.admin import BaseAdmin, TextFilter
from config.admin.dressing import WIDGETS
from config.forms import RecordForm

Kind = ExtraField.Kind
PREFIX = "extra_"
NAME = re.compile(rf"{PREFIX}[a-z][a-z0-9-]*")
CATEGORY = ("product__category__id__exact", "product__category__exact", "product__category")
"""How the address of the list names the category that it is filtered by."""


def name_of(field: ExtraField) -> str:
    """What the field is called in forms and addresses."""
    return f"{PREFIX}{field.key}"


class ValueField(forms.Field):
    """The value of one extra field; cleaned it is what `Asset.extra` keeps."""

    def __init__(self, extra: ExtraField) -> None:
        self.extra = extra
        self.current: Any = None
        super().__init__(label=extra.name, required=extra.is_required, widget=_widget(extra))

    def to_python(self, value: Any) -> Any:
        # What is stored stays good, even where a choice is no longer offered.
        if self.current is not None and value == extra_fields.shown(self.extra, self.current):
            return self.current
        return extra_fields.clean(self.extra, value)

    def prepare_value(self, value: Any) -> Any:
        return extra_fields.shown(self.extra, value)

    def show(self, current: Any) -> None:
        """Begin with this value; a choice that is no longer offered is offered once more."""
        self.current = current
        if self.extra.kind == Kind.CHOICE and current is not None:
            choices = [value for value, _ in self.widget.choices]
            if current not in choices:
                self.widget.choices = [*self.widget.choices, (current, current)]


def _widget(extra: ExtraField) -> forms.Widget:
    if extra.kind == Kind.DATE:
        return WIDGETS[forms.DateField]()
    if extra.kind in (Kind.CHOICE, Kind.BOOLEAN):
        choices = [("", "–"), *((choice, choice) for choice in options_of(extra))]
        return WIDGETS[forms.ChoiceField](choices=choices)  # type: ignore[call-arg]
    modes = {Kind.NUMBER: "decimal", Kind.URL: "url"}
    mode = modes.get(Kind(extra.kind))
    return WIDGETS[forms.CharField](attrs={"inputmode": mode} if mode else {})


def options_of(extra: ExtraField) -> list[str]:
    """What a choice, or yes or no, is chosen from."""
    return ["yes", "no"] if extra.kind == Kind.BOOLEAN else extra_fields.choices_of(extra)


class ExtraFieldsForm(RecordForm):
    """An asset with the extra fields of its category, which are given by a subclass."""

    asked: ClassVar[list[ExtraField] | None] = None
    """None where this user may not write them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extras = {name_of(field): field for field in self.asked or []}
        for name, extra in self.extras.items():
            field = self.fields[name]
            current = self.instance.extra.get(extra.key)
            self.initial[name] = current
            if isinstance(field, ValueField):
                field.show(current)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.asked is not None:
            given = {it.key: self.cleaned_data.get(name) for name, it in self.extras.items()}
            self.instance.extra = extra_fields.settled(self.instance.extra, self.asked, given)
        return cleaned

    def changed_between(self, then: Any, now: Any) -> list[str]:
        own = [
            name
            for name, it in self.extras.items()
            if then.extra.get(it.key) != now.extra.get(it.key)
        ]
        return [*super().changed_between(then, now), *own]

    def value_in(self, version: Any, name: str) -> Any:
        if name not in self.extras:
            return super().value_in(version, name)
        return version.extra.get(self.extras[name].key)

    def shown_in(self, version: Any, name: str) -> str:
        if name not in self.extras:
            return super().shown_in(version, name)
        return extra_fields.shown(self.extras[name], self.value_in(version, name)) or "empty"

    def label_of(self, name: str) -> str:
        return self.extras[name].name if name in self.extras else super().label_of(name)


class ExtraFieldsAdmin(BaseAdmin):
    """Asks for the extra fields of the chosen product's category, and filters by them."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if self._may_write(request, obj):
            fields = self.extra_fields(request, obj)
            declared = {name_of(field): ValueField(field) for field in fields}
            form = type(self.form.__name__, (self.form,), {**declared, "asked": fields})
            kwargs["form"] = form
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fieldsets = super().get_fieldsets(request, obj)
        fields = self.extra_fields(request, obj)
        if not fields:
            return fieldsets
        asked = [name_of(field) for field in fields]
        names = asked if self._may_write(request, obj) else ["extra_values"]
        own = (str(fields[0].category), {"fields": names})
        return [fieldsets[0], own, *fieldsets[1:]]

    def shown_fields(self, request: HttpRequest, obj: Model | None) -> list[str]:
        return [*super().shown_fields(request, obj), "extra", "extra_values"]

    def _may_write(self, request: HttpRequest, obj: Model | None) -> bool:
        if getattr(request, "reading_history", False):
            return False
        return request.user.has_perm(f"assets.{'change' if obj else 'add'}_asset")

    def extra_fields(self, request: HttpRequest, obj: Model | None) -> list[ExtraField]:
        """Those of the product that is being chosen, else of the asset's own."""
        product = request.POST.get("product", "")
        if obj is None:
            product = product or request.GET.get("product", "")
        known = vars(request).setdefault("extra_fields", {})
        key = (obj.pk if obj else None, product)
        if key not in known:
            known[key] = _fields(product) if _is_key(product) else []
            if isinstance(obj, Asset) and not known[key] and not _is_key(product):
                known[key] = _fields(str(obj.product_id))
        found: list[ExtraField] = known[key]
        return found

    @display(description="")
    def extra_values(self, asset: Asset) -> str:
        """What is known of an asset beside the rest, for who may only look at it."""
        fields = extra_fields.fields_of(asset.product.category_id)
        values = [(it.name, extra_fields.shown(it, asset.extra.get(it.key))) for it in fields]
        return "; ".join(f"{name}: {value}" for name, value in values if value) or "–"

    def shown_pair(self, request: HttpRequest, old: Any, new: Any, name: str) -> tuple[str, str]:
        if name != "extra":
            return super().shown_pair(request, old, new, name)
        known = vars(request).setdefault("extra_names", {})
        if not known:
            known.update({it.key: it for it in ExtraField.objects.all()})
        return _told(known, old.extra, new.extra), _told(known, new.extra, old.extra)

    # --- The list ---

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), *map(filter_of, self._filtered(request))]

    def _filtered(self, request: HttpRequest) -> list[ExtraField]:
        """The extra fields of the category that the list is filtered by."""
        category = next((request.GET[name] for name in CATEGORY if request.GET.get(name)), "")
        known = vars(request).setdefault("filtered_extra_fields", {})
        if category not in known:
            known[category] = extra_fields.fields_of(int(category)) if _is_key(category) else []
        found: list[ExtraField] = known[category]
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; filters by fields of a category that is no longer chosen are left out."""
        offered = {name_of(field) for field in self._filtered(request)}
        unknown = {it for it in request.GET if NAME.fullmatch(it)} - offered
        if unknown and request.method == "GET":
            left = request.GET.copy()
            for name in unknown:
                del left[name]
            return HttpResponseRedirect(f"{request.path}?{left.urlencode()}")
        return super().changelist_view(request, extra_context)


class ExtraFilter(SimpleListFilter):
    """Filters by one extra field."""

    extra: ExtraField

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if extra_fields.blank(value):
            return queryset
        try:
            return extra_fields.matching(queryset, self.extra, str(value))
        except ValueError as error:
            sentence = f"{self.extra.name}: “{str(value)[:100]}” {error}."
            messages.error(request, sentence)
            return queryset.none()


class ExtraTextFilter(ExtraFilter, TextFilter):
    pass


class ExtraChoiceFilter(ExtraFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(choice, choice) for choice in options_of(self.extra)]


def filter_of(field: ExtraField) -> type[ExtraFilter]:
    chosen = field.kind in (Kind.CHOICE, Kind.BOOLEAN)
    named = {"title": field.name, "parameter_name": name_of(field), "extra": field}
    return type("Filter", (ExtraChoiceFilter if chosen else ExtraTextFilter,), named)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _fields(product: str) -> list[ExtraField]:
    fields = ExtraField.objects.filter(category__products=int(product))
    return list(fields.select_related("category"))


def _told(known: dict[str, ExtraField], values: dict[str, Any], others: dict[str, Any]) -> str:
    """The values that differ from the others, by the names of their fields."""
    keys = [key for key in sorted({*values, *others}) if values.get(key) != others.get(key)]
    told = []
    for key in keys:
        field = known.get(key) or ExtraField(name=key)
        told.append(f"{field.name}: {extra_fields.shown(field, values.get(key)) or 'empty'}")
    return "; ".join(told)
