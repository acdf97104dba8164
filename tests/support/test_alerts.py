"""The ledger: who is told of which date, once per lead time, whatever days nobody looked."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Asset
from contracts.models import Contract
from people.mailboxes import mailbox
from people.models import Person
from support import ledger as engine
from support.alerts import CONTRACT_LEADS, RULES
from support.models import Alert
from tests.factories import AssetFactory, ContractFactory, DepartmentFactory, PersonFactory

TODAY = date(2026, 11, 24)
WATCHED = {"contract_notice", "contract_end", "warranty"}
pytestmark = pytest.mark.django_db


def contract(notice_in=None, end_in=None, **fields):
    """A contract with stored dates so many days from TODAY."""
    ends_on = None if end_in is None else TODAY + timedelta(end_in)
    notice_by = None if notice_in is None else TODAY + timedelta(notice_in)
    return ContractFactory(notice_by=notice_by, ends_on=ends_on, **fields)


def raise_due(on, kinds=WATCHED):
    return engine.raise_due(on, kinds)


def ledger(**filters):
    """What was told, apart from what was escalated."""
    return list(
        Alert.objects.filter(escalates=None, **filters)
        .order_by("raised_on", "pk")
        .values_list("rule", "lead")
    )


@pytest.mark.parametrize(
    ("days", "lead"),
    [(91, None), (90, 90), (61, 90), (60, 60), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 1)],
)
def test_a_contract_is_told_of_at_the_most_urgent_lead_it_has_reached(days, lead):
    contract(notice_in=days)

    raise_due(TODAY)

    assert ledger() == ([("contract_notice", lead)] if lead else [])


@pytest.mark.parametrize(
    ("days", "lead"), [(61, None), (60, 60), (30, 30), (8, 30), (7, 7), (0, 7)]
)
def test_a_warranty_is_told_of_60_30_and_7_days_before(days, lead):
    AssetFactory(warranty_ends_on=TODAY + timedelta(days))

    raise_due(TODAY)

    assert ledger() == ([("warranty", lead)] if lead else [])


def test_the_warranty_of_what_is_no_longer_in_service_is_nobodys_concern():
    AssetFactory(warranty_ends_on=TODAY + timedelta(7), state="retired")

    assert raise_due(TODAY) == 0


def test_notice_and_end_of_one_contract_are_two_alerts():
    contract(notice_in=7, end_in=60)

    assert raise_due(TODAY) == 2


def test_a_second_run_on_the_same_day_raises_nothing():
    contract(notice_in=7, end_in=60)
    raise_due(TODAY)

    assert raise_due(TODAY) == 0


def test_each_lead_is_told_once_when_somebody_looks_every_day():
    contract(notice_in=33)

    for day in range(38):
        raise_due(TODAY + timedelta(day))

    assert [lead for _, lead in ledger()] == [60, 30, 14, 7, 1]


@pytest.mark.parametrize("silence", [1, 10, 80, 400])
def test_after_a_silence_each_record_has_one_alert_more(silence):
    contract(notice_in=88)
    raise_due(TODAY)

    raised = raise_due(TODAY + timedelta(silence))

    expected = {1: 0, 10: 0, 80: 1, 400: 1}[silence]
    assert raised == expected


def test_a_date_that_passed_in_a_silence_is_told_once_as_lapsed():
    contract(notice_in=20)
    raise_due(TODAY)

    for day in (25, 26, 27):
        raise_due(TODAY + timedelta(day))

    told = Alert.objects.exclude(escalates__isnull=False).order_by("pk")
    assert list(told.values_list("lead", "state")) == [(30, "followed"), (0, "open")]


def test_a_date_told_at_the_last_lead_is_not_told_again_when_it_has_passed():
    contract(notice_in=1)
    raise_due(TODAY)

    assert raise_due(TODAY + timedelta(5)) == 0


def test_a_first_run_marks_what_lapsed_long_ago_apart():
    contract(notice_in=-300)
    contract(notice_in=5)

    raise_due(TODAY)

    assert sorted(Alert.objects.values_list("lead", "state")) == [(0, "lapsed"), (7, "open")]


def test_a_moved_date_is_a_new_alert_and_the_old_one_is_moot():
    renewed = contract(notice_in=7)
    raise_due(TODAY)
    renewed.notice_by += timedelta(365)
    renewed.save()

    raise_due(TODAY + timedelta(1))
    raised = raise_due(TODAY + timedelta(7 + 365 - 90))

    assert raised == 1
    assert list(Alert.objects.order_by("due_on").values_list("state", flat=True)) == [
        "moot",
        "open",
    ]


def test_a_date_edited_and_edited_back_is_told_once():
    edited = contract(notice_in=7)
    raise_due(TODAY)
    edited.notice_by += timedelta(365)
    edited.save()
    raise_due(TODAY)
    edited.notice_by -= timedelta(365)
    edited.save()

    assert raise_due(TODAY) == 0
    assert [alert.state for alert in Alert.objects.all()] == ["open"]


def test_the_alert_of_a_retired_device_is_moot():
    asset = AssetFactory(warranty_ends_on=TODAY + timedelta(7))
    raise_due(TODAY)
    asset.state = "retired"
    asset.save()

    raise_due(TODAY)

    assert Alert.objects.get().state == "moot"


# --- Who is told ---


def recipient_of(found):
    raise_due(TODAY)
    return Alert.objects.get(object_id=found.pk).recipient


def test_the_owner_of_a_contract_is_told():
    ada = PersonFactory()

    assert recipient_of(contract(notice_in=7, owner=ada)) == ada


@pytest.mark.parametrize(
    "gone", [{"leaves_on": TODAY - timedelta(1)}, {"email": ""}], ids=["left", "no e-mail"]
)
def test_the_head_of_the_department_is_told_in_place_of_an_owner_who_cannot_be(gone):
    head = PersonFactory()
    found = contract(
        notice_in=7, owner=PersonFactory(**gone), department=DepartmentFactory(head=head)
    )

    assert recipient_of(found) == head


def test_an_owner_is_told_on_his_last_day():
    ada = PersonFactory(leaves_on=TODAY)

    assert recipient_of(contract(notice_in=7, owner=ada)) == ada


def test_finance_is_told_of_what_nobody_else_answers_for():
    finance = PersonFactory(kind=Person.Kind.SHARED, answers_for="finance")

    assert recipient_of(contract(notice_in=7)) == finance


def test_it_is_told_of_warranties():
    found = AssetFactory(warranty_ends_on=TODAY, holder=PersonFactory())

    assert recipient_of(found) == mailbox("it")


def test_a_new_owner_is_told_what_the_old_one_was_told():
    old, new = PersonFactory(), PersonFactory()
    found = contract(notice_in=7, owner=old)
    raise_due(TODAY)
    found.owner = new
    found.save()

    assert raise_due(TODAY) == 1
    assert set(Alert.objects.values_list("recipient", flat=True)) == {old.pk, new.pk}


def test_ten_records_take_as_many_queries_as_one():
    counts = []
    for day, number in enumerate((1, 1, 10)):
        for _ in range(number):
            contract(notice_in=7 + day, end_in=30 + day, owner=PersonFactory())
            AssetFactory(warranty_ends_on=TODAY + timedelta(7 + day))
        with CaptureQueriesContext(connection) as queries:
            assert raise_due(TODAY + timedelta(day)) == 3 * number
        counts.append(len(queries))

    assert counts[1] == counts[2]


# --- By property ---


def owed(due, leads, runs):
    """What the ledger must hold after looking on the days `runs`, written down the slow way."""
    told = []
    for on in sorted(runs):
        left = (due - on).days
        reached = 0 if left < 0 else min((lead for lead in leads if left <= lead), default=None)
        is_told = min(told, default=999) <= (min(leads) if left < 0 else reached or 999)
        if reached is not None and not is_told and (told or reached <= max(leads)):
            told.append(reached)
    return told


offsets = st.lists(st.integers(-120, 60), min_size=1, max_size=8)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(due=st.dates(date(2024, 1, 1), date(2032, 12, 31)), days=offsets)
def test_any_days_of_looking_owe_each_lead_at_most_once_and_the_last_one_in_the_end(due, days):
    Alert.objects.all().delete()
    Contract.objects.all().delete()
    found = ContractFactory(notice_by=due)
    runs = [due + timedelta(day) for day in sorted(days)]

    for on in runs:
        raise_due(on)

    told = [lead for _, lead in ledger(object_id=found.pk, rule="contract_notice")]
    assert told == owed(due, CONTRACT_LEADS, runs)
    assert told == sorted(set(told), reverse=True)
    if runs[-1] >= due:
        assert told[-1] <= 1


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days=offsets, twice=st.data())
def test_looking_more_often_never_raises_the_same_again(days, twice):
    Alert.objects.all().delete()
    Asset.objects.all().delete()
    due = date(2028, 2, 29)
    AssetFactory(warranty_ends_on=due)
    runs = sorted(due + timedelta(day) for day in days)
    again = twice.draw(st.lists(st.sampled_from(runs), max_size=5))

    for on in sorted([*runs, *again]):
        raise_due(on)

    assert [lead for _, lead in ledger()] == owed(due, (60, 30, 7), runs)


def test_no_two_rules_share_a_name_and_no_lead_is_repeated():
    assert len({rule.kind for rule in RULES}) == len(RULES)
    assert all(len(set(rule.leads)) == len(rule.leads) for rule in RULES)
