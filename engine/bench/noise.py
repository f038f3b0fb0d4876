"""Pictures for measurements of speed, for which it does not matter what is in them."""

from __future__ import annotations

import numpy as np

from engine.data.dataset import ArraySource, Dataset, Table

COUNT = 256


def noise_pictures(size: int) -> Dataset:
    """Coarse coloured noise, `COUNT` RGB pictures of `size` pixels, a multiple of 8."""
    coarse = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
    samples = coarse.repeat(size // 8, axis=1).repeat(size // 8, axis=2)
    return Dataset("noise", "Noise", "train", ArraySource(samples), (size, size, 3), Table(), "noise")
