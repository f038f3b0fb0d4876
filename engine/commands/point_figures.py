"""How well a model of points fits its data: modes covered, good samples, and the divergence of the densities.

For mixtures of Gaussians a sample is good when it lies within three standard deviations of its nearest mode, and a
mode is covered when at least a tenth of the good samples that it should have are there (a stricter count than that of
Srivastava et al. 2017, VEEGAN, arXiv 1705.07761, section 4.1, where one sample is enough). The divergence is computed
on the decision field of the window, so both show the same number.

Legend: N samples, K modes, D coordinates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import explore
from engine.commands.exploring import Explored
from engine.data.dataset import Dataset
from engine.data.points import POINT_SETS, Gaussians
from engine.data.ref import DataRef
from engine.messages import Decision, DrawDecision

GOOD_WITHIN = 3.0  # standard deviations
FAIR_PART = 0.1  # of the samples that a mode should have
NEVER = -math.log(4.0)  # V(G, D) where D cannot tell samples from data
LINE_CELLS, PLANE_CELLS = 400, 64
Doubles = NDArray[np.float64]


def measure_modes(points_ND: NDArray[np.floating], modes: Gaussians) -> dict[str, Any]:
    """Covered modes and the share of good samples."""
    points = np.asarray(points_ND, np.float64)
    away_NKD = points[:, None, :] - modes.means_KD[None]
    precisions_KDD = np.linalg.inv(modes.covariances_KDD)
    distance_NK = np.sqrt(np.einsum("nki,kij,nkj->nk", away_NKD, precisions_KDD, away_NKD))
    nearest_N = distance_NK.argmin(axis=1)
    good_N = distance_NK[np.arange(len(points)), nearest_N] <= GOOD_WITHIN
    counts_K = np.bincount(nearest_N[good_N], minlength=len(modes.weights_K))
    covered_K = counts_K >= np.maximum(FAIR_PART * modes.weights_K * len(points), 1.0)
    return {
        "modes": len(modes.weights_K),
        "covered_modes": int(covered_K.sum()),
        "good_samples": round(float(good_N.mean()), 4),
        "samples_per_mode": counts_K.tolist(),
    }


def measure_points(
    explored: Explored, data: DataRef, dataset: Dataset, samples_ND: NDArray[np.float32]
) -> dict[str, Any]:
    """Every figure that fits: modes for mixtures, the divergence in 1-D and 2-D."""
    figures: dict[str, Any] = {"samples": len(samples_ND)}
    known = POINT_SETS.get(dataset.name)
    if isinstance(known, Gaussians) and len(known.weights_K) > 1 and data.points is None:
        figures |= measure_modes(samples_ND, known)
    dims = dataset.shape[0]
    if dims <= 2 and explored.has_critic:
        cells = LINE_CELLS if dims == 1 else PLANE_CELLS
        request = DrawDecision("command", 0, explored.name, data, cells, len(samples_ND))
        (field,) = explore.decide(explored.opened, request, dataset, explored.device)
        assert isinstance(field, Decision)
        divergence = shannon_divergence(field.p_data, field.p_g)
        figures |= {
            "jensen_shannon_nats": round(divergence, 5),
            "value_of_the_best_d": round(NEVER + 2.0 * divergence, 5) + 0.0,
        }
    return figures


def shannon_divergence(p: NDArray[np.floating], q: NDArray[np.floating]) -> float:
    """The Jensen-Shannon divergence in nats (0 to log 2) of two densities on the same cells."""
    a, b = (np.asarray(each, np.float64) / max(float(np.sum(each)), 1e-300) for each in (p, q))
    middle = (a + b) / 2.0
    return max(0.5 * (_relative(a, middle) + _relative(b, middle)), 0.0)


def _relative(p: Doubles, q: Doubles) -> float:
    """KL(p, q) in nats; 0 log 0 counts as 0."""
    there = p > 0
    return float(np.sum(p[there] * np.log(p[there] / q[there])))
