import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import amounts, cells
from config.amounts import Point
from config.cells import Order
from config.money import Money

DAYS = st.dates(min_value=date(1970, 1, 1), max_value=date(2068, 12, 31))
AMOUNTS = st.decimals(min_value=0, max_value=10**11, places=2)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-02-29 21:31:00", date(2024, 2, 29)),
        ("2024-02-29T21:31:00Z", date(2024, 2, 29)),
        ("2023-01-11 01:17:39.128189467", date(2023, 1, 11)),
        ("5/31/2019", date(2019, 5, 31)),
        ("31/5/2019", date(2019, 5, 31)),
        ("1/23/23", date(2023, 1, 23)),
        ("31.05.2024", date(2024, 5, 31)),
        ("1.2.24", date(2024, 2, 1)),
        ("31 May 2024", date(2024, 5, 31)),
        ("31-May-24", date(2024, 5, 31)),
        ("May 31, 2024", date(2024, 5, 31)),
        ("6/6/2024", date(2024, 6, 6)),
        (45443, date(2024, 5, 31)),
        ("45443", date(2024, 5, 31)),
        (datetime(2024, 5, 31, 23, 59), date(2024, 5, 31)),
    ],
)
def test_a_day_is_read_in_every_dialect(cell, expected):
    assert cells.day(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "soon",
        "31.02.2024",
        "13/13/2024",
        "2024-13-01",
        "31 Foo 2024",
        "5",
        12,
        True,
        "1e9",
        "٣",
    ],
)
def test_what_is_no_day_is_refused_with_what_is_accepted(cell):
    with pytest.raises(ValueError, match="accepted are days such as 2024-05-31"):
        cells.day(cell)


def test_a_day_that_could_be_two_is_refused_until_the_order_is_known():
    with pytest.raises(ValueError, match="could be two days"):
        cells.day("5/1/2019")

    assert cells.day("5/1/2019", Order.MONTH_FIRST) == date(2019, 5, 1)
    assert cells.day("5/1/2019", Order.DAY_FIRST) == date(2019, 1, 5)


def test_one_value_proves_the_order_of_its_column():
    assert cells.orders(["5/1/2019", "4/30/2020", None]) == {Order.MONTH_FIRST}
    assert cells.orders(["5/1/2019", "30/4/2020"]) == {Order.DAY_FIRST}
    assert cells.orders(["5/13/2019", "13/5/2019"]) == set(Order)
    assert cells.orders(["5/1/2019", 12, "text"]) == set()


@given(DAYS)
def test_a_day_survives_every_way_of_writing_it(day):
    assert cells.day(day.isoformat()) == day
    assert cells.day(f"{day:%d.%m.%Y}") == day
    assert cells.day(f"{day:%m/%d/%Y}", Order.MONTH_FIRST) == day
    assert cells.day(f"{day:%d/%m/%Y}", Order.DAY_FIRST) == day
    assert cells.day(f"{day:%m/%d/%y}", Order.MONTH_FIRST) == day
    assert cells.day(f"{day:%d %B %Y}") == day


def problem(read, text):
    try:
        read(text)
    except ValueError as refusal:
        return str(refusal)
    return ""


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_words(text):
    for read in (cells.day, amounts.money, cells.flag, cells.whole):
        assert re.match(r"$|(is|could|has) .*(accepted|write|such as|round)", problem(read, text))


