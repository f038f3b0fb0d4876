"""What the window shows, as one frozen value: `fold(state, event)` is the only thing that makes a new one.

Events come from the engine; actions come from the hands (choose a snapshot, scrub to a step) and are folded the same
way. Histories (curves, grids) are not in here: they live in the append-only stores of `explorer.stores`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import engine
from engine import Event, Point

VISITED = 8
_BUILT_IN = frozenset(each.name for each in engine.BUILT_IN)


@dataclass(frozen=True)
class ChooseSnapshot:
    """Explore this snapshot: in Arithmetic, Latent and Decision."""

    snapshot: str


@dataclass(frozen=True)
class Scrub:
    """Look at this step in all panels; None follows the newest."""

    step: int | None


@dataclass(frozen=True)
class ShowRun:
    """Make an opened run the one that Curves and Samples show."""

    path: str


@dataclass(frozen=True)
class ChooseData:
    """Look at this data set, and train on it next: at once where it is built in, open, or `tried` (it was open in
    another session or trained on), else once it is open."""

    data: engine.DataRef
    tried: bool = False


@dataclass(frozen=True)
class PlanRun:
    """What Space would start: family, preset and changed knobs."""

    family: str
    preset: str
    values: Mapping[str, engine.KnobValue]


@dataclass(frozen=True)
class SendToSlot:
    """Add a sample to a slot of Arithmetic; without a name, to the one that was used last."""

    point: Point
    slot: str = ""


@dataclass(frozen=True)
class ChooseSlot:
    """Make a slot of Arithmetic the one that was used last."""

    slot: str


@dataclass(frozen=True)
class VisitPoint:
    """Show this place in the Latent panel."""

    point: Point


Action = ChooseSnapshot | Scrub | ShowRun | ChooseData | PlanRun | SendToSlot | ChooseSlot | VisitPoint


@dataclass(frozen=True)
class State:
    """Everything that the window shows apart from histories and what a panel keeps to itself."""

    ready: engine.Ready | None = None
    train: engine.TrainState | None = None
    run: engine.RunFacts | None = None  # the run that Curves and Samples show
    opened: Mapping[str, engine.RunFacts] = field(default_factory=dict)
    training: str = ""  # the path of the run that this engine trains
    followed: Mapping[str, engine.RunFollowed] = field(default_factory=dict)  # runs that others train, by path
    runs: tuple[engine.RunFacts, ...] = ()
    grid_steps: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    grid_kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of a run, the first is shown first
    snapshot_steps: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    snapshots: Mapping[str, engine.SnapshotInfo] = field(default_factory=dict)
    explored: str = ""  # the id of the snapshot that is explored
    visited: tuple[str, ...] = ()  # what was explored before, the latest first
    live_run: str = ""  # the path of the run that the snapshot "live" is of
    live_step: int | None = None
    at_step: int | None = None  # where the scrubber stands; None follows the newest
    plan: PlanRun | None = None
    data: engine.DataRef | None = None
    wanted_data: engine.DataRef | None = None  # chosen, but still to be read; `data` stays where that fails
    opened_data: Mapping[engine.DataRef, engine.DataOpened] = field(default_factory=dict)
    directions: Mapping[str, tuple[engine.DirectionFacts, ...]] = field(default_factory=dict)  # found, by snapshot
    own_directions: Mapping[str, tuple[engine.DirectionFacts, ...]] = field(default_factory=dict)  # by `model_of`
    last_slot: str = "A"  # of Arithmetic: where a sample goes that is sent without a name
    jobs: Mapping[str, engine.JobProgress] = field(default_factory=dict)
    failure: engine.Failed | None = None
    notice: str = ""

    @property
    def explored_info(self) -> engine.SnapshotInfo | None:
        return self.snapshots.get(self.explored)

    @property
    def last_step(self) -> int:
        """The newest step of the run that is shown."""
        if self.run is None:
            return 0
        if self.train is not None and self.train.path == self.run.path:
            return self.train.step
        followed = self.followed.get(self.run.path)
        return self.run.step if followed is None else max(followed.step, self.run.step)


def load_job(data: engine.DataRef) -> str:
    """The job that reads a data set that was chosen."""
    return f"data.load:{data.name}"


def _with(mapping: Mapping, key, value) -> dict:
    return {**mapping, key: value}


def _without(mapping: Mapping, key) -> dict:
    return {k: v for k, v in mapping.items() if k != key}


def fold(state: State, event: Event | Action) -> State:
    """The state after `event`. Pure; an event that changes nothing returns the same object."""
    handler = _FOLDS.get(type(event))
    return state if handler is None else handler(state, event)


def changed(before: State, after: State) -> frozenset[str]:
    """The names of the fields that differ by identity: what a panel has to look at again."""
    return frozenset(f.name for f in dataclasses.fields(State) if getattr(before, f.name) is not getattr(after, f.name))


def _ready(state: State, event: engine.Ready) -> State:
    return dataclasses.replace(state, ready=event)


def _train_state(state: State, event: engine.TrainState) -> State:
    training = "" if event.phase in ("ended", "failed") else event.path
    return dataclasses.replace(state, train=event, training=training)


def _run_opened(state: State, event: engine.RunOpened) -> State:
    path = event.run.path
    if event.anew:
        shown = state.run is not None and state.run.path == path
        return dataclasses.replace(
            state,
            run=event.run if shown else state.run,
            opened=_with(state.opened, path, event.run),
            grid_steps=_with(state.grid_steps, path, event.grid_steps),
            grid_kinds=_with(state.grid_kinds, path, event.grid_kinds),
            snapshot_steps=_with(state.snapshot_steps, path, event.snapshot_steps),
        )
    return dataclasses.replace(
        state,
        run=event.run,
        opened=_with(state.opened, path, event.run),
        followed=_without(state.followed, path) if event.training else state.followed,
        training=path if event.training else state.training,
        plan=_plan_of_run(state, event.run) if event.training else state.plan,
        data=event.run.data if event.training else state.data,
        grid_steps=_with(state.grid_steps, path, event.grid_steps),
        grid_kinds=_with(state.grid_kinds, path, event.grid_kinds),
        snapshot_steps=_with(state.snapshot_steps, path, event.snapshot_steps),
        at_step=None,
    )


def _runs_listed(state: State, event: engine.RunsListed) -> State:
    """The list is news of names too."""
    names = {run.path: run.name for run in event.runs}
    renamed = {
        path: dataclasses.replace(run, name=names[path]) if names.get(path, run.name) != run.name else run
        for path, run in state.opened.items()
    }
    if all(renamed[path] is run for path, run in state.opened.items()):
        return dataclasses.replace(state, runs=event.runs)
    run = renamed.get(state.run.path, state.run) if state.run is not None else None
    return dataclasses.replace(state, runs=event.runs, opened=renamed, run=run)


def _run_trashed(state: State, event: engine.RunTrashed) -> State:
    """Nothing of it stays on the desk."""
    path, shown = event.path, state.run is not None and state.run.path == event.path
    explored_here = state.explored.startswith(f"run:{path}@")
    first = state.ready.bundled[0].name if state.ready is not None and state.ready.bundled else ""
    bundled = engine.bundled_snapshot(first) if first else ""
    return dataclasses.replace(
        state,
        run=None if shown else state.run,
        at_step=None if shown else state.at_step,
        opened=_without(state.opened, path),
        followed=_without(state.followed, path),
        grid_steps=_without(state.grid_steps, path),
        grid_kinds=_without(state.grid_kinds, path),
        snapshot_steps=_without(state.snapshot_steps, path),
        explored=bundled if explored_here else state.explored,
    )


def _plan_of_run(state: State, run: engine.RunFacts) -> PlanRun | None:
    """The settings of a run that trains, as what differs from its preset."""
    card = next((each for each in state.ready.families if each.name == run.family), None) if state.ready else None
    preset = next((each for each in card.presets if each.name == run.preset), None) if card is not None else None
    if card is None or preset is None:
        return state.plan
    base = {knob.name: preset.values.get(knob.name, knob.default) for knob in card.knobs}
    values = {name: value for name, value in run.values.items() if name in base and value != base[name]}
    return PlanRun(run.family, run.preset, values)


def _grid_drawn(state: State, event: engine.GridDrawn) -> State:
    if event.channel:
        return state
    steps, kinds = state.grid_steps.get(event.path, ()), state.grid_kinds.get(event.path, ())
    if event.kind not in kinds:
        kinds = tuple(sorted((*kinds, event.kind), key=engine.GRID_KINDS.index))
        state = dataclasses.replace(state, grid_kinds=_with(state.grid_kinds, event.path, kinds))
    if steps and steps[-1] >= event.step:
        return state
    return dataclasses.replace(state, grid_steps=_with(state.grid_steps, event.path, (*steps, event.step)))


def _snapshot_saved(state: State, event: engine.SnapshotSaved) -> State:
    return dataclasses.replace(state, snapshot_steps=_with(state.snapshot_steps, event.path, event.kept))


def _snapshot_opened(state: State, event: engine.SnapshotOpened) -> State:
    snapshots = _with(state.snapshots, event.info.snapshot, event.info)
    explored = state.explored or event.info.snapshot
    return dataclasses.replace(state, snapshots=snapshots, explored=explored)


def _job_progress(state: State, event: engine.JobProgress) -> State:
    return dataclasses.replace(state, jobs=_with(state.jobs, event.job, event))


def _choose_data(state: State, action: ChooseData) -> State:
    data = action.data
    if action.tried or data in state.opened_data or data.points is not None or data.name in _BUILT_IN:
        return dataclasses.replace(state, data=data, wanted_data=None)
    return dataclasses.replace(state, wanted_data=data)


def _data_opened(state: State, event: engine.DataOpened) -> State:
    opened = _with(state.opened_data, event.data, event)
    if event.data != state.wanted_data:
        return dataclasses.replace(state, opened_data=opened)
    return dataclasses.replace(state, opened_data=opened, data=event.data, wanted_data=None)


def _wanted_after(state: State, job: str) -> engine.DataRef | None:
    """What is still to be read once a job has failed or was cancelled."""
    wanted = state.wanted_data
    return None if wanted is not None and job == load_job(wanted) else wanted


def _job_done(state: State, event: engine.JobDone) -> State:
    return dataclasses.replace(state, jobs=_without(state.jobs, event.job))


def _job_cancelled(state: State, event: engine.JobCancelled) -> State:
    wanted = _wanted_after(state, event.job)
    return dataclasses.replace(state, jobs=_without(state.jobs, event.job), wanted_data=wanted)


def _failed(state: State, event: engine.Failed) -> State:
    wanted = _wanted_after(state, event.job)
    return dataclasses.replace(state, failure=event, jobs=_without(state.jobs, event.job), wanted_data=wanted)


def _directions(state: State, event: engine.DirectionsFound) -> State:
    return dataclasses.replace(state, directions=_with(state.directions, event.snapshot, event.directions))


def _own_directions(state: State, event: engine.DirectionsKept) -> State:
    if state.own_directions.get(event.model, ()) == event.directions:
        return state
    return dataclasses.replace(state, own_directions=_with(state.own_directions, event.model, event.directions))


def _choose_snapshot(state: State, action: ChooseSnapshot) -> State:
    before = (state.explored, *(each for each in state.visited if each != state.explored))
    return dataclasses.replace(state, explored=action.snapshot, visited=tuple(filter(None, before))[:VISITED])


def _show_run(state: State, action: ShowRun) -> State:
    run = state.opened.get(action.path)
    return state if run is None else dataclasses.replace(state, run=run, at_step=None)


_FOLDS = {
    engine.Ready: _ready,
    engine.TrainState: _train_state,
    engine.RunOpened: _run_opened,
    engine.RunFollowed: lambda s, e: dataclasses.replace(s, followed=_with(s.followed, e.path, e)),
    engine.RunsListed: _runs_listed,
    engine.RunTrashed: _run_trashed,
    engine.GridDrawn: _grid_drawn,
    engine.SnapshotSaved: _snapshot_saved,
    engine.SnapshotOpened: _snapshot_opened,
    engine.LiveChanged: lambda s, e: dataclasses.replace(s, live_run=e.path, live_step=e.step),
    engine.DataOpened: _data_opened,
    engine.DirectionsFound: _directions,
    engine.DirectionsKept: _own_directions,
    engine.JobProgress: _job_progress,
    engine.JobDone: _job_done,
    engine.JobCancelled: _job_cancelled,
    engine.Failed: _failed,
    engine.Notice: lambda s, e: dataclasses.replace(s, notice=e.text),
    ChooseSnapshot: _choose_snapshot,
    Scrub: lambda s, a: dataclasses.replace(s, at_step=a.step),
    ShowRun: _show_run,
    ChooseData: _choose_data,
    PlanRun: lambda s, a: dataclasses.replace(s, plan=a),
    SendToSlot: lambda s, a: dataclasses.replace(s, last_slot=a.slot or s.last_slot),
    ChooseSlot: lambda s, a: dataclasses.replace(s, last_slot=a.slot),
}
