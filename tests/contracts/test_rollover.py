"""Contracts that renew by themselves: on the right day, once, and somebody is told the price."""

from datetime import date, timedelta
from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from contracts import decisions, owners, rollover
from contracts.models import Contract, Decision, Term
from contracts.renewals import settle
from people.models import Message
from support.daily import run_day
from tests.assets.test_races import at_once
from tests.factories import (
    ContractFactory,
    DecisionFactory,
    DepartmentFactory,
    PersonFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db
TACIT = {
    "starts_on": date(2024, 1, 1),
    "ends_on": date(2026, 12, 31),
    "notice": 3,
    "notice_unit": "months",
    "renewal": "tacit",
    "renewal_months": 12,
    "amount": 1200,
    "billing": "yearly",
}


def rolling(**fields):
    about = {name: fields.pop(name) for name in ("owner", "department") if name in fields}
    contract = ContractFactory(number="C-7", title="Phones", **about)
    TermFactory(contract=contract, **{**TACIT, **fields})
    settle(contract, by=None, reason="signed")
    return contract


def spans(contract):
    return [(term.starts_on, term.ends_on) for term in contract.terms.all()]


def test_thirty_six_months_roll_into_twelve_the_day_after_the_last_one_for_notice():
    contract = rolling()

    assert rollover.roll_over(date(2026, 9, 30)) == 0
    assert rollover.roll_over(date(2026, 10, 1)) == 1

    contract.refresh_from_db()
    assert spans(contract) == [
        (date(2024, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 12, 31)),
    ]
    assert contract.ends_on == date(2027, 12, 31)
    assert contract.notice_by == date(2027, 9, 30)


def test_the_next_term_is_as_the_last_one_and_says_that_nobody_decided():
    contract = rolling(notice_to="quarter", currency="USD")

    rollover.roll_over(date(2026, 10, 1))

    before, after = contract.terms.all()
    for name in rollover.COPIED:
        assert getattr(after, name) == getattr(before, name), name
    assert (before.rolled_over, after.rolled_over) == (False, True)
    version = after.history.get()
    assert version.history_user is None
    assert version.history_change_reason == "renewed by itself; nobody had decided in time"


def test_what_was_paid_once_for_a_longer_term_is_paid_for_the_length_of_the_next_one():
    contract = rolling(billing="once", amount=3600)

    rollover.roll_over(date(2026, 10, 1))

    assert [term.amount for term in contract.terms.all()] == [3600, 1200]
    contract.refresh_from_db()
    assert contract.annual_cost == 1200


def test_however_often_it_runs_each_term_is_added_once():
    contract = rolling()
    for day in (1, 1, 2, 31):
        rollover.roll_over(date(2026, 10, day))
    assert contract.terms.count() == 2
    assert Message.objects.count() == 1


def test_after_years_of_silence_every_missed_term_is_there_and_one_mail_tells_of_all():
    owner = PersonFactory()
    contract = rolling(owner=owner)

    rollover.roll_over(date(2029, 10, 1))

    assert spans(contract)[1:] == [
        (date(year, 1, 1), date(year, 12, 31)) for year in (2027, 2028, 2029, 2030)
    ]
    message = Message.objects.get()
    assert message.recipient == owner
    assert message.text.count("1,200.00 EUR yearly") == 4


def test_the_mail_says_what_it_costs_until_when_and_when_it_can_be_cancelled_next():
    owner = PersonFactory()
    contract = rolling(owner=owner)

    rollover.roll_over(date(2026, 10, 1))

    message = Message.objects.get()
    assert message.recipient == owner
    assert message.subject == "Renewed by itself: C-7 Phones, until 31 December 2027"
    assert "From 1 January 2027 to 31 December 2027: 1,200.00 EUR yearly." in message.text
    assert "The next day by which it can be cancelled: 30 September 2027." in message.text
    assert f"/contracts/contract/{contract.pk}/change/" in message.text
    assert message.key == f"rolled-over:{contract.terms.last().pk}"


def test_without_an_owner_the_head_is_told_and_without_a_head_finance():
    on = date(2026, 10, 1)
    head = PersonFactory()
    gone = PersonFactory(leaves_on=date(2020, 1, 1))
    finance = PersonFactory(kind="shared", answers_for="finance")
    department = DepartmentFactory(head=head)

    assert owners.of(ContractFactory(owner=gone, department=department), on) == head
    assert owners.of(ContractFactory(owner=head), on) == head
    assert owners.of(ContractFactory(owner=gone), on) == finance


def test_a_fixed_time_that_goes_on_until_notice_gets_a_term_without_an_end():
    contract = rolling(renewal="open", renewal_months=None, notice=1)

    rollover.roll_over(date(2026, 11, 30))
    assert contract.terms.count() == 1
    rollover.roll_over(date(2026, 12, 1))

    contract.refresh_from_db()
    assert spans(contract)[1] == (date(2027, 1, 1), None)
    assert (contract.ends_on, contract.notice_by) == (None, None)
    assert "now runs until notice is given" in Message.objects.get().text
    assert rollover.roll_over(date(2030, 1, 1)) == 0


def test_without_notice_it_rolls_over_when_its_end_has_passed():
    contract = rolling(notice=0)

    assert rollover.roll_over(date(2026, 12, 31)) == 0
    assert rollover.roll_over(date(2027, 1, 1)) == 1
    assert spans(contract)[1] == (date(2027, 1, 1), date(2027, 12, 31))
    assert "cancelled: 31 December 2027" in Message.objects.get().text


@pytest.mark.parametrize("kind", ["renew", "renegotiate"])
def test_an_intention_does_not_stop_it(kind):
    contract = rolling()
    DecisionFactory(term=contract.terms.get(), kind=kind)
    settle(contract, by=None, reason=kind)

    assert rollover.roll_over(date(2026, 10, 1)) == 1

    contract.refresh_from_db()
    assert contract.decision == ""  # nothing is decided about the next term


def test_a_standing_cancellation_stops_it_and_a_withdrawn_one_does_not():
    contract = rolling()
    cancelled = DecisionFactory(
        term=contract.terms.get(), kind="cancel", ends_on=date(2026, 12, 31)
    )
    settle(contract, by=None, reason="cancelled")
    assert rollover.roll_over(date(2027, 6, 1)) == 0

    Decision.objects.filter(pk=cancelled.pk).update(withdrawn_on=date(2026, 9, 1))
    settle(contract, by=None, reason="withdrawn")
    assert rollover.roll_over(date(2026, 10, 1)) == 1


def test_even_where_what_is_stored_does_not_say_so_a_cancelled_one_ends():
    contract = rolling()
    DecisionFactory(term=contract.terms.get(), kind="cancel", ends_on=date(2026, 12, 31))

    assert rollover.roll_over(date(2026, 10, 1)) == 0
    assert contract.terms.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"renewal": "express"},
        {"renewal": "none"},
        {"ends_on": None},
    ],
)
def test_what_does_not_renew_by_itself_does_not(fields):
    rolling(**fields)
    assert rollover.roll_over(date(2030, 1, 1)) == 0


