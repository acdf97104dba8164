"""How licences come onto the register: with a number each."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Upper

from assets import numbers
from config.history import Actor, create_all_as
from contracts.models import Licence
from contracts.seat_rooms import METRICS, field_of

PREFIX = "LIC"


@transaction.atomic
def enter(licences: Sequence[Licence], *, by: Actor, reason: str) -> list[Licence]:
    """Put new licences on the register; who has no number gets the next one."""
    number(licences)
    return create_all_as(licences, by=by, reason=reason)


@transaction.atomic
def number(licences: Sequence[Licence]) -> None:
    """Give each licence without a number the next free one."""
    unnumbered = [licence for licence in licences if not licence.number]
    given = numbers.take(PREFIX, len(unnumbered), _taken) if unnumbered else []
    for licence, following in zip(unnumbered, given, strict=True):
        licence.number = following


def check_metric(licence: Licence) -> None:
    """Raises ValidationError where a seat is taken by what the licence is no longer per."""
    if not licence.pk:
        return
    field = field_of(METRICS[licence.metric][0]())
    if count := licence.given_seats.taken().filter(**{field: None}).count():
        raise ValidationError(
            {"metric": f"{count} of its seats are taken otherwise: take them back first."}
        )


def excess(licence: Licence, taken: int) -> int:
    """How many seats more than were bought are taken, or are in use as the vendor counts."""
    if licence.seats is None:
        return 0
    return max(0, taken - licence.seats, (licence.reported_in_use or 0) - licence.seats)


def use_in_words(licence: Licence, taken: int) -> str:
    """How its seats are used, for its page."""
    if licence.seats is None:
        return f"{taken} seats are taken; as many as are needed may be."
    sentences = [f"{taken} of {licence.seats} seats are taken{_more(taken - licence.seats)}."]
    if licence.reported_in_use is not None:
        on = f" on {licence.reported_on:%-d %B %Y}" if licence.reported_on else ""
        more = _more(licence.reported_in_use - licence.seats)
        sentences.append(f"{licence.reported_in_use} were reported in use{on}{more}.")
    return " ".join(sentences)


def _more(count: int) -> str:
    return f", {count} more than were bought" if count > 0 else ""


def _taken(candidates: list[str]) -> list[str]:
    rows = Licence.objects.annotate(upper=Upper("number")).filter(upper__in=candidates)
    return list(rows.values_list("upper", flat=True))
