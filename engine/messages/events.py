"""What the engine tells: facts, progress, pictures, scores, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.controls import CodesInfo, LatentInfo, Point
from engine.data.ref import BuiltIn, DataRef
from engine.knobs import FamilyCard, KnobValue
from engine.messages.names import GRID_KINDS, Codes, Floats, Pixels, Samples
from engine.series import Series


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
class RunTrashed:
    """The run that was in the folder `path` lies in the folder `where` now."""

    path: str
    where: str


@dataclass(frozen=True)
class RunOpened:
    """A run is open: its curves so far (the receiver owns them from here on), marks, and where there are grids and
    snapshots. `training` says that this engine trains it; otherwise it is read, and followed while it grows. `anew`:
    nobody asked; a followed run went back to a checkpoint, and what was known of it no longer holds."""

    run: RunFacts
    training: bool
    series: Mapping[str, Series]
    marks: tuple[tuple[int, str], ...]
    grid_steps: tuple[int, ...]
    snapshot_steps: tuple[int, ...]
    anew: bool = False
    grid_kinds: tuple[str, ...] = GRID_KINDS[:1]


@dataclass(frozen=True)
class RunFollowed:
    """Where a run stands that somebody else trains; `status` is "running", "ended", "failed" or
    "interrupted"."""

    path: str
    status: str
    step: int
    images: int
    seconds: float
    steps_per_s: float
    images_per_s: float


@dataclass(frozen=True)
class TrainState:
    """Where the training of this engine stands; sent some ten times a second while it runs and at every change."""

    path: str
    phase: Literal["loading", "running", "paused", "saving", "ended", "failed"]
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
    """A grid of a run at a step, from live training (channel "") or in answer to `ReadGrid`. In a grid of the kind
    "reconstructions" each sample of the data is followed by its reconstruction."""

    path: str
    step: int
    samples: Samples
    channel: str = ""
    number: int = 0
    kind: str = "samples"


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
    codes: CodesInfo | None = None
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
    """D's logit per sample, and the gradient of it on each as (N, H, W) in -1..1 where it was asked for.

    `peaks_N` is what 1 stands for there: logit per unit of brightness, with black at -1 and white at +1."""

    channel: str
    number: int
    snapshot: str
    step: int
    logits_N: Floats
    saliency_NHW: Floats | None
    peaks_N: Floats | None = None


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
class Reconstructed:
    """Samples beside what a model made of them. `psnr_N` in dB, `ssim_N` up to 1, `l1_N` in parts of the full range,
    `bits_N` per number of a sample, an upper bound. `codes_NHW` is None for a model without codes."""

    channel: str
    number: int
    snapshot: str
    step: int
    originals: Samples
    samples: Samples
    codes_NHW: Codes | None
    psnr_N: Floats
    ssim_N: Floats
    l1_N: Floats
    bits_N: Floats
    milliseconds: float


@dataclass(frozen=True)
class CodesDecoded:
    channel: str
    number: int
    snapshot: str
    step: int
    codes_NHW: Codes
    samples: Pixels
    milliseconds: float


@dataclass(frozen=True)
class BookRead:
    """A codebook: where each code lies on a 2-D map of the vectors (their first principal components, in -1..1), the
    shares of variance that the two axes hold, all codes in an order in which each is followed by one like it, and how
    often training chose each in its last window."""

    channel: str
    number: int
    snapshot: str
    step: int
    map_K2: Floats
    shares: tuple[float, float]
    chain_K: Codes
    usage_K: Codes
    thumbnails: Pixels  # (K, s, s, C): what each code decodes to where it stands alone


@dataclass(frozen=True)
class CodeInspected:
    """One code. Part "code": the picture of a grid of nothing else, of which the middle is `alone`; `neighbours` as
    (code, distance) pairs, the nearest first; where a context was given the pictures `before` and `after` the code
    is set at the place. Part "patches": pieces of the data that chose it, `cell` and `field` wide, of `looked`
    places."""

    channel: str
    number: int
    snapshot: str
    step: int
    code: int
    part: Literal["code", "patches"]
    alone: Pixels | None = None
    neighbours: tuple[tuple[int, float], ...] = ()
    before: Pixels | None = None
    after: Pixels | None = None
    patches: Pixels | None = None
    found: int = 0
    looked: int = 0


@dataclass(frozen=True)
class CodesCounted:
    """How often each code was chosen, (2, K): in a rolling window, and in the present epoch. From live training
    (channel "") or in answer to `ReadUsage`. `frozen_K` and `barred_K` are known of live training alone."""

    path: str
    step: int
    counts_2K: Codes
    channel: str = ""
    number: int = 0
    frozen_K: NDArray[np.bool_] | None = None
    barred_K: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class UsageHistory:
    """The window counts (T, K) of a run at rising steps."""

    channel: str
    number: int
    path: str
    steps_T: Codes
    counts_TK: Floats


@dataclass(frozen=True)
class CodesEdited:
    """The book of the run that trains was mended, or an edit was taken back (`edit` "undo")."""

    path: str
    step: int
    edit: str
    codes: tuple[int, ...]
    can_undo: int


@dataclass(frozen=True)
class DirectionFacts:
    """A direction in a latent space. `share` is the explained variance (PCA) or eigenvalue share (SeFa); `alignment`
    and `cohen_d` score an attribute vector; `made_at` is the step of the run at which a person made it."""

    name: str
    title: str
    kind: Literal["pca", "sefa", "attribute", "own"]
    share: float = 0.0
    alignment: float = 0.0
    cohen_d: float = 0.0
    made_at: int | None = None


@dataclass(frozen=True)
class DirectionsFound:
    snapshot: str
    directions: tuple[DirectionFacts, ...]


@dataclass(frozen=True)
class DirectionsKept:
    """All directions that a person made for a run or a bundled model (see `model_of`), the oldest first."""

    model: str
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
    | RunTrashed
    | RunOpened
    | RunFollowed
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
    | Reconstructed
    | CodesDecoded
    | BookRead
    | CodeInspected
    | CodesCounted
    | UsageHistory
    | CodesEdited
    | DirectionsFound
    | DirectionsKept
    | DirectionMade
    | ExemplarsFound
    | DataOpened
    | DataPage
    | JobProgress
    | JobDone
    | JobCancelled
)
