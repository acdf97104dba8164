"""What many assets are worth in the books: on a day, and how that changed from one day to another.

Sums are per cost centre and currency. Each asset's book value is rounded, so that a total is that
of the assets' own pages. Cost centres and rules are those of today; amounts of different currencies
are never added. A period has both of its days in it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf

from assets.depreciation import Rule, book_value, result_on_disposal, rule_of
from assets.models import Asset, Custody

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Total:
    """What belongs to one cost centre in one currency; `belongs_to` is "" where nothing says."""

    belongs_to: str
    currency: str
    assets: int
    cost: Decimal
    book_value: Decimal

    @property
    def depreciation(self) -> Decimal:
        return self.cost - self.book_value

    @property
    def amounts(self) -> tuple[Any, ...]:
        """How many there are and what they are worth, column by column."""
        return self.assets, self.cost, self.depreciation, self.book_value


@dataclass(frozen=True)
class Movement:
    """How the book value of one cost centre in one currency changed in a period.

    The opening and the additions, less depreciation and disposals, are the closing, to the cent.
    """

    belongs_to: str
    currency: str
    opening: Decimal
    additions: Decimal
    depreciation: Decimal
    disposals: Decimal
    closing: Decimal

    @property
    def amounts(self) -> tuple[Any, ...]:
        """From the opening to the closing, column by column."""
        return self.opening, self.additions, self.depreciation, self.disposals, self.closing


@dataclass(frozen=True)
class Departure:
    """A disposed asset, with its `owner`: the result is unknown where another currency was paid."""

    asset: Any
    book_value: Decimal
    proceeds: Decimal
    paid_in: str
    result: Decimal | None


@dataclass(frozen=True)
class Result:
    """What departures of one currency, paid for in one currency, brought together."""

    currency: str
    paid_in: str
    assets: int
    book_value: Decimal
    proceeds: Decimal
    result: Decimal | None


RULE_FIELDS = ("depreciation", "useful_months", "residual_percent", "declining_percent")
NOT_YET_OWNED = (Asset.State.PLANNED, Asset.State.ORDERED)
PLACED_ON = Coalesce("in_service_on", "purchased_on")
"""What `Asset.placed_on` is, in a query."""
OWNER = (
    NullIf(F("holder__department__cost_centre"), Value("")),
    F("holder__department__name"),
    F("location__path"),
)
LAST_HELD = Custody.objects.filter(asset=OuterRef("pk")).order_by("-since", "-pk")
BELONGS_TO = Coalesce(
    *OWNER,
    # A disposal leaves neither holder nor place.
    Case(
        When(
            state=Asset.State.DISPOSED,
            then=Subquery(LAST_HELD.values(owner=Coalesce(*OWNER))[:1]),
        )
    ),
    Value(""),
)
"""The cost centre of the holder's department, else the department, else the place. Of what was
disposed of, those of the last custody."""


def on_the_books(assets: QuerySet[Asset], on: date) -> QuerySet[Asset]:
    """Those in service by the close of `on`, not disposed of by then, that are depreciated."""
    return _valued(assets).filter(placed__lte=on).exclude(disposal__disposed_on__lte=on)


def left_out(assets: QuerySet[Asset], on: date, *, since: date | None = None) -> int:
    """How many a report for `on` cannot count, for want of a cost, a purchase date or a rule.

    One for a period `since` a day counts those that were disposed of in it too.
    """
    gone = Q(disposal__disposed_on__lt=since) if since else Q(disposal__disposed_on__lte=on)
    placed = Q(placed=None) | Q(placed__lte=on)
    unknown = Q(cost=None) | Q(placed=None) | Q(product__category__depreciation="")
    return _owned(assets).exclude(gone).filter(placed & unknown).count()


def _valued(assets: QuerySet[Asset]) -> QuerySet[Any]:
    known = _owned(assets).filter(cost__isnull=False, placed__isnull=False)
    return known.exclude(product__category__depreciation="")


def _owned(assets: QuerySet[Asset]) -> QuerySet[Any]:
    """Those that belong or belonged to the organisation on a known day, with that as `placed`."""
    # Whatever became of it since: what was rejected once has never been in stock.
    rejected = Asset.history.filter(state=Asset.State.REJECTED).values("id")
    owned = assets.exclude(state__in=NOT_YET_OWNED).exclude(pk__in=rejected)
    return owned.exclude(disposal=None, state=Asset.State.DISPOSED).annotate(placed=PLACED_ON)


def book_values(assets: QuerySet[Asset], on: date) -> list[Total]:
    """The cost and the book value of `assets` on a day, sorted by cost centre.

    In one query, however many they are: what was received on one day for one price counts once.
    """
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, NOTHING, NOTHING])
    for group in _groups(on_the_books(_chosen(assets), on)):
        amounts = (1, group.cost, group.worth(on))
        _add(sums[group.owner, group.currency], amounts, group.count)
    return [Total(*key, *values) for key, values in sorted(sums.items())]


def movements(assets: QuerySet[Asset], since: date, until: date) -> list[Movement]:
    """How the book value of `assets` changed from the opening of `since` to the close of `until`.

    In one query. The opening is what `book_values` says of the day before, the closing what it says
    of `until`; an addition counts with its cost, a disposal with its book value on that day.
    """
    rows = _valued(_chosen(assets)).filter(placed__lte=until)
    there = rows.exclude(disposal__disposed_on__lt=since).exclude(_never_there())
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [NOTHING] * 5)
    for group in _groups(there):
        _add(sums[group.owner, group.currency], group.moved(since, until), group.count)
    return [Movement(*key, *values) for key, values in sorted(sums.items())]


def departures(assets: QuerySet[Asset], since: date, until: date) -> list[Departure]:
    """What was on the books and disposed of in a period, by day and tag."""
    gone = _valued(_chosen(assets)).filter(disposal__disposed_on__range=(since, until))
    rows = gone.exclude(_never_there()).annotate(owner=BELONGS_TO)
    related = ("product__category", "disposal")
    return [
        departure(asset)
        for asset in rows.select_related(*related).order_by("disposal__disposed_on", "tag")
    ]


def departure(asset: Any) -> Departure:
    """What a disposed asset with a rule, a cost and a day brought, against its book value."""
    disposal, rule = asset.disposal, rule_of(asset.product.category)
    known = {"cost": asset.cost, "placed_on": asset.placed_on}
    worth = book_value(rule, **known, on=disposal.disposed_on) if rule else asset.cost
    proceeds = disposal.proceeds or NOTHING
    paid_in = disposal.currency if proceeds else asset.currency
    result = None
    if paid_in == asset.currency:
        facts = {**known, "disposed_on": disposal.disposed_on, "proceeds": proceeds}
        result = result_on_disposal(rule, **facts)
    return Departure(asset, worth, proceeds, paid_in, result)


def results(gone: Iterable[Departure]) -> list[Result]:
    """Departures added up per currency, those paid for in another one apart."""
    sums: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, NOTHING, NOTHING])
    for one in gone:
        _add(sums[one.asset.currency, one.paid_in], (1, one.book_value, one.proceeds))
    return [
        Result(*key, count, worth, paid, paid - worth if key[0] == key[1] else None)
        for key, (count, worth, paid) in sorted(sums.items())
    ]


def _never_there() -> Q:
    return Q(disposal__disposed_on__lt=F("placed"))


def _add(sums: list[Any], amounts: Iterable[Any], times: int = 1) -> None:
    for at, amount in enumerate(amounts):
        sums[at] += amount * times


@dataclass(frozen=True)
class _Group:
    """Assets with the same cost, first and last day, rule and owner."""

    owner: str
    currency: str
    cost: Decimal
    placed_on: date
    gone_on: date | None
    rule: Rule
    count: int

    def worth(self, on: date) -> Decimal:
        return book_value(self.rule, cost=self.cost, placed_on=self.placed_on, on=on)

    def moved(self, since: date, until: date) -> tuple[Decimal, ...]:
        """Opening, addition, depreciation, disposal and closing of one of them in a period."""
        new = self.placed_on >= since
        opening = NOTHING if new else self.worth(since - timedelta(1))
        addition = self.cost if new else NOTHING
        last = min(until, self.gone_on or until)
        left = self.worth(last)
        gone = left if self.gone_on and self.gone_on <= until else NOTHING
        return opening, addition, opening + addition - left, gone, left - gone


def _chosen(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    """The same assets without what else was asked of them."""
    return Asset.objects.filter(pk__in=assets.order_by().values("pk"))


def _groups(valued: QuerySet[Asset]) -> list[_Group]:
    rows = (
        valued.order_by()
        .annotate(owner=BELONGS_TO)
        .values_list(
            "owner",
            "currency",
            "cost",
            "placed",
            "disposal__disposed_on",
            *(f"product__category__{name}" for name in RULE_FIELDS),
        )
        .annotate(count=Count("pk"))
    )
    return [
        _Group(owner, currency, cost, placed_on, gone_on, Rule(*rule), count)
        for owner, currency, cost, placed_on, gone_on, *rule, count in rows
    ]
