"""What crosses the engine's door: commands in, events out. Frozen values, NumPy arrays and plain Python only.

A command either is *ordered* (start, pause, set a knob: never dropped) or a *request* on a channel (draw this now: per
channel only the newest waits). An answer carries the channel and number of its request and the id of the snapshot.

Snapshot ids are text: "live" (the newest weights of the training run), "bundled:NAME", "run:PATH@STEP".
Pictures are uint8 (N, H, W, C) with C 1 or 3; points are float32 (N, D).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.controls import Arithmetic, LatentInfo, Point, Walk
from engine.data.ref import BuiltIn, DataRef
from engine.knobs import FamilyCard, KnobValue
from engine.series import Series

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Samples = Pixels | Floats

LIVE = "live"


def bundled_snapshot(name: str) -> str:
    """The id of a model in resources/models."""
    return f"bundled:{name}"


def run_snapshot(path: str, step: int | None = None) -> str:
    """The id of a snapshot in a run folder; without a step, the newest."""
    return f"run:{path}@{'last' if step is None else step}"


# ---------------------------------------------------------------- commands to the train lane, in order, never dropped


@dataclass(frozen=True)
class StartRun:
    """Begin a new run and train. `values` are changes to the preset. Without `folder` the run gets one in the home."""

    family: str
    preset: str
    data: DataRef
    values: Mapping[str, KnobValue] = field(default_factory=dict)
    seed: int = 0
    steps: int | None = None
    name: str = ""
    folder: str | None = None
    paused: bool = False


@dataclass(frozen=True)
class ResumeRun:
    """Go on with a run from its last checkpoint."""

    path: str
    steps: int | None = None
    paused: bool = False


@dataclass(frozen=True)
class SetRunning:
    """Run or pause the training that is open."""

    running: bool


@dataclass(frozen=True)
class StepOnce:
    """One step while paused; with `phase` only that phase ("D" or "G") moves."""

    phase: str | None = None


@dataclass(frozen=True)
class SetKnob:
    """Change a live knob of the run that trains; it leaves a mark on the curves."""

    name: str
    value: KnobValue


@dataclass(frozen=True)
class SetPace:
    """How fast to train: at most `steps_per_s` (None: as fast as it goes), using `share` (0..1] of the time."""

    steps_per_s: float | None = None
    share: float = 1.0


@dataclass(frozen=True)
class SaveCheckpoint:
    """Write a checkpoint now."""


@dataclass(frozen=True)
class KeepWeights:
    """Keep the exact weights behind a picture of the live run, so that `run:PATH@STEP` draws it again for ever."""

    path: str
    step: int


@dataclass(frozen=True)
class EndRun:
    """Stop training with a checkpoint and let go of the run folder."""


# ------------------------------------------------------------- commands to the explore lane, in order, never dropped


@dataclass(frozen=True)
class OpenSnapshot:
    """Load a snapshot (or learn about "live") and tell what it can do: `SnapshotOpened`."""

    snapshot: str


@dataclass(frozen=True)
class ListRuns:
    """Answered by `RunsListed`."""


@dataclass(frozen=True)
class OpenRun:
    """Read a run folder, also while another process writes it, and follow it: `RunOpened`, then `Progress` ..."""

    path: str


@dataclass(frozen=True)
class CloseRun:
    """Follow that run no longer."""

    path: str


@dataclass(frozen=True)
class RenameRun:
    path: str
    name: str


@dataclass(frozen=True)
class TrashRun:
    path: str


@dataclass(frozen=True)
class LoadData:
    """Load a data set for looking at: `JobProgress` while it loads, then `DataOpened`."""

    job: str
    data: DataRef


@dataclass(frozen=True)
class FindDirections:
    """PCA over samples, SeFa on the first layer, and attribute directions where a judge knows the pictures."""

    job: str
    snapshot: str


@dataclass(frozen=True)
class FindExemplars:
    """Samples in which the judge sees what each slot should show, `count` per slot: `ExemplarsFound`."""

    job: str
    snapshot: str
    terms: Mapping[str, str]  # slot name -> words, such as "man with glasses"
    count: int = 3
    seed: int = 0


@dataclass(frozen=True)
class MakeDirection:
    """An attribute vector from two groups of points, with its score: `DirectionMade`."""

    snapshot: str
    name: str
    positives: tuple[Point, ...]
    negatives: tuple[Point, ...]


@dataclass(frozen=True)
class ExportWalk:
    """Write a walk as GIF or WebP (by the suffix of `file`)."""

    job: str
    snapshot: str
    walk: Walk
    file: str
    scale: int = 4
    frames_per_s: int = 24


@dataclass(frozen=True)
class CancelJob:
    job: str


# ------------------------------------------------------------------- requests: per channel only the newest one waits


@dataclass(frozen=True)
class DrawPoints:
    """Pictures of some places in the latent space: `Frame`."""

    channel: str
    number: int
    snapshot: str
    points: tuple[Point, ...]
    interpolation: Literal["slerp", "lerp"] = "slerp"


@dataclass(frozen=True)
class DrawArithmetic:
    """The result of an arithmetic, the centre first (`Frame` part "centre"), then the 3x3 (part "neighbours", in
    reading order, the centre among them), then one mean picture per slot (part "slots")."""

    channel: str
    number: int
    snapshot: str
    arithmetic: Arithmetic
    neighbours: bool = True


@dataclass(frozen=True)
class DrawWalk:
    """The frame of a walk at time `t` in 0..1: `Frame`."""

    channel: str
    number: int
    snapshot: str
    walk: Walk
    t: float


@dataclass(frozen=True)
class ScoreSamples:
    """D's score of pictures and, where asked, its gradient on each: `Scores`."""

    channel: str
    number: int
    snapshot: str
    samples: Samples
    saliency: bool = False


