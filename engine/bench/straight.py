"""The most that latent arithmetic can reach: a made-up model whose attributes lie exactly along straight lines.

Each attribute of the portraits has directions of its own, orthogonal to all others, and the value whose direction z
goes along farthest is the one that shows, as often as in the data. Nothing is entangled, nothing is blurred; what is
missing to 100 % comes from three exemplars per slot, whose other attributes differ by chance, and from 64 exemplars
per direction in 64 dimensions. Figures of real models are to be read beside these.

Legend: N samples, Z latent size, K values of an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.controls import LatentInfo
from engine.data.portraits import ATTRIBUTES
from engine.evaluate.judge import Reading

Z_SIZE = 64
TUNING, DRAWS, RATE = 400, 20_000, 0.3
OFTEN_ABSENT = {"glasses": 0.5, "headwear": 0.6, "facial_hair": 0.6}  # how often the first value, "none", shows


class StraightSpace:
    """A latent space whose samples are the latents themselves."""

    latent = LatentInfo(Z_SIZE, "normal")
    conditions: Mapping[str, tuple[str, ...]] = {}

    def first_layer(self) -> Tensor:
        return torch.eye(Z_SIZE)

    def decode(self, z_NZ: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        return z_NZ


class StraightJudge:
    """Sees in a latent the value of each attribute whose direction it goes along farthest."""

    columns: Mapping[str, tuple[str, ...]] = ATTRIBUTES

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._directions_ZK: dict[str, NDArray[np.float64]] = {}
        self._offsets_K: dict[str, NDArray[np.float64]] = {}
        at = 0
        for name, values in self.columns.items():
            count = len(values)
            # the corners of a simplex: K directions in K - 1 dimensions, as far from each other as can be
            corners = np.linalg.svd(np.eye(count) - 1 / count)[2][: count - 1]
            self._directions_ZK[name] = np.zeros((Z_SIZE, count))
            self._directions_ZK[name][at : at + count - 1] = corners
            at += count - 1
            scores_NK = rng.standard_normal((DRAWS, count - 1)) @ corners
            self._offsets_K[name] = _tuned(scores_NK, _frequencies(name, count))

    def classify(self, x: Tensor) -> dict[str, Reading]:
        z_NZ = x.numpy().astype(np.float64)
        readings = {}
        for name, directions_ZK in self._directions_ZK.items():
            logits = (z_NZ @ directions_ZK + self._offsets_K[name]).astype(np.float32)
            readings[name] = Reading(logits.argmax(axis=1), np.ones(len(logits), np.float32), logits)
        return readings


def _frequencies(name: str, count: int) -> NDArray[np.float64]:
    first = OFTEN_ABSENT.get(name, 1 / count)
    return np.array([first] + [(1 - first) / (count - 1)] * (count - 1))


def _tuned(scores_NK: NDArray[np.float64], wanted_K: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets with which each value is the highest as often as wanted."""
    offsets = np.zeros_like(wanted_K)
    for _ in range(TUNING):
        seen = np.bincount((scores_NK + offsets).argmax(axis=1), minlength=len(wanted_K)) / len(scores_NK)
        offsets += RATE * (np.log(wanted_K) - np.log(seen + 1e-9))
    return offsets
