"""What becomes of alerts that are in the ledger already, as the data behind them changes."""

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from support.models import Alert, Response
from support.watch import ANSWERED, Watch, of_the_matter, same_matter, told_to_the_same

State = Alert.State
ENDING = [State.OPEN, State.SNOOZED]
ENDING_STANDING = [*ENDING, State.ACKNOWLEDGED, State.FOLLOWED, State.PASSED_ON]
"""A condition that is over is forgotten, whatever was answered: when it comes again it is new."""


def end(watch: Watch) -> int:
    """Alerts whose date has moved, or whose condition is over, become moot.

    A date that was over before its record went on by itself has not moved: it was missed. Who asked
    to be told again is not told yet, if it comes to be true again.
    """
    states = ENDING_STANDING if watch.rule.is_standing else ENDING
    over = watch.alerts.filter(~watch.is_true, ~watch.is_missed)
    snoozed = over.filter(state=State.SNOOZED)
    asked = snoozed.update(state=State.MOOT, snoozed_until=None, message=None)
    return asked + _set(over.filter(state__in=states), State.MOOT)


def wake(watch: Watch) -> int:
    """Those snoozed until today are open again, and are told again."""
    due = watch.alerts.filter(state=State.SNOOZED, snoozed_until__lte=watch.on)
    return due.update(state=State.OPEN, snoozed_until=None, message=None)


def leave(watch: Watch) -> int:
    """Open alerts of somebody whom the record no longer concerns become moot.

    What was escalated stays with whom it was escalated to, and what was missed with whom it was
    until it is passed on.
    """
    others = same_matter().exclude(recipient=OuterRef("recipient_id"))
    stays = watch.is_missed & ~Exists(others.filter(is_assigned=True))
    theirs = watch.alerts.filter(~watch.is_his, ~stays, state=State.OPEN, escalates=None)
    return _set(theirs, State.MOOT)


def revive(watch: Watch) -> None:
    """A date moved back is true again, told or not; so is what comes back to a former recipient.

    It is snoozed again where it was until a day to come.

    What they had passed on to somebody who has left meanwhile is told to them again.
    """
    if watch.has(State.PASSED_ON):
        back = _last_word(watch).filter(watch.is_his, state=State.PASSED_ON)
        back.update(state=State.OPEN, message=None, raised_on=watch.on)
    if watch.has(State.MOOT):
        _revive_moot(watch)


def _revive_moot(watch: Watch) -> None:
    escalated = Q(escalates__isnull=False)
    moot = _last_word(watch).filter(escalated | Q(watch.is_his), state=State.MOOT)
    if watch.rule.is_standing:
        moot = moot.filter(due_on=watch.on)
    alerts = moot.filter(watch.is_true)
    alerts.annotate(until=until_when()).filter(until__gt=watch.on).update(
        state=State.SNOOZED, snoozed_until=until_when()
    )
    _set(alerts, State.OPEN)


def until_when() -> Subquery:
    """For an alert of a query the day until which its matter was snoozed, if that came last."""
    said = [Response.Kind.COMMENTED, Response.Kind.ESCALATED]
    turns = Response.objects.filter(**of_the_matter("alert__")).exclude(kind__in=said)
    return Subquery(turns.order_by("-at", "-pk").values("until")[:1])


def _last_word(watch: Watch) -> QuerySet[Alert]:
    """Alerts that no nearer one to the same person followed, of matters nobody has answered."""
    answered = Exists(same_matter().filter(state__in=ANSWERED))
    return watch.alerts.filter(~Exists(told_to_the_same()), ~answered)


def follow(watch: Watch) -> int:
    """Where a nearer alert was raised to the same person, the older one needs no answer."""
    nearer = told_to_the_same().filter(state=State.OPEN)
    return _set(watch.alerts.filter(Exists(nearer), state=State.OPEN), State.FOLLOWED)


def _set(alerts: QuerySet[Alert], state: str) -> int:
    return alerts.update(state=state, snoozed_until=None)
