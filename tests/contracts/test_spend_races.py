"""Two at the ledger at the same moment: nothing is written twice and nobody is overruled."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from assets.models import VendorAlias
from contracts import matching
from contracts.models import Distinction, MatchRun, Spend
from tests.assets.test_races import at_once
from tests.factories import ContractFactory, SpendFactory, TermFactory, VendorFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=False)
LINES = 40


@pytest.fixture
def acme(transactional_db):
    vendor = VendorFactory(name="Acme")
    contract = ContractFactory(vendor=vendor)
    TermFactory(contract=contract, starts_on=date(2026, 1, 1), ends_on=None, amount=100)
    return vendor


def ledger(**fields):
    facts = {"supplier": "Acme AG", "amount": Decimal(100), "booked_on": date(2026, 3, 1)}
    return [SpendFactory(**facts | fields) for _ in range(LINES)]


def test_of_two_matchers_each_line_is_matched_once(acme):
    ledger()

    def work():
        return matching.match_vendors(None), matching.match_contracts(None)

    results = at_once(work, work, work)

    assert sum(vendors for vendors, _ in results) == LINES
    assert sum(contracts for _, contracts in results) == LINES
    assert Spend.objects.exclude(contract=None).count() == LINES
    # As imported, with its vendor, with its contract: no version is there twice.
    assert Spend.history.count() == 3 * LINES


def test_what_somebody_decides_while_the_rules_run_stays(acme):
    other, lines = ContractFactory(vendor=acme), ledger(vendor=acme)

    results = at_once(
        lambda: matching.match_contracts(None),
        lambda: matching.match_by_hand(lines[0], contract=other, by=None),
        lambda: matching.set_aside(lines[-1], by=None),
    )

    assert not [it for it in results if isinstance(it, Exception)]
    assert Spend.objects.get(pk=lines[0].pk).contract == other
    last = Spend.objects.get(pk=lines[-1].pk)
    assert (last.contract, last.matched) == (None, "hand")


def test_of_two_who_confirm_different_vendors_one_wins_and_the_other_is_told(acme):
    other = VendorFactory(name="Bolt")
    ledger(supplier="Acmee")

    results = at_once(
        lambda: matching.confirm("acmee", vendor=acme, by=None),
        lambda: matching.confirm("acmee", vendor=other, by=None),
    )

    refused = [it for it in results if isinstance(it, ValidationError)]
    assert len(refused) == 1, results
    assert Spend.objects.values("vendor").distinct().count() == 1
    assert VendorAlias.objects.get().vendor_id == Spend.objects.first().vendor_id


def test_who_confirms_what_another_tells_apart_is_not_left_with_both(acme):
    ledger(supplier="Acmee")

    at_once(
        lambda: matching.confirm("acmee", vendor=acme, by=None),
        lambda: matching.tell_apart("acmee", vendor=acme, by=None),
    )

    assert Distinction.objects.exists() != VendorAlias.objects.exists()


def test_a_run_is_asked_for_once_and_worked_through_once(acme):
    ledger()

    at_once(*[lambda: matching.ask(None)] * 4)
    assert MatchRun.objects.count() == 1
    results = at_once(*[matching.run_waiting] * 4)

    assert sorted(results) == [0, 0, 0, 1]
    assert Spend.history.count() == 3 * LINES
