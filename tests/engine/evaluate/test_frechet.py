"""The Frechet distance against its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluate.frechet import Gaussian, distance, fit, score
from engine.latent import draw_many


def sample(count: int, size: int = 6, seed: int = 0) -> np.ndarray:
    z = draw_many("normal", size, seed, range(count), 0).astype(np.float64)
    return z @ np.triu(np.linspace(0.2, 1.5, size * size).reshape(size, size))


def test_a_set_is_no_distance_from_itself():
    features = fit(sample(500))
    assert distance(features, features) == pytest.approx(0.0, abs=1e-9)


def test_moving_a_set_adds_the_square_of_the_way():
    step = np.array([3.0, 0, 0, -4.0, 0, 0])
    assert distance(fit(sample(500)), fit(sample(500) + step)) == pytest.approx(25.0)


def test_known_gaussians():
    a = Gaussian(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    b = Gaussian(np.ones(3), np.diag([4.0, 4.0, 1.0]))
    assert distance(a, b) == pytest.approx(3 + (1 - 2) ** 2 + 0 + (3 - 1) ** 2)
    assert distance(b, a) == pytest.approx(distance(a, b))


def test_turning_both_sets_changes_nothing():
    turn = np.linalg.qr(sample(6, seed=3))[0]
    a, b = sample(300), sample(300, seed=1) * 2 + 1
    assert distance(fit(a @ turn), fit(b @ turn)) == pytest.approx(distance(fit(a), fit(b)), rel=1e-9)


def test_sets_that_fill_no_volume_give_a_finite_distance():
    flat = sample(4)
    assert distance(fit(flat), fit(flat + 1)) == pytest.approx(6.0, abs=1e-6)
    assert distance(fit(np.zeros((5, 3))), fit(np.ones((5, 3)))) == pytest.approx(3.0)


def test_a_score_says_what_it_was_measured_with_and_its_floor():
    real, made = sample(4000), sample(1500, seed=9) + 0.5
    found = score(real, made, "portraits, judge 1f2e3d4c")
    assert found.name == "FID-c(portraits, judge 1f2e3d4c)"
    assert found.count == 1500
    assert found.value == pytest.approx(6 * 0.25, rel=0.25)
    assert 0 < found.floor < 0.15
    assert score(real[:1000], made, "x").count == 500


def test_bad_features_get_a_sentence():
    with pytest.raises(ValueError, match="at least two samples"):
        fit(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="not finite"):
        fit(np.full((3, 3), np.nan))
