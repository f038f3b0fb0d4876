"""Numbers on axes read as a person would write them."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.widgets.plot_axis import NumberAxis
from explorer.widgets.short_numbers import duration, short_number


@pytest.mark.parametrize(
    ("value", "spacing", "text"),
    [
        (0.0, 1.0, "0"),
        (12_000, 1_000, "12k"),
        (12_500, 500, "12.5k"),
        (2_000_000, 1_000_000, "2M"),
        (0.05, 0.05, "0.05"),
        (-1.5, 0.5, "-1.5"),
        (0.0, 0.001, "0"),
        (3.14159, 0.0, "3.14"),
        (2.5e-7, 0.0, "2.5e-07"),
        (1000, 200, "1.0k"),
    ],
)
def test_numbers(value: float, spacing: float, text: str) -> None:
    assert short_number(value, spacing) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0"), (45, "45 s"), (60, "1 min"), (90, "1:30"), (3600, "1 h"), (5400, "1 h 30"), (90_000, "25 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds, 5) == text


def test_ticks_of_a_logarithmic_axis_do_not_crowd(qtbot: QtBot) -> None:
    axis = NumberAxis("left")
    axis.setLogMode(True)
    ((spacing, few),) = axis.tickValues(-0.5, 0.9, 200)
    assert axis.tickStrings(few, 1.0, spacing) == ["0.5", "1", "2", "5"]
    ((spacing, many),) = axis.tickValues(-9.0, 3.0, 120)
    assert 2 < len(many) <= 6
    assert "1" in axis.tickStrings([0.0], 1.0, spacing)


def test_a_time_axis_has_ticks_at_whole_times(qtbot: QtBot) -> None:
    axis = NumberAxis("bottom")
    axis.in_seconds = True
    ((spacing, values),) = axis.tickValues(0.0, 700.0, 400)
    assert axis.tickStrings(values, 1.0, spacing)[:3] == ["0", "3:20", "6:40"] or spacing in (120, 300, 600)
