"""When the rules run: at once over a short ledger, by the worker over a long one.

A run that waits is a row in the database, taken under a lease: what a killed worker left behind is
taken again once that has run out. The rules write all or nothing.
"""

import logging
from datetime import timedelta
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from config.history import Actor
from contracts.matching.agreements import match_contracts, undecided
from contracts.matching.vendors import match_vendors
from contracts.models import MatchRun, Spend

log = logging.getLogger(__name__)

State = MatchRun.State
INLINE = 2_000
"""More open lines than these are not matched while somebody waits for the page."""
LEASE = timedelta(minutes=15)
ATTEMPTS = 3


def match(by: Actor) -> MatchRun:
    """Run the rules, at once where few lines are open; else the run waits for the worker."""
    run = ask(by)
    if undecided()[: INLINE + 1].count() <= INLINE and (claimed := _claimed(run.pk)):
        _work(claimed)
        return claimed
    return run


def ask(by: Actor) -> MatchRun:
    """Have the rules run soon; who asks while a run waits joins it."""
    waiting = MatchRun.objects.filter(state=State.WAITING)
    if (run := waiting.first()) is not None:
        return run
    try:
        with transaction.atomic():
            return MatchRun.objects.create(asked_by=cast(Any, by))
    except IntegrityError:  # somebody else asked at the same moment
        return waiting.first() or MatchRun.objects.latest("pk")


def run_waiting() -> int:
    """Work through the runs that wait and that nobody is at work on; returns how many."""
    count = 0
    waiting = MatchRun.objects.filter(_free()).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)):
        if run := _claimed(pk):
            _work(run)
            count += 1
    return count


def _free() -> Q:
    """The runs that wait, and those whose worker did not come back."""
    lost = Q(state=State.RUNNING, leased_until__lt=timezone.now())
    return Q(state=State.WAITING) | lost


def _claimed(pk: int) -> MatchRun | None:
    """The run, now ours until the lease ends; None where somebody else has it."""
    lease = {"state": State.RUNNING, "leased_until": timezone.now() + LEASE}
    claimed = MatchRun.objects.filter(_free(), pk=pk).update(**lease, attempts=F("attempts") + 1)
    return MatchRun.objects.get(pk=pk) if claimed else None


def _work(run: MatchRun) -> None:
    """Run the rules; what goes wrong is kept with the run, and its log says why."""
    try:
        if run.attempts > ATTEMPTS:
            raise RuntimeError(f"Each of {ATTEMPTS} attempts was broken off.")
        with transaction.atomic():
            run.vendors, run.contracts = match_vendors(run.asked_by), match_contracts(run.asked_by)
            run.left = Spend.objects.outside_it().count()
            run.state = State.DONE
            _finish(run)
    except Exception:
        log.exception("The matching %s failed.", run.pk)
        run.state = State.FAILED
        _finish(run)


def _finish(run: MatchRun) -> None:
    run.finished_at, run.leased_until = timezone.now(), None
    run.save()
