"""Sets of points: what is drawn follows the density that is shown."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.dataset import DataError, Dataset, finish
from engine.data.points import (
    POINT_SETS,
    VIEW,
    Curves,
    density_of,
    kernel_log_density,
    load_points,
    log_density,
)
from engine.data.points_file import load_drawn_points
from engine.data.ref import BUILT_IN, DataRef

REACH = 4.0  # nothing worth mentioning lies outside
LINE = [name for name, points in POINT_SETS.items() if points.dimensions == 1]
PLANE = [name for name, points in POINT_SETS.items() if points.dimensions == 2]


def cells(count: int, dimensions: int) -> tuple[np.ndarray, float]:
    """The centres of equal cells that cover [-REACH, REACH]^D, and the size of one."""
    width = 2 * REACH / count
    axis = -REACH + width * (np.arange(count) + 0.5)
    grid = np.stack(np.meshgrid(*[axis] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    return grid, width**dimensions


def draw(name: str, count: int = 20_000, **options: object) -> Dataset:
    return finish(load_points(DataRef(name, count=count, **options)))


def everything(dataset: Dataset) -> np.ndarray:
    return dataset.batch(np.arange(len(dataset)))


def test_every_built_in_set_of_points_exists() -> None:
    assert set(POINT_SETS) == {entry.name for entry in BUILT_IN if entry.kind == "points"}


@pytest.mark.parametrize("name", POINT_SETS)
def test_densities_integrate_to_one(name: str) -> None:
    # Sums over equal cells of a smooth function converge faster than any power once cells are narrower than the noise.
    grid, size = cells(20_000 if name in LINE else 200, POINT_SETS[name].dimensions)
    assert np.exp(log_density(name, grid)).sum() * size == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("name", POINT_SETS)
def test_histograms_match_the_density(name: str) -> None:
    points = everything(draw(name, 40_000, seed=3)).astype(np.float64)
    dimensions = points.shape[1]
    fine, size = cells(160, dimensions)
    coarse = (((fine + REACH) / (2 * REACH) * 16).astype(int) * 16 ** np.arange(dimensions)).sum(axis=1)
    expected = np.bincount(coarse, np.exp(log_density(name, fine)) * size, 16**dimensions) * len(points)
    where = (((points + REACH) / (2 * REACH) * 16).astype(int) * 16 ** np.arange(dimensions)).sum(axis=1)
    counted = np.bincount(where, minlength=16**dimensions)
    # Counts are about Poisson: no cell is further away than five standard deviations.
    assert np.abs((counted - expected) / np.sqrt(expected + 4)).max() < 5


@pytest.mark.parametrize("name", POINT_SETS)
def test_points_lie_in_view_and_far_away_is_improbable_not_wrong(name: str) -> None:
    points = everything(draw(name))
    assert points.dtype == np.float32
    assert np.quantile(np.abs(points), 0.999) < VIEW
    far = np.full((1, points.shape[1]), 100.0)
    assert -np.inf < log_density(name, far)[0] < -1000


def test_closed_forms() -> None:
    assert log_density("gaussian-1d", np.array([[0.5]]))[0] == pytest.approx(-0.5 * np.log(2 * np.pi * 0.25))
    covariance = np.array([[0.6, 0.35], [0.35, 0.4]])
    away = np.array([1.0, -0.5]) - np.array([0.4, -0.2])
    expected = -0.5 * (away @ np.linalg.solve(covariance, away) + np.log((2 * np.pi) ** 2 * np.linalg.det(covariance)))
    assert log_density("gaussian", np.array([[1.0, -0.5]]))[0] == pytest.approx(expected)


def test_the_ring_agrees_with_an_integral_over_its_circle() -> None:
    points = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    angle = 2 * np.pi * np.arange(2000) / 2000
    circle = 1.7 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    distance = ((points[:, None] - circle) ** 2).sum(axis=2) / (2 * 0.12**2)
    lowest = distance.min(axis=1)
    summed = np.log(np.exp(lowest[:, None] - distance).mean(axis=1)) - lowest - np.log(2 * np.pi * 0.12**2)
    assert np.abs(log_density("ring", points) - summed).max() < 1e-6


@pytest.mark.parametrize("name", ["two-moons", "spiral"])
def test_curves_do_not_depend_on_the_number_of_nodes(name: str) -> None:
    curves = POINT_SETS[name]
    assert isinstance(curves, Curves)
    finer = Curves(curves.traces, curves.place, curves.weight, curves.noise, 2 * curves.pieces, curves.parts)
    points = np.random.default_rng(0).uniform(-2.5, 2.5, (300, 2))
    near = log_density(name, points) > -25
    assert np.abs(curves.log_density(points) - finer.log_density(points))[near].max() < 1e-6


def test_parts_are_labels() -> None:
    grid = draw("grid")
    label = grid.table.columns["label"]
    assert label.names[24] == "mode 25"
    spread = everything(grid)[label.labels == 7].std(axis=0)
    assert spread == pytest.approx([0.1, 0.1], abs=0.02)
    assert draw("two-moons").table.columns["label"].names == ("upper moon", "lower moon")
    assert not draw("spiral").table.columns


def test_seeds_and_splits_are_different_draws() -> None:
    prints = [draw("ring", 100, seed=s, split=t).fingerprint for s in (0, 1) for t in ("train", "test")]
    assert len(set(prints)) == 4
    assert draw("ring", 100).fingerprint == prints[0]
    with pytest.raises(DataError, match='no "held-out" split'):
        draw("ring", split="held-out")


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(DataError, match="not a built-in"):
        draw("cube")
    with pytest.raises(DataError, match="not a set of points"):
        log_density("cube", np.zeros((1, 2)))
    with pytest.raises(DataError, match="1 coordinates"):
        log_density("gaussian-1d", np.zeros((1, 2)))


def test_own_points_have_an_estimated_density() -> None:
    samples = np.random.default_rng(0).standard_normal((5000, 2))
    at = np.array([[0.0, 0.0], [1.0, 0.0], [8.0, 0.0]])
    estimate = kernel_log_density(samples, at)
    assert estimate[:2] == pytest.approx(-np.log(2 * np.pi) - np.array([0, 0.5]), abs=0.25)
    grid, size = cells(100, 2)
    assert np.exp(kernel_log_density(samples[:50], grid)).sum() * size == pytest.approx(1, abs=0.01)
    assert np.isfinite(kernel_log_density(np.zeros((5, 2)), at)).all()


def test_a_loaded_set_brings_its_density() -> None:
    at = np.array([[0.3, -0.1]])
    assert density_of(draw("gaussian"))(at) == pytest.approx(log_density("gaussian", at))
    own = finish(load_drawn_points(DataRef("own", points=((0, 0), (1, 1), (0, 1)))))
    assert np.isfinite(density_of(own)(at)).all()
