"""Many holders at once, as somebody pastes them: a name a line."""

from typing import ClassVar

from django.core.exceptions import ValidationError

from config.resources import BaseResource
from contracts.lookups import Devices, KnownPeople
from contracts.models import Licence, Seat
from contracts.seat_rooms import Holder
from people.lookups import Locations

LOOKUPS = {
    Licence.Metric.PERSON: KnownPeople,
    Licence.Metric.DEVICE: Devices,
    Licence.Metric.SITE: Locations,
}


class Names(BaseResource):
    """Finds what a name means as the imports do; it is no kind of spreadsheet itself."""

    class Meta:
        model = Seat
        fields: ClassVar[list[str]] = []


def named(metric: str, text: str) -> list[Holder]:
    """The people, devices or places that the lines of `text` name, as an import reads them.

    Raises ValidationError with a sentence for each line that names none, or several.
    """
    lookup = Names().lookup(LOOKUPS[Licence.Metric(metric)])
    found: list[Holder] = []
    problems = []
    for line in dict.fromkeys(filter(None, map(str.strip, text.splitlines()))):
        try:
            found.append(lookup.get(line))
        except ValueError as problem:
            problems.append(f"“{line[:100]}” {problem}.")
    if problems:
        raise ValidationError(problems)
    return found
