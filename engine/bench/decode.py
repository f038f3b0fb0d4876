"""How long a picture takes on the way that sliders take: `engine.explore.decode`, on the explore lane's one thread.

The networks are those of `gan_modern:modern` with fresh weights, which take as long as trained ones.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from engine import latent
from engine.bench.noise import noise_pictures
from engine.device import EXPLORE_THREADS
from engine.explore import decode
from engine.family import Families
from engine.knobs import configure
from engine.shelf import Opened
from engine.stepper import build_family, spec_of

NEIGHBOURS = 9


def bench_decode(rounds: int = 300, preset: str = "modern") -> dict[str, float]:
    """Milliseconds, p50 and p95: one picture at 32x32 and 64x64, and the 3x3 of an arithmetic at 32x32."""
    before = torch.get_num_threads()
    torch.set_num_threads(EXPLORE_THREADS)
    try:
        small, large = _opened(32, preset), _opened(64, preset)
        timed = {
            "picture_32": _times(small, 1, rounds),
            "picture_64": _times(large, 1, rounds),
            "neighbours_32": _times(small, NEIGHBOURS, max(rounds // 4, 1)),
        }
    finally:
        torch.set_num_threads(before)
    shares = {"p50": 0.5, "p95": 0.95}
    return {
        f"{name}_{label}_ms": float(np.quantile(times, share))
        for name, times in timed.items()
        for label, share in shares.items()
    }


def _opened(size: int, preset: str) -> Opened:
    entry = Families()["gan_modern"]
    config: Any = configure(entry.config, entry.preset(preset).values)
    spec = spec_of(noise_pictures(size))
    tensors = build_family(entry, config, spec, seed=0).snapshot_tensors()
    copies = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    return Opened("bench", entry.open_snapshot(config, spec, copies), 0, entry.name, "Bench", None)


def _times(opened: Opened, count: int, rounds: int) -> list[float]:
    """Milliseconds of each round; a few before are not counted."""
    space, spent = opened.space.latent, []
    for number in range(-5, rounds):
        z_NZ = latent.draw_many(space.prior, space.size, number, np.arange(count), 0)
        began = time.perf_counter()
        decode(opened, z_NZ, [()] * count, torch.device("cpu"))
        spent.append((time.perf_counter() - began) * 1e3)
    return spent[5:]
