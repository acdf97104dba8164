"""What is checked in memory is what the database would say."""

from datetime import date
from itertools import product

import pytest
from django.db import models

from assets.models import Asset
from config import constraints
from config.history import Record
from contracts.models import Term
from people.models import Person
from support.models import Ticket
from tests.factories import PersonFactory
from tests.importing import load, problems

pytestmark = pytest.mark.django_db

EARLY, LATE = date(2024, 1, 1), date(2024, 2, 1)
SAMPLES = [
    *[
        Asset(tag=tag, state=state, holder_id=holder, cost=cost, installed_in_id=3)
        for tag, state, holder, cost in product(
            ["", "A"], ["in_use", "retired"], [None, 1], [-1, 1]
        )
    ],
    *[
        Asset(warranty_starts_on=a, warranty_ends_on=b)
        for a, b in product([None, EARLY, LATE], repeat=2)
    ],
    *[Person(starts_on=a, leaves_on=b) for a, b in product([None, EARLY, LATE], repeat=2)],
    *[
        Person(answers_for=role, kind=kind, email=email)
        for role, kind, email in product(["", "it"], ["shared", "employee"], ["", "a@example.com"])
    ],
    *[
        Term(starts_on=EARLY, ends_on=end, renewal=renewal, renewal_months=months, amount=1)
        for end, renewal, months in product([None, LATE], ["tacit", "none"], [None, 0, 12])
    ],
    *[Ticket(state=state) for state in Ticket.State],
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_memory_and_database_agree_on_every_check(sample):
    values = {
        field.name: models.Value(getattr(sample, field.attname), field)
        for field in sample._meta.concrete_fields
    }
    for constraint in sample._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            in_memory = constraints.holds(constraint.condition, sample) is not False
            assert constraint.condition.check(values) == in_memory, constraint.name


def test_every_constraint_of_a_record_can_be_checked_in_memory():
    for model in Record.__subclasses__():
        instance = model()
        constraints.uniques(model)
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                constraints.holds(constraint.condition, instance)


def test_what_somebody_wrote_meanwhile_is_refused_by_the_database_in_words(monkeypatch):
    PersonFactory(email="ada@example.com", username="")
    monkeypatch.setattr(constraints.Unique, "load", lambda rule, queryset: None)
    rows = [["name", "username", "email"], ["Ada", "ada", "ada@example.com"]]
    # As if the other had been written after the keys were read.
    monkeypatch.setattr("people.resources.PersonResource.keys", ["username"])

    report = load("people", *rows)

    assert not report.written
    assert problems(report) == [
        "the file: Somebody has this e-mail already; somebody wrote it meanwhile, import it again"
    ]
    assert Person.objects.count() == 1
