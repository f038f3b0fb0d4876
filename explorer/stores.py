"""Histories beside the state: the curves and the newest grids of the runs that are open. They only grow."""

from __future__ import annotations

from dataclasses import dataclass, field

import engine
from engine import Event, Series


@dataclass
class RunHistory:
    """The curves of one run by name, the marks on them, the newest grid of each kind, and how often its codes were
    chosen of late; `can_undo` is how many edits of its codebook can be taken back."""

    series: dict[str, Series] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)
    grids: dict[str, engine.GridDrawn] = field(default_factory=dict)
    counts: engine.CodesCounted | None = None
    can_undo: int = 0

    @property
    def grid(self) -> engine.GridDrawn | None:
        """The newest grid of the kind that is shown first."""
        return next((self.grids[kind] for kind in engine.GRID_KINDS if kind in self.grids), None)


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
            self._of(event.path).grids[event.kind] = event
        elif isinstance(event, engine.CodesCounted) and not event.channel:
            self._of(event.path).counts = event
        elif isinstance(event, engine.CodesEdited):
            self._of(event.path).can_undo = event.can_undo

    def _of(self, path: str) -> RunHistory:
        return self.runs.setdefault(path, RunHistory())
