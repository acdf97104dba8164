"""What departments may spend in a year, what they have spent, and what is still to come.

A budget is for its department and for all parts of that which have no budget of their own for the
year; so every contract and every line of the ledger counts in one budget, the nearest above it.

- Spent: the lines of the finance ledger booked in the year, of the department that finance gives,
  else of the contract that the line belongs to.
- To come: the bills that are due in the rest of the year, committed and undecided as in the
  forecast. The rest begins after the last line of the ledger, so that no bill falls between.
- Left: the budget less what is spent and committed.

All in the currency of the budget, by the rates of the day; what no rate leads from stands apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce

from config.money import Money, by_currency
from config.periods import A_DAY
from contracts.charges import bills
from contracts.models import Budget, Contract, Licence, Spend
from contracts.outlook import Stretch, costing_by_themselves, of_licence, outlooks
from contracts.rates import Rates, total
from people.models import Department

Key = int | None
"""The department whose budget counts; None where no department above has one."""


@dataclass(frozen=True)
class Row:
    """One budget, or everything that has none: then `budget` and what is left are None.

    Each amount is in the currency of the budget; `left_out` is what no rate leads from.
    """

    department: Department | None
    budget: Money | None
    spent: Money
    committed: Money
    undecided: Money
    left_out: list[Money]

    @property
    def left(self) -> Money | None:
        """What is neither spent nor committed; below zero where that is more than the budget."""
        return None if self.budget is None else self.budget - self.spent - self.committed

    @property
    def left_if_renewed(self) -> Money | None:
        """What is left if all that is undecided goes on at its price."""
        return None if self.left is None else self.left - self.undecided


@dataclass
class _Sums:
    spent: list[Money] = field(default_factory=list)
    committed: list[Money] = field(default_factory=list)
    undecided: list[Money] = field(default_factory=list)


def budgets(year: int, *, on: date, rates: Rates) -> list[Row]:
    """Each budget of the year, by department; last what belongs to none, if there is any.

    As of the day `on`. The number of queries depends on neither budgets nor contracts.
    """
    found = {
        it.department_id: it for it in Budget.objects.filter(year=year).select_related("department")
    }
    owner, rest = owners(found), _rest(year, on)
    sums: defaultdict[Key, _Sums] = defaultdict(_Sums)
    for department, money in _spent(year, on):
        sums[owner.get(department)].spent.append(money)
    for department, stretches in _ahead(year, on):
        _add_bills(sums[owner.get(department)], stretches, rest)
    rows = [
        _row(sums[key], Money(budget.amount, budget.currency), budget.department, rates)
        for key, budget in sorted(found.items(), key=lambda it: it[1].department.name.casefold())
    ]
    unbudgeted = _row(sums[None], None, None, rates)
    amounts = (unbudgeted.spent, unbudgeted.committed, unbudgeted.undecided)
    return [*rows, unbudgeted] if any(amounts) or unbudgeted.left_out else rows


def owners(budgeted: Iterable[int]) -> dict[Key, Key]:
    """For each department the one whose budget counts for it: itself, else the nearest above."""
    parents: dict[int, Key] = dict(Department.objects.order_by().values_list("pk", "parent"))
    own = set(budgeted)
    return {key: _nearest(key, parents, own) for key in parents}


def _nearest(key: int, parents: Mapping[int, Key], own: set[int]) -> Key:
    """Departments may lie in a circle by mistake: each is looked at once."""
    seen: set[int] = set()
    at: Key = key
    while at is not None and at not in seen:
        if at in own:
            return at
        seen.add(at)
        at = parents.get(at)
    return None


def booked_to(on: date) -> date | None:
    """The day of the last line of the ledger by the day `on`."""
    lines = Spend.objects.filter(booked_on__lte=on)
    last: date | None = lines.aggregate(last=Max("booked_on"))["last"]
    return last


def _spent(year: int, on: date) -> Iterable[tuple[Key, Money]]:
    rows = (
        Spend.objects.filter(booked_on__year=year, booked_on__lte=on)
        .order_by()
        .annotate(belongs_to=Coalesce("department", "contract__department"))
        .values_list("belongs_to", "currency")
        .annotate(sum=Sum("amount"))
    )
    return [(department, Money(amount, currency)) for department, currency, amount in rows]


def _rest(year: int, on: date) -> tuple[date, date]:
    """The days of the year that no line of the ledger has reached; none where it is over."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    booked = booked_to(on)
    return (max(first, booked + A_DAY) if booked else first), last


def _ahead(year: int, on: date) -> Iterable[tuple[Key, list[Stretch]]]:
    until = date(year, 12, 31)
    contracts = Contract.objects.all()
    departments = dict(contracts.order_by().values_list("pk", "department"))
    for key, stretches in outlooks(contracts, on=on, until=until).items():
        yield departments.get(key), stretches
    licences = costing_by_themselves(Licence.objects.select_related("contract")).order_by()
    for licence in licences:
        department = licence.contract.department_id if licence.contract else None
        yield department, of_licence(licence, on=on, until=until)


def _add_bills(sums: _Sums, stretches: Iterable[Stretch], rest: tuple[date, date]) -> None:
    for stretch in stretches:
        whole = _billed(stretch, rest, None)
        sure = _billed(stretch, rest, stretch.sure_until)
        sums.committed.append(Money(sure, stretch.currency))
        sums.undecided.append(Money(whole - sure, stretch.currency))


def _billed(stretch: Stretch, rest: tuple[date, date], until: date | None) -> Decimal:
    return sum((amount for _, amount in bills(stretch, *rest, until)), Decimal(0))


def _row(sums: _Sums, budget: Money | None, department: Department | None, rates: Rates) -> Row:
    currency = budget.currency if budget else settings.DEFAULT_CURRENCY
    found = [total(it, rates, currency) for it in (sums.spent, sums.committed, sums.undecided)]
    left_out = by_currency(money for part in found for money in part.left_out)
    spent, committed, undecided = (part.money for part in found)
    return Row(department, budget, spent, committed, undecided, [it for it in left_out if it])
