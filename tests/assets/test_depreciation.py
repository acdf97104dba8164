from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from assets import lifecycle
from assets.books import book_values, left_out
from assets.depreciation import (
    Rule,
    book_value,
    last_day,
    residual_value,
    result_on_disposal,
    rule_of,
    schedule,
)
from assets.models import Asset
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    DepartmentFactory,
    DisposalFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
)


def straight(months, residual="0"):
    return Rule("straight_line", months, D(residual))


def declining(months, percent, residual="0"):
    return Rule("declining_balance", months, D(residual), D(percent))


# --- Tables worked by hand -----------------------------------------------------------------------

# 1,080.00 over 36 months is 30.00 a month.
LAPTOP = straight(36), D("1080.00"), date(2024, 1, 1)
# 1,200.00 over 12 months is 100.00 a month; bought on the 17th, the first month has 15 of 31 days.
MID_JANUARY = straight(12), D("1200.00"), date(2023, 1, 17)
# The same from the 13th of February: 29 days in 2024, 28 in 2023.
LEAP = straight(12), D("1200.00"), date(2024, 2, 13)
COMMON = straight(12), D("1200.00"), date(2023, 2, 13)
# 1,000.00 with a tenth left: 900.00 over 12 months is 75.00 a month.
RESIDUAL = straight(12, "10"), D("1000.00"), date(2025, 1, 1)
# 100.00 over 3 months: 33.33, 66.67 and 100.00 are gone, so 66.67, 33.33 and 0.00 are left.
THIRDS = straight(3), D("100.00"), date(2025, 1, 1)
# From the 29th of February: 1 of its 29 days; then 28 of January's 31 in the last month.
LEAP_DAY = straight(12), D("1200.00"), date(2024, 2, 29)
# From the 31st of January: one of its 31 days, and 30/31 of a month of February, which ends it.
END_OF_JANUARY = straight(1), D("310.00"), date(2025, 1, 31)
# 20 % a year, 5 years from 1 January: 60 months, 12 of them a year.
#   year  begins with   20 % of it   in equal parts        taken    left
#   2020    10,000.00     2,000.00   10,000.00/5 = 2,000   2,000    8,000.00
#   2021     8,000.00     1,600.00    8,000.00/4 = 2,000   2,000    6,000.00   equal parts from here
EQUAL_AT_ONCE = declining(60, "20"), D("10000.00"), date(2020, 1, 1)
# 30 % a year, 8 years from 1 January.
#   year  begins with   30 % of it   in equal parts         taken      left
#   2020    10,000.00     3,000.00   10,000/8 = 1,250.00   3,000.00   7,000.00
#   2021     7,000.00     2,100.00    7,000/7 = 1,000.00   2,100.00   4,900.00
#   2022     4,900.00     1,470.00    4,900/6 =   816.67   1,470.00   3,430.00
#   2023     3,430.00     1,029.00    3,430/5 =   686.00   1,029.00   2,401.00
#   2024     2,401.00       720.30    2,401/4 =   600.25     720.30   1,680.70
#   2025     1,680.70       504.21    1,680.70/3 = 560.23    560.23   1,120.47   changed
#   2026     1,120.47       336.14    half of it             560.23     560.23
#   2027       560.23       168.07    all of it              560.23       0.00
DECLINING = declining(96, "30"), D("10000.00"), date(2020, 1, 1)
# 40 % a year, 3 years from 1 July: the first year has 6 of 12 months, the last the other 6.
#   year  months  begins with   40 % of it for them   in equal parts              taken   left
#   2024       6     3,600.00      720.00             3,600 x 6/36 =   600.00    720.00   2,880.00
#   2025      12     2,880.00    1,152.00             2,880 x 12/30 = 1,152.00  1,152.00  1,728.00
#   2026      12     1,728.00      691.20             1,728 x 12/18 = 1,152.00  1,152.00    576.00
#   2027       6       576.00      115.20             576 x 6/6 =       576.00    576.00      0.00
FROM_JULY = declining(36, "40"), D("3600.00"), date(2024, 7, 1)
# 50 % a year down to a quarter: 400.00 would be 200.00, 100.00 and then 50.00, were it not kept.
#   2025  400.00 - 200.00 = 200.00;  2026  200.00 - 100.00 = 100.00;  then no more
KEPT = declining(60, "50", "25"), D("400.00"), date(2025, 1, 1)

