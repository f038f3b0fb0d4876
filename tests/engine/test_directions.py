"""Directions: they find what was put there, with scores that chance does not inflate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.directions import attribute_vector, pca, sefa
from engine.latent import LatentError, draw_many


def test_pca_finds_the_directions_that_move_the_pictures_most():
    z_NZ = draw_many("normal", 6, 0, range(4000), 0)
    axes = np.linalg.qr(draw_many("normal", 6, 1, range(6), 0).astype(np.float64))[0]
    to_pixels = np.linalg.qr(draw_many("normal", 20, 2, range(6), 0).T.astype(np.float64))[0]
    pictures = (z_NZ @ axes.T * [5, 3, 2, 0.5, 0.2, 0.1]) @ to_pixels.T + 7.0
    for features in (pictures, np.repeat(pictures[:400], 30, axis=1)):  # fewer features than samples, and more
        directions, shares = pca(z_NZ[: len(features)], features, count=3)
        assert directions.shape == (3, 6)
        np.testing.assert_allclose(np.abs(np.sum(directions * axes[:3], axis=1)), 1.0, atol=0.02)
        np.testing.assert_allclose(shares, np.array([25, 9, 4]) / 38.3, atol=0.05)
    np.testing.assert_array_equal(pca(z_NZ, pictures)[0], pca(z_NZ, pictures)[0])


def test_pca_leaves_out_what_does_not_vary():
    z_NZ = draw_many("normal", 4, 0, range(50), 0)
    directions, shares = pca(z_NZ, z_NZ[:, :2])
    assert directions.shape == (2, 4)
    assert shares.sum() == pytest.approx(1.0)
    assert pca(z_NZ, np.ones((50, 8)))[0].shape == (0, 4)


def test_sefa_finds_what_the_first_layer_stretches():
    axes = np.linalg.qr(draw_many("normal", 5, 1, range(5), 0).astype(np.float64))[0]
    weight_FZ = np.linalg.qr(draw_many("normal", 30, 2, range(5), 0).T)[0] @ (np.diag([4, 2, 1, 0.5, 0.1]) @ axes)
    directions, shares = sefa(weight_FZ, 3)
    np.testing.assert_allclose(np.abs(np.sum(directions * axes[:3], axis=1)), 1.0, atol=1e-5)
    np.testing.assert_allclose(shares, np.array([16, 4, 1]) / 21.26, rtol=1e-5)
    largest = np.argmax(np.abs(directions), axis=1)
    assert (directions[np.arange(3), largest] > 0).all()
    np.testing.assert_allclose(sefa(-weight_FZ, 3)[0], directions, atol=1e-6)


def groups(shift: float, count: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    z_NZ = draw_many("normal", size, 5, range(2 * count), 0)
    z_NZ[:count, 0] += shift
    return z_NZ[:count], z_NZ[count:]


def test_an_attribute_vector_points_from_without_to_with():
    found = attribute_vector(*groups(4.0, 200))
    assert np.linalg.norm(found.direction) == pytest.approx(1.0)
    assert found.direction[0] > 0.97
    assert found.distance == pytest.approx(4.0, rel=0.1)
    assert found.alignment > 0.9
    assert found.cohen_d == pytest.approx(4.0, rel=0.1)
    back = attribute_vector(*reversed(groups(4.0, 200)))
    np.testing.assert_allclose(back.direction, -found.direction, atol=1e-6)


def test_chance_does_not_score():
    """With 20 exemplars in 32 dimensions the means lie far apart by chance; both scores see through it."""
    found = attribute_vector(*groups(0.0, 20))
    assert found.distance > 1.0
    assert abs(found.alignment) < 0.2
    assert abs(found.cohen_d) < 0.5


def test_a_linear_toy_gives_the_vector_exactly():
    base = draw_many("normal", 8, 0, range(3), 0)
    step = np.array([0, 0, 3, 0, 0, 4, 0, 0])
    found = attribute_vector(base + step, base)
    np.testing.assert_allclose(found.direction, step / 5, atol=1e-6)
    assert found.distance == pytest.approx(5.0)


def test_few_or_equal_exemplars():
    one = attribute_vector([[1.0, 0.0]], [[0.0, 0.0]])
    assert (one.alignment, one.cohen_d) == (0.0, 0.0)
    assert math.isclose(one.distance, 1.0)
    with pytest.raises(LatentError, match="add some"):
        attribute_vector(np.zeros((0, 2)), [[1.0, 0.0]])
    with pytest.raises(LatentError, match="same mean"):
        attribute_vector([[1.0, 0.0]], [[1.0, 0.0]])
