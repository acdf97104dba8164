"""How licences come onto the register: with a number each."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Upper

from assets import numbers
from config.history import Actor, create_all_as
from contracts.models import Licence

PREFIX = "LIC"


@transaction.atomic
def enter(licences: Sequence[Licence], *, by: Actor, reason: str) -> list[Licence]:
    """Put new licences on the register; who has no number gets the next one."""
    unnumbered = [licence for licence in licences if not licence.number]
    given = numbers.take(PREFIX, len(unnumbered), _taken) if unnumbered else []
    for licence, number in zip(unnumbered, given, strict=True):
        licence.number = number
    return create_all_as(licences, by=by, reason=reason)


def _taken(candidates: list[str]) -> list[str]:
    rows = Licence.objects.annotate(upper=Upper("number")).filter(upper__in=candidates)
    return list(rows.values_list("upper", flat=True))
