from __future__ import annotations

import math

from engine.commands.sparks import plot
from engine.series import Series


def drawn(values: list[float], width: int = 10, height: int = 2) -> tuple[list[str], float, float]:
    series = Series("x")
    for step, value in enumerate(values):
        series.append(step, float(step), step, value)
    return plot(series, width, height)


def test_a_rising_curve_goes_from_the_lower_left_to_the_upper_right():
    lines, low, high = drawn([float(i) for i in range(20)])
    assert (low, high) == (0.0, 19.0)
    assert lines[0][0] == "\u2800"
    assert lines[0][-1] != "\u2800"
    assert lines[1][0] != "\u2800"
    assert lines[1][-1] == "\u2800"


def test_a_single_spike_is_seen():
    values = [0.0] * 10_000
    values[5000] = 1.0
    lines, _, high = drawn(values)
    assert high == 1.0
    assert lines[0][4] != "\u2800" or lines[0][5] != "\u2800"


def test_what_cannot_be_drawn_is_blank():
    for values in ([], [math.nan, math.inf]):
        lines, low, _ = drawn(values)
        assert set("".join(lines)) == {"\u2800"}
        assert math.isnan(low)
    lines, low, high = drawn([2.0])
    assert low == high == 2.0
    assert sum(letter != "\u2800" for letter in "".join(lines)) == 1
