"""The days that staff set: the narrowest setting counts, and "never" is one of them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.alerts import RULES
from support.lead_times import in_force, without_those_never_told
from support.models import Alert, LeadTime
from tests.factories import AssetFactory, CategoryFactory, ContractFactory, StockItemFactory
from tests.support.ledgers import TODAY, contract, day, look, states

pytestmark = pytest.mark.django_db
NOTICE = next(rule for rule in RULES if rule.kind == "contract_notice")
WARRANTY = next(rule for rule in RULES if rule.kind == "warranty")


def days(*leads, rule="contract_notice", record=None, **scope):
    return LeadTime.objects.create(rule=rule, days=list(leads), record=record, **scope)


def test_the_days_of_a_rule_take_the_place_of_its_usual_ones():
    contract(40)
    days(45, 10)

    look()

    assert states() == [(45, "open")]


def test_the_record_comes_before_its_kind_and_the_kind_before_the_rule():
    own, of_kind, other = contract(40), contract(40), contract(40, kind="lease")
    days(41)
    days(42, contract_kind="subscription")
    days(43, record=own)

    look()

    told = dict(Alert.objects.values_list("object_id", "lead"))
    assert told == {own.pk: 43, of_kind.pk: 42, other.pk: 41}


def test_a_category_has_its_own_days():
    server, phone = (
        AssetFactory(product__category=CategoryFactory(), warranty_ends_on=day(100))
        for _ in range(2)
    )
    days(120, rule="warranty", category=server.product.category)

    look(kinds=["warranty"])

    assert [alert.record for alert in Alert.objects.all()] == [server]
    assert in_force(WARRANTY, phone) == ((60, 30, 7), "as usual")


@pytest.mark.parametrize("scope", ["rule", "kind", "record"])
def test_without_days_nobody_is_told_and_what_is_open_becomes_moot(scope):
    found = contract(7)
    look()
    which = {"rule": {}, "kind": {"contract_kind": found.kind}, "record": {"record": found}}
    setting = days(**which[scope])

    assert look(1) == 0
    assert states() == [(7, "moot")]
    assert look(30) == 0

    setting.delete()
    look(1)
    assert states() == [(7, "open")]


def test_a_condition_of_which_nobody_wants_to_hear_is_not_told():
    quiet = CategoryFactory()
    StockItemFactory(quantity=1, minimum=2, category=quiet)
    loud = StockItemFactory(quantity=1, minimum=2)
    days(rule="stock_low", category=quiet)

    look(kinds=["stock_low"])

    assert [alert.record for alert in Alert.objects.all()] == [loud]


def test_a_lead_of_0_is_told_on_the_day_itself_and_not_again_when_it_has_passed():
    contract(1)
    days(0)

    assert [look(number) for number in (0, 1, 1)] == [0, 1, 0]
    assert states() == [(0, "open")]


def test_other_days_tell_only_what_was_not_told():
    contract(20)
    look()
    days(25, 10)

    assert [look(number) for number in (1, 10)] == [1, 1]
    assert states() == [(30, "followed"), (25, "followed"), (10, "open")]


def test_what_is_in_force_is_said_with_its_reason():
    found = ContractFactory(kind="lease")
    assert in_force(NOTICE, found) == (NOTICE.leads, "as usual")
    days(5)
    assert in_force(NOTICE, found) == ((5,), "as set for all")
    days(6, contract_kind="lease")
    assert in_force(NOTICE, found) == ((6,), "as every contract of the kind “lease”")
    days(record=found)
    assert in_force(NOTICE, found) == ((), "own")


def test_rows_that_are_never_told_are_left_out():
    never, usual = contract(5), contract(5)
    days(record=never)

    assert list(without_those_never_told(NOTICE, NOTICE.rows(TODAY, 90))) == [usual]


def test_many_records_with_the_same_days_of_their_own_take_as_many_queries_as_one():
    counts = []
    look()
    contract(80)
    look()
    for number, size in enumerate((1, 10)):
        for _ in range(size):
            days(50, record=contract(45 + number))
        with CaptureQueriesContext(connection) as queries:
            assert look(number) == size
        counts.append(len(queries))

    assert counts[0] == counts[1]


def owed(due, leads, runs):
    """What the ledger must hold after looking on the days `runs`, written down the slow way."""
    told = []
    for on in sorted(runs):
        left = (due - on).days
        if not leads or left > max(leads):
            continue
        reached = 0 if left < 0 else min(lead for lead in leads if left <= lead)
        last = min(leads) if left < 0 else reached
        if not told or min(told) > last:
            told.append(reached)
    return told


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    leads=st.lists(st.integers(0, 200), unique=True, max_size=5),
    offsets=st.lists(st.integers(-250, 60), min_size=1, max_size=6),
)
def test_whatever_the_days_each_is_told_at_most_once_and_the_last_in_the_end(leads, offsets):
    Alert.objects.all().delete()
    LeadTime.objects.all().delete()
    found = contract(0)
    leads.sort(reverse=True)
    days(*leads, record=found)

    for number in sorted(offsets):
        look(number)

    told = Alert.objects.filter(object_id=found.pk, escalates=None).order_by("pk")
    runs = [TODAY + timedelta(number) for number in offsets]
    assert list(told.values_list("lead", flat=True)) == owed(TODAY, leads, runs)
