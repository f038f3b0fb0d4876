"""`python -m engine train CONFIG[:PRESET] --data NAME_OR_PATH [--steps N] [--run DIR] [--KNOB VALUE ...]`"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from engine.commands.headless import Headless, Limits
from engine.commands.options import DataOptions, parse, with_knobs
from engine.engine import default_home
from engine.family import Families, FamilyEntry
from engine.knobs import Preset, knobs_of
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
    named = _named(words, families)
    options = _options(families, named, words)
    if options.model != named:
        options = _options(families, options.model, words)
    entry, preset = _chosen(families, options.model)
    told = {knob.name: getattr(options, knob.name) for knob in knobs_of(entry.config)}
    values = {name: value for name, value in told.items() if value is not None}
    plan = Plan(entry.name, preset.name, options.ref(), values, options.seed, options.name, options.run)
    headless = Headless(families, default_home(), options.device, options.threads, quiet=options.json)
    return headless.start(plan, Limits(options.steps, options.minutes))


def _named(words: Sequence[str], families: Families) -> str:
    """The model that the words seem to name: which options there are depends on it. Options may stand before it."""
    known = (word for word in words if word.partition(":")[0] in families.entries)
    first = words[0] if words and not words[0].startswith("-") else TrainOptions.model
    return next(known, first)


def _chosen(families: Families, model: str) -> tuple[FamilyEntry, Preset]:
    """Raises UnknownNameError for a family or a preset that is not there."""
    family, _, preset = model.partition(":")
    entry = families[family]
    return entry, entry.preset(preset or entry.best)


def _options(families: Families, model: str, words: Sequence[str]) -> Any:
    entry, preset = _chosen(families, model)
    return parse(with_knobs(TrainOptions, knobs_of(entry.config), preset.values), words, "train", DESCRIPTION)
