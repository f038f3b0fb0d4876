"""Looking at samples in turns, and finding exemplars among them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.evaluate.sampling import (
    AT_ONCE,
    ExemplarError,
    find_exemplars,
    finished,
    look,
    look_at_draws,
    together,
)
from engine.latent import draw_many, places
from tests.engine.evaluate.toys import LinearModel, PixelJudge


def test_looking_in_turns_sees_the_same_as_looking_at_once():
    model, judge = LinearModel(), PixelJudge()
    z_NZ = draw_many("normal", 16, 4, range(50), 0)
    turns: list[tuple[int, int]] = []
    seen = finished(look(model, judge, z_NZ), turns.append)
    assert judge.pictures_seen == [8, 8, 8, 8, 8, 8, 2]
    assert [done for done, _ in turns] == [8, 16, 24, 32, 40, 48, 50]
    whole = finished(look(model, judge, z_NZ, at_once=50))
    for column in judge.columns:
        np.testing.assert_array_equal(seen.labels[column], whole.labels[column])
        np.testing.assert_allclose(seen.margins[column], whole.margins[column], atol=1e-5)
    pixels = (z_NZ @ model.turn.numpy().T)[:, 0]
    np.testing.assert_array_equal(seen.labels["glasses"], pixels > 0)
    np.testing.assert_allclose(seen.margins["glasses"][:, 1], 2 * pixels, atol=1e-5)


def test_rows_and_clearest_follow_codes_and_margins():
    seen = finished(look_at_draws(LinearModel(), PixelJudge(), 200, seed=1))
    wanted = {"glasses": 1, "mood": 2}
    rows = seen.rows(wanted)
    assert len(rows) > 10
    assert all(seen.labels["glasses"][rows] == 1)
    assert all(seen.labels["mood"][rows] == 2)
    clear = seen.clearest(rows, wanted, 3)
    clarity = np.minimum(seen.margins["glasses"][:, 1], seen.margins["mood"][:, 2])
    assert set(clear) == set(rows[np.argsort(-clarity[rows])[:3]])
    assert len(together([seen, seen])) == 400


def test_exemplars_show_what_is_wanted_and_nobody_is_shown_twice():
    model, judge = LinearModel(), PixelJudge()
    wanted = {
        "A": {"presentation": "man", "glasses": "round"},
        "B": {"presentation": "man", "glasses": "none"},
        "C": {"presentation": "woman", "glasses": "none"},
        "again": {"presentation": "woman", "glasses": "none"},
    }
    turns: list[tuple[int, int]] = []
    found = finished(find_exemplars(model, judge, wanted, count=3, seed=7), turns.append)
    assert list(found) == list(wanted)
    everyone = [point for points in found.values() for point in points]
    assert len(set(everyone)) == 12
    assert all(point.seed == 7 and point.y == 0 and point.x == int(point.x) for point in everyone)
    for slot, points in found.items():
        readings = judge.classify(model.decode(torch.from_numpy(places(points, model.latent))))
        for column, value in wanted[slot].items():
            assert {judge.columns[column][code] for code in readings[column].labels_N} == {value}
    assert max(judge.pictures_seen) <= AT_ONCE
    assert turns[-1][0] == turns[-1][1]
    assert finished(find_exemplars(model, judge, wanted, count=3, seed=7)) == found


def test_a_search_can_be_given_up_between_two_turns():
    judge = PixelJudge()
    search = find_exemplars(LinearModel(), judge, {"A": {"glasses": "round"}}, count=64)
    next(search)
    search.close()
    assert judge.pictures_seen == [AT_ONCE]


def test_what_a_model_does_not_show_is_said(monkeypatch):
    monkeypatch.setattr("engine.evaluate.sampling.MOST_SAMPLES", 64)
    never = {"A": {"glasses": "round", "presentation": "woman"}}  # one pixel decides both: they never come together
    with pytest.raises(ExemplarError, match="Only 0 of 64 samples show glasses round, presentation woman, and 3"):
        finished(find_exemplars(LinearModel(entangled=True), PixelJudge(), never))
    with pytest.raises(ExemplarError, match="does not know 'beard'"):
        finished(find_exemplars(LinearModel(), PixelJudge(), {"A": {"beard": "long"}}))
    with pytest.raises(ExemplarError, match="no 'square' for glasses; it knows none, round"):
        finished(find_exemplars(LinearModel(), PixelJudge(), {"A": {"glasses": "square"}}))
