"""Which panels the window has; each is imported and made when it is first wanted.

The first paint needs three of them. The others (two bring pyqtgraph, half a second to import) are made when they are
shown, or one by one once the first live picture is there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import engine
from engine import Event
from explorer.panel import Desk, Panel
from explorer.state import Action, State
from explorer.text import mark


@dataclass(frozen=True)
class Entry:
    """A panel that can be made: its key and title, and the class `kind` in `explorer.panels.module`."""

    key: str
    title: str
    kind: str


ROSTER: tuple[Entry, ...] = (
    Entry("data", mark("Data"), "DataPanel"),
    Entry("settings", mark("Settings"), "SettingsPanel"),
    Entry("runs", mark("Runs"), "RunsPanel"),
    Entry("samples", mark("Samples"), "SamplesPanel"),
    Entry("arithmetic", mark("Arithmetic"), "ArithmeticPanel"),
    Entry("latent", mark("Latent"), "LatentPanel"),
    Entry("curves", mark("Curves"), "CurvesPanel"),
    Entry("decision", mark("Decision"), "DecisionPanel"),
    Entry("codebook", mark("Codebook"), "CodebookPanel"),
    Entry("codes", mark("Codes"), "CodesPanel"),
    Entry("compare", mark("Compare"), "ComparePanel"),
)
BY_KEY = {entry.key: entry for entry in ROSTER}


class Panels(Mapping[str, Panel]):
    """All panels by key. Looking one up makes it where it was not made yet, and `made(panel)` is called then."""

    def __init__(self, desk: Desk, made: Callable[[Panel], None]) -> None:
        self._desk, self._tell = desk, made
        self._made: dict[str, Panel] = {}

    def __getitem__(self, key: str) -> Panel:
        if key not in self._made:
            kind: type[Panel] = getattr(importlib.import_module(f"explorer.panels.{key}"), BY_KEY[key].kind)
            self._made[key] = kind(self._desk)
            self._tell(self._made[key])
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(BY_KEY)

    def __len__(self) -> int:
        return len(BY_KEY)

    def made(self) -> tuple[Panel, ...]:
        """Those that are there."""
        return tuple(self._made.values())

    def make_next(self) -> bool:
        """Make one that is missing; True while there are more."""
        missing = [key for key in BY_KEY if key not in self._made]
        if missing:
            self[missing[0]]
        return len(missing) > 1


class FirstPicture:
    """Listens for the first live picture and says once that it is there: now there is time for what can wait."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then: Callable[[], None] | None = then

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Nothing is shown here."""

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.Frame) and self._then is not None:
            then, self._then = self._then, None
            then()
