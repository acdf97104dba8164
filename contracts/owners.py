"""Who answers for a contract, and is mailed about it."""

from datetime import date

from django.db.models import OuterRef, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from contracts.models import Contract
from people.mailboxes import mailbox
from people.models import Person


def who_answers(on: date, *, path: str = "", role: str = "finance") -> Combinable:
    """For each contract of a query the key of the person to mail on that day.

    The owner, else the head of the department, else the mailbox of the role; who has left or has no
    e-mail is passed over. `path` leads from other rows to their contract, such as "contract__".
    """
    owner, head = reachable(f"{path}owner", on), reachable(f"{path}department__head", on)
    return Coalesce(owner, head, Value(mailbox(role).pk))


def of(contract: Contract, on: date) -> Person:
    """The person to mail about one contract on that day."""
    [key] = Contract.objects.filter(pk=contract.pk).values_list(who_answers(on), flat=True)
    return Person.objects.get(pk=key)


def reachable(path: str, on: date) -> Subquery:
    """The key of the person at this path, if here on that day and with an e-mail; or NULL."""
    return Subquery(Person.objects.reachable(on).filter(pk=OuterRef(path)).values("pk"))
