"""`python -m engine resume RUN [--steps N]`: go on with a run from its last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from engine.commands.headless import Headless
from engine.commands.options import parse
from engine.engine import default_home
from engine.family import Families


@dataclass(frozen=True)
class ResumeOptions:
    """Which run, and how far."""

    run: Annotated[str, tyro.conf.Positional]
    """The folder of the run."""
    steps: int | None = None
    """Train until this step."""
    minutes: float | None = None
    """How long to train."""
    device: str | None = None
    """cpu, cuda or mps; without it, the best there is."""
    threads: int | None = None
    """Threads of the CPU; the number that the run began with makes it exact to the last bit."""
    json: bool = False
    """Print one JSON object at the end and nothing else."""


def run(words: Sequence[str]) -> int:
    options = parse(ResumeOptions, words, "resume", "Go on with a run from its last checkpoint.")
    headless = Headless(Families(), default_home(), options.device, options.threads, quiet=options.json)
    until = None if options.minutes is None else time.monotonic() + 60.0 * options.minutes
    return headless.resume(Path(options.run), steps=options.steps, until=until)
