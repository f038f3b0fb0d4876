"""Points on a line or in the plane whose true density is known: one can see what a generator and a critic learn.

Every set lies within about [-3, 3], most of it within [-2, 2]. Densities are exact: closed forms for mixtures of
Gaussians and the ring (a Rice distribution in the radius), Gauss-Legendre quadrature to rounding error for moons and
spiral. So the optimal discriminator p_data / (p_data + p_g) (Goodfellow et al. 2014, arXiv 1406.2661, proposition 1)
can be drawn. The mixture on a circle and the 5x5 grid follow Metz et al. 2016 (arXiv 1611.02163, section 3.1) and
Srivastava et al. 2017 (VEEGAN, arXiv 1705.07761, section 4.1), with wider modes so that they can be seen.

Shapes: N points, D coordinates (1 or 2), K components or quadrature nodes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data.assemble import assemble
from engine.data.dataset import Column, DataError, Dataset, Loader, LoadProgress, Table
from engine.data.ref import BUILT_IN, DataRef

Floats = NDArray[np.float64]
Draw = tuple[Floats, NDArray[np.int16]]  # points (N, D) and the part of the set that each comes from (N,)

NODES_PER_PIECE = 16
VIEW = 3.0  # half the width of a plot that shows any of the sets
USUAL_COUNT = 20_000
EVALUATE_AT_ONCE = 100_000  # point-component pairs: they stay in the cache of the processor


class PointSet(Protocol):
    """A distribution that can be drawn from and evaluated."""

    @property
    def dimensions(self) -> int: ...

    @property
    def parts(self) -> tuple[str, ...]:
        """What the labels of `draw` stand for."""
        ...

    def draw(self, count: int, rng: np.random.Generator) -> Draw: ...

    def log_density(self, points_ND: Floats) -> Floats:
        """Natural logarithm of the density at each point, shape (N,)."""
        ...


@dataclass(frozen=True)
class Gaussians:
    """A mixture of K Gaussians: weights (K,), means (K, D), covariances (K, D, D)."""

    weights_K: Floats
    means_KD: Floats
    covariances_KDD: Floats

    @property
    def dimensions(self) -> int:
        return int(self.means_KD.shape[1])

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(f"mode {k + 1}" for k in range(len(self.weights_K)))

    def draw(self, count: int, rng: np.random.Generator) -> Draw:
        labels_N = rng.choice(len(self.weights_K), size=count, p=self.weights_K)
        factors_KDD = np.linalg.cholesky(self.covariances_KDD)
        noise_ND = rng.standard_normal((count, self.dimensions))
        points_ND = self.means_KD[labels_N] + np.einsum("nij,nj->ni", factors_KDD[labels_N], noise_ND)
        return points_ND, labels_N.astype(np.int16)

    def log_density(self, points_ND: Floats) -> Floats:
        return _log_mixture(points_ND, self.weights_K, self.means_KD, self.covariances_KDD)


@dataclass(frozen=True)
class Ring:
    """A circle around (0, 0) with Gaussian noise in the plane. Its radius has a Rice distribution, so with
    s = `noise` and r = |x|: p(x) = exp(-(r^2 + radius^2) / 2 s^2) I0(r radius / s^2) / (2 pi s^2)."""

    radius: float
    noise: float

    @property
    def dimensions(self) -> int:
        return 2

    @property
    def parts(self) -> tuple[str, ...]:
        return ()

    def draw(self, count: int, rng: np.random.Generator) -> Draw:
        angle_N = rng.uniform(0, 2 * np.pi, count)
        circle_ND = self.radius * np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1)
        return circle_ND + self.noise * rng.standard_normal((count, 2)), np.zeros(count, np.int16)

    def log_density(self, points_ND: Floats) -> Floats:
        r_N = np.hypot(points_ND[:, 0], points_ND[:, 1])
        variance = self.noise**2
        bessel_N = _log_scaled_i0(r_N * self.radius / variance)
        return np.asarray(-((r_N - self.radius) ** 2) / (2 * variance) + bessel_N - np.log(2 * np.pi * variance))


@dataclass(frozen=True)
class Curves:
    """Curves in the plane with Gaussian noise: `trace(s)` gives the point at s in [0, 1] and `weight(s)` the density
    of s, for each of the equally likely curves.

    The density of a point is the integral of the noise over the curve: a mixture of `16 * pieces` Gaussians per curve,
    by Gauss-Legendre quadrature in each piece. With nodes closer than the noise is wide, the error is that of rounding.
    """

    traces: tuple[Callable[[Floats], Floats], ...]
    place: Callable[[Floats], Floats]  # uniform numbers -> s
    weight: Callable[[Floats], Floats]
    noise: float
    pieces: int
    parts: tuple[str, ...]

    @property
    def dimensions(self) -> int:
        return 2

    def draw(self, count: int, rng: np.random.Generator) -> Draw:
        labels_N = rng.integers(len(self.traces), size=count)
        s_N = self.place(rng.uniform(size=count))
        points_CND = np.stack([trace(s_N) for trace in self.traces])
        points_ND = points_CND[labels_N, np.arange(count)]
        return points_ND + self.noise * rng.standard_normal((count, 2)), labels_N.astype(np.int16)

    def log_density(self, points_ND: Floats) -> Floats:
        x_P, w_P = np.polynomial.legendre.leggauss(NODES_PER_PIECE)
        edges = self.place(np.linspace(0, 1, self.pieces + 1))  # pieces of equal probability
        halves = np.diff(edges)[:, None] / 2
        s_K = (edges[:-1, None] + halves * (x_P + 1)).reshape(-1)
        weights_K = (halves * w_P).reshape(-1) * self.weight(s_K) / len(self.traces)
        means_KD = np.concatenate([trace(s_K) for trace in self.traces])
        covariances_KDD = np.broadcast_to(self.noise**2 * np.eye(2), (len(means_KD), 2, 2))
        return _log_mixture(points_ND, np.tile(weights_K, len(self.traces)), means_KD, covariances_KDD)


def _log_mixture(points_ND: Floats, weights_K: Floats, means_KD: Floats, covariances_KDD: Floats) -> Floats:
    """log sum_k w_k N(x; m_k, C_k) in slices that fit into memory."""
    precisions_KDD = np.linalg.inv(covariances_KDD)
    dimensions = points_ND.shape[1]
    log_norms_K = np.log(weights_K) - 0.5 * (dimensions * np.log(2 * np.pi) + np.log(np.linalg.det(covariances_KDD)))
    pairs = [(i, j) for i in range(dimensions) for j in range(dimensions) if precisions_KDD[:, i, j].any()]
    points_DN, means_DK = np.ascontiguousarray(points_ND.T), np.ascontiguousarray(means_KD.T)[:, None, :]
    result_N = np.empty(len(points_ND))
    rows = max(1, EVALUATE_AT_ONCE // len(weights_K))
    for start in range(0, len(points_ND), rows):
        away_DNK = points_DN[:, start : start + rows, None] - means_DK
        distance_NK = np.zeros(away_DNK.shape[1:])
        for i, j in pairs:
            distance_NK += away_DNK[i] * away_DNK[j] * precisions_KDD[:, i, j]
        terms_NK = log_norms_K - 0.5 * distance_NK
        highest_N = terms_NK.max(axis=1)
        terms_NK -= highest_N[:, None]
        result_N[start : start + rows] = highest_N + np.log(np.exp(terms_NK, out=terms_NK).sum(axis=1))
    return result_N


def _log_scaled_i0(x: Floats) -> Floats:
    """log(I0(x) exp(-x)) for x >= 0; beyond 30 by the asymptotic series (Abramowitz and Stegun 9.7.1)."""
    near = np.minimum(x, 30.0)
    far = np.maximum(x, 30.0)
    term, series = np.ones_like(far), np.ones_like(far)
    for k in range(1, 12):
        term = term * (2 * k - 1) ** 2 / (8 * k * far)
        series = series + term
    return np.where(x <= 30, np.log(np.i0(near)) - near, np.log(series) - 0.5 * np.log(2 * np.pi * far))


def _round_gaussians(means: Floats, deviation: float) -> Gaussians:
    count, dimensions = means.shape
    covariances = np.broadcast_to(deviation**2 * np.eye(dimensions), (count, dimensions, dimensions))
    return Gaussians(np.full(count, 1 / count), means, covariances)


def _circle_means(count: int, radius: float) -> Floats:
    angles = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _grid_means() -> Floats:
    steps = np.linspace(-2, 2, 5)
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


def _upper_moon(s: Floats) -> Floats:
    return 1.2 * np.stack([np.cos(np.pi * s) - 0.5, np.sin(np.pi * s) - 0.25], axis=1)


def _lower_moon(s: Floats) -> Floats:
    return 1.2 * np.stack([0.5 - np.cos(np.pi * s), 0.25 - np.sin(np.pi * s)], axis=1)


def _spiral(s: Floats) -> Floats:
    angle = 4 * np.pi * s
    return np.asarray(2.2 * s[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _line_mixture() -> Gaussians:
    means, deviations = np.array([[-1.5], [0.2], [1.7]]), np.array([0.25, 0.35, 0.15])
    return Gaussians(np.array([0.3, 0.5, 0.2]), means, (deviations**2).reshape(3, 1, 1))


POINT_SETS: dict[str, PointSet] = {
    "gaussian-1d": Gaussians(np.ones(1), np.array([[0.5]]), np.array([[[0.25]]])),
    "mixture-1d": _line_mixture(),
    "gaussian": Gaussians(np.ones(1), np.array([[0.4, -0.2]]), np.array([[[0.6, 0.35], [0.35, 0.4]]])),
    "mixture": _round_gaussians(_circle_means(8, 2.0), 0.12),
    "ring": Ring(1.7, 0.12),
    "grid": _round_gaussians(_grid_means(), 0.1),
    "two-moons": Curves((_upper_moon, _lower_moon), lambda u: u, np.ones_like, 0.1, 6, ("upper moon", "lower moon")),
    # s is the root of a uniform number: then the turns of the spiral are about equally dense.
    "spiral": Curves((_spiral,), np.sqrt, lambda s: 2 * s, 0.08, 48, ()),
}


def log_density(name: str, points_ND: Floats) -> Floats:
    """log p_data of the named set at each point, shape (N,), natural logarithm.

    Raises DataError for a name that is no point set or points of the wrong dimension."""
    if name not in POINT_SETS:
        raise DataError(f'"{name}" is not a set of points with a known density; there are {", ".join(POINT_SETS)}.')
    wanted = POINT_SETS[name].dimensions
    if points_ND.ndim != 2 or points_ND.shape[1] != wanted:
        raise DataError(f'"{name}" has {wanted} coordinates; the points to evaluate have shape {points_ND.shape}.')
    return POINT_SETS[name].log_density(np.asarray(points_ND, dtype=np.float64))


def kernel_log_density(samples_MD: Floats, points_ND: Floats) -> Floats:
    """An estimate of log p_data where only samples are known: one Gaussian per sample (at most 2 000 of them), as wide
    as Scott's rule says (Scott, "Multivariate Density Estimation", 1992, section 6.3.1). Shape (N,)."""
    count, dimensions = samples_MD.shape
    spread = float(np.sqrt(np.mean(np.var(samples_MD, axis=0)))) or 0.1
    width = spread * count ** (-1 / (dimensions + 4))
    centres = samples_MD[:: max(1, -(-count // 2000))].astype(np.float64)
    return _round_gaussians(centres, width).log_density(np.asarray(points_ND, dtype=np.float64))


def density_of(dataset: Dataset) -> Callable[[Floats], Floats]:
    """The log density that belongs to a loaded set of points: exact for the built-in ones, else a kernel estimate.

    Raises DataError for pictures."""
    if not dataset.is_points:
        raise DataError(f"{dataset.title} holds pictures, which have no known density; choose a set of points.")
    if dataset.name in POINT_SETS:
        return lambda points_ND: log_density(dataset.name, points_ND)
    samples = dataset.batch(np.arange(len(dataset), dtype=np.int64)).astype(np.float64)
    return lambda points_ND: kernel_log_density(samples, points_ND)


def load_points(ref: DataRef) -> Loader:
    """A built-in set of points: `ref.count` of them (20 000 without), float32 (N, D), the part as their label.

    Splits "train" and "test" are different draws. Raises DataError."""
    if ref.name not in POINT_SETS:
        raise DataError(f'"{ref.name}" is not a built-in set of points.')
    if ref.split not in ("train", "test"):
        raise DataError(f'"{ref.name}" has no "{ref.split}" split; it has "train" and "test".')
    title = next(entry.title for entry in BUILT_IN if entry.name == ref.name)
    point_set = POINT_SETS[ref.name]
    rng = np.random.default_rng([ref.seed, zlib.crc32(f"{ref.name}/{ref.split}".encode())])
    points, labels = point_set.draw(ref.count or USUAL_COUNT, rng)
    yield LoadProgress("Drawing points", len(points), len(points))
    columns = {"label": Column(labels, point_set.parts)} if len(point_set.parts) > 1 else {}
    return (yield from assemble(ref.name, title, ref.split, points.astype(np.float32), Table(columns)))