@dataclass(frozen=True)
class DrawDecision:
    """What D makes of the plane (or line) that the points live in: `Decision`."""

    channel: str
    number: int
    snapshot: str
    data: DataRef
    resolution: int = 64
    count: int = 1000


@dataclass(frozen=True)
class ReadGrid:
    """The sample grid of a run at the newest step at or before `step`: `GridDrawn`."""

    channel: str
    number: int
    path: str
    step: int


@dataclass(frozen=True)
class ReadDataPage:
    """Samples `start` .. `start + count` of a data set that is open: `DataPage`. `where` filters by column values."""

    channel: str
    number: int
    data: DataRef
    start: int
    count: int
    where: Mapping[str, str] = field(default_factory=dict)


Request = DrawPoints | DrawArithmetic | DrawWalk | ScoreSamples | DrawDecision | ReadGrid | ReadDataPage
TrainCommand = StartRun | ResumeRun | SetRunning | StepOnce | SetKnob | SetPace | SaveCheckpoint | KeepWeights | EndRun
ExploreCommand = (
    OpenSnapshot
    | ListRuns
    | OpenRun
    | CloseRun
    | RenameRun
    | TrashRun
    | LoadData
    | FindDirections
    | FindExemplars
    | MakeDirection
    | ExportWalk
    | CancelJob
)
Command = TrainCommand | ExploreCommand | Request


# ------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True)
class BundledCard:
    """A model in resources/models: its facts from card.json."""

    name: str
    title: str
    family: str
    preset: str
    data: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Ready:
    """The engine is up: what can be trained, on what, and where it runs."""

    families: tuple[FamilyCard, ...]
    data: tuple[BuiltIn, ...]
    bundled: tuple[BundledCard, ...]
    device: str
    threads: int
    home: str


@dataclass(frozen=True)
class Failed:
    """Something could not be done; the lane lives on. `reason` is one sentence, `details` a trace to copy."""

    doing: str
    reason: str
    details: str = ""
    channel: str = ""
    job: str = ""


@dataclass(frozen=True)
class Notice:
    """Something a person should know that is no failure (resumed with another thread count, data set missing)."""

    text: str


@dataclass(frozen=True)
class RunFacts:
    """What the window knows of a run."""

    path: str
    name: str
    family: str
    preset: str
    values: Mapping[str, KnobValue]
    data: DataRef
    data_title: str
    shape: tuple[int, ...]
    seed: int
    step: int
    status: str
    created: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    thumbnail: Samples | None = None
    problem: str = ""


@dataclass(frozen=True)
class RunsListed:
    runs: tuple[RunFacts, ...]


@dataclass(frozen=True)
class RunOpened:
    """A run is open: its curves so far (the receiver owns them from here on), marks, and where there are grids and
    snapshots. `training` says that this engine trains it; otherwise it is read, and followed while it grows."""

    run: RunFacts
    training: bool
    series: Mapping[str, Series]
    marks: tuple[tuple[int, str], ...]
    grid_steps: tuple[int, ...]
    snapshot_steps: tuple[int, ...]


@dataclass(frozen=True)
class TrainState:
    """Where the training stands; sent some ten times a second while it runs and at every change."""

    path: str
    phase: Literal["loading", "running", "paused", "saving", "ended", "failed", "followed"]
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    steps_per_s: float = 0.0
    images_per_s: float = 0.0
    memory_bytes: int = 0
    doing: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Progress:
    """New points of the curves of a run, in step order. `values[name]` has (steps, seconds, images, values)."""

    path: str
    values: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True)
