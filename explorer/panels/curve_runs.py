"""Which runs the Curves panel draws: the one that is shown, and those that a person ticked beside it."""

from __future__ import annotations

from collections.abc import Iterable

import engine
from engine import RunFacts, Series
from explorer.panel import Desk
from explorer.session import is_run
from explorer.state import ShowRun

MOST_RUNS = 5  # over each other


class DrawnRuns:
    """The ticks, and what follows from them and the state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ticked: set[str] = set()  # runs that are drawn, whichever is shown
        self._fetched: set[str] = set()  # ticked runs of a session that are on their way
        self._shown_before = ""  # the run that was shown when they were asked for

    def candidates(self) -> list[RunFacts]:
        """The runs that can be drawn, the one that is shown first, then the newest."""
        state = self._desk.state()
        shown = [state.run] if state.run is not None else []
        others = [
            run for run in reversed(list(state.opened.values())) if state.run is None or run.path != state.run.path
        ]
        return [*shown, *others]

    def drawn(self) -> list[RunFacts]:
        """The one that is shown, and those that were ticked."""
        shown = self._desk.state().run
        chosen = self._ticked if shown is None else self._ticked | {shown.path}
        return [run for run in self.candidates() if run.path in chosen][:MOST_RUNS]

    def toggle(self, path: str) -> bool:
        """Draw a run over the one that is shown, or no longer. False where no more can be told apart."""
        shown = self._desk.state().run
        if path not in self._ticked and len(self.drawn()) >= MOST_RUNS:
            return False
        if shown is None or path != shown.path:
            self._ticked ^= {path}
        return True

    def series(self, path: str) -> dict[str, Series]:
        """The curves of a run by name."""
        history = self._desk.stores.runs.get(path)
        return history.series if history is not None else {}

    def reference(self) -> Series | None:
        """The longest curve of the run that is shown: it says which step was when."""
        run = self._desk.state().run
        series = self.series(run.path).values() if run is not None else ()
        return max((each for each in series if len(each)), key=len, default=None)

    # ---------------------------------------------------------------------------------------------- sessions

    def ticked(self) -> list[str]:
        """The paths of the runs that were ticked, in order."""
        return sorted(self._ticked)

    def tick(self, paths: Iterable[str]) -> None:
        """Tick these runs and no others, and open them where they are not; those that are gone are left out."""
        state = self._desk.state()
        self._ticked = {path for path in paths if is_run(path)}
        self._fetched = self._ticked - state.opened.keys()
        self._shown_before = state.run.path if state.run is not None else ""
        for path in sorted(self._fetched):
            self._desk.post(engine.OpenRun(path))

    def stay(self) -> None:
        """A run that was opened to be drawn beside another does not take its place."""
        state = self._desk.state()
        come = self._fetched & state.opened.keys()
        self._fetched -= come
        if state.run is not None and state.run.path in come and self._shown_before in state.opened:
            self._desk.act(ShowRun(self._shown_before))
