"""How alerts reach whom: by what they chose for the kind, else by what the rule says."""

from typing import Any

from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from people.models import Person
from support.alerts import RULES
from support.models import Alert, Preference

Delivery = Preference.Delivery


def with_delivery(alerts: QuerySet[Alert]) -> QuerySet[Any]:
    """Adds `delivery` to each alert: how it is brought to its recipient."""
    chosen = Preference.objects.filter(person=OuterRef("recipient"), rule=OuterRef("rule"))
    at_once = [rule.kind for rule in RULES if rule.at_once]
    by_rule = Case(
        When(rule__in=at_once, then=Value(Delivery.AT_ONCE)),
        default=Value(Delivery.DIGEST),
        output_field=CharField(),
    )
    return alerts.annotate(delivery=Coalesce(Subquery(chosen.values("delivery")), by_rule))


def for_the_digest() -> QuerySet[Alert]:
    """Untold ones for the mail of the day. What lapsed is only counted in it, however it goes."""
    in_it = Q(delivery=Delivery.DIGEST) | Q(state=Alert.State.LAPSED)
    return _untold().filter(in_it).exclude(delivery=Delivery.INBOX)


def for_a_mail_at_once() -> QuerySet[Alert]:
    """Untold ones for a mail of their own."""
    return _untold().filter(state=Alert.State.OPEN, delivery=Delivery.AT_ONCE)


def _untold() -> QuerySet[Any]:
    """Those no mail has told of, of rules that there are, for somebody whom mail can be sent to."""
    known = Alert.objects.unsent().filter(rule__in=[rule.kind for rule in RULES])
    return with_delivery(known.filter(recipient__in=Person.objects.exclude(email="")))
