from __future__ import annotations

import numpy as np
import pytest

from engine.commands import figures


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-2.8, 2.8, [-2.0, 0.0, 2.0]), (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.01, 0.012, [0.01, 0.0105])],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]):
    found = figures.ticks(low, high)
    assert found[: len(expected)] == expected
    assert all(low <= value <= high for value in found)


def test_a_field_is_blue_below_red_above_and_grey_where_it_has_no_value():
    blue, white, red, none = figures.colored(np.array([[0.0, 0.5, 1.0, np.nan]]))[0].tolist()
    assert blue[2] > blue[0]
    assert white == [255, 255, 255]
    assert red[0] > red[2]
    assert len({*none}) > 0
    assert none == list(figures.HAIRLINE)


def test_samples_are_dots_where_they_lie_and_those_outside_are_left_out():
    data = np.array([[-1, -1], [1, 1]], np.float32)
    extent = ((-2.0, 2.0), (-2.0, 2.0))
    dot = list(figures.SAMPLE_COLOR)
    counts = []
    for x in (0.5, 9.0):
        picture = figures.scatter(np.array([[x, 0.5]], np.float32), extent, data, None, "one")
        rows, columns = np.nonzero((picture[60:] == dot).all(axis=2))  # below the legend
        counts.append(len(rows))
        if len(rows):
            assert columns.mean() > picture.shape[1] / 2
            assert rows.mean() + 60 < picture.shape[0] / 2 + 60
    assert counts[0] > 5
    assert counts[1] == 0


def test_dashes_leave_half_of_a_path_out():
    whole, dashed = figures.Sheet(200, 20), figures.Sheet(200, 20)
    whole.pen.line([(0, 10), (200, 10)], figures.INK, 2)
    figures.dashes(dashed, [(x, 10.0) for x in range(0, 201, 5)], figures.INK)
    ink = [float((sheet.pixels() < 128).sum()) for sheet in (whole, dashed)]
    assert 0.3 < ink[1] / ink[0] < 0.8
