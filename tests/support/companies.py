"""What two builds of the demo company are compared by."""

from django.db import transaction

from assets.models import Asset
from contracts.models import Term
from people.models import Person
from support.demo import build
from support.models import Ticket

FIRST = {}
"""The facts of the first build of a day, whichever test of this process needed it."""


def facts():
    """What does not depend on keys or on the minute it was made."""
    return {
        "people": list(Person.objects.values_list("name", "email", "title").order_by("email")),
        "assets": list(
            Asset.objects.values_list("tag", "serial", "state", "holder__email").order_by("tag")
        ),
        "terms": list(
            Term.objects.values_list("contract__number", "starts_on", "ends_on", "amount").order_by(
                "contract__number", "starts_on"
            )
        ),
        "tickets": list(
            Ticket.objects.values_list("number", "subject", "state").order_by("number")
        ),
    }


def first_build(today):
    """The facts of the company that some other build has made on this day."""
    if today not in FIRST:
        FIRST[today] = built(today, seed=1)
    return FIRST[today]


def built(today, seed):
    """The facts of a company of which nothing is left behind."""
    with transaction.atomic():
        build(today=today, seed=seed)
        made = facts()
        transaction.set_rollback(True)
    return made
