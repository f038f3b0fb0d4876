"""How many pictures a second `gan_modern:modern` trains on, at 32x32, with the metrics read as in a run."""

from __future__ import annotations

import time
from typing import Any

import torch

from engine.bench.noise import noise_pictures
from engine.device import training_threads
from engine.family import Families
from engine.knobs import configure
from engine.stepper import Stepper

READ_EVERY = 5  # steps


def bench_modern_step(seconds: float = 20.0, preset: str = "modern", size: int = 32) -> dict[str, float]:
    """Pictures per second over about `seconds`, whole cycles of the lazy penalties, and milliseconds per step."""
    torch.set_num_threads(training_threads())
    entry = Families()["gan_modern"]
    config: Any = configure(entry.config, entry.preset(preset).values)
    stepper = Stepper(entry, config, noise_pictures(size), seed=0, device=torch.device("cpu"))
    cycle = int(config.penalty_every)
    _steps(stepper, cycle)
    first, began = stepper.step_number, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        _steps(stepper, cycle)
    steps = stepper.step_number - first
    return {
        "images_per_s": steps * stepper.images_per_step / spent,
        "step_ms": spent / steps * 1e3,
        "images_per_hour": steps * stepper.images_per_step / spent * 3600.0,
    }


def _steps(stepper: Stepper, count: int) -> None:
    for number in range(count):
        stepper.step()
        if number % READ_EVERY == 0:
            stepper.read_metrics()
    stepper.read_metrics()