WORTH = [
    (LAPTOP, date(2023, 12, 31), "1080.00"),
    (LAPTOP, date(2024, 1, 31), "1050.00"),
    (LAPTOP, date(2024, 2, 29), "1020.00"),
    (LAPTOP, date(2024, 12, 31), "720.00"),
    (LAPTOP, date(2026, 12, 30), "0.97"),  # 30.00 / 31 is left: 0.967...
    (LAPTOP, date(2026, 12, 31), "0.00"),
    (LAPTOP, date(2040, 1, 1), "0.00"),
    (MID_JANUARY, date(2023, 1, 16), "1200.00"),
    (MID_JANUARY, date(2023, 1, 17), "1196.77"),  # less 100 x 1/31 = 3.23
    (MID_JANUARY, date(2023, 1, 31), "1151.61"),  # less 100 x 15/31 = 48.39
    (MID_JANUARY, date(2023, 12, 31), "51.61"),  # less 11 months more
    (MID_JANUARY, date(2024, 1, 16), "0.00"),  # and 16/31 of a month
    (LEAP, date(2024, 2, 29), "1141.38"),  # less 100 x 17/29 = 58.62
    (COMMON, date(2023, 2, 28), "1142.86"),  # less 100 x 16/28 = 57.14
    (RESIDUAL, date(2025, 6, 30), "550.00"),
    (RESIDUAL, date(2025, 12, 31), "100.00"),
    (RESIDUAL, date(2030, 12, 31), "100.00"),
    (THIRDS, date(2025, 1, 31), "66.67"),
    (THIRDS, date(2025, 2, 28), "33.33"),
    (THIRDS, date(2025, 3, 31), "0.00"),
    (LEAP_DAY, date(2024, 2, 29), "1196.55"),  # less 100 x 1/29 = 3.45
    (LEAP_DAY, date(2025, 1, 31), "96.55"),  # less 11 months more
    (LEAP_DAY, date(2025, 2, 28), "0.00"),
    (END_OF_JANUARY, date(2025, 1, 31), "300.00"),  # less 310 x 1/31
    (END_OF_JANUARY, date(2025, 2, 14), "145.00"),  # less half a month of 310
    (END_OF_JANUARY, date(2025, 2, 28), "0.00"),
    (EQUAL_AT_ONCE, date(2020, 12, 31), "8000.00"),
    (EQUAL_AT_ONCE, date(2021, 12, 31), "6000.00"),
    (EQUAL_AT_ONCE, date(2024, 12, 31), "0.00"),
    (DECLINING, date(2020, 6, 30), "8500.00"),  # half of the first year's 3,000.00
    (DECLINING, date(2020, 12, 31), "7000.00"),
    (DECLINING, date(2021, 12, 31), "4900.00"),
    (DECLINING, date(2022, 12, 31), "3430.00"),
    (DECLINING, date(2023, 12, 31), "2401.00"),
    (DECLINING, date(2024, 12, 31), "1680.70"),
    (DECLINING, date(2025, 12, 31), "1120.47"),
    (DECLINING, date(2026, 12, 31), "560.23"),
    (DECLINING, date(2027, 12, 31), "0.00"),
    (FROM_JULY, date(2024, 12, 31), "2880.00"),
    (FROM_JULY, date(2025, 3, 31), "2592.00"),  # a quarter of 1,152.00
    (FROM_JULY, date(2025, 12, 31), "1728.00"),
    (FROM_JULY, date(2026, 12, 31), "576.00"),
    (FROM_JULY, date(2027, 6, 30), "0.00"),
    (KEPT, date(2025, 12, 31), "200.00"),
    (KEPT, date(2026, 12, 31), "100.00"),
    (KEPT, date(2029, 12, 31), "100.00"),
]