def test_one_that_was_renewed_rolls_over_by_its_last_term_alone():
    contract = rolling()
    TermFactory(
        contract=contract,
        **{**TACIT, "starts_on": date(2027, 1, 1), "ends_on": date(2028, 12, 31)},
    )
    settle(contract, by=None, reason="renewed")

    assert rollover.roll_over(date(2028, 9, 30)) == 0
    assert rollover.roll_over(date(2028, 10, 1)) == 1


def test_month_ends_stay_month_ends_however_long_it_rolls():
    contract = rolling(
        starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31), renewal_months=1, notice=0
    )
    rollover.roll_over(date(2028, 3, 1))
    ends = [term.ends_on for term in contract.terms.all()]
    assert all((end.replace(day=28)).month == end.month and end.day >= 28 for end in ends)
    assert date(2027, 2, 28) in ends
    assert date(2028, 2, 29) in ends
    starts = [term.starts_on for term in contract.terms.all()]
    assert {start.day for start in starts} == {1}


def test_a_running_contract_is_running_and_never_ended_on_every_day_that_the_daily_work_was_done():
    rolling(ends_on=date(2026, 1, 31), renewal_months=1, notice=14, notice_unit="days")
    contracts = Contract.objects.filter(number="C-7")

    for day in range(1, 29):
        on = date(2026, 2, day)
        rollover.roll_over(on)
        assert contracts.running(on).exists()
        assert not contracts.ended(on).exists()
        assert not contracts.notice_passed(on).exists()
        assert contracts.notice_due(40, on).exists()


def test_the_daily_work_rolls_over_and_then_tells_of_the_next_dates():
    rolling(owner=PersonFactory())

    run_day(date(2026, 10, 1))
    assert Term.objects.count() == 2
    assert "Renewed by itself" in Message.objects.first().subject

    run_day(date(2027, 9, 1))
    digest = Message.objects.get(key__startswith="digest:2027-09-01")
    assert "C-7" in digest.text


