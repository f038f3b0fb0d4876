"""What a book of codes is worth: how many of its codes work, how evenly, and what a simple prior saves.

The prior is that of code frequencies at each place, counted on training pictures with add-one smoothing: at place p the
code k has the probability (n_pk + 1) / (n + K), n pictures having been counted. Its bits on held-out pictures bound
those of any better prior from above; a uniform prior needs log2 K for each code.

Legend: N pictures, P places of a grid, K codes.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.evaluate.sampling import Rows, Steps
from engine.family import Codec
from engine.nn.usage import PER_CODE, perplexity
from engine.stepper import to_model

AT_ONCE = 32
Counts = NDArray[np.int64]


def book_figures(usage_K: Counts) -> dict[str, Any]:
    """How many codes work, by how often each was chosen; a code that was not is dead. Perplexity is 1 to K."""
    used = int((usage_K > 0).sum())
    return {
        "codes": len(usage_K),
        "counted": int(usage_K.sum()),
        "perplexity": round(float(perplexity(torch.from_numpy(usage_K))), 3),
        "used": used,
        "used_percent": round(100 * used / len(usage_K), 2),
        "dead": len(usage_K) - used,
    }


class PlacePrior:
    """Code frequencies at each place, with add-one smoothing."""

    def __init__(self, places: int, codes: int) -> None:
        self.pictures = 0
        self._counts_PK: Counts = np.zeros((places, codes), np.int64)

    def count(self, codes_NP: Counts) -> None:
        places = np.broadcast_to(np.arange(codes_NP.shape[1]), codes_NP.shape)
        np.add.at(self._counts_PK, (places, codes_NP), 1)
        self.pictures += len(codes_NP)

    def bits(self, codes_NP: Counts) -> NDArray[np.float64]:
        """-log2 of the probability of each grid, (N,)."""
        places = np.arange(codes_NP.shape[1])
        total = self.pictures + self._counts_PK.shape[1]
        bits_N: NDArray[np.float64] = np.log2(total / (self._counts_PK[places, codes_NP] + 1.0)).sum(axis=1)
        return bits_N


def encoded(
    codec: Codec, data: Dataset, rows: Rows, device: torch.device, at_once: int = AT_ONCE
) -> Generator[Steps, None, Counts]:
    """The codes (N, P) of rows of a data set."""
    places = math.prod(codec.codes.grid)
    parts: list[Counts] = [np.zeros((0, places), np.int64)]
    for start in range(0, len(rows), at_once):
        x = to_model(torch.from_numpy(np.asarray(data.batch(rows[start : start + at_once]))).to(device))
        with torch.inference_mode():
            parts.append(codec.encode(x).flatten(1).cpu().numpy())
        yield min(start + at_once, len(rows)), len(rows)
    return np.concatenate(parts)


def fitted_prior(
    codec: Codec, train: Dataset, rows: Rows, device: torch.device, at_once: int = AT_ONCE
) -> Generator[Steps, None, PlacePrior]:
    """The prior of rows of training data."""
    prior = PlacePrior(math.prod(codec.codes.grid), codec.codes.book)
    for start in range(0, len(rows), at_once):
        prior.count((yield from encoded(codec, train, rows[start : start + at_once], device, at_once)))
        yield min(start + at_once, len(rows)), len(rows)
    return prior


def window(codec: Codec, pictures: int) -> int:
    """How many more pictures than `pictures` it takes to see 50 codes for each code of the book."""
    places = math.prod(codec.codes.grid)
    return max(-(-PER_CODE * codec.codes.book // places) - pictures, 0)
