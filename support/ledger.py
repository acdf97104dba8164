"""What somebody was told: the ledger, computed from the state of the data, never from ticks.

On the day `on` each watched record is owed the most urgent lead time it has reached, however many
days nobody looked. A date that passed unseen is told once, as lapsed. A moved date is another
alert, and the alerts of the old one become moot. Whoever answers, answers for the whole matter: one
date of one record under one rule.

A rule takes as many statements for a million records as for one, and no record is read.
"""

import logging
from collections.abc import Collection
from datetime import date
from uuid import UUID, uuid4

from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction

from support import lead_times, states
from support.alerts import RULES, Rule
from support.escalation import escalate
from support.models import Alert
from support.owed import enter
from support.watch import Watch

ATTEMPTS = 3
"""How often a rule is tried where it and an answer to one of its alerts block each other."""
MANY = 10_000
"""So many new alerts change how the database best looks for one."""
logger = logging.getLogger(__name__)


class RulesFailed(Exception):
    """Some rules could not be run; the others were, and what they `raised` is in the ledger."""

    def __init__(self, kinds: Collection[str], raised: int) -> None:
        super().__init__(f"These rules of alerts failed: {', '.join(kinds)}. See the log.")
        self.kinds, self.raised = list(kinds), raised


def raise_due(on: date, kinds: Collection[str] | None = None) -> int:
    """Enter in the ledger all that is due on the day `on`, and return how many alerts are new.

    `kinds` are the rules to run; all of them without it. Run again, or twice at once, it enters
    nothing twice. Each rule is a transaction of its own: one that fails is logged and stops no
    other, and raises RulesFailed in the end.
    """
    run, raised, failed = uuid4(), 0, []
    for rule in RULES:
        if kinds is not None and rule.kind not in kinds:
            continue
        try:
            raised += _run(rule, on, run)
        except Exception:
            logger.exception("The rule %s could not be run.", rule.kind)
            failed.append(rule.kind)
    if raised >= MANY:
        _measure()
    if failed:
        raise RulesFailed(failed, raised)
    return raised


def raise_at_once(on: date) -> int:
    """The same of the rules that cannot wait for the day's run; meant for every few minutes."""
    return raise_due(on, kinds={rule.kind for rule in RULES if rule.at_once})


def _measure() -> None:
    """Have the database count the ledger anew: by itself it does so minutes later, or never."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {connection.ops.quote_name(Alert._meta.db_table)}")


def _run(rule: Rule, on: date, run: UUID) -> int:
    for _ in range(ATTEMPTS - 1):
        try:
            return _review(rule, on, run)
        except OperationalError:
            logger.warning("The rule %s is tried again.", rule.kind, exc_info=True)
    return _review(rule, on, run)


@transaction.atomic
def _review(rule: Rule, on: date, run: UUID) -> int:
    """One rule on one day, step by step; the order matters.

    What is woken or true again may be followed by a nearer alert; only what stays is escalated.
    """
    _one_at_a_time()
    watch = Watch(rule, on, run, lead_times.read(rule))
    if not watch.alerts.exists():
        return enter(watch)
    states.end(watch)
    states.wake(watch)
    states.leave(watch)
    states.revive(watch)
    entered = enter(watch)
    states.follow(watch)
    return entered + escalate(watch)


def _one_at_a_time() -> None:
    """Two runs at once take turns, rule by rule, until the end of the transaction."""
    alerts = ContentType.objects.filter(app_label="support", model=Alert._meta.model_name)
    alerts.select_for_update(no_key=True).values_list("pk").first()