def test_one_that_cannot_be_renewed_stops_no_other_and_is_logged(caplog):
    beyond = rolling(renewal_months=32_000, ends_on=date(2026, 6, 30))
    Term.objects.filter(contract=beyond).update(ends_on=date(9990, 1, 1))
    Contract.objects.filter(pk=beyond.pk).update(number="C-1", notice_by=date(2026, 1, 1))
    contract = rolling()

    with patch.object(rollover, "is_certain", _certain_until(date(2030, 1, 1))):
        assert rollover.roll_over(date(2026, 10, 1)) == 1

    assert f"Contract {beyond.pk} could not be renewed by itself" in caplog.text
    assert beyond.terms.count() == 1
    assert contract.terms.count() == 2


def _certain_until(day):
    """As the rule has it, but for what ends so late that there is no next term in the calendar."""
    certain = rollover.is_certain
    return lambda term, on: term.ends_on > day or certain(term, on)


def test_one_that_was_deleted_meanwhile_is_left_alone():
    contract = rolling()
    due = list(rollover._due(date(2026, 10, 1)).values_list("pk", flat=True))
    contract.delete()
    assert rollover._roll_one(due[0], date(2026, 10, 1)) is False


@pytest.mark.django_db(transaction=True, serialized_rollback=False)
class TestRaces:
    def test_of_four_that_run_at_once_one_adds_the_term(self):
        for _ in range(3):
            Contract.objects.all().delete()
            contract = rolling(owner=PersonFactory())

            results = at_once(*[lambda: rollover.roll_over(date(2028, 10, 1))] * 4)

            assert sum(results) == 1, results
            assert contract.terms.count() == 4
        assert Message.objects.count() == 3

    def test_without_the_lock_the_database_still_keeps_the_second_term_out(self):
        contract, barrier = rolling(), Barrier(2)
        make = rollover.next_term

        def made(term):
            result = make(term)
            barrier.wait(timeout=5)
            return result

        def unlocked():
            return rollover.catch_up(
                Contract.objects.get(pk=contract.pk), date(2026, 10, 1), by=None
            )

        with patch.object(rollover, "next_term", made):
            results = at_once(unlocked, unlocked)

        assert len([it for it in results if isinstance(it, IntegrityError)]) == 1, results
        assert contract.terms.count() == 2

    def test_a_cancellation_and_the_rollover_at_once_leave_one_truth(self, time_machine):
        time_machine.move_to("2026-10-01 06:00", tick=False)
        for _ in range(3):
            Contract.objects.all().delete()
            contract = rolling()

            def cancel(contract=contract):
                return decisions.cancel(contract, reason="too dear", by=None)

            results = at_once(cancel, lambda: rollover.roll_over(date(2026, 10, 1)))

            contract.refresh_from_db()
            assert contract.terms.count() == 2
            # Whoever came first: notice on that day reaches the end of the next term, or he who
            # cancelled what he saw is told that it has rolled over.
            told = isinstance(results[0], ValidationError)
            assert told or contract.ends_on == date(2027, 12, 31)
            assert (contract.decision == "cancel") is not told


def test_what_is_foreseen_is_what_then_happens_day_by_day(django_assert_num_queries):
    monthly = rolling(ends_on=date(2026, 12, 31), notice=2, renewal_months=1)
    rolling_once = ContractFactory(number="C-8")
    TermFactory(contract=rolling_once, **TACIT)
    settle(rolling_once, by=None, reason="signed")
    cancelled = ContractFactory(number="C-9")
    term = TermFactory(contract=cancelled, **TACIT)
    DecisionFactory(term=term, kind="cancel", ends_on=term.ends_on)
    settle(cancelled, by=None, reason="cancelled")

    with django_assert_num_queries(1):
        foreseen = rollover.foreseen(date(2026, 12, 31))

    found = {
        key: [(day, it.starts_on, it.ends_on) for day, it in foreseen[key]] for key in foreseen
    }
    happened = {monthly.pk: [], rolling_once.pk: []}
    for number in range(120):
        today = date(2026, 9, 2) + timedelta(number)
        before = {key: Term.objects.filter(contract=key).count() for key in happened}
        rollover.roll_over(today)
        for key, days in happened.items():
            new = Term.objects.filter(contract=key).order_by("starts_on")[before[key] :]
            days += [(today, it.starts_on, it.ends_on) for it in new]
    assert found == happened
    assert len(found[monthly.pk]) > 1


def test_nothing_is_foreseen_of_the_last_day_for_notice_itself():
    contract = rolling()

    assert rollover.foreseen(date(2026, 9, 30)) == {}
    assert [day for day, _ in rollover.foreseen(date(2026, 10, 1))[contract.pk]] == [
        date(2026, 10, 1)
    ]
