"""Which column of a file is which field."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from config.tables import Shape, Table

if TYPE_CHECKING:
    from config.resources import BaseResource


@dataclass(frozen=True)
class Mapped:
    """The table with one column per recognised field, named as the field.

    `columns` gives each field's header in the file; `ignored` lists the other headers.
    """

    table: Table
    columns: dict[str, str]
    ignored: list[str]


def bare(header: str) -> str:
    """A header as it is compared: without case, spaces and punctuation."""
    return "".join(letter for letter in header.casefold() if letter.isalnum())


def mapped(
    table: Table,
    resource: "type[BaseResource]",
    mapping: Mapping[str, str],
    constants: Mapping[str, str],
) -> Mapped:
    """Raises ValidationError where a mapping is wrong, a field comes twice, or none is known."""
    known = resource.known_headers()
    places = _asked_for(table, resource, known, mapping)
    for field, spellings in known.items():
        if field not in places and field not in constants:
            _recognise(table, field, [field, *spellings], places)
    _check_constants(resource, known, constants)
    if not places:
        raise ValidationError(
            f"No header of {table.name} is known. It has: {_listed(table.headers)}. Known for"
            f" {resource.slug} are: {_listed(known)}, and their names in ServiceNow and"
            ' Snipe-IT; the mapping "HEADER=field" names another. The first row must be the header.'
        )
    if not {*places, *constants} & set(resource.identified_by):
        raise ValidationError(
            f"No column of {table.name} gives the {' or the '.join(resource.identified_by)} of"
            f" {resource.slug}. It has: {_listed(table.headers)}. The mapping"
            ' "HEADER=field" names one.'
        )
    shape = Shape([*places, *constants], [], table.numbers, table.broken)
    fixed = list(constants.values())
    for row in table:
        shape.rows.append([*(row[place] for place in places.values()), *fixed])
    columns = {field: table.headers[place] for field, place in places.items()}
    used = set(places.values())
    ignored = [h for place, h in enumerate(table.headers) if place not in used and h]
    return Mapped(Table(table.name, shape, table.notes), columns, ignored)


def _asked_for(
    table: Table,
    resource: "type[BaseResource]",
    known: Collection[str],
    mapping: Mapping[str, str],
) -> dict[str, int]:
    places: dict[str, int] = {}
    for header, field in mapping.items():
        if field not in known:
            raise ValidationError(
                f'"{header}={field}": {resource.slug} have no field {field}. Accepted are'
                f" {_listed(known)}."
            )
        found = [place for place, h in enumerate(table.headers) if bare(h) == bare(header)]
        if len(found) != 1:
            problem = "no column" if not found else f"{len(found)} columns"
            raise ValidationError(
                f'"{header}={field}": {table.name} has {problem} of this name. It has:'
                f" {_listed(table.headers)}."
            )
        places[field] = found[0]
    return places


def _recognise(table: Table, field: str, spellings: list[str], places: dict[str, int]) -> None:
    """Take the first spelling that the file has and that no other field has taken."""
    taken = set(places.values())
    names = [bare(header) for header in table.headers]
    repeated = Counter(names)
    for spelling in map(bare, spellings):
        if spelling in names and names.index(spelling) not in taken:
            if repeated[spelling] > 1:
                header = table.headers[names.index(spelling)]
                raise ValidationError(
                    f'{table.name} has {repeated[spelling]} columns "{header}": rename all but one.'
                )
            places[field] = names.index(spelling)
            return


def _check_constants(
    resource: "type[BaseResource]", known: Collection[str], constants: Mapping[str, str]
) -> None:
    for field in constants:
        if field not in known:
            raise ValidationError(
                f"{resource.slug} have no field {field}. Accepted are {_listed(known)}."
            )
        if field in resource.secrets:
            raise ValidationError(f"One {field} for every row cannot be: give it in a column.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name for name in names if name) or "nothing"
