"""Whose codebook the Codebook panel shows: a pure function of the state."""

from __future__ import annotations

from dataclasses import dataclass

import engine
from engine import DataRef
from explorer.explored import shown_snapshot, step_at
from explorer.launch import card_of
from explorer.state import State


@dataclass(frozen=True)
class Subject:
    """A book. `snapshot` has its vectors; `path` is the run that counts its codes, empty where none does. `at` is the
    step that the scrubber stands at, None for the newest. `trains`: this engine trains the run and the newest is looked
    at. `ready` says that there are weights to ask."""

    snapshot: str
    path: str = ""
    at: int | None = None
    trains: bool = False
    ready: bool = True
    data: DataRef | None = None

    @property
    def model(self) -> str:
        """The same for all steps of a run."""
        return self.path or engine.model_of(self.snapshot)


def codebook_snapshot(state: State) -> str:
    """The id of the snapshot whose book is shown: of the run that is shown, where that has one, else what is
    explored."""
    run = state.run
    card = card_of(state, run.family) if run is not None else None
    if run is None or card is None or "codec" not in card.capabilities:
        return shown_snapshot(state, ("codec",))
    if state.at_step is None and state.training == run.path:
        return engine.LIVE
    steps = state.snapshot_steps.get(run.path, ())
    wanted = state.last_step if state.at_step is None else state.at_step
    return engine.run_snapshot(run.path, step_at(steps, wanted))


def subject_of(state: State) -> Subject | None:
    """The book that is shown; None while nothing is explored."""
    snapshot = codebook_snapshot(state)
    if not snapshot:
        return None
    if snapshot == engine.LIVE:
        path, run = state.training, state.opened.get(state.training)
        has_weights = state.live_run == path and state.live_step is not None
        return Subject(snapshot, path, None, bool(path), has_weights, run.data if run is not None else None)
    if state.run is not None and snapshot.startswith(f"run:{state.run.path}@"):
        has_weights = bool(state.snapshot_steps.get(state.run.path, ()))
        return Subject(snapshot, state.run.path, state.at_step, False, has_weights, state.run.data)
    info = state.snapshots.get(snapshot)
    return Subject(snapshot, data=info.data if info is not None else None)
