"""What an amount is worth in another currency, by which rate of which day."""

from datetime import date
from decimal import Decimal as D

import pytest

from config.money import Money
from contracts.rates import MissingRate, Rates, total
from tests.factories import ExchangeRateFactory

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 24)


def rate(currency, value, base="EUR", on=ON):
    return ExchangeRateFactory(currency=currency, base=base, rate=D(value), on=on)


def test_the_latest_rate_by_the_day_counts():
    rate("USD", "0.80", on=date(2026, 11, 1))
    rate("USD", "0.90", on=date(2026, 11, 20))
    rate("USD", "0.99", on=date(2026, 11, 25))
    rates = Rates(ON)
    assert rates.convert(Money(D("10.00"), "USD"), "EUR") == Money(D("9.00"), "EUR")
    assert rates.notes == ["1 USD = 0.9 EUR on 20 November 2026"]


def test_a_rate_counts_the_other_way_round():
    rate("EUR", "1.25", base="USD")
    assert Rates(ON).convert(Money(D("10.00"), "USD"), "EUR") == Money(D("8.00"), "EUR")


def test_of_both_ways_round_the_later_counts():
    rate("EUR", "1.25", base="USD", on=date(2026, 11, 20))
    rate("USD", "0.90", on=date(2026, 11, 10))
    assert Rates(ON).convert(Money(D("10.00"), "USD"), "EUR") == Money(D("8.00"), "EUR")


def test_two_currencies_meet_in_the_base_currency(settings):
    settings.DEFAULT_CURRENCY = "EUR"
    rate("USD", "0.80")
    rate("CHF", "1.10")
    rate("USD", "100", base="JPY")
    rate("CHF", "150", base="JPY")
    rates = Rates(ON)
    assert rates.convert(Money(D("110.00"), "USD"), "CHF") == Money(D("80.00"), "CHF")
    assert len(rates.used) == 2


def test_they_meet_in_another_one_where_they_must():
    rate("USD", "100", base="JPY")
    rate("CHF", "125", base="JPY")
    assert Rates(ON).convert(Money(D("10.00"), "USD"), "CHF") == Money(D("8.00"), "CHF")


def test_half_a_cent_is_rounded_up_once():
    rate("USD", "0.5")
    assert Rates(ON).convert(Money(D("0.01"), "USD"), "EUR") == Money(D("0.01"), "EUR")


def test_a_missing_rate_is_named_with_where_to_enter_it():
    rate("USD", "0.80", on=date(2026, 11, 25))
    with pytest.raises(MissingRate) as refusal:
        Rates(ON).convert(Money(D("10.00"), "USD"), "EUR")
    assert refusal.value.messages == [
        "There is no rate from USD to EUR on 24 November 2026 or before: enter one under Exchange"
        " rates."
    ]


def test_what_is_in_the_currency_already_needs_no_rate(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Rates(ON).convert(Money(D("1.00"), "EUR"), "EUR") == Money(D("1.00"), "EUR")


def test_all_rates_are_read_at_once(django_assert_num_queries):
    rate("USD", "0.80")
    rate("CHF", "1.10")
    rates = Rates(ON)
    with django_assert_num_queries(1):
        for code in ("USD", "CHF"):
            rates.convert(Money(D("1.00"), code), "EUR")


def test_what_no_rate_leads_from_stands_apart():
    rate("USD", "0.80")
    moneys = [Money(D(amount), code) for amount, code in [(5, "USD"), (3, "EUR"), (7, "GBP")]]
    found = total([*moneys, Money(D(1), "GBP")], Rates(ON), "EUR")
    assert found.money == Money(D("7.00"), "EUR")
    assert found.left_out == [Money(D(8), "GBP")]
