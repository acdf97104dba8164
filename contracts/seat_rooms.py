"""What is left of a licence: who has a seat of it, and who may have one more."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from assets.models import Asset
from contracts.models import Licence, Seat
from people.models import Location, Person

type Holder = Person | Asset | Location
type Key = tuple[str, int]

FIELDS = ("person", "asset", "location")
METRICS: dict[str, tuple[type[Holder], str]] = {
    Licence.Metric.PERSON: (Person, "person"),
    Licence.Metric.DEVICE: (Asset, "device"),
    Licence.Metric.SITE: (Location, "site"),
}


@dataclass
class Room:
    """One licence and its holders: those who have a seat now, and all who ever had one."""

    licence: Licence
    taken: set[Key] = field(default_factory=set)
    ever: set[Key] = field(default_factory=set)

    def refusal(self, to: Holder) -> str:
        """Why `to` cannot have a seat, as a sentence; "" where they can."""
        return self._unfit(to) or self._over() or _gone(to, self.licence) or self._full(to)

    def take(self, to: Holder) -> None:
        self.taken.add(key_of(to))
        self.ever.add(key_of(to))

    def _unfit(self, to: Holder) -> str:
        kind, name = METRICS[self.licence.metric]
        if not isinstance(to, kind):
            return f"{self.licence} is per {name}: {to} is not one, and cannot have a seat of it."
        if key_of(to) in self.taken:
            return f"{to} has a seat of {self.licence} already."
        return ""

    def _over(self) -> str:
        last = self.licence.last_day
        if last is None or last >= timezone.localdate():
            return ""
        return f"{self.licence} ended on {last}: no seat of it can be given out. Renew it first."

    def _full(self, to: Holder) -> str:
        """A seat that may not be given to another is used up by whoever had it first."""
        bought, final = self.licence.seats, not self.licence.is_reassignable
        used = self.ever if final else self.taken
        if bought is None or len(used) < bought or (final and key_of(to) in self.ever):
            return ""
        start = f"{len(used)} of the {bought} seats of {self.licence} are"
        if final:
            return (
                f"{start} used up, and none may be given to another: {to} cannot have one. Buy"
                " more."
            )
        return f"{start} taken: {to} cannot have one. Take one back, or buy more."


def _gone(to: Holder, licence: Licence) -> str:
    if isinstance(to, Person) and to.has_left(timezone.localdate()):
        return f"{to} left on {to.leaves_on}: no seat of {licence} can be given out."
    if isinstance(to, Person) and to.user and not to.user.is_active:
        return f"{to} may no longer sign in: no seat of {licence} can be given out."
    if isinstance(to, Asset) and to.state in Asset.ENDED:
        return f"{to} is {to.get_state_display()}: no seat of {licence} can be given out."
    return ""


def rooms(licences: Iterable[Licence]) -> dict[int, Room]:
    """The room of each licence by its key, with one query. Only under the licence's lock is it
    what it says."""
    found = {licence.pk: Room(licence) for licence in licences}
    columns = [f"{name}_id" for name in FIELDS]
    rows = Seat.objects.filter(licence__in=found).order_by()
    for licence, until, *holders in rows.values_list("licence_id", "until", *columns):
        key = next((name, pk) for name, pk in zip(FIELDS, holders, strict=True) if pk)
        found[licence].ever.add(key)
        if until is None:
            found[licence].taken.add(key)
    return found


def field_of(holder: Holder) -> str:
    """The field of a seat that keeps such a holder."""
    if isinstance(holder, Person):
        return "person"
    return "asset" if isinstance(holder, Asset) else "location"


def key_of(holder: Holder) -> Key:
    """One that is not written yet is known by its identity."""
    return field_of(holder), holder.pk or -id(holder)