def test_a_moment_keeps_its_zone_and_loses_nanoseconds():
    assert cells.moment("2024-01-01 10:00:00.123456789Z") == datetime(
        2024, 1, 1, 10, 0, 0, 123456, tzinfo=UTC
    )
    assert cells.moment("2024-01-01T10:00:00+02:00").utcoffset().total_seconds() == 7200
    assert cells.moment("1/23/23 5:30 PM") == datetime(2023, 1, 23, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("32,000.00", "32000.00"),
        ("9,212,638.00", "9212638.00"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("4808", "4808"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("0.00", "0"),
        ("0,500", "0.50"),
        ("0.500", "0.50"),
        ("100,000", "100000"),
        ("1 000 000", "1000000"),
        ("-3.50", "-3.50"),
        (2266.13, "2266.13"),
        (0.1 + 0.2, "0.30"),
    ],
)
def test_an_amount_is_read_in_every_dialect(cell, expected):
    assert amounts.money(cell) == Money(Decimal(expected), "")


@pytest.mark.parametrize(
    ("cell", "currency"),
    [
        ("$12.58", "USD"),
        ("12.58 EUR", "EUR"),
        ("€ 12.58", "EUR"),
        ("£12.58", "GBP"),
        ("CHF 12.58", "CHF"),
    ],
)
def test_the_currency_beside_an_amount_is_read_too(cell, currency):
    assert amounts.money(cell) == Money(Decimal("12.58"), currency)


def test_three_places_after_a_dot_are_refused_until_the_column_says_what_they_are():
    with pytest.raises(ValueError, match="a thousand or one and a bit"):
        amounts.money("1.234")

    assert amounts.points(["1.234", "1.234,50"]) == {Point.COMMA}
    assert amounts.money("1.234", Point.COMMA).amount == 1234
    with pytest.raises(ValueError, match="more than two places"):
        amounts.money("1.234", Point.DOT)


@pytest.mark.parametrize(
    "cell",
    [
        *["", "free", "12.345,6.7", "1,23,456.00", "$", "12..5", "1e5", True],
        *["12.50 net", "12 pcs", "XXY 5"],
        *["0,999,000", "00,999", "0,999.50", "0 999", "012,345.00"],
    ],
)
def test_what_is_no_amount_is_refused_with_what_is_accepted(cell):
    with pytest.raises(ValueError, match="accepted are amounts"):
        amounts.money(cell)


def test_three_places_after_a_nought_are_a_fraction_and_never_thousands():
    for cell in ("0,999", "0.999", "-0,125 EUR"):
        with pytest.raises(ValueError, match="has more than two places"):
            amounts.money(cell)
    assert amounts.points(["1.234", "0,999"]) == {Point.COMMA}
    with pytest.raises(ValueError, match="differently from the rest of its column"):
        amounts.money("0,500", Point.DOT)


@given(st.integers(0, 999_999), st.sampled_from(",. '"), st.sampled_from([None, *Point]))
def test_a_number_with_one_group_is_its_thousands_or_a_fraction(number, group, point):
    """Below a thousand a group of noughts would stand first, as nobody writes."""
    text = f"{number // 1000}{group}{number % 1000:03}"
    try:
        read = amounts.money(text, point).amount
    except ValueError:
        return
    thousands = number >= 1000 and read == number
    assert thousands or (read == Decimal(number) / 1000 and group in ",.")


@given(AMOUNTS)
def test_an_amount_survives_every_way_of_writing_it(amount):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert amounts.money(english).amount == amount
    assert amounts.money(german).amount == amount
    assert amounts.money(f"${english}").amount == amount
    assert amounts.money(f"{german} €") == Money(amount, "EUR")
    assert amounts.money(str(amount)).amount == amount


def test_an_identifier_that_excel_rounded_is_refused():
    for cell in ("1.23E+15", "8,94E+18", 1.23e15, 10**15):
        with pytest.raises(ValueError, match="has lost digits"):
            cells.text(cell, identifies=True)

    assert cells.text(3271901481, identifies=True) == "3271901481"
    assert cells.text(3271901481.0, identifies=True) == "3271901481"
    assert cells.text("5E10", identifies=True) == "5E10"


def test_a_failed_formula_is_no_text():
    with pytest.raises(ValueError, match="where a formula failed"):
        cells.text("#REF!")


@pytest.mark.parametrize("cell", ["yes", "Y", "TRUE", "1", "x", True, 1])
def test_yes_is_read(cell):
    assert cells.flag(cell) is True


@pytest.mark.parametrize("cell", ["no", "N", "false", "0", "-", False, 0])
def test_no_is_read(cell):
    assert cells.flag(cell) is False
