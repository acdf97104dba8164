"""Who used what, and when last, from the report of a vendor, a directory or an agent."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils import timezone

from config.resources import column
from config.widgets import Day, Reference
from contracts.lookups import Devices, KnownPeople, Licences
from contracts.models import Licence, Seat
from contracts.resources.seat import DEVICE, LICENCE, PERSON, USED, SeatRows, record_all
from contracts.seat_rooms import key_of


class SeatUseResource(SeatRows):
    """One use a row; of several about one holder the latest counts.

    Who uses a licence without a seat gets one that is marked as reported, even beyond what was
    bought: over-allocation is shown, not hidden.
    """

    slug = "seat-use"
    headers: ClassVar = {
        "licence": LICENCE,
        "person": PERSON,
        "asset": DEVICE,
        "last_used_on": [*USED, "date", "last seen"],
    }
    identified_by: ClassVar = ["licence"]
    required: ClassVar = ["licence", "last_used_on"]

    licence = column("licence", Reference(Licences))
    person = column("person", Reference(KnownPeople))
    asset = column("asset", Reference(Devices))
    last_used_on = column("last_used_on", Day())

    class Meta:
        model = Seat
        fields: ClassVar = ["licence", "person", "asset", "last_used_on"]

    def prepare(self, row: dict[str, Any]) -> None:
        """Where a row names who and on which device, the one that the licence is for counts."""
        licence = self.licence_of(row)
        if licence and row.get("person") and row.get("asset"):
            row["asset" if licence.metric == Licence.Metric.PERSON else "person"] = None

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        """The seat the holder has, which an earlier row may have begun."""
        return next((seat for seat in self.seats_of(row) if not seat.until), None)

    def licence_of(self, row: dict[str, Any]) -> Licence | None:
        """Of several licences of a tool the one of which the holder has a seat."""
        found = self._found("licence", row)
        holder = self._holder_of(row)
        if len(found) > 1 and holder:
            key = key_of(holder)
            found = [it for it in found if key in self.rooms[it.pk].taken]
        return found[0] if len(found) == 1 else None

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        if field.attribute == "licence" and (licence := self.licence_of(row)):
            instance.licence = licence
        else:
            super().import_field(field, instance, row, *args, **kwargs)

    def import_instance(self, instance: Seat, row: dict[str, Any], **kwargs: Any) -> None:
        used = instance.last_used_on
        super().import_instance(instance, row, **kwargs)
        day = instance.last_used_on
        if used and day and day < used:
            instance.last_used_on = used  # it moves forwards only
        if self.new and day:
            instance.since, instance.is_reported = day, True

    def check(self, instance: Seat) -> None:
        super().check(instance)
        if instance.last_used_on and instance.last_used_on > timezone.localdate():
            raise ValidationError({"last_used_on": "is still to come"})
        if self.new and instance.holder:
            key = key_of(instance.holder)
            self.known[instance.licence_id, key].insert(0, instance)
            self.rooms[instance.licence_id].taken.add(key)

    def create(self, instances: Sequence[Seat]) -> None:
        """With the others, in `write_beside`."""

    def update(self, instances: Sequence[Any]) -> None:
        """With the others, in `write_beside`."""

    def write_beside(self) -> None:
        signed = {"by": self.by, "reason": self.reason}
        record_all([*self.create_instances, *self.update_instances], signed)
