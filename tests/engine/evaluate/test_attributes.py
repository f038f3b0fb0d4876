"""Attribute directions of a model whose true directions are known."""

from __future__ import annotations

import numpy as np

from engine.evaluate.attributes import attribute_directions, directions_from, exemplars
from engine.evaluate.sampling import AT_ONCE, Seen, finished
from tests.engine.evaluate.toys import TOY_COLUMNS, LinearModel, PixelJudge


def test_directions_are_those_of_the_model():
    model, judge = LinearModel(), PixelJudge()
    found = finished(attribute_directions(model, judge, ["glasses", "presentation"]))
    assert list(found) == ["glasses: none", "glasses: round", "presentation: woman", "presentation: man"]
    truth = model.turn.numpy()
    for name, axis in (("glasses: round", truth[0]), ("glasses: none", -truth[0]), ("presentation: man", truth[1])):
        vector = found[name]
        assert vector.direction @ axis > 0.9
        assert vector.alignment > 0.7
        assert vector.cohen_d > 2
        assert abs(vector.direction @ truth[2]) < 0.15  # "headwear" is another matter
    assert max(judge.pictures_seen) <= AT_ONCE


def test_all_columns_are_taken_where_none_is_named():
    turns: list[tuple[int, int]] = []
    found = finished(attribute_directions(LinearModel(), PixelJudge(), count=8), turns.append)
    assert turns == sorted(turns)
    assert turns[-1][0] == turns[-1][1]
    assert len(found) == sum(len(values) for values in TOY_COLUMNS.values())
    np.testing.assert_allclose([np.linalg.norm(vector.direction) for vector in found.values()], 1.0, rtol=1e-5)


def seen_from(**labels: list[int]) -> Seen:
    arrays = {name: np.array(column) for name, column in labels.items()}
    count = len(next(iter(arrays.values())))
    margins = {name: np.where(column[:, None] == np.arange(2), 1.0, -1.0) for name, column in arrays.items()}
    return Seen(np.eye(count, 3, dtype=np.float32), arrays, {n: m.astype(np.float32) for n, m in margins.items()})


def test_those_without_a_value_resemble_those_with_it():
    seen = seen_from(hat=[1, 1, 0, 0, 0, 0], beard=[0, 1, 1, 0, 1, 0], age=[1, 0, 0, 0, 1, 1])
    positives, negatives = exemplars(seen, "hat", 1, 2)
    np.testing.assert_array_equal(positives, [0, 1])
    np.testing.assert_array_equal(negatives, [5, 2])


def test_a_value_that_nearly_none_or_all_show_has_no_direction():
    assert finished(directions_from(seen_from(hat=[1, 0, 0]), {"hat": ("none", "cap")})) == {}
    assert finished(directions_from(seen_from(hat=[0, 0, 0]), {"hat": ("none", "cap")})) == {}
