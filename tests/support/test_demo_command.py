import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils.timezone import localdate

from assets.models import Asset
from contracts.models import Term
from people.models import Person
from support.demo import LOGINS, PASSWORD, build
from support.models import Ticket
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


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


def test_the_same_seed_gives_the_same_company_and_another_seed_another():
    made = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            build(today=localdate(), seed=seed)
            made.append(facts())
            transaction.set_rollback(True)

    assert made[0] == made[1]
    assert made[0]["people"] != made[2]["people"]


def test_it_refuses_a_database_that_has_people():
    PersonFactory()

    with pytest.raises(CommandError, match="has people already"):
        call_command("demo")

    call_command("demo", "--if-empty")
    assert Person.objects.count() == 1


@pytest.mark.parametrize("arguments", [[], ["--if-empty"]])
def test_it_refuses_production(settings, arguments):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("demo", *arguments)

    assert not Person.objects.exists()


def test_it_prints_a_login_for_each_role_and_again_when_it_is_there(capsys):
    call_command("demo")
    first = capsys.readouterr().out
    call_command("demo", "--if-empty")
    again = capsys.readouterr().out

    for printed in (first, again):
        assert PASSWORD in printed
        for login in LOGINS:
            assert login.email in printed
            assert (login.role or "Employee") in printed
