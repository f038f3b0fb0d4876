"""`bench arithmetic` on models of which the answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.evaluate.arithmetic import make_trials, measure_arithmetic
from engine.evaluate.sampling import ExemplarError, finished, look_at_draws
from tests.engine.evaluate.toys import LinearModel, PixelJudge

CONTEXTS = {"glasses": "presentation", "mood": "presentation"}


@pytest.fixture(scope="module")
def measured() -> dict:
    turns: list[tuple[int, int]] = []
    job = measure_arithmetic(LinearModel(), PixelJudge(), 512, trials=60, faces=60, contexts=CONTEXTS)
    result = finished(job, turns.append)
    done = [turn[0] for turn in turns]
    assert done == sorted(done)
    assert turns[-1][0] == turns[-1][1]
    return result


def test_arithmetic_works_where_the_latent_space_is_linear(measured):
    for column in CONTEXTS:
        slots = measured["slots"][column]
        assert slots["trials"] == 60
        assert slots["wanted"] > 0.85
        assert slots["kept_context"] > 0.85
        assert slots["success"] > slots["chance"] + 0.3
        assert slots["strength_0"] < 0.1  # C alone does not have what is wanted
        assert slots["success"] <= min(slots["wanted"], slots["kept"])


def test_directions_change_one_thing_where_the_latent_space_is_linear(measured):
    glasses = measured["directions"]["glasses"]
    assert glasses["wanted"] > 0.85
    assert glasses["unchanged"] > 0.85
    assert set(glasses["unchanged_by_column"]) == {"presentation", "headwear", "mood"}
    assert glasses["one_amount"]["wanted"] <= glasses["wanted"]
    assert 0.5 <= glasses["amount"] <= 6.0
    assert glasses["alignment"] > 0.7
    assert glasses["faces"] == 60


def test_the_result_is_plain_and_the_same_again(measured):
    again = finished(measure_arithmetic(LinearModel(), PixelJudge(), 512, 60, 60, contexts=CONTEXTS))
    assert json.loads(json.dumps(again)) == measured


def test_where_two_attributes_are_one_there_is_no_trial():
    result = finished(
        measure_arithmetic(LinearModel(entangled=True), PixelJudge(), 256, 20, 20, contexts={"glasses": "presentation"})
    )
    assert result["slots"]["glasses"] is None
    assert result["directions"]["glasses"]["unchanged_by_column"]["presentation"] < 0.5


def test_trials_show_what_they_are_made_of():
    pool = finished(look_at_draws(LinearModel(), PixelJudge(), 512))
    trials = make_trials(pool, PixelJudge(), "mood", "presentation", 90, seed=0)
    assert len(trials) == 90
    assert np.bincount(trials.wanted_T).tolist() == [30, 30, 30]
    assert set(trials.shared) == {"glasses", "presentation", "headwear"}
    assert (trials.shared["presentation"] >= 0).all()  # chosen so
    assert (trials.shared["headwear"] == -1).any()  # left to chance
    truth = LinearModel().turn.numpy()
    a, b, c = np.moveaxis(trials.means_T3Z @ truth.T, 1, 0)
    rows = np.arange(90)
    assert (a[rows, 3 + trials.wanted_T] > b[rows, 3 + trials.wanted_T]).all()
    assert (np.sign(a[:, 1]) == np.sign(b[:, 1])).all()
    assert (np.sign(a[:, 1]) != np.sign(c[:, 1])).all()


def test_a_judge_of_other_things_is_told():
    with pytest.raises(ExemplarError, match="does not know expression, hair_colour; measure a model of portraits"):
        next(measure_arithmetic(LinearModel(), PixelJudge()))
