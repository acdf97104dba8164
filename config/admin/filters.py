"""The filters of a report: how an address is read, and what of it is refused in words.

An address holds only what differs from the filters' own values: what is left empty, or is as it
would be anyway, is not in it. A name or a value that is not understood is a refusal, never a report
of everything.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.forms import BaseForm
from django.http import HttpRequest, QueryDict
from django_filters.fields import RangeField
from django_filters.widgets import BooleanWidget, RangeWidget, SuffixedMultiWidget
from unfold import widgets

from config.forms import LinkField

LONGEST = 60
"""How much of a refused value is said again."""


class LinkFilter(django_filters.Filter):
    """Chooses a record as the foreign key `source` does, by typing: `LinkFilter(Contract.vendor)`.

    Whoever may not look at the records of that kind cannot choose any.
    """

    field_class = LinkField

    def __init__(self, source: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, source=source, **options)


class DaysWidget(RangeWidget):
    template_name = "django/forms/widgets/multiwidget.html"
    suffixes = ["from", "to"]

    def __init__(self, attrs: Any = None) -> None:
        SuffixedMultiWidget.__init__(
            self,
            [
                widgets.UnfoldAdminSingleDateWidget({"aria-label": "From", "placeholder": "from"}),
                widgets.UnfoldAdminSingleDateWidget({"aria-label": "To", "placeholder": "to"}),
            ],
            attrs,
        )


class DaysField(RangeField):
    """From one day to another, both included; a slice, or None where neither is given."""

    widget = DaysWidget

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__((forms.DateField(), forms.DateField()), *args, **options)

    def compress(self, data_list: list[date | None]) -> slice | None:
        days: slice | None = super().compress(data_list)
        if days and days.start and days.stop and days.start > days.stop:
            raise ValidationError("The first day is after the last one.")
        return days


class DaysFilter(django_filters.RangeFilter):
    """A date from one day to another; `ends` becomes `ends_from` and `ends_to` in the address."""

    field_class = DaysField


class YesNoWidget(BooleanWidget, widgets.UnfoldAdminSelectWidget):
    """Yes, no, or either; anything else is not understood."""


def read(
    kind: type[django_filters.FilterSet], request: HttpRequest, queryset: QuerySet[Any]
) -> django_filters.FilterSet:
    """The filters as the address of `request` sets them; `form.errors` are yet to be asked for."""
    asked = request.GET.copy()
    for name, value in defaults(kind).items():
        if name not in asked:
            asked.setlist(name, value)
    return kind(asked, queryset, request=request)


def defaults(kind: type[django_filters.FilterSet]) -> dict[str, list[str]]:
    """What the filters with an `initial` are set to where the address does not say."""
    found = {}
    for name, filter_ in kind.base_filters.items():
        value = filter_.extra.get("initial")
        value = value() if callable(value) else value
        if value not in (None, "", []):
            found[name] = [str(it) for it in (value if isinstance(value, list) else [value])]
    return found


def names_of(form: BaseForm) -> dict[str, list[str]]:
    """Each field with the names that it has in an address."""
    return {name: list(_names(name, field.widget)) for name, field in form.fields.items()}


def _names(name: str, widget: forms.Widget) -> Iterator[str]:
    if isinstance(widget, SuffixedMultiWidget):
        yield from (widget.suffixed(name, suffix) for suffix in widget.suffixes)
    else:
        yield name


def shortened(
    form: BaseForm, asked: QueryDict, kind: type[django_filters.FilterSet], others: Collection[str]
) -> QueryDict:
    """The address without what is empty or as it would be anyway; `others` are kept as they are."""
    usual = defaults(kind)
    ours = {name for names in names_of(form).values() for name in names}
    kept = QueryDict(mutable=True)
    for name, values in asked.lists():
        given = [value for value in values if value.strip()]
        if name in usual and name in ours:
            if values != usual[name]:
                kept.setlist(name, values)
        elif given or name not in {*ours, *others}:
            kept.setlist(name, given or values)
    return kept


def refuse(form: BaseForm, asked: QueryDict, others: Collection[str]) -> None:
    """Say beside each field what of its value is not understood, and above all which names."""
    names = names_of(form)
    for name in list(form.errors):
        if name in form.fields:
            said = _said(asked, names[name])
            form.errors[name] = form.error_class(
                [f"“{said}” is not accepted. {error}" for error in form.errors[name]]
            )
    for name in form.fields:
        said, value = _said(asked, names[name]), form.cleaned_data.get(name)
        if said and name not in form.errors and value in (None, "", [], ()):
            form.add_error(name, f"“{said}” is not understood.")
    known = {*others, *(it for own in names.values() for it in own)}
    for name in asked:
        if name not in known:
            form.add_error(None, f"There is no filter “{name[:LONGEST]}” here.")


def _said(asked: QueryDict, names: list[str]) -> str:
    """What the address says for these names, as text; only the last counts where it says two."""
    values = [value.strip() for name in names for value in asked.getlist(name)]
    return " to ".join(filter(None, values))[:LONGEST]