class GridDrawn:
    """The sample grid of a run at a step, from live training (channel "") or in answer to `ReadGrid`."""

    path: str
    step: int
    samples: Samples
    channel: str = ""
    number: int = 0


@dataclass(frozen=True)
class Marked:
    """An event on the curves: a changed knob, a checkpoint, a resume."""

    path: str
    step: int
    text: str


@dataclass(frozen=True)
class SnapshotSaved:
    """A run has one more snapshot; `kept` are the steps that it has now."""

    path: str
    kept: tuple[int, ...]


@dataclass(frozen=True)
class LiveChanged:
    """The snapshot "live" has new weights."""

    path: str  # the run's
    step: int


@dataclass(frozen=True)
class SnapshotInfo:
    """What the window knows of a snapshot, never a tensor."""

    snapshot: str
    title: str
    family: str
    step: int
    shape: tuple[int, ...]
    capabilities: tuple[str, ...]
    latent: LatentInfo | None
    conditions: Mapping[str, tuple[str, ...]]
    critic_scale: str
    data: DataRef | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SnapshotOpened:
    info: SnapshotInfo


@dataclass(frozen=True)
class Frame:
    """Samples in answer to a request. `z_NZ` are the latents they were decoded from."""

    channel: str
    number: int
    snapshot: str
    step: int
    part: Literal["points", "centre", "neighbours", "slots"]
    samples: Samples
    z_NZ: Floats
    milliseconds: float


@dataclass(frozen=True)
class Scores:
    """D's logit per sample, and the gradient of it on each as (N, H, W) in -1..1 where it was asked for."""

    channel: str
    number: int
    snapshot: str
    step: int
    logits_N: Floats
    saliency_NHW: Floats | None


@dataclass(frozen=True)
class Decision:
    """A GAN on points, seen from above. For D = 2 the fields are (R, R), rows from low y to high y; for D = 1 (R,).

    `extent` is (low, high) of every axis. `gradient` is how a sample would move to please D, (..., D).
    `value` is V(G, D) by Monte Carlo over data and samples; -log 4 is its value at the optimum.
    """

    channel: str
    number: int
    snapshot: str
    step: int
    extent: tuple[tuple[float, float], ...]
    p_data: Floats
    p_g: Floats
    d: Floats
    d_star: Floats
    gradient: Floats
    reals_ND: Floats
    samples_ND: Floats
    z_NZ: Floats
    value: float


@dataclass(frozen=True)
class DirectionFacts:
    """A direction in a latent space. `share` is the explained variance (PCA) or eigenvalue share (SeFa); `alignment`
    and `cohen_d` score an attribute vector."""

    name: str
    title: str
    kind: Literal["pca", "sefa", "attribute", "own"]
    share: float = 0.0
    alignment: float = 0.0
    cohen_d: float = 0.0


@dataclass(frozen=True)
class DirectionsFound:
    snapshot: str
    directions: tuple[DirectionFacts, ...]


@dataclass(frozen=True)
class DirectionMade:
    snapshot: str
    direction: DirectionFacts


@dataclass(frozen=True)
class ExemplarsFound:
    job: str
    snapshot: str
    points: Mapping[str, tuple[Point, ...]]


@dataclass(frozen=True)
class DataOpened:
    """A data set is loaded. `columns[name]` has (value, count) pairs; `problems` (path, reason) pairs."""

    data: DataRef
    title: str
    count: int
    shape: tuple[int, ...]
    columns: Mapping[str, tuple[tuple[str, int], ...]]
    has_captions: bool
    problems: tuple[tuple[str, str], ...]
    fingerprint: str


@dataclass(frozen=True)
class DataPage:
    """Some samples of a data set with what is known of each, as text lines (label, attributes, caption)."""

    channel: str
    number: int
    data: DataRef
    start: int
    total: int
    samples: Samples
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class JobProgress:
    """How far a long thing is; `seconds_left` is None while it is not known."""

    job: str
    doing: str
    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class JobDone:
    job: str
    text: str
    file: str = ""


@dataclass(frozen=True)
class JobCancelled:
    job: str


Event = (
    Ready
    | Failed
    | Notice
    | RunsListed
    | RunOpened
    | TrainState
    | Progress
    | GridDrawn
    | Marked
    | SnapshotSaved
    | LiveChanged
    | SnapshotOpened
    | Frame
    | Scores
    | Decision
    | DirectionsFound
    | DirectionMade
    | ExemplarsFound
    | DataOpened
    | DataPage
    | JobProgress
    | JobDone
    | JobCancelled
)
