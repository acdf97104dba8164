"""Who answers for a contract, and is mailed about it."""

from datetime import date

from django.db.models import OuterRef, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from contracts.models import Contract
from people.models import Person
from people.roles import mailbox


def who_answers(on: date) -> Combinable:
    """For each contract of a query the key of the person to mail on that day.

    The owner, else the head of the department, else the mailbox of Finance; who has left or has no
    e-mail is passed over.
    """
    finance = Value(mailbox("finance").pk)
    return Coalesce(_reachable("owner", on), _reachable("department__head", on), finance)


def of(contract: Contract, on: date) -> Person:
    """The person to mail about one contract on that day."""
    [key] = Contract.objects.filter(pk=contract.pk).values_list(who_answers(on), flat=True)
    return Person.objects.get(pk=key)


def _reachable(path: str, on: date) -> Subquery:
    return Subquery(Person.objects.reachable(on).filter(pk=OuterRef(path)).values("pk"))
