"""Every way a seat of a licence is given out, used and taken back.

Each is atomic and under the lock of the licence, which is taken before that of any seat: of two who
give out the last seat the second waits there, counts again, and is told. Only what outside data
reports in use may exceed what was bought.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Asset
from config.history import Actor, create_all_as, save_as, update_all_as
from config.outcomes import Outcome
from contracts.models import Licence, Seat
from contracts.seat_rooms import Holder, Key, Room, field_of, key_of, rooms
from people import outbox
from people.models import Location, Person

__all__ = [
    "IDLE_DAYS",
    "Holder",
    "Room",
    "assign",
    "assign_all",
    "is_idle",
    "locked",
    "reclaim",
    "record_use",
    "rooms",
    "take_back",
]

IDLE_DAYS = 30
"""What was used, or given out, within so many days is not idle, and is not reclaimed."""
RELATED = ("licence__product__maker", "person", "asset__product", "asset__holder", "location")


@transaction.atomic
def assign(
    licence: Licence, *, to: Holder, since: date | None = None, by: Actor, reason: str = ""
) -> Seat:
    """Give out one seat; see `assign_all`. Raises ValidationError where that refuses it."""
    outcome = assign_all(licence, [to], since=since, by=by, reason=reason)
    if outcome.refused:
        raise ValidationError(outcome.refused)
    seat: Seat = outcome.done[0]
    return seat


@transaction.atomic
def assign_all(
    licence: Licence,
    holders: Iterable[Holder],
    *,
    since: date | None = None,
    by: Actor,
    reason: str = "",
) -> Outcome:
    """Give out a seat to each holder, first come, first served; `since` is today if not given.

    Refused, with a sentence each, are holders that do not fit the metric, who have one, have left
    or are disposed of, and all that were not bought. Raises ValidationError for a day to come.
    """
    licence = locked([licence])[licence.pk]
    day = since or timezone.localdate()
    if day > timezone.localdate():
        raise ValidationError(f"{day} is still to come: give the seat out on that day.")
    room, outcome = rooms([licence])[licence.pk], Outcome()
    fresh: list[Seat] = []
    for holder in _as_they_now_are(holders):
        if sentence := room.refusal(holder):
            outcome.refused.append(sentence)
        else:
            room.take(holder)
            fresh.append(seat_of(licence, holder, since=day))
    outcome.done += create_all_as(fresh, by=by, reason=reason or "given out")
    return outcome


@transaction.atomic
def take_back(seat: Seat, *, until: date | None = None, by: Actor, reason: str = "") -> Seat:
    """The holder has the seat no longer; `until` is its last day, today if not given.

    Raises ValidationError where it was taken back already, or for a day outside of its time.
    """
    locked([seat.licence])
    seat = Seat.objects.select_related(*RELATED).get(pk=seat.pk)
    if seat.until:
        raise ValidationError(f"{seat} was taken back on {seat.until} already.")
    today = timezone.localdate()
    seat.until = until or max(today, seat.since)
    if until and not seat.since <= until <= today:
        raise ValidationError(
            f"{seat} cannot be taken back on {until}: it was given on {seat.since}, and today is"
            f" {today}."
        )
    save_as(seat, by=by, reason=reason or "taken back")
    return seat


@transaction.atomic
def reclaim(seats: Sequence[Seat], *, by: Actor, reason: str = "") -> Outcome:
    """Take idle seats back, and owe each person one mail that names what was taken.

    The person of a device's seat is who holds the device. Refused are seats that were taken back
    or came into use meanwhile.
    """
    locked([seat.licence for seat in seats])
    today, outcome = timezone.localdate(), Outcome()
    rows = Seat.objects.select_related(*RELATED).order_by("pk")
    for seat in rows.filter(pk__in=[seat.pk for seat in seats]):
        if sentence := _not_reclaimed(seat, today):
            outcome.refused.append(sentence)
        else:
            seat.until = max(today, seat.since)
            outcome.done.append(seat)
    reason = reason or "reclaimed: not used"
    update_all_as(outcome.done, ["until"], by=by, reason=reason)
    _tell(outcome.done, today)
    return outcome


@transaction.atomic
def record_use(
    licence: Licence, uses: Mapping[Holder, date], *, by: Actor, reason: str = ""
) -> Outcome:
    """When each holder last used the licence, as outside data has it; never moved backwards.

    Who uses it without a seat gets one that is marked as reported, even where more are in use than
    were bought: that is shown, not hidden. `done` are the seats that changed.
    """
    licence = locked([licence])[licence.pk]
    kept = {
        key_of(seat.holder): seat
        for seat in licence.given_seats.taken().select_related("person", "asset", "location")
        if seat.holder
    }
    outcome, fresh = Outcome(), []
    for holder, day in uses.items():
        seat = kept.get(key_of(holder))
        if seat is None:
            fresh.append(seat_of(licence, holder, since=day, last_used_on=day, is_reported=True))
        elif seat.last_used_on is None or seat.last_used_on < day:
            seat.last_used_on = day
            outcome.done.append(seat)
    reason = reason or "use recorded"
    update_all_as(outcome.done, ["last_used_on"], by=by, reason=reason)
    outcome.done += create_all_as(fresh, by=by, reason=reason)
    return outcome


def is_idle(seat: Seat, on: date, days: int = IDLE_DAYS) -> bool:
    """As `Seat.objects.idle` has it, of one seat."""
    last = max(seat.last_used_on or seat.since, seat.since)
    return not seat.until and last < on - timedelta(days)


def locked(licences: Iterable[Licence]) -> dict[int, Licence]:
    """The licences as they now are, by their keys. Their locks are the queue for every seat."""
    rows = Licence.objects.select_for_update(of=("self",)).order_by("pk")
    keys = {licence.pk for licence in licences}
    rows = rows.select_related("product__maker", "contract").filter(pk__in=keys)
    return {licence.pk: licence for licence in rows}


def seat_of(licence: Licence, holder: Holder, **fields: Any) -> Seat:
    """A new, unsaved seat."""
    return Seat(licence=licence, **{field_of(holder): holder}, **fields)


def _as_they_now_are(holders: Iterable[Holder]) -> list[Holder]:
    """The holders in their order, read again: one may have left or gone since they were chosen."""
    holders = list(holders)
    queries: dict[str, QuerySet[Any]] = {
        "person": Person.objects.select_related("user"),
        "asset": Asset.objects.select_related("product"),
        "location": Location.objects.all(),
    }
    fresh: dict[Key, Holder] = {}
    for name, rows in queries.items():
        keys = [holder.pk for holder in holders if field_of(holder) == name]
        fresh |= {key_of(row): row for row in rows.filter(pk__in=keys)} if keys else {}
    return [fresh[key_of(holder)] for holder in holders if key_of(holder) in fresh]


def _not_reclaimed(seat: Seat, today: date) -> str:
    if seat.until:
        return f"{seat} was taken back on {seat.until} already."
    if is_idle(seat, today):
        return ""
    what = f"was used on {seat.last_used_on}" if seat.last_used_on else f"was given on {seat.since}"
    return f"{seat} {what}: it is not idle. Take it back if it has to be."


def _tell(seats: Sequence[Seat], today: date) -> None:
    """Owe each person one mail about all that was taken from them."""
    taken: dict[Person, list[Seat]] = {}
    for seat in seats:
        person = seat.person or (seat.asset and seat.asset.holder)
        if person and not person.has_left(today):
            taken.setdefault(person, []).append(seat)
    outbox.queue_all([_mail(person, rows) for person, rows in taken.items()])


def _mail(person: Person, seats: Sequence[Seat]) -> outbox.Mail:
    lines = [f"- {seat.licence.name}{_where(seat)}, {_use(seat)}" for seat in seats]
    text = "\n".join(
        [
            f"Hello {person},",
            "",
            "you have not used this for a long time, so we have taken it back for somebody who"
            " needs it:",
            "",
            *lines,
            "",
            "You need do nothing. If you need it again, write to us, and we give it back to you as"
            " soon as a seat is free:",
            f"{settings.SITE_URL}/report/",
            "",
        ]
    )
    what = seats[0].licence.name if len(seats) == 1 else f"{len(seats)} licences"
    return outbox.Mail(person, f"reclaimed:{seats[0].pk}", f"Taken back: {what}", text)


def _where(seat: Seat) -> str:
    return f" on {seat.asset}" if seat.asset else ""


def _use(seat: Seat) -> str:
    if seat.last_used_on:
        return f"last used on {seat.last_used_on:%-d %B %Y}"
    return f"no use known since {seat.since:%-d %B %Y}"
