"""Ranges follow their data without trembling."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Series
from explorer.widgets import plot_range
from explorer.widgets.curve_view import PlotView


def series(last: int) -> Series:
    n = np.arange(last + 1)
    made = Series("loss")
    made.extend(n, n * 0.5, n * 64, np.cos(n / 10))
    return made


def test_x_covers_the_data_the_newest_steps_and_only_what_a_log_axis_can_show() -> None:
    both = [series(1000), series(400)]
    assert plot_range.data_x(both, PlotView()) == (0, 1000)
    assert plot_range.data_x(both, PlotView(axis="seconds")) == (0, 500)
    assert plot_range.data_x(both, PlotView(newest=100)) == (900, 1000)
    assert plot_range.data_x(both, PlotView(newest=100, axis="images")) == (900 * 64, 1000 * 64)
    assert plot_range.data_x(both, PlotView(log_x=True)) == (1, 1000)
    assert plot_range.data_x([Series("empty")], PlotView()) is None


def test_a_growing_curve_moves_the_axis_now_and_then_only() -> None:
    moves, now = 0, plot_range.with_room(0.0, 1000.0, log=False)
    for last in range(1000, 2000, 5):
        if not plot_range.x_still_fits((0.0, float(last)), now, log=False, any_start=False):
            now, moves = plot_range.with_room(0.0, float(last), log=False), moves + 1
        assert now[1] >= last
    assert moves < 25


def test_height_counts_theory_and_may_leave_out_the_wildest() -> None:
    spiky = Series("loss")
    n = np.arange(1000)
    values = np.linspace(1.0, 2.0, 1000)
    values[500] = 100.0
    spiky.extend(n, n, n, values)
    window = spiky.window(0, 999, 2000)
    assert plot_range.data_y([window], (0, 999), [-1.4], log=False, calm=False) == (-1.4, 100.0)
    low, high = plot_range.data_y([window], (0, 999), [], log=False, calm=True) or (0, 0)
    assert 1.0 <= low < high <= 2.0
    assert plot_range.data_y([window], (0, 999), [-1.4], log=True, calm=False) == (1.0, 100.0)
    nothing = Series("nan")
    nothing.extend([1, 2], [1, 2], [1, 2], [np.nan, np.nan])
    assert plot_range.data_y([nothing.window(1, 2, 10)], (1, 2), [], log=False, calm=False) is None


@pytest.mark.parametrize(
    ("low", "high", "log"), [(1.0, 2.0, False), (3.0, 3.0, False), (0.0, 0.0, False), (1.0, 1.0, True)]
)
def test_a_padded_range_is_never_empty(low: float, high: float, log: bool) -> None:
    a, b = plot_range.padded(low, high, log=log)
    assert a < low <= high < b
