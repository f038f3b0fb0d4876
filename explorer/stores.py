"""Histories beside the state: the curves and the newest grids of the runs that are open. They only grow."""

from __future__ import annotations

from dataclasses import dataclass, field

import engine
from engine import Event, Series


@dataclass
class RunHistory:
    """The curves of one run by name, the marks on them, and the newest sample grid."""

    series: dict[str, Series] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)
    grid: engine.GridDrawn | None = None


class Stores:
    """The histories of all runs that were opened, by path."""

    def __init__(self) -> None:
        self.runs: dict[str, RunHistory] = {}

    def take(self, event: Event) -> None:
        """Keep what an event adds to a history."""
        if isinstance(event, engine.RunOpened):
            self.runs[event.run.path] = RunHistory(dict(event.series), list(event.marks))
        elif isinstance(event, engine.RunTrashed):
            self.runs.pop(event.path, None)
        elif isinstance(event, engine.Progress):
            series = self._of(event.path).series
            for name, (steps, seconds, images, values) in event.values.items():
                series.setdefault(name, Series()).extend(steps, seconds, images, values)
        elif isinstance(event, engine.Marked):
            self._of(event.path).marks.append((event.step, event.text))
        elif isinstance(event, engine.GridDrawn) and not event.channel:
            self._of(event.path).grid = event

    def _of(self, path: str) -> RunHistory:
        return self.runs.setdefault(path, RunHistory())
