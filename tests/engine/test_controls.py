"""Places in a latent space as plain values: through JSON and command lines and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.controls import (
    Arithmetic,
    Move,
    Point,
    Slot,
    arithmetic_from_plain,
    grid_label,
    point_from_plain,
    point_from_text,
    to_plain,
)

FULL = Point(3, 1.5, -2.0, ((4, 0.5),), (Move("pca:0", 1.25),), None, (("glasses", "round"),))


def test_a_point_comes_back_from_json():
    for point in (Point(), FULL, Point(z=(0.0, 1.0))):
        assert point_from_plain(json.loads(json.dumps(to_plain(point)))) == point


def test_an_arithmetic_comes_back_from_json():
    slots = (Slot("A", (FULL, Point(1)), 0.5, "glasses"), Slot("B"))
    arithmetic = Arithmetic(slots, "mean(A) - B", "as is", 0.1, 7, (("label", "shirt"),))
    assert arithmetic_from_plain(json.loads(json.dumps(to_plain(arithmetic)))) == arithmetic


@pytest.mark.parametrize("point", [Point(7), Point(7, 3), Point(7, 3, 2.5), Point(0, -1.25, 8)])
def test_a_plain_point_comes_back_from_its_text(point: Point):
    assert point_from_text(point.text()) == point


@pytest.mark.parametrize("text", ["7", "7:3"])
def test_the_short_forms_leave_the_rest_at_zero(text: str):
    assert point_from_text(text) == Point(7, 0.0 if text == "7" else 3.0)


@pytest.mark.parametrize("text", ["", "a", "7:x", "7:1,y", "1.5:0,0"])
def test_a_text_that_is_no_point_gets_a_sentence(text: str):
    with pytest.raises(ValueError, match=r"write SEED or SEED:X,Y"):
        point_from_text(text)


@pytest.mark.parametrize("plain", [{"x": "far"}, {"edits": [1]}, {"moves": [{"amount": 1}]}, {"z": 3}])
def test_damaged_values_get_a_sentence(plain: dict):
    with pytest.raises(ValueError, match="save the picture again"):
        point_from_plain(plain)
    with pytest.raises(ValueError, match="save it again"):
        arithmetic_from_plain({"slots": [plain]})


def test_columns_of_one_size_do_not_move_together_in_a_grid():
    labels = np.array([[grid_label(column, index, 3) for index in range(64)] for column in range(3)])
    assert labels[0].tolist() == [index % 3 for index in range(64)]
    assert len({tuple(each) for each in labels.T}) == 9
