"""Loans that last longer than was agreed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from assets.lifecycle.custody import check_due, letter, things
from assets.lifecycle.moves import Outcome, locked, record
from assets.models import Asset, Custody, Handover
from assets.precaution import told
from config.history import Actor, update_all_as
from people import outbox
from people.models import Person


@transaction.atomic
def extend_loan(
    assets: Iterable[Asset], *, due_back_on: date, by: Actor, reason: str = ""
) -> Outcome:
    """Leave lent assets where they are until a later day; each borrower gets one mail about theirs.

    Refuses what was not lent, and what is due back no earlier than that day. Raises ValidationError
    where the day has passed.
    """
    check_due(due_back_on)
    assets = list(assets)

    @cache
    def agreed() -> dict[int, date | None]:
        """Read at the first check: the assets are locked by then."""
        return dict(_loans(assets).values_list("asset", "due_back_on"))

    def check(asset: Asset) -> str | None:
        return _no_longer(asset, agreed().get(asset.pk), due_back_on)

    outcome = locked("extend_loan", assets, check=check)
    reason = reason or f"lent until {told(due_back_on)}"
    record(outcome, by=by, reason=reason)
    _agree(outcome.moved, due_back_on, by=by, reason=reason)
    return outcome


def _no_longer(asset: Asset, until: date | None, day: date) -> str | None:
    """Why a loan until one day cannot last until the other, if so."""
    if until is None:
        return f"{asset} is in use and was not lent: it cannot be lent for longer."
    if until < day:
        return None
    return f"{asset} is due back on {told(until)}: only a later day extends the loan."


def is_lent(asset: Asset) -> bool:
    """Whether somebody has it until a day."""
    return _loans([asset]).exists()


def _loans(assets: Sequence[Asset]) -> QuerySet[Custody]:
    return Custody.objects.open().filter(asset__in=assets, due_back_on__isnull=False)


def _agree(assets: Sequence[Asset], day: date, *, by: Actor, reason: str) -> None:
    """Write the day into the loans and what was not answered yet, and tell the borrowers."""
    loans = list(_loans(assets).select_related("asset__product", "holder").order_by("pk"))
    _restate([it.handover_id for it in loans if it.handover_id], loans, day, by=by, reason=reason)
    borrowed: defaultdict[Person, list[Custody]] = defaultdict(list)
    for loan in loans:
        loan.due_back_on = day
        if loan.holder:
            borrowed[loan.holder].append(loan)
    update_all_as(loans, ["due_back_on"], by=by, reason=reason)
    for person, theirs in borrowed.items():
        _tell_borrower(person, theirs, day)


def _restate(
    keys: Sequence[int], loans: Sequence[Custody], day: date, *, by: Actor, reason: str
) -> None:
    """Handovers that nobody has answered ask for the new day, where all that is out has it."""
    others = Custody.objects.open().filter(handover=OuterRef("pk")).exclude(due_back_on=day)
    others = others.exclude(pk__in=[loan.pk for loan in loans])
    rows = Handover.objects.select_for_update(of=("self",)).order_by("pk")
    handovers = list(rows.filter(~Exists(others), pk__in=keys, answer=Handover.Answer.NONE))
    for handover in handovers:
        handover.due_back_on = day
    update_all_as(handovers, ["due_back_on"], by=by, reason=reason)


def _tell_borrower(person: Person, loans: Sequence[Custody], day: date) -> None:
    assets = [loan.asset for loan in loans]
    text = letter(person, f"You may keep these until {told(day)}:", assets)
    key, subject = f"extended:{loans[0].pk}:{day}", f"Due back on {told(day)}: {things(assets)}"
    outbox.queue(person, key=key, subject=subject, text=text)
