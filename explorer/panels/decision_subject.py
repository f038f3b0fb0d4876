"""Whose discriminator the Decision panel shows: a pure function of the state."""

from __future__ import annotations

from dataclasses import dataclass

import engine
from engine import DataRef, RunFacts, SnapshotInfo
from explorer.state import State


@dataclass(frozen=True)
class Subject:
    """A model with a critic. `dims` is 1 or 2 (or more) for points and 0 for pictures; `grids_of` is the path of the
    run whose sample grids belong to it, empty where there is none. `lacks_facts`: the engine was not asked yet."""

    snapshot: str
    data: DataRef | None
    dims: int
    scale: str
    grids_of: str = ""
    lacks_facts: bool = False


def followed_points(state: State) -> str:
    """The snapshot of a run on points that is shown unasked, since points have no other picture than this one: of the
    run that trains, else the newest of the run that Curves and Samples show. Empty where there is none."""
    if state.at_step is not None:
        return ""
    training = state.opened.get(state.training)
    if training is not None and len(training.shape) == 1:
        return engine.LIVE
    steps = state.snapshot_steps.get(state.run.path, ()) if state.run is not None else ()
    if state.run is None or len(state.run.shape) != 1 or not steps:
        return ""
    return engine.run_snapshot(state.run.path, steps[-1])


def run_of(state: State, snapshot: str) -> str:
    """The path of the opened run that a snapshot belongs to, empty where there is none."""
    run = _run_of(state, snapshot)
    return run.path if run is not None else ""


def subject_of(state: State, snapshot: str) -> Subject | None:
    """The critic of a snapshot; None while it is not known what that makes."""
    run = _run_of(state, snapshot)
    info = state.snapshots.get(snapshot) if run is None else _info_of(state, run, snapshot)
    shape = info.shape if info is not None else run.shape if run is not None else ()
    if not shape:
        return None
    return Subject(
        snapshot=snapshot,
        data=run.data if run is not None else info.data if info is not None else None,
        dims=shape[0] if len(shape) == 1 else 0,
        scale=info.critic_scale if info is not None else "probability",
        grids_of=run.path if run is not None else "",
        lacks_facts=info is None,
    )


def _run_of(state: State, snapshot: str) -> RunFacts | None:
    """The opened run that a snapshot belongs to."""
    if snapshot == engine.LIVE:
        return state.opened.get(state.training)
    path = snapshot.removeprefix("run:").rpartition("@")[0]
    return state.opened.get(path) if snapshot.startswith("run:") else None


def _info_of(state: State, run: RunFacts, snapshot: str) -> SnapshotInfo | None:
    """What is known of a run's snapshot; what is known of another of the same model says as much here.

    The facts of an earlier run do not count: every run that trains is "live"."""
    own = state.snapshots.get(snapshot)
    known = [own, *state.snapshots.values()] if own is not None else state.snapshots.values()
    return next((info for info in known if (info.family, info.data) == (run.family, run.data)), None)
