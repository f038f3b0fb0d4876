"""`python -m engine follow RUN`: the curves of a run in the terminal, while another process trains it.

The run's folder is looked at again and again, without locks, so it may lie on another machine's disk. It ends when the
run ends, or with Ctrl+C, which leaves the training alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.commands.options import parse
from engine.commands.runs import rank, run_folder
from engine.commands.sparks import plot
from engine.commands.terminal import CommandError, console, interruptible, say_json
from engine.follow import Followed
from engine.series import Series
from engine.storage.run_record import RunStatus

DESCRIPTION = "Show the curves of a run in the terminal, while another process trains it."
PLOT_ROWS = 3  # lines of text of each curve
SPEED_SECONDS = 20.0  # of training, over which the speed is a mean
NAME_COLUMNS, VALUE_COLUMNS = 20, 12


@dataclass(frozen=True)
class FollowOptions:
    """Which run, and how often to look."""

    run: Annotated[str, tyro.conf.Positional]
    """The folder of the run, or its name in the folder for runs."""
    every: float = 0.5
    """Seconds between two looks."""
    once: bool = False
    """Show the curves as they are now, and end."""
    json: bool = False
    """Print one JSON object for every look."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(FollowOptions, words, "follow", DESCRIPTION)
    if not 0.05 <= options.every <= 3600.0:
        raise CommandError(f"{options.every:g} seconds between two looks is not possible; choose 0.05 to 3600.")
    watched = Watched(Followed(run_folder(options.run)))
    if options.json:
        return _tell(watched, options)
    if options.once:
        screen = console()
        screen.print(watched.view(screen.width, len(watched.names)))
        return 0
    return _show(watched, options)


def _tell(watched: Watched, options: FollowOptions) -> int:
    while True:
        say_json(watched.facts())
        if options.once or watched.ended:
            return 0
        time.sleep(options.every)
        watched.look()


def _show(watched: Watched, options: FollowOptions) -> int:
    screen = Console(highlight=False)
    with Live(console=screen, auto_refresh=False, transient=False) as live:
        while True:
            room = max((screen.height - 3) // PLOT_ROWS, 1)
            live.update(watched.view(screen.width, room), refresh=True)
            if watched.ended:
                return 0
            time.sleep(options.every)
            watched.look()


class Watched:
    """A followed run, and where it stands."""

    def __init__(self, followed: Followed) -> None:
        self._followed = followed
        self._status: RunStatus = followed.run.status()

    def look(self) -> None:
        """Take in what is new. The status comes first, so that what an ended run wrote last is not missed."""
        self._status = self._followed.run.status()
        for _ in self._followed.poll():
            pass

    @property
    def ended(self) -> bool:
        return self._status.state != "running"

    @property
    def names(self) -> list[str]:
        """The metrics, those that say most first."""
        return sorted((name for name, series in self._series.items() if len(series)), key=rank)

    @property
    def _series(self) -> dict[str, Series]:
        return self._followed.log.series

    def facts(self) -> dict[str, Any]:
        """Where the run stands, as JSON values."""
        longest = self._longest()
        steps_per_s, images_per_s = self.speed()
        return {
            "run": str(self._followed.run.path),
            "state": self._status.state,
            "reason": self._status.reason,
            "step": 0 if longest is None else int(longest.steps[-1]),
            "images": 0 if longest is None else int(longest.images[-1]),
            "seconds": 0.0 if longest is None else round(float(longest.seconds[-1]), 3),
            "steps_per_s": round(steps_per_s, 3),
            "images_per_s": round(images_per_s, 2),
            "metrics": {name: float(self._series[name].values[-1]) for name in self.names},
        }

    def speed(self) -> tuple[float, float]:
        """Steps and images per second of training, over the last while."""
        longest = self._longest()
        if longest is None or len(longest) < 2:
            return 0.0, 0.0
        seconds = longest.seconds
        first = min(int(seconds.searchsorted(seconds[-1] - SPEED_SECONDS)), len(seconds) - 2)
        span = max(float(seconds[-1] - seconds[first]), 1e-9)
        steps, images = longest.steps, longest.images
        return float(steps[-1] - steps[first]) / span, float(images[-1] - images[first]) / span

    def view(self, width: int, most: int) -> RenderableType:
        """The first `most` curves with their newest values, below a line that says where the run stands."""
        facts = self.facts()
        record = self._followed.run.record
        head = (
            f"{record.name}  {facts['state']}  step {facts['step']}  {facts['images']} images  "
            f"{facts['images_per_s']:.0f} images/s  {facts['seconds']:.0f} s"
        )
        lines: list[RenderableType] = [Text(head, style="bold", overflow="ellipsis", no_wrap=True)]
        if facts["reason"]:
            lines.append(Text(facts["reason"]))
        if not self.names:
            return Group(*lines, Text("No values yet."))
        table = Table.grid(padding=(0, 1))
        columns = max(width - NAME_COLUMNS - 2 * VALUE_COLUMNS - 4, 10)
        for name in self.names[:most]:
            drawn, low, high = plot(self._series[name], columns, PLOT_ROWS)
            bounds = [f"{high:.4g}", *[""] * (PLOT_ROWS - 2), f"{low:.4g}"]
            newest = f"{self._series[name].values[-1]:.4g}"
            table.add_row(
                Text(name.ljust(NAME_COLUMNS)[:NAME_COLUMNS]),
                Text(newest.rjust(VALUE_COLUMNS), style="bold"),
                Text("\n".join(drawn), style="cyan"),
                Text("\n".join(bounds), style="dim"),
            )
        return Group(*lines, table)

    def _longest(self) -> Series | None:
        """The metric that was written last."""
        known = [series for series in self._series.values() if len(series)]
        return max(known, key=lambda series: int(series.steps[-1]), default=None)
