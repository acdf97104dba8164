"""Charts as SVG, drawn on the server: bars side by side or stacked, and lines.

Only geometry is computed here; colours are classes of `static/admin/steward.css`, for light and
dark alike, and each series has a pattern of its own beside its colour. `templates/admin/chart.html`
draws it, and says the same numbers as a table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

HEIGHT, TOP, RIGHT = 220, 14, 16
"""Of the area of the bars, above it, and to the right of it, in pixels, as all lengths here."""
LETTER = 7
SLOT, BAR, GAP = 56, 18, 14
NARROWEST = 360
"""A chart of few labels is spread over so much: the width of a phone."""
SERIES = 6
"""How many series look different from each other."""
SLANTED = 84
LONGEST_LABEL = 16
ABOUT = 5
"""How many ticks an axis has, roughly."""


@dataclass(frozen=True)
class Chart:
    """Numbers of one `unit`, as "EUR": of each series one for each label."""

    title: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[Decimal]]]
    unit: str
    kind: Literal["grouped", "stacked", "line"] = "grouped"


@dataclass(frozen=True)
class Tick:
    y: str
    text: str


@dataclass(frozen=True)
class Label:
    x: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A rectangle; `look` is the number of its pattern, `says` what it stands for."""

    x: str
    y: str
    width: str
    height: str
    look: int
    says: str


@dataclass(frozen=True)
class Line:
    points: str
    look: int
    marks: Sequence[Bar]


