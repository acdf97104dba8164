"""Charts: where their bars stand, and what they say to whom does not see them."""

from decimal import Decimal
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from config.charts import HEIGHT, TOP, Chart, drawn

amounts = st.decimals(
    min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False
)
kinds = st.sampled_from(["grouped", "stacked", "line"])


def chart(values, kind="grouped"):
    """Two series, the second one the first backwards."""
    labels = [f"L{at}" for at in range(len(values))]
    return Chart("Cost", labels, [("Paid", values), ("Agreed", values[::-1])], "EUR", kind)


def decimals(*values):
    return [Decimal(value) for value in values]


@given(st.lists(amounts, min_size=1, max_size=8), kinds)
def test_every_mark_stands_within_the_chart(values, kind):
    drawing = drawn(chart(values, kind), "c")
    if drawing is None:
        assert not any(values)
        return
    for bar in [*drawing.bars, *(mark for line in drawing.lines for mark in line.marks)]:
        top, height = float(bar.y), float(bar.height)
        assert top >= TOP - 0.1
        assert top + height <= TOP + HEIGHT + 0.2
        assert drawing.left <= float(bar.x) <= drawing.right


@given(st.lists(amounts, min_size=1, max_size=8).filter(any), kinds)
def test_ticks_are_few_round_and_in_order(values, kind):
    ticks = [float(tick.y) for tick in drawn(chart(values, kind), "c").ticks]
    assert 2 <= len(ticks) <= 8
    assert all(below > above for below, above in pairwise(ticks))


def test_a_bar_is_as_high_as_its_share_of_the_axis():
    drawing = drawn(Chart("Cost", ["a", "b"], [("Paid", decimals(50, 100))], "EUR"), "c")
    half, whole = drawing.bars
    assert float(whole.height) == pytest.approx(HEIGHT)
    assert float(half.height) == pytest.approx(HEIGHT / 2)
    assert drawing.ticks[-1].text == "100"


def test_bars_are_stacked_on_one_another():
    series = [("Paid", decimals(30)), ("Open", decimals(70))]
    low, high = drawn(Chart("Cost", ["a"], series, "EUR", "stacked"), "c").bars
    assert float(high.y) + float(high.height) == pytest.approx(float(low.y))
    assert float(low.height) + float(high.height) == pytest.approx(HEIGHT)


def test_what_is_below_zero_hangs_below_the_axis():
    drawing = drawn(Chart("Result", ["a", "b"], [("Result", decimals(-50, 50))], "EUR"), "c")
    loss, gain = drawing.bars
    assert float(loss.y) == float(drawing.zero)
    assert float(gain.y) + float(gain.height) == pytest.approx(float(drawing.zero))


def test_a_chart_of_nothing_is_not_drawn():
    assert drawn(Chart("Cost", [], [("Paid", [])], "EUR"), "c") is None
    assert drawn(Chart("Cost", ["a"], [("Paid", decimals(0))], "EUR"), "c") is None
    assert drawn(Chart("Cost", ["a"], [], "EUR"), "c") is None


def test_numbers_that_do_not_match_their_labels_are_refused():
    with pytest.raises(ValueError, match="Paid has 1 numbers for 2 labels"):
        drawn(Chart("Cost", ["a", "b"], [("Paid", decimals(1))], "EUR"), "c")


@pytest.mark.parametrize("kind", ["grouped", "stacked", "line"])
def test_the_numbers_are_said_in_words_and_as_a_table(kind):
    drawing = drawn(chart(decimals("1234.5", "7"), kind), "c")
    text = render_to_string("admin/chart.html", {"chart": drawing})
    assert 'role="img"' in text
    assert "The highest is 1,234.50 EUR for L" in drawing.description
    assert text.count(">1,234.50<") == 2
    assert "L0, Paid: 1,234.50 EUR" in text
    assert "style=" not in text


def test_labels_are_escaped():
    text = render_to_string(
        "admin/chart.html",
        {"chart": drawn(Chart("<b>", ["<i>"], [("<u>", decimals(1))], "<s>"), "c")},
    )
    assert not any(tag in text for tag in ("<b>", "<i>", "<u>", "<s>"))
