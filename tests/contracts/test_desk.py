"""The renewal desk and the board: what is on them, and their figures counted a second way."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from config.money import Money
from contracts import desk
from contracts.models import Contract, Coverage, Seat
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CoverageFactory,
    LicenceFactory,
    SeatFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def contract(notice=None, ends=None, **fields):
    dates = {
        "notice_by": None if notice is None else TODAY + timedelta(notice),
        "ends_on": None if ends is None else TODAY + timedelta(ends),
    }
    return ContractFactory(starts_on=date(2024, 1, 1), annual_cost=1200, **dates, **fields)


def on_desk(**fields):
    found = desk.to_decide(Contract.objects.all(), TODAY)
    return [it.title for it in found.filter(**fields)]


def test_the_most_urgent_stands_first_by_notice_else_by_its_end():
    contract(title="Third", notice=40, ends=130)
    contract(title="First", ends=3)
    contract(title="Second", notice=30, ends=400)
    assert on_desk() == ["First", "Second", "Third"]


def test_what_is_decided_or_has_ended_or_runs_until_notice_is_not_on_it():
    goes_on = contract(title="Renews by itself", notice=5, ends=90, decision="renew")
    TermFactory(contract=goes_on, renewal="tacit", renewal_months=12)
    contract(title="Cancelled", notice=5, ends=90, decision="cancel")
    contract(title="Ended", ends=-1)
    contract(title="Endless")
    contract(title="Talks", notice=5, ends=90, decision="renegotiate")
    assert on_desk() == ["Talks"]


def test_what_is_to_be_renewed_stays_on_it_until_its_next_term_is_agreed():
    agreed_on = contract(title="To be renewed", ends=30, decision="renew")
    TermFactory(contract=agreed_on, renewal="express")
    assert on_desk() == ["To be renewed"]


def test_once_notice_has_passed_what_ends_can_be_renewed_until_it_has_ended():
    contract(title="Notice today", notice=0, ends=90)
    contract(title="Notice passed", notice=-2, ends=20)
    contract(title="Ends today", notice=-90, ends=0)
    assert on_desk() == ["Notice today", "Ends today", "Notice passed"]
    assert on_desk(decide_by__gt=TODAY) == ["Notice passed"]


def test_the_use_of_a_contract_is_that_of_its_assets_and_seats():
    known = contract(ends=30)
    for _ in range(3):
        CoverageFactory(contract=known, asset=AssetFactory())
    for seats in (10, 5):
        licence = LicenceFactory(contract=known, seats=seats)
        SeatFactory(licence=licence, since=date(2025, 1, 1), last_used_on=TODAY - timedelta(90))
        SeatFactory(licence=licence, since=date(2025, 1, 1), last_used_on=TODAY - timedelta(91))
        SeatFactory(licence=licence, since=date(2025, 1, 1), until=date(2025, 6, 1))
    CoverageFactory(asset=AssetFactory())
    SeatFactory(licence=LicenceFactory())
    [row] = desk.with_use(Contract.objects.filter(pk=known.pk), TODAY)
    taken = [it for it in Seat.objects.all() if it.licence.contract_id == known.pk and not it.until]
    used = [it for it in taken if it.last_used_on >= TODAY - timedelta(desk.USED_WITHIN)]
    covered = [it for it in Coverage.objects.all() if it.contract_id == known.pk]
    assert (row.covered, row.bought) == (len(covered), 15)
    assert (row.taken, row.used) == (len(taken), len(used)) == (4, 2)
    assert desk.use_in_words(row) == "3 assets covered; 4 of 15 seats taken, 2 used"


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ({"renewal": "none"}, "ends"),
        ({"renewal": "express"}, "ends"),
        ({"renewal": "open"}, "goes on until notice"),
        ({"renewal": "tacit", "renewal_months": 1}, "renews for 1 month: 100.00 EUR"),
        ({"renewal": "tacit", "renewal_months": 24}, "renews for 24 months: 2,400.00 EUR"),
    ],
)
def test_what_happens_if_nobody_decides_is_that_of_the_last_term(term, words):
    known = contract(ends=30)
    TermFactory(contract=known, starts_on=date(2020, 1, 1), ends_on=date(2023, 12, 31))
    TermFactory(contract=known, starts_on=date(2024, 1, 1), **term)
    [row] = desk.with_use(desk.to_decide(Contract.objects.all(), TODAY), TODAY)
    assert desk.if_nobody_decides(row) == words


def test_costs_of_two_currencies_are_never_added():
    contract(ends=1)
    contract(ends=1, currency="USD")
    contract(ends=1)
    assert desk.annual_costs(Contract.objects.all()) == [Money(2400, "EUR"), Money(1200, "USD")]


def naive_board(on):
    """Month by month: how many, how many undecided, and what they cost, one contract at a time."""
    found = defaultdict(lambda: [0, 0, defaultdict(int)])
    for it in Contract.objects.all():
        by = it.notice_by if it.notice_by and it.notice_by >= on else it.ends_on
        if not by or it.ends_on < on:
            continue
        distance = (by.year - on.year) * 12 + by.month - on.month
        if 0 <= distance < 12:
            month = found[by.year, by.month]
            month[0] += 1
            month[1] += it.decision not in ("renew", "cancel")
            month[2][it.currency] += it.annual_cost
    return {key: (count, open_, dict(costs)) for key, (count, open_, costs) in found.items()}


def test_the_board_has_twelve_months_and_every_figure_of_the_raw_rows(
    django_assert_num_queries,
):
    for ends in range(-40, 460, 7):
        contract(notice=ends - 30, ends=ends, currency="USD" if ends % 3 else "EUR")
        contract(ends=ends, decision="cancel" if ends % 2 else "")
    with django_assert_num_queries(2):
        months = desk.board(Contract.objects.all(), TODAY)
    assert [month.first.month for month in months] == [11, 12, *range(1, 11)]
    shown = {
        (it.first.year, it.first.month): (
            it.count,
            it.undecided,
            {money.currency: money.amount for money in it.costs},
        )
        for it in months
        if it.count
    }
    assert shown == naive_board(TODAY)
    assert all(len(it.contracts) == it.count for it in months)


def test_a_month_with_very_many_names_the_first_and_counts_the_rest(django_assert_num_queries):
    for _ in range(desk.SHOWN + 5):
        contract(ends=1)
    with django_assert_num_queries(2):
        november = desk.board(Contract.objects.all(), TODAY)[0]
    assert (len(november.contracts), november.more) == (desk.SHOWN, 5)
