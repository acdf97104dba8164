"""Seats from spreadsheets: given out and taken back, as `contracts.seats` does it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from assets.resources.catalog import in_order
from config.history import create_all_as
from config.lookups import Lookup
from config.resources import BaseResource, column
from config.tables import Table
from config.widgets import Day, Reference
from contracts import seats
from contracts.lookups import Devices, Licences
from contracts.models import Licence, Seat
from contracts.seat_rooms import METRICS, Holder, Key, Room, key_of, rooms
from people.lookups import Locations, People

LICENCE = [
    "licence number",
    "license number",
    "license",
    "licence name",
    "license name",
    "item name",
    "software",
    "tool",
    "tool name",
    "app",
    "application",
    "product",
]
PERSON = [
    "email",
    "e-mail",
    "user email",
    "username",
    "user name",
    "account",
    "user",
    "assigned to",
    "checked out to",
    "full name",
    "employee",
]
DEVICE = ["device", "asset tag", "tag", "computer", "computer name", "hostname", "device name"]
USED = ["last used", "last use", "last login", "last sign-in", "last active", "last activity"]


class SeatRows(BaseResource):
    """Rows about who has a seat of what; a subclass says what they tell of it."""

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self.uniques = []  # `rooms` knows who has a seat, and says it in better words

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        """Every licence is locked, before any seat, as everything that changes seats does."""
        locked = seats.locked(Licence.objects.all())
        self.rooms: dict[int, Room] = rooms(locked.values())
        self.known: defaultdict[tuple[int, Key], list[Seat]] = defaultdict(list)
        for seat in self.get_queryset().order_by("-since", "-pk"):
            if seat.holder:
                self.known[seat.licence_id, key_of(seat.holder)].append(seat)
        return {}

    def get_queryset(self) -> models.QuerySet[Seat]:
        related = ("person", "asset__product", "location")
        return Seat.objects.select_related("licence__product__maker", *related)

    def seats_of(self, row: dict[str, Any]) -> list[Seat]:
        """What the holder of the row has, and had, of its licence; the latest first."""
        licence, holder = self.licence_of(row), self._holder_of(row)
        return self.known[licence.pk, key_of(holder)] if licence and holder else []

    def licence_of(self, row: dict[str, Any]) -> Licence | None:
        found = self._found("licence", row)
        return found[0] if len(found) == 1 else None

    def _holder_of(self, row: dict[str, Any]) -> Holder | None:
        for name in ("person", "asset", "location"):
            found = self._found(name, row)
            if len(found) == 1:
                holder: Holder = found[0]
                return holder
        return None

    def _found(self, name: str, row: dict[str, Any]) -> list[Any]:
        if name not in self.fields or not row.get(name):
            return []
        records: list[Any] = self.lookup(self.fields[name].widget.kind).find(str(row[name]).strip())
        return records

    def _check_permission(self) -> None:
        if not self.may("contracts.assign_seat"):
            raise ValidationError("you may not give out seats or take them back")

    def check(self, instance: Seat) -> None:
        kind, name = METRICS[instance.licence.metric]
        if self.new and not isinstance(instance.holder, kind):
            raise ValidationError(f"{instance.licence} is per {name}: name the {name}")

    def in_order(self) -> list[Lookup]:
        return in_order(self.lookups)


class SeatResource(SeatRows):
    """One seat of one holder a row; with the day it was taken back, it is taken back.

    A holder has one seat of a licence at a time. A row is about the seat that was given on its day,
    else about the one the holder has.
    """

    slug = "seats"
    headers: ClassVar = {
        "licence": LICENCE,
        "person": PERSON,
        "asset": DEVICE,
        "location": ["site", "place"],
        "since": ["assigned on", "assigned", "given", "given on", "checkout date"],
        "until": ["taken back", "taken back on", "revoked", "revoked on", "checkin date"],
        "last_used_on": USED,
        "is_reported": ["from outside data"],
    }
    identified_by: ClassVar = ["licence"]
    required: ClassVar = ["licence"]
    owned: ClassVar = {"since": "a seat that was given stays given on that day"}
    extras: ClassVar = ["is_reported"]
    exported_beside: ClassVar = {"is_reported": "is_reported"}

    licence = column("licence", Reference(Licences))
    person = column("person", Reference(People))
    asset = column("asset", Reference(Devices))
    location = column("location", Reference(Locations))
    since = column("since", Day())
    until = column("until", Day())
    last_used_on = column("last_used_on", Day())

    class Meta:
        model = Seat
        fields: ClassVar = [
            "licence",
            "person",
            "asset",
            "location",
            "since",
            "until",
            "last_used_on",
        ]

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        own = self.seats_of(row)
        given, back = (self._day(name, row) for name in ("since", "until"))
        same = [it for it in own if given and it.since == given and not (back and it.until != back)]
        same = same or [it for it in own if given and it.since == given]
        taken = [it for it in own if not it.until and not (given and back)]
        gone = [it for it in own if back and not given and it.until == back]
        found = same or gone or taken
        return self.claim(found[0]) if found else None

    def _day(self, name: str, row: dict[str, Any]) -> date | None:
        try:
            day: date | None = self.fields[name].clean(row) if row.get(name) else None
        except ValueError:
            return None  # The row is refused for it where the field itself is read.
        return day

    def import_instance(self, instance: Seat, row: dict[str, Any], **kwargs: Any) -> None:
        used = instance.last_used_on
        super().import_instance(instance, row, **kwargs)
        if used and instance.last_used_on and instance.last_used_on < used:
            instance.last_used_on = used  # it moves forwards only
        if instance.until and not instance.since:
            raise ValidationError({"since": ["is missing: say when it was given too"]})
        if not instance.since:
            instance.since = timezone.localdate()

    def check(self, instance: Seat) -> None:
        super().check(instance)
        today = timezone.localdate()
        for name in ("since", "until", "last_used_on"):
            day = getattr(instance, name)
            if day and day > today:
                raise ValidationError({name: "is still to come"})
        room = self.rooms[instance.licence.pk]
        if not self.new:
            self._check_back(instance, room)
        elif not instance.until:
            self._give(instance, room)

    def _give(self, seat: Seat, room: Room) -> None:
        assert seat.holder
        if sentence := room.refusal(seat.holder):
            raise ValidationError(sentence)
        room.take(seat.holder)

    def _check_back(self, seat: Seat, room: Room) -> None:
        before = self.before["until"]
        if "until" in self.changed and before:
            raise ValidationError({"until": f"it was taken back on {before} already"})
        if "until" in self.changed and seat.holder:
            room.taken.discard(key_of(seat.holder))

    # --- What is written: first taken back, so that others can have it ---

    def create(self, instances: Sequence[Seat]) -> None:
        """With the others, in `write_beside`."""

    def update(self, instances: Sequence[Any]) -> None:
        """With the others, in `write_beside`."""

    def write_beside(self) -> None:
        signed: dict[str, Any] = {"by": self.by, "reason": self.reason}
        for seat in self.update_instances:
            if "until" in seat.import_changed:
                seats.take_back(seat, until=seat.until, **signed)
        fresh: list[Seat] = list(self.create_instances)
        create_all_as([seat for seat in fresh if seat.until], **signed)
        given = [seat for seat in fresh if not seat.until]
        self._assign(given, signed)
        used = [seat for seat in self.update_instances if "last_used_on" in seat.import_changed]
        record_all([*given, *used], signed)

    def _assign(self, given: Sequence[Seat], signed: dict[str, Any]) -> None:
        groups: defaultdict[tuple[Licence, date], list[Holder]] = defaultdict(list)
        for seat in given:
            assert seat.holder
            groups[seat.licence, seat.since].append(seat.holder)
        for (licence, since), holders in groups.items():
            outcome = seats.assign_all(licence, holders, since=since, **signed)
            if outcome.refused:
                raise ValidationError(outcome.refused)


def record_all(rows: Sequence[Seat], signed: dict[str, Any]) -> None:
    """Record what each of `rows` says of its last use, licence by licence."""
    uses: defaultdict[Licence, dict[Holder, date]] = defaultdict(dict)
    for seat in rows:
        if seat.last_used_on and seat.holder and not seat.until:
            latest = uses[seat.licence].get(seat.holder, seat.last_used_on)
            uses[seat.licence][seat.holder] = max(latest, seat.last_used_on)
    for licence, days in sorted(uses.items(), key=lambda pair: pair[0].pk):
        seats.record_use(licence, days, **signed)
