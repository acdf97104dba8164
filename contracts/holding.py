"""Who had which seat and which covered asset on a day, by the cost centre that they belong to."""

from collections import Counter, defaultdict
from datetime import date, datetime

from django.db.models import F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.utils.timezone import localdate

from assets.models import Asset, Custody
from contracts.models import Coverage, Seat

NOWHERE = Value("")


def centre_of(department: str) -> Combinable:
    """The cost centre of the department at this path, else its name; NULL where there is none."""
    centre = NullIf(F(f"{department}__cost_centre"), NOWHERE)
    return Coalesce(centre, F(f"{department}__name"))


class Holdings:
    """Holders in the days from `first` to `last`; four queries, whatever there is.

    What was given out or back in the course of a day is as it was at the day's close. Departments,
    cost centres and what contracts cover are those of today; "" is no cost centre.
    """

    def __init__(self, first: date, last: date) -> None:
        self.covered: defaultdict[int, list[int]] = defaultdict(list)
        """The assets of each contract, by its key."""
        for contract, asset in Coverage.objects.order_by("pk").values_list("contract", "asset"):
            self.covered[contract].append(asset)
        own = Q(coverages__isnull=False) | Q(seats__isnull=False)
        self._place_of: dict[int, str] = dict(
            Asset.objects.filter(own)
            .order_by()
            .values_list("pk", Coalesce("location__path", NOWHERE))
            .distinct()
        )
        self._custodies = self._held(first, last)
        self._seats = self._taken(first, last)

    def of_asset(self, asset: int, day: date) -> str:
        """The cost centre of whoever had an asset at the close of the day, else its place."""
        for since, until, centre in self._custodies[asset]:
            if since <= day and (until is None or until > day):
                return centre or self._place_of.get(asset, "")
        return self._place_of.get(asset, "")

    def of_seats(self, licence: int, day: date) -> Counter[str | None]:
        """How many seats of a licence each cost centre had; None has those of whole sites."""
        found: Counter[str | None] = Counter()
        for since, until, centre, asset, is_site in self._seats[licence]:
            if since <= day and (until is None or until > day):
                key = self.of_asset(asset, day) if asset else centre
                found[None if is_site else key] += 1
        return found

    def _held(
        self, first: date, last: date
    ) -> defaultdict[int, list[tuple[date, date | None, str]]]:
        """From when to when somebody with which cost centre had an asset, or it was where."""
        rows = (
            Custody.objects.filter(
                Q(asset__coverages__isnull=False) | Q(asset__seats__isnull=False),
                Q(until=None) | Q(until__date__gte=first),
                since__date__lte=last,
            )
            .order_by("pk")
            .annotate(centre=Coalesce(centre_of("holder__department"), "location__path", NOWHERE))
            .values_list("asset", "since", "until", "centre")
            .distinct()
        )
        found: defaultdict[int, list[tuple[date, date | None, str]]] = defaultdict(list)
        for asset, since, until, centre in rows:
            found[asset].append((localdate(since), _day(until), centre))
        return found

    def _taken(
        self, first: date, last: date
    ) -> defaultdict[int, list[tuple[date, date | None, str, int | None, bool]]]:
        """From when to when whom a seat was given, by licence."""
        rows = (
            Seat.objects.filter(Q(until=None) | Q(until__gte=first), since__lte=last)
            .order_by("pk")
            .annotate(centre=Coalesce(centre_of("person__department"), NOWHERE))
            .values_list("licence", "since", "until", "centre", "asset", "location")
        )
        found: defaultdict[int, list[tuple[date, date | None, str, int | None, bool]]]
        found = defaultdict(list)
        for licence, since, until, centre, asset, location in rows:
            found[licence].append((since, until, centre, asset, location is not None))
        return found


def _day(moment: datetime | None) -> date | None:
    return localdate(moment) if moment else None
