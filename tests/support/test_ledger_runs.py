"""Runs of the ledger: late, twice at once, with a rule that fails, across odd days."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, connections

from config import inserting
from people.models import Person
from support import ledger
from support.alerts import RULES
from support.models import Alert
from tests.factories import ContractFactory, PersonFactory, StockItemFactory
from tests.support.ledgers import TODAY, contract, look, states

NOTICE = next(rule for rule in RULES if rule.kind == "contract_notice")


@pytest.fixture
def broken(monkeypatch):
    def rows(on, within):
        raise ZeroDivisionError

    broken = replace(NOTICE, kind="broken", rows=rows)
    monkeypatch.setattr(ledger, "RULES", (broken, NOTICE))


@pytest.mark.django_db
def test_a_rule_that_fails_stops_no_other_and_is_named_in_the_end(broken, caplog):
    contract(7)

    with pytest.raises(ledger.RulesFailed, match="broken") as failed:
        ledger.raise_due(TODAY)

    assert failed.value.kinds == ["broken"]
    assert states() == [(7, "open")]
    assert "The rule broken could not be run." in caplog.text


@pytest.mark.django_db
def test_a_rule_that_fails_half_way_leaves_nothing_behind(monkeypatch):
    contract(7)
    look(-10)
    monkeypatch.setattr(ledger, "escalate", lambda watch: 1 / 0)

    with pytest.raises(ledger.RulesFailed):
        look()

    assert states() == [(30, "open")]


@pytest.mark.django_db
def test_at_once_only_such_rules_are_run(monkeypatch):
    monkeypatch.setattr(ledger, "RULES", (replace(NOTICE, at_once=True), *RULES[1:]))
    ContractFactory(notice_by=TODAY, ends_on=TODAY)

    assert ledger.raise_at_once(TODAY) == 1
    assert Alert.objects.get().rule == "contract_notice"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("due", "on", "lead"),
    [
        (date(2028, 2, 29), date(2028, 2, 22), 7),
        (date(2028, 3, 1), date(2028, 2, 29), 1),
        (date(2027, 3, 1), date(2027, 2, 28), 1),
        (date(2027, 1, 1), date(2026, 12, 31), 1),
        (date(2027, 1, 6), date(2026, 12, 30), 7),
        (date(2027, 3, 28), date(2027, 3, 27), 1),  # clocks go forward in the night between
        (date(2026, 10, 26), date(2026, 10, 25), 1),  # clocks went back on that day
    ],
)
def test_days_are_counted_by_the_calendar(due, on, lead):
    ContractFactory(notice_by=due)

    ledger.raise_due(on, {"contract_notice"})

    assert states() == [(lead, "open")]


@pytest.mark.django_db
@pytest.mark.parametrize("silence", [1, 10, 80, 400])
def test_after_a_silence_each_has_one_alert_and_whoever_had_one_before_is_told_the_nearest(silence):
    due = TODAY + timedelta(85)
    ContractFactory(notice_by=due)
    look()

    look(silence)

    left = 85 - silence
    nearest = {84: 90, 75: 90, 5: 7, -315: 0}[left]
    assert Alert.objects.get(state="open").lead == nearest


# --- Two at once ---


def together(number, kinds):
    """Two runs begun at the same moment in threads of their own; what they raised or returned."""
    barrier, found = threading.Barrier(2), []

    def run(day):
        try:
            barrier.wait(timeout=10)
            found.append(ledger.raise_due(TODAY + timedelta(day), kinds))
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(day,)) for day in number]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_enter_each_alert_once():
    PersonFactory(kind=Person.Kind.SHARED, answers_for="finance")
    for _ in range(20):
        contract(7)

    for _ in range(3):
        Alert.objects.all().delete()
        assert sorted(together((0, 0), {"contract_notice"})) == [0, 20]
    assert Alert.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_without_taking_turns_and_passing_over_what_is_there_two_at_once_would_fail(
    monkeypatch,
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time.")
    PersonFactory(kind=Person.Kind.SHARED, answers_for="finance")
    entered = threading.Barrier(2)
    enter = ledger.enter

    def meeting(watch):
        entered.wait(timeout=10)
        return enter(watch)

    monkeypatch.setattr(ledger, "_one_at_a_time", lambda: None)
    monkeypatch.setattr(ledger, "enter", meeting)
    monkeypatch.setattr(inserting, "ONCE", "")

    # Where one is done before the other looks, nothing fails: they are let loose until both look.
    def at_once():
        for _ in range(20):
            contract(7)
        return sorted(type(one).__name__ for one in together((0, 0), {"contract_notice"}))

    assert ["RulesFailed", "int"] in (at_once() for _ in range(10))


@pytest.mark.django_db(transaction=True)
def test_a_condition_seen_by_the_runs_of_two_days_at_once_is_one_alert():
    PersonFactory(kind=Person.Kind.SHARED, answers_for="it")
    StockItemFactory(quantity=1, minimum=2)

    assert sorted(together((0, 1), {"stock_low"})) == [0, 1]
