"""`python -m engine resume RUN [--steps N] [--KNOB VALUE ...]`: go on with a run from its last checkpoint.

The knobs that may change while a run trains can be changed here too, a learning rate for example.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from engine.commands.headless import Headless, Limits
from engine.commands.options import data_name, parse, with_knobs
from engine.commands.runs import run_folder
from engine.commands.terminal import CommandError
from engine.data.dataset import DataError
from engine.data.ref import BUILT_IN
from engine.engine import default_home
from engine.family import Families
from engine.knobs import configure, knobs_of
from engine.storage.run_record import RUN, RunError, RunRecord, read_record, write_record

DESCRIPTION = "Go on with a run from its last checkpoint until --steps, --minutes or Ctrl+C."


@dataclass(frozen=True)
class ResumeOptions:
    """Which run, and how far."""

    run: Annotated[str, tyro.conf.Positional]
    """The folder of the run, or its name in the folder for runs."""
    data: str | None = None
    """Where the data of the run is now, if it was moved."""
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
    families = Families()
    record = _record(words)
    knobs = [] if record is None else [knob for knob in knobs_of(families[record.family].config) if knob.live]
    known = {} if record is None else record.knobs
    options: Any = parse(with_knobs(ResumeOptions, knobs, known), words, "resume", DESCRIPTION)
    values = {knob.name: value for knob in knobs if (value := getattr(options, knob.name)) is not None}
    if record is not None:
        configure(families[record.family].config, record.knobs, values)  # so that a wrong value changes nothing
    limits = Limits(options.steps, options.minutes)
    headless = Headless(families, default_home(), options.device, options.threads, quiet=options.json)
    folder = run_folder(options.run)
    if record is None or not _look_for_data(folder, record, options.data):
        return headless.resume(folder, limits, values)
    try:
        return headless.resume(folder, limits, values)
    except (DataError, RunError):
        write_record(folder, record)  # that was not its data, or not the time
        raise


def _look_for_data(folder: Path, record: RunRecord, moved: str | None) -> bool:
    """Note where the data is now; True if that is another place. Raises CommandError where it is not there any more."""
    name = str(record.data["name"]) if moved is None else data_name(moved)
    is_path = name not in {entry.name for entry in BUILT_IN} and record.data.get("points") is None
    if is_path and not Path(name).expanduser().exists():
        raise CommandError(
            f"The data of this run is not at {name} any more; put it back, or say with --data where it is now. "
            "The run can still be explored."
        )
    if name == record.data["name"]:
        return False
    write_record(folder, dataclasses.replace(record, data={**record.data, "name": name}))
    return True


def _record(words: Sequence[str]) -> RunRecord | None:
    """What the run is that the words seem to name: which knobs there are depends on it."""
    folders = (run_folder(word) for word in words if not word.startswith("-"))
    return next((read_record(folder) for folder in folders if (folder / RUN).is_file()), None)
