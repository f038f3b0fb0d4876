"""How many portraits a second are drawn, at 32x32 and 64x64, as a run that has no cache yet draws them."""

from __future__ import annotations

import time

import numpy as np

from engine.data.dataset import finish
from engine.data.portraits import load_portraits

AT_ONCE = 64  # the batch of a training step


def bench_portraits(count: int = 4096) -> dict[str, float]:
    """Pictures per second at both sizes; at 64x64 a quarter of `count` is drawn."""
    return {"images_per_s_32": _speed(32, count), "images_per_s_64": _speed(64, count // 4)}


def _speed(size: int, count: int) -> float:
    dataset = finish(load_portraits(size=size, count=count + AT_ONCE))
    dataset.batch(np.arange(AT_ONCE))  # loads and warms what drawing needs
    began = time.perf_counter()
    for start in range(AT_ONCE, count + AT_ONCE, AT_ONCE):
        dataset.batch(np.arange(start, min(start + AT_ONCE, count + AT_ONCE)))
    return count / (time.perf_counter() - began)
