"""What came due in the last weeks and who said what about it; some of it nobody answered."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models import F

from people.models import User
from support import responses
from support.alerts import RULES
from support.demo.company import Company
from support.ledger import raise_due
from support.models import Alert, Response

LOOKED = (45, 30, 15, 8)
"""How many days ago Steward looked for dates; what holds without a date was seen yesterday only."""
type Answer = Callable[[Alert, User], object]


def write(company: Company) -> None:
    dated = {rule.kind for rule in RULES if not rule.is_standing}
    for days in LOOKED:
        raise_due(company.days_ago(days), dated)
    _let_warranties_end(company)
    raise_due(company.days_ago(1))
    answers = _answers(company)
    coming = Alert.objects.open().filter(due_on__gt=company.today, rule__startswith="contract")
    others = coming.exclude(recipient__in=[company.colleague(it) for it in ("it", "employee")])
    asked = others.order_by("due_on", "pk").select_related("recipient__user")
    for alert, answer in zip(list(asked[1:]), answers, strict=False):
        answer(alert, alert.recipient.user or company.users["finance"])
    # What was said, was said yesterday.
    Response.objects.exclude(by=None).update(at=F("at") - timedelta(1))


def _let_warranties_end(company: Company) -> None:
    """IT knows of it, and buys nothing new for what still works."""
    ended = Alert.objects.open().filter(rule="warranty", due_on__lt=company.days_ago(2))
    for alert in ended.filter(escalates=None).select_related("recipient"):
        responses.acknowledge(alert, by=company.users["it"])


def _answers(company: Company) -> Iterator[Answer]:
    """One of each kind after the other."""
    it, sales = company.colleague("it"), company.colleague("employee")
    soon = company.today + timedelta(1)
    yield lambda alert, by: responses.acknowledge(
        alert, text="The offer for the next three years is being compared.", by=by
    )
    yield lambda alert, by: responses.snooze(
        alert, until=soon, text="The vendor calls back this week.", by=by
    )
    yield lambda alert, by: responses.pass_on(alert, to=it, text="Do we still use it?", by=by)
    yield lambda alert, by: responses.comment(
        alert, text="Two of the five sites have moved away from it.", by=by
    )
    yield lambda alert, by: responses.pass_on(
        alert, to=sales, text="Sales ordered it: please decide.", by=by
    )
    yield lambda alert, by: responses.acknowledge(alert, by=by)
