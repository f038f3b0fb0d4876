"""The Frechet distance between two sets of features, and its floor between two halves of the real ones.

Heusel et al. 2017 (arXiv 1706.08500) section 3 fit a Gaussian to each set and take |m1 - m2|^2 + Tr(S1 + S2 - 2
(S1 S2)^(1/2)). Here the features are those of a judge trained on the same data, so the number is called "FID-c" with
the names of data and judge, never "FID": it compares models on one data set and nothing else. The last term is
computed as Tr((S1^(1/2) S2 S1^(1/2))^(1/2)) with symmetric eigenvalues in float64: no complex numbers, no iteration.
The distance of finite sets is biased upwards, about as F^2 / n: keep n the same, and at least 50 F.

Legend: N samples, F features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian:
    """What the distance knows of a set of features."""

    mean_F: Doubles
    covariance_FF: Doubles


@dataclass(frozen=True)
class FrechetScore:
    """A distance with what is needed to read it: what it is called, the floor (two samples of real pictures of the same
    size), and how many pictures each side had."""

    name: str
    value: float
    floor: float
    count: int


def fit(features_NF: ArrayLike) -> Gaussian:
    """Mean and unbiased covariance. Raises ValueError for fewer than two samples or values that are not finite."""
    features = np.asarray(features_NF, np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError("The Frechet distance needs at least two samples of features; make more samples.")
    if not np.isfinite(features).all():
        raise ValueError("Some features are not finite numbers; the model or the judge is broken.")
    mean = features.mean(axis=0)
    centred = features - mean
    return Gaussian(mean, centred.T @ centred / (len(features) - 1))


def distance(a: Gaussian, b: Gaussian) -> float:
    """The squared Frechet (2-Wasserstein) distance of two Gaussians, at least 0."""
    values, vectors = np.linalg.eigh(a.covariance_FF)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ b.covariance_FF @ root)
    overlap = np.sqrt(np.maximum(between, 0.0)).sum()
    spread = np.trace(a.covariance_FF) + np.trace(b.covariance_FF) - 2.0 * overlap
    shift = a.mean_F - b.mean_F
    return max(float(shift @ shift + spread), 0.0)


def score(real_NF: ArrayLike, made_NF: ArrayLike, judge_name: str) -> FrechetScore:
    """FID-c of made samples. Half of the real ones is compared with the made ones, the other half gives the floor.

    All three sets have the same size: as many as there are made samples, or half of the real ones if that is less.
    `judge_name` is `JudgeCard.name`.
    """
    real, made = np.asarray(real_NF), np.asarray(made_NF)
    count = min(len(real) // 2, len(made))
    reference = fit(real[:count])
    return FrechetScore(
        name=f"FID-c({judge_name})",
        value=distance(reference, fit(made[:count])),
        floor=distance(reference, fit(real[count : 2 * count])),
        count=count,
    )
