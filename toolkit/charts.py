"""Work out small charts on the server: numbers in, coordinates for an SVG template out.

Coordinates are Decimals rounded to a tenth of a unit of the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.functional import Promise

_TENTH: Final = Decimal("0.1")
_LEFT, _TOP, _BOTTOM = Decimal(64), Decimal(10), Decimal(26)
_WIDEST_BAR: Final = Decimal(34)
_LINES: Final = 4
MOST_SERIES: Final = 3


@dataclass(frozen=True)
class Series:
    """Values of one kind, one for each label; none may be negative."""

    name: str | Promise
    values: Sequence[Decimal | int]


@dataclass(frozen=True)
class Segment:
    """A piece of a bar: a rectangle of the ``series``-th colour (1 to 3)."""

    series: int
    name: str | Promise
    value: Decimal
    y: Decimal
    height: Decimal


@dataclass(frozen=True)
class Bar:
    """A bar, its pieces from the bottom upwards, and where its label stands."""

    label: str
    x: Decimal
    middle: Decimal
    segments: list[Segment]
    total: Decimal


@dataclass(frozen=True)
class GridLine:
    """A horizontal line at a round value."""

    value: Decimal
    y: Decimal


@dataclass(frozen=True)
class BarChart:
    """A stacked bar chart, ready for components/chart.html (``{% chart it %}``)."""

    title: str | Promise
    unit: str
    decimals: int
    series: list[Series]
    bars: list[Bar]
    grid: list[GridLine]
    width: Decimal
    height: Decimal
    bar_width: Decimal

    @property
    def label_y(self) -> Decimal:
        """Answer the base line of the labels under the bars."""
        return self.height - 8


def bar_chart(
    title: str | Promise,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "",
    decimals: int = 0,
    width: int = 760,
    height: int = 260,
) -> BarChart:
    """Lay out bars, one per label, the series stacked upon each other.

    Args:
        title: names the chart for whoever cannot see it.
        labels: short texts under the bars.
        series: up to three, each with as many values as there are labels.
        unit: written behind the values in the table ("€", "min").
        decimals: decimals of the values in the table.
        width: of the drawing, in its own units.
        height: of the drawing.

    Raises:
        ValueError: too many series, or one of another length than the labels.
    """
    if len(series) > MOST_SERIES or any(len(one.values) != len(labels) for one in series):
        message = "a bar chart takes up to three series, each as long as its labels"
        raise ValueError(message)
    wide, high = Decimal(width), Decimal(height)
    totals = [
        sum((Decimal(one.values[at]) for one in series), Decimal()) for at in range(len(labels))
    ]
    top = _round_top(max(totals, default=Decimal()))
    step = (wide - _LEFT) / max(1, len(labels))
    bar_width = _tenth(min(_WIDEST_BAR, step * Decimal("0.58")))

    def y_of(value: Decimal) -> Decimal:
        return _tenth(_TOP + (high - _TOP - _BOTTOM) * (1 - value / top))

    bars = []
    for at, label in enumerate(labels):
        x = _tenth(_LEFT + at * step + (step - bar_width) / 2)
        segments, base = [], Decimal()
        for number, one in enumerate(series, start=1):
            value = Decimal(one.values[at])
            y, foot = y_of(base + value), y_of(base)
            segments.append(Segment(number, one.name, value, y, foot - y))
            base += value
        bars.append(Bar(label, x, _tenth(x + bar_width / 2), segments, base))
    grid = [GridLine(top * at / _LINES, y_of(top * at / _LINES)) for at in range(_LINES + 1)]
    return BarChart(title, unit, decimals, list(series), bars, grid, wide, high, bar_width)


@dataclass(frozen=True)
class Spark:
    """A tiny line without axes: two SVG paths."""

    line: str
    area: str
    width: int
    height: int


def spark(points: Sequence[Decimal | int], *, width: int = 96, height: int = 28) -> Spark:
    """Draw the course of ``points`` (two or more, else nothing is drawn), lowest at the bottom."""
    if len(points) < 2:
        return Spark("", "", width, height)
    low = Decimal(min(points))
    spread = (Decimal(max(points)) - low) or Decimal(1)
    room = Decimal(height - 6)
    steps = len(points) - 1
    corners = [
        f"{_tenth(Decimal(at * width) / steps)} "
        f"{_tenth(height - 3 - (Decimal(point) - low) / spread * room)}"
        for at, point in enumerate(points)
    ]
    line = "M" + " L".join(corners)
    return Spark(line, f"{line} L{width} {height} L0 {height} Z", width, height)


def _round_top(highest: Decimal) -> Decimal:
    """Answer the next higher number of the shape 1, 2, 4 or 8 times a power of ten."""
    if highest <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(highest.adjusted())
    first = (highest / power).quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    return next(Decimal(shape) for shape in (1, 2, 4, 8, 10) if first <= shape) * power


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(_TENTH, rounding=ROUND_HALF_UP)