@pytest.mark.parametrize(("case", "on", "worth"), WORTH)
def test_the_book_value_is_that_of_the_table(case, on, worth):
    rule, cost, placed_on = case
    assert book_value(rule, cost=cost, placed_on=placed_on, on=on) == D(worth)


def test_a_schedule_has_a_line_for_each_month_and_for_the_parts_at_its_ends():
    rule, cost, placed_on = MID_JANUARY
    lines = schedule(rule, cost=cost, placed_on=placed_on)

    assert len(lines) == 13
    assert (lines[0].period_start, lines[0].period_end) == (date(2023, 1, 17), date(2023, 1, 31))
    assert (lines[0].depreciation, lines[0].book_value) == (D("48.39"), D("1151.61"))
    assert (lines[1].period_start, lines[1].period_end) == (date(2023, 2, 1), date(2023, 2, 28))
    assert {line.depreciation for line in lines[1:-1]} == {D("100.00")}
    assert (lines[-1].period_start, lines[-1].period_end) == (date(2024, 1, 1), date(2024, 1, 16))
    assert (lines[-1].depreciation, lines[-1].book_value) == (D("51.61"), D("0.00"))


def test_a_schedule_until_a_day_ends_with_that_day():
    rule, cost, placed_on = LAPTOP
    lines = schedule(rule, cost=cost, placed_on=placed_on, until=date(2024, 2, 10))

    assert [line.period_end for line in lines] == [date(2024, 1, 31), date(2024, 2, 10)]
    assert lines[-1].depreciation == D("10.34")  # 30.00 x 10/29
    assert schedule(rule, cost=cost, placed_on=placed_on, until=date(2023, 12, 31)) == []


@pytest.mark.parametrize(
    ("months", "placed_on", "last"),
    [
        (36, date(2024, 1, 1), date(2026, 12, 31)),
        (12, date(2023, 1, 17), date(2024, 1, 16)),
        (12, date(2024, 2, 29), date(2025, 2, 28)),
        (1, date(2025, 1, 31), date(2025, 2, 28)),
        (1, date(2024, 1, 31), date(2024, 2, 29)),
        (1, date(2025, 1, 30), date(2025, 2, 27)),
        (1, date(2025, 2, 28), date(2025, 3, 30)),  # 27 of 28 days are 29.9 of 31
        (12, date(9999, 12, 1), date.max - timedelta(1)),
    ],
)
def test_the_useful_life_ends_with_a_day(months, placed_on, last):
    assert last_day(straight(months), placed_on=placed_on) == last


@pytest.mark.parametrize(
    ("proceeds", "result"),
    [("720.00", "0.00"), ("800.50", "80.50"), ("0", "-720.00")],
)
def test_a_disposal_gains_what_it_brings_beyond_the_book_value_or_loses_the_rest(proceeds, result):
    rule, cost, placed_on = LAPTOP
    day = date(2024, 12, 31)
    assert result_on_disposal(
        rule, cost=cost, placed_on=placed_on, disposed_on=day, proceeds=D(proceeds)
    ) == D(result)


def test_what_is_not_depreciated_loses_all_that_its_disposal_does_not_bring():
    result = result_on_disposal(
        None,
        cost=D("100.00"),
        placed_on=date(2020, 1, 1),
        disposed_on=date(2024, 1, 1),
        proceeds=D("30.00"),
    )
    assert result == D("-70.00")


@pytest.mark.parametrize(
    "wrong",
    [
        ("double", 12, D(0), None),
        ("straight_line", 0, D(0), None),
        ("straight_line", 12, D(101), None),
        ("declining_balance", 12, D(0), None),
    ],
)
def test_a_rule_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"method|residual|rate"):
        Rule(*wrong)


# --- What holds for every rule -------------------------------------------------------------------

costs = st.decimals(D("0"), D("99999999.99"), places=2)
days = st.dates(date(1999, 1, 1), date(2041, 12, 31))
percents = st.decimals(D("0"), D("100"), places=2)
rates = st.decimals(D("0.01"), D("100"), places=2)
lives = st.integers(1, 240)
rules = st.builds(Rule, st.just("straight_line"), lives, percents) | st.builds(
    Rule, st.just("declining_balance"), lives, percents, rates
)


