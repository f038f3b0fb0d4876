"""Modes are found in the data, and a collapsed model is seen to miss them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.widgets.modes import find_modes, reached


def blobs(centres: np.ndarray, count: int = 1000, width: float = 0.1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (centres[rng.integers(len(centres), size=count)] + rng.normal(0, width, (count, 2))).astype(np.float32)


def extent_of(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    low, high = points.min(0), points.max(0)
    return tuple((float(a - 0.2 * (b - a)), float(b + 0.2 * (b - a))) for a, b in zip(low, high, strict=True))


angles = np.arange(8) * np.pi / 4
RING_OF_8 = 2 * np.stack((np.cos(angles), np.sin(angles)), 1)
GRID_OF_25 = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), -1).reshape(-1, 2)


@pytest.mark.parametrize(("centres", "width"), [(RING_OF_8, 0.15), (GRID_OF_25, 0.05)])
def test_all_modes_of_a_mixture_are_found_and_covered_by_the_data(centres: np.ndarray, width: float) -> None:
    reals = blobs(centres, width=width)
    modes = find_modes(reals, extent_of(reals))
    assert len(modes) == len(centres)
    for centre in centres:
        assert np.linalg.norm(modes.centres - centre, axis=1).min() < 0.1
    assert modes.covered(blobs(centres, width=width, seed=1)).all()
    assert modes.shares.sum() > 0.9


def test_a_collapsed_model_covers_few() -> None:
    reals = blobs(RING_OF_8)
    modes = find_modes(reals, extent_of(reals))
    collapsed = blobs(RING_OF_8[:2])
    assert modes.covered(collapsed).sum() == 2
    assert reached(reals, collapsed, modes.extent) < 0.4
    assert reached(reals, blobs(RING_OF_8, seed=2), modes.extent) > 0.9


def test_a_ring_has_no_separate_modes() -> None:
    rng = np.random.default_rng(0)
    turn = rng.uniform(0, 2 * np.pi, 1000)
    ring = (np.stack((np.cos(turn), np.sin(turn)), 1) + rng.normal(0, 0.03, (1000, 2))).astype(np.float32)
    assert len(find_modes(ring, extent_of(ring))) == 0


def test_samples_that_are_lost_or_not_finite_cover_nothing() -> None:
    reals = blobs(RING_OF_8)
    modes = find_modes(reals, extent_of(reals))
    lost = np.full((100, 2), 1e6, np.float32)
    lost[:50] = np.nan
    assert not modes.covered(lost).any()
    assert reached(reals, lost, modes.extent) == 0.0
