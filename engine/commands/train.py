"""`python -m engine train CONFIG[:PRESET] --data NAME_OR_PATH [--steps N] [--run DIR] [--KNOB VALUE ...]`"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from engine.commands.headless import Headless
from engine.commands.options import DataOptions, parse, with_knobs
from engine.engine import default_home
from engine.family import Families
from engine.knobs import knobs_of
from engine.train import Plan

DESCRIPTION = "Start a run and train it until --steps, --minutes or Ctrl+C; it ends with a checkpoint."


@dataclass(frozen=True)
class TrainOptions(DataOptions):
    """What to train on what."""

    model: Annotated[str, tyro.conf.Positional] = "gan_modern"
    """A config and, if you like, one of its presets: gan_modern:tiny. Without a preset, the best one."""
    steps: int | None = None
    """How many steps to train."""
    minutes: float | None = None
    """How long to train."""
    run: str | None = None
    """The folder of the run, which must be new; without it, one in the folder for runs."""
    name: str = ""
    """What the run is called."""
    seed: int = 0
    """Decides the first weights, the order of the data and all random numbers."""
    device: str | None = None
    """cpu, cuda or mps; without it, the best there is."""
    threads: int | None = None
    """Threads of the CPU; without it, all cores."""
    json: bool = False
    """Print one JSON object at the end and nothing else."""


def run(words: Sequence[str]) -> int:
    families = Families()
    named = next((word for word in words if not word.startswith("-")), "gan_modern")
    family, _, preset = named.partition(":")
    entry = families[family]
    chosen = entry.preset(preset or entry.best)
    knobs = knobs_of(entry.config)
    options = parse(with_knobs(TrainOptions, knobs, chosen.values), words, "train", DESCRIPTION)
    values = {knob.name: getattr(options, knob.name) for knob in knobs if getattr(options, knob.name) is not None}
    plan = Plan(family, chosen.name, options.ref(), values, options.seed, options.name, options.run)
    headless = Headless(families, default_home(), options.device, options.threads, quiet=options.json)
    until = None if options.minutes is None else time.monotonic() + 60.0 * options.minutes
    return headless.start(plan, steps=options.steps, until=until)