@given(rules, costs, days)
def test_a_schedule_adds_up_to_the_cost_less_the_residual_to_the_cent(rule, cost, placed_on):
    lines = schedule(rule, cost=cost, placed_on=placed_on)
    assert sum(line.depreciation for line in lines) == cost - residual_value(rule, cost=cost)
    assert lines[-1].book_value == residual_value(rule, cost=cost)
    assert lines[-1].period_end == last_day(rule, placed_on=placed_on)


@given(rules, costs, days)
def test_a_schedule_never_rises_leaves_no_day_out_and_keeps_the_residual(rule, cost, placed_on):
    lines = schedule(rule, cost=cost, placed_on=placed_on)
    assert lines[0].period_start == placed_on
    assert all(line.depreciation >= 0 for line in lines)
    assert all(line.book_value >= residual_value(rule, cost=cost) for line in lines)
    for line, following in zip(lines, lines[1:], strict=False):
        assert following.period_start == line.period_end + timedelta(1)
        assert line.period_end.day == monthrange(line.period_end.year, line.period_end.month)[1]


@given(rules, costs, days, days, days)
def test_a_book_value_never_rises_and_is_within_its_bounds(rule, cost, placed_on, one, other):
    earlier, later = sorted([one, other])
    then = book_value(rule, cost=cost, placed_on=placed_on, on=earlier)
    now = book_value(rule, cost=cost, placed_on=placed_on, on=later)
    assert cost >= then >= now >= residual_value(rule, cost=cost)


@given(lives, percents, costs, days, days)
def test_a_declining_balance_of_nearly_nothing_is_a_straight_line(
    months, residual, cost, placed_on, on
):
    least = Rule("declining_balance", months, residual, D("0.01") / 1000)
    line = Rule("straight_line", months, residual)
    assert book_value(least, cost=cost, placed_on=placed_on, on=on) == book_value(
        line, cost=cost, placed_on=placed_on, on=on
    )


@given(lives, percents, rates, costs, days, days)
def test_a_declining_balance_is_never_behind_the_straight_line(
    months, residual, rate, cost, placed_on, on
):
    """It takes the greater of the two each year, so it is never worth more."""
    faster = Rule("declining_balance", months, residual, rate)
    line = Rule("straight_line", months, residual)
    assert book_value(faster, cost=cost, placed_on=placed_on, on=on) <= book_value(
        line, cost=cost, placed_on=placed_on, on=on
    )


@given(lives, days)
def test_a_useful_life_is_as_long_as_the_calendar_says_give_or_take_a_short_month(
    months, placed_on
):
    due = placed_on + relativedelta(months=months) - timedelta(1)
    assert abs((last_day(straight(months), placed_on=placed_on) - due).days) <= 3


# --- Many assets ---------------------------------------------------------------------------------


@pytest.fixture
def laptops(db):
    """30.00 a month and piece over three years."""
    category = CategoryFactory(depreciation="straight_line", useful_months=36)
    return ProductFactory(category=category)


def bought(product, cost="1080.00", on=date(2024, 1, 1), **fields):
    return AssetFactory(product=product, cost=D(cost), purchased_on=on, **fields)


def totals(on=date(2024, 12, 31)):
    return [
        (it.belongs_to, it.currency, it.assets, it.cost, it.depreciation, it.book_value)
        for it in book_values(Asset.objects.all(), on)
    ]


