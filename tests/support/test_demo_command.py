import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import localdate

from people.models import Person
from support.demo import LOGINS, PASSWORD
from tests.factories import PersonFactory
from tests.support.companies import built, facts, first_build

# With the tests of the company itself, whose build is compared with those here.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]


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


def test_it_prints_a_login_for_each_role_and_the_same_seed_gives_the_same_company(capsys):
    known = first_build(localdate())
    call_command("demo")
    first = capsys.readouterr().out
    call_command("demo", "--if-empty")
    again = capsys.readouterr().out

    for printed in (first, again):
        assert PASSWORD in printed
        for login in LOGINS:
            assert login.email in printed
            assert (login.role or "Employee") in printed
    assert facts() == known


def test_another_seed_gives_another_company():
    known = first_build(localdate())

    other = built(localdate(), seed=8)

    assert other["people"] != known["people"]
