"""`python -m engine runs [FOLDER] [--json]`: the table of runs, the one that changed last first."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table
from rich.text import Text

from engine.commands.options import parse
from engine.commands.terminal import CommandError, console, interruptible, say, say_json
from engine.storage.runs import RunInfo, home_folder, list_runs

DESCRIPTION = "List the runs there are, the one that changed last first."
MOST_METRICS = 4
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


@dataclass(frozen=True)
class RunsOptions:
    """Where to look."""

    folder: Annotated[str | None, tyro.conf.Positional] = None
    """The folder that holds runs; without it, the one of the program."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(RunsOptions, words, "runs", DESCRIPTION)
    folder = home_folder() / "runs" if options.folder is None else Path(options.folder).expanduser()
    if options.folder is not None and not folder.is_dir():
        raise CommandError(f"There is no folder {folder}; choose one that holds runs.")
    found = list_runs(folder)
    if options.json:
        say_json({"folder": str(folder), "runs": [_plain(info) for info in found]})
    elif not found:
        say(f"There are no runs in {folder}; start one with: python -m engine train gan_modern --data portraits")
    else:
        console().print(_table(found, time.time()))
        say(f"in {folder}")
    return 0


def run_folder(text: str) -> Path:
    """The folder of a run that is named by its path, or by its name in the folder for runs."""
    path = Path(text).expanduser()
    at_home = home_folder() / "runs" / text
    return at_home if not path.exists() and at_home.is_dir() else path


def _plain(info: RunInfo) -> dict[str, object]:
    if info.problem:
        return {"path": str(info.path), "name": info.name, "problem": info.problem}
    return {
        "path": str(info.path),
        "name": info.name,
        "family": info.family,
        "preset": info.preset,
        "data": info.data_title,
        "step": info.step,
        "state": info.state,
        "reason": info.reason,
        "metrics": dict(info.metrics),
        "created": info.created,
        "updated": info.updated,
    }


def _table(found: Sequence[RunInfo], now: float) -> Table:
    table = Table()
    for name in ("folder", "name", "model", "data", "step", "state", "changed", "newest values"):
        table.add_column(name, justify="right" if name == "step" else "left", overflow="fold")
    for info in found:
        if info.problem:
            table.add_row(Text(info.path.name), Text(info.name), "", "", "", "broken", "", Text(info.problem))
            continue
        cells = (
            info.path.name,
            info.name,
            f"{info.family}:{info.preset}",
            info.data_title,
            str(info.step),
            f"{info.state}: {info.reason}" if info.reason else info.state,
            f"{span(now - info.updated)} ago",
            values(info.metrics),
        )
        table.add_row(*map(Text, cells))
    return table


def span(seconds: float) -> str:
    """A time as a person says it: "3 min"."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "0 s"


def values(metrics: Mapping[str, float]) -> str:
    """The metrics that say most, in one line."""
    names = sorted(metrics, key=rank)[:MOST_METRICS]
    return "  ".join(f"{name} {metrics[name]:.3f}" for name in names)


def rank(name: str) -> tuple[int, str]:
    """The order in which metrics are shown: losses, then what D thinks, then the rest."""
    for place, start in enumerate(("loss", "V(", "D(")):
        if name.startswith(start):
            return place, name
    return 9, name