def test_book_values_are_added_up_per_cost_centre_and_currency(laptops):
    sales = PersonFactory(department=DepartmentFactory(cost_centre="4711"))
    legal = PersonFactory(department=DepartmentFactory(name="Legal"))
    bought(laptops, holder=sales, currency="EUR")
    bought(laptops, holder=sales, currency="EUR")
    bought(laptops, cost="100.00", on=date(2024, 12, 31), holder=sales, currency="EUR")
    bought(laptops, holder=sales, currency="USD")
    bought(laptops, holder=legal, currency="EUR")
    bought(laptops, location=LocationFactory(name="Store"), currency="EUR")
    bought(laptops, currency="EUR")

    one = (D("1080.00"), D("360.00"), D("720.00"))
    assert totals() == [
        ("", "EUR", 1, *one),
        # Of the third piece one day is gone: 100.00 / 36 / 31 = 0.09.
        ("4711", "EUR", 3, D("2260.00"), D("720.09"), D("1539.91")),
        ("4711", "USD", 1, *one),
        ("Legal", "EUR", 1, *one),
        ("Store", "EUR", 1, *one),
    ]


def test_each_asset_counts_with_its_own_rounded_value(laptops):
    for _ in range(3):
        bought(laptops, cost="100.01", on=date(2024, 1, 1), currency="EUR")
    # 100.01 x 24/36 = 66.6733, so each is worth 66.67.
    assert totals() == [("", "EUR", 3, D("300.03"), D("100.02"), D("200.01"))]


def test_what_is_not_yet_or_no_longer_owned_is_not_on_the_books(laptops):
    bought(laptops, state="ordered")
    bought(laptops, state="rejected")
    bought(laptops, on=date(2025, 1, 1))
    bought(laptops, state="disposed")
    DisposalFactory(asset=bought(laptops, state="disposed"), disposed_on=date(2024, 12, 31))
    DisposalFactory(asset=bought(laptops, state="disposed"), disposed_on=date(2025, 1, 1))
    assert [row[2] for row in totals()] == [1]
    assert totals(on=date(2025, 1, 1))[0][2] == 1  # the one bought then, the other gone


def test_what_failed_its_inspection_stays_off_the_books_when_it_is_retired(laptops, it):
    assets = [bought(laptops, state="received") for _ in range(2)]
    lifecycle.inspect(assets[:1], passed=False, remark="Cracked.", by=it)
    lifecycle.retire(assets, reason="sent back", by=it)
    assert [row[2] for row in totals()] == [1]
    AssetFactory(product=laptops, state="rejected")
    assert left_out(Asset.objects.all(), date(2024, 12, 31)) == 0


def test_what_was_ordered_depreciates_from_the_day_it_was_received(laptops):
    """Ordered in November, received on 1 January: no day of November and December counts."""
    bought(laptops, on=date(2024, 11, 20), in_service_on=date(2025, 1, 1), currency="EUR")
    assert totals(on=date(2024, 12, 31)) == []
    assert totals(on=date(2025, 1, 31)) == [("", "EUR", 1, D("1080.00"), D("30.00"), D("1050.00"))]


def test_what_has_no_purchase_date_but_was_received_is_counted(laptops):
    AssetFactory(product=laptops, cost=D("1080.00"), in_service_on=date(2024, 12, 1))
    assert totals()[0][5] == D("1050.00")
    assert left_out(Asset.objects.all(), date(2024, 12, 31)) == 0


def test_what_a_report_cannot_count_is_counted_apart(laptops):
    AssetFactory(product=laptops, cost=D(1))
    AssetFactory(product=laptops, purchased_on=date(2024, 1, 1))
    AssetFactory(cost=D(1), purchased_on=date(2024, 1, 1))
    bought(laptops)
    bought(laptops, on=date(2025, 1, 1))
    AssetFactory(product=laptops, state="planned")
    assert left_out(Asset.objects.all(), date(2024, 12, 31)) == 3


def test_the_number_of_queries_does_not_grow_with_the_assets(laptops, django_assert_num_queries):
    for day in range(1, 20):
        bought(laptops, on=date(2024, 1, day))
    with django_assert_num_queries(1):
        assert totals()[0][2] == 19


def test_the_rule_is_that_of_the_category(db):
    category = CategoryFactory(
        depreciation="declining_balance",
        useful_months=96,
        declining_percent=D("30"),
        residual_percent=D("5"),
    )
    assert rule_of(category) == declining(96, "30", "5")
    assert rule_of(CategoryFactory()) is None
