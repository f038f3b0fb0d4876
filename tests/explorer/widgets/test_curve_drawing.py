"""What becomes of a curve on the screen: lines stop at gaps, nothing that stands out is lost."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from engine import Series
from explorer.widgets.curve_drawing import Frame, holes, pieces, trace
from explorer.widgets.plot_overlay import EventMark, flag_at, flags

FRAME = Frame(QRectF(10, 20, 200, 100), 0.0, 1000.0, 0.0, 10.0)


def series(values: np.ndarray, steps: np.ndarray | None = None) -> Series:
    steps = np.arange(len(values)) if steps is None else steps
    made = Series("loss")
    made.extend(steps, steps * 0.5, steps * 64, values)
    return made


def test_a_frame_maps_there_and_back() -> None:
    assert float(FRAME.px(500.0)) == 110.0
    assert float(FRAME.py(10.0)) == 20.0
    assert FRAME.data_x(110.0) == 500.0
    log = Frame(FRAME.rect, 0.0, 3.0, -2.0, 2.0, log_x=True, log_y=True)
    assert np.isclose(log.data_x(float(log.px(100.0))), 100.0)
    assert float(log.py(0.0)) > 1e3  # a log axis cannot show it: far below
    assert np.isnan(log.py(np.array([np.nan])))[0]


def test_a_line_stops_where_a_value_is_not_finite_and_says_so() -> None:
    values = np.ones(1001)
    values[500] = np.nan
    values[503] = np.inf
    window = series(values).window(0, 1000, 200)
    traced = trace(FRAME, window, whole=False)
    assert sum(int(bad) for bad in window.bad) == 2
    assert 1 <= len(traced.wrong) <= 2
    few = series(np.array([1.0, np.nan, 3.0, np.nan, 5.0, 5.0])).window(0, 5, 100)
    frame = Frame(FRAME.rect, 0.0, 5.0, 0.0, 10.0)
    traced = trace(frame, few, whole=False)
    assert len(traced.lines) == 1  # only the last two points join
    assert len(traced.dots) == 2  # the lonely ones are dots
    assert len(traced.wrong) == 2


def test_a_spike_is_in_the_band_and_in_a_whole_line() -> None:
    values = np.ones(100_000)
    values[77_777] = 9.0
    window = series(values).window(0, 99_999, 200)
    frame = Frame(FRAME.rect, 0.0, 99_999.0, 0.0, 10.0)
    top = min(point.y() for line in trace(frame, window, whole=False).band for point in line)
    assert top == float(frame.py(9.0))
    top = min(point.y() for line in trace(frame, window, whole=True).lines for point in line)
    assert top == float(frame.py(9.0))


def test_a_hole_is_much_wider_than_its_neighbours() -> None:
    px = np.array([0.0, 1, 2, 3, 60, 61, 62])
    assert holes(px).tolist() == [False, False, False, True, False, False]
    assert not holes(np.linspace(0, 1000, 20)).any()  # sparse, but evenly
    assert not holes(np.array([0.0, 100.0])).any()  # two points say nothing about holes
    slow_then_fast = np.concatenate((np.arange(0, 500, 25.0), 500 + np.arange(100.0)))
    assert not holes(slow_then_fast).any()
    steps = np.concatenate((np.arange(100), np.arange(600, 700)))
    traced = trace(FRAME, series(np.ones(200), steps).window(0, 1000, 400), whole=False)
    assert len(traced.missing) == 1
    assert len(traced.lines) == 2


def test_pieces_of_nothing() -> None:
    assert pieces(np.full(3, np.nan), np.zeros(2, bool)) == []
    assert pieces(np.empty(0), np.empty(0, bool)) == []


def test_marks_on_one_spot_become_one_flag() -> None:
    marks = [EventMark(x, f"mark {x}") for x in (100.0, 105.0, 110.0, 600.0, 5000.0)]
    found = flags(marks, FRAME)
    assert [len(flag.marks) for flag in found] == [3, 1]  # the last mark is out of view
    assert flag_at(found, found[1].px + 3) is found[1]
    assert flag_at(found, found[1].px + 30) is None
