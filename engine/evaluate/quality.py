"""How good are a model's samples, by a judge: FID-c, density and coverage, and how often each value appears.

Density and coverage (Naeem et al. 2020, arXiv 2002.09797, equations 5 and 6) look at balls around real samples that
reach to their k-th neighbour: density asks how many made samples lie in them, coverage how many of them hold one. Lost
modes lower coverage. Frequencies compare the values that the judge sees with those of the data.

Legend: N samples, F features, R real, M made.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from engine.controls import GRID_SEED
from engine.data.dataset import Dataset
from engine.evaluate import frechet
from engine.evaluate.judge import Judge, JudgeError
from engine.evaluate.sampling import AT_ONCE, Rows, Steps, counted, decoded, labels_like, shuffled_rows
from engine.family import LatentSpace
from engine.latent import draw_many
from engine.stepper import to_model

NEIGHBOURS = 5
_BLOCK = 64  # rows of a distance matrix at a time: some 10 ms for 5000 columns


def measure_quality(
    snapshot: LatentSpace,
    judge: Judge,
    data: Dataset,
    count: int = 5000,
    seed: int = GRID_SEED,
    at_once: int = AT_ONCE,
) -> Generator[Steps, None, dict[str, Any]]:
    """Quality of `count` draws of plane `seed` against twice as many samples of the data, as plain values. A
    conditional model is told the labels of those samples.

    Raises:
        JudgeError: the data are points, or too few.
    """
    if data.is_points or len(data) < 4:
        raise JudgeError("A judge needs pictures, and at least 4 of them; choose another data set.")
    reals = min(2 * count, len(data))
    rows = np.sort(shuffled_rows(data, seed)[:reals])
    total = reals + count + min(reals // 2, count)
    real, labels = [], []
    for start in range(0, reals, at_once):
        pictures = torch.from_numpy(np.asarray(data.batch(rows[start : start + at_once])))
        real.append(judge.features(to_model(pictures).to(snapshot.first_layer().device)))
        yield start, total
    made = []
    for start in range(0, count, at_once):
        places = np.arange(start, min(start + at_once, count))
        z_NZ = draw_many(snapshot.latent.prior, snapshot.latent.size, seed, places, 0)
        x = decoded(snapshot, z_NZ, labels_like(data, snapshot, rows[places % reals]))
        made.append(judge.features(x))
        labels.append({name: reading.labels_N for name, reading in judge.classify(x).items()})
        yield reals + start, total
    shuffled = np.concatenate(real)[np.argsort(draw_many("uniform", reals, seed, [0], [2])[0], kind="stable")]
    distance = frechet.score(shuffled, np.concatenate(made), judge.card.name)
    job = density_and_coverage(shuffled[: distance.count], np.concatenate(made)[: distance.count])
    density, coverage = yield from counted(job, reals + count, total)
    seen = {name: np.concatenate([part[name] for part in labels]) for name in judge.columns}
    known = {name: data.table.columns[name].labels for name in judge.columns if name in data.table.columns}
    return {
        distance.name: distance.value,
        "floor": distance.floor,
        "pictures_per_side": distance.count,
        "density": density,
        "coverage": coverage,
        "frequencies": frequencies(seen, known, judge.columns),
    }


def density_and_coverage(
    real_RF: ArrayLike, made_MF: ArrayLike, k: int = NEIGHBOURS
) -> Generator[Steps, None, tuple[float, float]]:
    """(density, coverage). Two sets of one distribution give about 1 and 1 - 2^-k. Needs more than k real samples."""
    real, made = np.asarray(real_RF, np.float64), np.asarray(made_MF, np.float64)
    if len(real) <= k or not len(made):
        raise JudgeError(f"Density and coverage need more than {k} real samples and some made ones; take more.")
    inside, covered = 0, 0
    for start in range(0, len(real), _BLOCK):
        block = real[start : start + _BLOCK]
        radii = np.partition(_squares(block, real), k, axis=1)[:, k]  # place 0 is the sample itself
        hits = _squares(block, made) < radii[:, None]
        inside += int(hits.sum())
        covered += int(hits.any(axis=1).sum())
        yield min(start + _BLOCK, len(real)), len(real)
    return inside / (k * len(made)), covered / len(real)


def _squares(a_NF: NDArray[np.float64], b_MF: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances (N, M)."""
    squares: NDArray[np.float64] = (a_NF**2).sum(1)[:, None] + (b_MF**2).sum(1)[None, :] - 2.0 * a_NF @ b_MF.T
    return np.maximum(squares, 0.0)


def frequencies(
    seen: Mapping[str, Rows], known: Mapping[str, NDArray[np.integer]], columns: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, Any]]:
    """By column: each value's share in the samples and in the data (None where not known), and their total variation
    distance, half the sum of the differences: 0 where the shares are the same, 1 where nothing is shared."""
    table: dict[str, dict[str, Any]] = {}
    for name, values in columns.items():
        samples = _shares(seen[name], len(values))
        data = _shares(known[name], len(values)) if name in known else None
        table[name] = {
            "samples": {value: round(float(share), 4) for value, share in zip(values, samples, strict=True)},
            "data": None if data is None else dict(zip(values, (round(float(x), 4) for x in data), strict=True)),
            "distance": None if data is None else round(float(np.abs(samples - data).sum() / 2), 4),
        }
    return table


def _shares(labels_N: NDArray[np.integer], count: int) -> NDArray[np.float64]:
    known = labels_N[labels_N >= 0]
    return np.bincount(known, minlength=count) / max(len(known), 1)
