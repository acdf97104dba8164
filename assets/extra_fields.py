"""Typed fields that a category adds to its assets, without a migration.

The values are in `Asset.extra`, by the key of their field; without a value there is no key. In
JSON a number is a number (whole where it is), yes or no is a boolean, a day is "2024-05-31", and
all else is text: so both databases compare and sort them as what they are.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.text import slugify

from assets.models import Asset, Category, ExtraField
from config import cells
from config.history import Actor, delete_as, update_all_as

type Value = str | int | float | bool
Kind = ExtraField.Kind

LONGEST = 1_000
DIGITS = 15
"""How many digits a number of JSON surely keeps."""


WEB_ADDRESS = URLValidator(schemes=["http", "https"])


def fields_of(category: Category | int) -> list[ExtraField]:
    """The extra fields of a category, in their order."""
    return list(ExtraField.objects.filter(category=category))


def choices_of(field: ExtraField) -> list[str]:
    """What can be chosen, for a field of that kind."""
    lines = (line.strip() for line in field.choices.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def new_key(name: str, taken: Collection[str]) -> str:
    """A key for a new field, like none of those `taken`; it begins with a letter.

    A path of numbers would be one into a list, and two underscores would be one into a field.
    """
    slug = re.sub("[_-]+", "-", slugify(name))[:50].strip("-")
    start = slug if slug[:1].isalpha() else f"field-{slug}".strip("-")
    key, number = start, 1
    while key in taken:
        number += 1
        key = f"{start}-{number}"
    return key


# --- Reading and showing -------------------------------------------------------------------------


def clean(field: ExtraField, value: object) -> Value | None:
    """What `value` is as JSON; None where it is blank.

    Raises ValidationError that names the field, the value and what is accepted.
    """
    if blank(value):
        return None
    try:
        return read(field, value)
    except ValueError as error:
        raise ValidationError(f"{field.name}: “{str(value)[:100]}” {error}.") from error


def blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read(field: ExtraField, value: object, order: cells.Order | None = None) -> Value:
    """What a value that is not blank says: a text, or a cell as `config.tables` gives it.

    `order` settles what 5/1/2019 is. Raises ValueError with what is accepted, as `config.cells`.
    """
    if field.kind == Kind.DATE:
        return cells.day(value, order).isoformat()
    return READERS[Kind(field.kind)](field, value)


def shown(field: ExtraField, value: object) -> str:
    """A value as a person reads and writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return cells.text(value)


def exported(field: ExtraField, value: object) -> Any:
    """A value as a cell of a spreadsheet: numbers and days as such."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return shown(field, value)
    if field.kind == Kind.DATE:
        # What was stored before its field became this one is told as it stands.
        with suppress(ValueError):
            return date.fromisoformat(str(value))
    return value


def _text(field: ExtraField, value: object) -> str:
    text = cells.text(value)
    if "\x00" in text or len(text) > LONGEST:
        raise ValueError(f"is no text of at most {LONGEST} letters")
    return text


def _number(field: ExtraField, value: object) -> int | float:
    text = cells.text(value)
    match = re.fullmatch(r"-?(\d+)(?:\.(\d+))?", text, re.ASCII)
    if not match:
        raise ValueError("is no number; accepted are numbers such as 16 and 1234.5")
    if len("".join(match.groups("")).strip("0")) > DIGITS or len(match[1]) > DIGITS:
        raise ValueError(f"has too many digits; accepted are {DIGITS}")
    number = float(text)
    return int(number) if number == int(number) else number


def _choice(field: ExtraField, value: object) -> str:
    text, choices = _text(field, value), choices_of(field)
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise ValueError(f"is none of its choices; accepted are {', '.join(choices)}")


def _boolean(field: ExtraField, value: object) -> bool:
    return cells.flag(value)


def _url(field: ExtraField, value: object) -> str:
    text = _text(field, value)
    try:
        WEB_ADDRESS(text)
    except ValidationError as error:
        known = "accepted are addresses such as https://example.com/page"
        raise ValueError(f"is no web address; {known}") from error
    return text


def _ip(field: ExtraField, value: object) -> str:
    try:
        address = ipaddress.ip_address(_text(field, value))
    except ValueError as error:
        known = "accepted are addresses such as 192.0.2.7 and 2001:db8::7"
        raise ValueError(f"is no IP address; {known}") from error
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


READERS: dict[Kind, Callable[[ExtraField, object], Value]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
    Kind.BOOLEAN: _boolean,
    Kind.URL: _url,
    Kind.IP: _ip,
}


# --- Finding -------------------------------------------------------------------------------------


def matching(assets: QuerySet[Asset], field: ExtraField, text: str) -> QuerySet[Asset]:
    """The assets of the field's category whose value is `text`, or for a text contains it.

    For a number or a day also a range, with either end: "8..32", "2024-01-01..".
    Raises ValueError with what is accepted.
    """
    text = text.replace("\x00", "")[:LONGEST].strip()
    name = f"extra_{field.pk}"
    rows = assets.filter(product__category=field.category_id)
    if field.kind in (Kind.TEXT, Kind.URL, Kind.IP):
        rows = rows.alias(**{name: KeyTextTransform(field.key, "extra")})
        return rows.filter(**{f"{name}__icontains": text})
    rows = rows.alias(**{name: KeyTransform(field.key, "extra")})
    if field.kind not in (Kind.NUMBER, Kind.DATE) or ".." not in text:
        return rows.filter(**{name: read(field, text)})
    ends = zip(("gte", "lte"), text.split("..", 1), strict=True)
    bounds = {f"{name}__{lookup}": read(field, end) for lookup, end in ends if end.strip()}
    return rows.filter(**bounds) if bounds else rows


# --- An asset's values ---------------------------------------------------------------------------


def settled(
    stored: Mapping[str, Value], fields: Iterable[ExtraField], given: Mapping[str, Value | None]
) -> dict[str, Value]:
    """What `Asset.extra` becomes: of these fields alone, with what is given over what is stored.

    None takes a value away. What belongs to no field of the category goes; history keeps it.
    """
    values = {**stored, **given}
    kept = {field.key: values.get(field.key) for field in fields}
    return {key: value for key, value in kept.items() if value is not None}


def fitting(stored: Mapping[str, Value], fields: Iterable[ExtraField]) -> dict[str, Value]:
    """Of stored values those that these fields have too, each as its field reads it."""
    kept: dict[str, Value] = {}
    for field in fields:
        if field.key in stored:
            with suppress(ValueError):
                kept[field.key] = read(field, shown(field, stored[field.key]))
    return kept


def missing(fields: Iterable[ExtraField], extra: Mapping[str, Value]) -> list[ExtraField]:
    """The required fields that have no value."""
    return [field for field in fields if field.is_required and field.key not in extra]


def with_value(field: ExtraField) -> QuerySet[Asset]:
    """The assets that have a value for the field."""
    return Asset.objects.filter(product__category=field.category_id, extra__has_key=field.key)


@transaction.atomic
def remove(field: ExtraField, *, by: Actor, reason: str) -> None:
    """Delete a field, and take its values from its assets; their history keeps them."""
    assets = list(with_value(field).select_for_update(of=("self",)).order_by("pk"))
    for asset in assets:
        asset.extra = {key: value for key, value in asset.extra.items() if key != field.key}
    update_all_as(assets, ["extra"], by=by, reason=reason)
    delete_as(field, by=by, reason=reason)