class Drawing:
    """A chart as its template draws it; `name` is unique on the page."""

    def __init__(self, chart: Chart, name: str) -> None:
        self.chart, self.name = chart, name
        self.title, self.unit, self.kind = chart.title, chart.unit, chart.kind
        low, high = _extent(chart)
        self._ticks = _ticks(low, high)
        self.left = max(len(_said(tick)) for tick in self._ticks) * LETTER + 16
        room = (NARROWEST - self.left - RIGHT) // len(chart.labels)
        self.slot = max(SLOT, _bars_in_a_slot(chart) * BAR + GAP, room)
        self.slanted = any(len(label) * LETTER >= self.slot for label in chart.labels)
        self.width = self.left + self.slot * len(chart.labels) + RIGHT
        self.right = self.width - RIGHT
        self.bottom = TOP + HEIGHT
        self.height = self.bottom + (SLANTED if self.slanted else 28)
        self.label_y = self.bottom + 16

    @property
    def description(self) -> str:
        """One sentence for those who do not see it."""
        kinds = {"grouped": "Bars", "stacked": "Stacked bars", "line": "Lines"}
        names = ", ".join(name for name, _ in self.chart.series)
        value, label = max(_values(self.chart))
        return (
            f"{kinds[self.kind]} of {names} in {self.unit}, for {len(self.chart.labels)} labels."
            f" The highest is {value:,.2f} {self.unit} for {label}."
            " The table below the chart has the same numbers."
        )

    @property
    def legend(self) -> list[tuple[str, int]]:
        return [(name, _look(at)) for at, (name, _) in enumerate(self.chart.series)]

    @property
    def looks(self) -> list[int]:
        return sorted({look for _, look in self.legend})

    @property
    def ticks(self) -> list[Tick]:
        return [Tick(_px(self._y(tick)), _said(tick)) for tick in self._ticks]

    @property
    def zero(self) -> str:
        return _px(self._y(Decimal(0)))

    @property
    def labels(self) -> list[Label]:
        return [
            Label(_px(self._middle(at)), _shortened(label))
            for at, label in enumerate(self.chart.labels)
        ]

    @property
    def bars(self) -> list[Bar]:
        draw = {"grouped": self._grouped, "stacked": self._stacked, "line": lambda: []}
        return list(draw[self.kind]())

    @property
    def lines(self) -> list[Line]:
        if self.kind != "line":
            return []
        return [
            self._line(name, values, _look(at))
            for at, (name, values) in enumerate(self.chart.series)
        ]

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table of the same numbers: each label with those of every series."""
        return [
            (label, [f"{values[at]:,.2f}" for _, values in self.chart.series])
            for at, label in enumerate(self.chart.labels)
        ]

    # --- Where things are ---

    def _y(self, value: Decimal) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return TOP + HEIGHT * float((high - value) / (high - low))

    def _middle(self, at: int) -> float:
        return self.left + self.slot * (at + 0.5)

    def _bar(self, x: float, between: tuple[Decimal, Decimal], look: int, says: str) -> Bar:
        first, second = sorted(self._y(value) for value in between)
        return Bar(_px(x), _px(first), _px(BAR), _px(second - first), look, says)

    def _says(self, label: str, name: str, value: Decimal) -> str:
        return f"{label}, {name}: {value:,.2f} {self.unit}"

    def _grouped(self) -> Iterator[Bar]:
        half = len(self.chart.series) * BAR / 2
        for number, (name, values) in enumerate(self.chart.series):
            for at, (label, value) in enumerate(zip(self.chart.labels, values, strict=True)):
                x = self._middle(at) - half + number * BAR
                says = self._says(label, name, value)
                yield self._bar(x, (Decimal(0), value), _look(number), says)

    def _stacked(self) -> Iterator[Bar]:
        for at, label in enumerate(self.chart.labels):
            above = below = Decimal(0)
            for number, (name, values) in enumerate(self.chart.series):
                value = values[at]
                start = above if value >= 0 else below
                above, below = above + max(value, Decimal(0)), below + min(value, Decimal(0))
                x, says = self._middle(at) - BAR / 2, self._says(label, name, value)
                yield self._bar(x, (start, start + value), _look(number), says)

    def _line(self, name: str, values: Sequence[Decimal], look: int) -> Line:
        marks = []
        for at, (label, value) in enumerate(zip(self.chart.labels, values, strict=True)):
            x, y = _px(self._middle(at)), _px(self._y(value))
            marks.append(Bar(x, y, "0", "0", look, self._says(label, name, value)))
        return Line(" ".join(f"{mark.x},{mark.y}" for mark in marks), look, marks)


def drawn(chart: Chart, name: str) -> Drawing | None:
    """The chart to be drawn, or None where there is nothing to see in it.

    Raises ValueError where a series has more or fewer numbers than there are labels.
    """
    for series, values in chart.series:
        if len(values) != len(chart.labels):
            raise ValueError(f"{series} has {len(values)} numbers for {len(chart.labels)} labels.")
    if not any(value for value, _ in _values(chart)):
        return None
    return Drawing(chart, name)


def _values(chart: Chart) -> list[tuple[Decimal, str]]:
    return [
        (value, label)
        for _, values in chart.series
        for value, label in zip(values, chart.labels, strict=True)
    ]


def _extent(chart: Chart) -> tuple[Decimal, Decimal]:
    """The lowest and the highest that is drawn; zero is always between them."""
    zero = Decimal(0)
    if chart.kind != "stacked":
        values = [value for value, _ in _values(chart)]
        return min([zero, *values]), max([zero, *values])
    columns = list(zip(*(values for _, values in chart.series), strict=True))
    low = min(sum((min(value, zero) for value in column), zero) for column in columns)
    high = max(sum((max(value, zero) for value in column), zero) for column in columns)
    return low, high


def _ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Round numbers at equal distances, from `low` or below it to `high` or above it."""
    rough = (high - low) / ABOUT
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = int(low // step), int(-(-high // step))
    first -= int(first * step > low)
    last += int(last * step < high)
    return [at * step for at in range(first, last + 1)]


def _bars_in_a_slot(chart: Chart) -> int:
    return len(chart.series) if chart.kind == "grouped" else 1


def _look(number: int) -> int:
    return number % SERIES + 1


def _shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _said(tick: Decimal) -> str:
    return f"{tick:,.0f}" if tick == tick.to_integral_value() else f"{tick.normalize():,f}"


def _px(length: float) -> str:
    return f"{length:.1f}"
