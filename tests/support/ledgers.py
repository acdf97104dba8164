"""What the tests of the ledger share: a day, a run of some rules, and what stands in the ledger."""

from datetime import date, timedelta

from support import ledger
from support.models import Alert
from tests.factories import ContractFactory

TODAY = date(2026, 11, 24)


def day(number):
    return TODAY + timedelta(number)


def look(number=0, kinds=("contract_notice",)):
    """Run some rules so many days from TODAY; returns how many alerts are new."""
    return ledger.raise_due(day(number), set(kinds))


def contract(notice_in, **fields):
    return ContractFactory(notice_by=day(notice_in), **fields)


def states():
    """Lead and state of every alert, in the order in which they were raised."""
    return list(Alert.objects.order_by("pk").values_list("lead", "state"))


def told():
    """To whom at which lead, in the order in which it was raised."""
    return list(Alert.objects.order_by("pk").values_list("recipient__name", "lead", "state"))


def answer(state, until=None, **fields):
    """As an answer leaves the whole matter."""
    Alert.objects.filter(state="open").update(state=state, snoozed_until=until, **fields)


def passed_on(to):
    """As passing on leaves it."""
    alert = Alert.objects.get(state="open")
    Alert.objects.filter(pk=alert.pk).update(state="passed_on")
    alert.pk, alert.recipient, alert.is_assigned = None, to, True
    alert.save()
