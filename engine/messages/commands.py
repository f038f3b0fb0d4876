"""What is asked of the engine: ordered commands to its two lanes, and requests on channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.controls import Arithmetic, Point, Walk
from engine.data.ref import DataRef
from engine.knobs import KnobValue
from engine.messages.names import Codes, Samples

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
class EditCodes:
    """Mend the codebook of the run that trains; it leaves a mark on the curves. "revive": the codes begin anew at
    vectors of the last batch; "freeze" and "thaw": they stay, or move again; "merge": the first becomes the mean of
    all, the others are not chosen any more until they are revived. Answered by `CodesEdited`."""

    edit: Literal["revive", "freeze", "thaw", "merge"]
    codes: tuple[int, ...]


@dataclass(frozen=True)
class UndoCodes:
    """Take back the last `EditCodes` of the run that trains: those codes become what they were. `CodesEdited`."""


@dataclass(frozen=True)
class SetPace:
    """How fast to train: at most `steps_per_s` (None: as fast as it goes), using `share` (0..1] of the time."""

    steps_per_s: float | None = None
    share: float = 1.0


@dataclass(frozen=True)
class SaveCheckpoint:
    """Write a checkpoint now."""


@dataclass(frozen=True)
class RollBack:
    """Go back to the last checkpoint and stand there; what training did since then is lost."""


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
    """An attribute vector from two groups of points, kept on disk: `DirectionsKept`, and `DirectionMade` with its
    score."""

    snapshot: str
    name: str
    positives: tuple[Point, ...]
    negatives: tuple[Point, ...]


@dataclass(frozen=True)
class KeepDirection:
    """Remove a direction that a person made, or with `kept` bring back one that was removed: `DirectionsKept`."""

    model: str
    name: str
    kept: bool


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
class Reconstruct:
    """Samples taken apart and put together again by a model: `Reconstructed`, with their codes where it has codes."""

    channel: str
    number: int
    snapshot: str
    samples: Samples


@dataclass(frozen=True)
class DecodeCodes:
    """Pictures of grids of codes (N, h, w): `CodesDecoded`."""

    channel: str
    number: int
    snapshot: str
    codes: Codes


@dataclass(frozen=True)
class ReadBook:
    """The codebook of a snapshot as a whole: `BookRead`."""

    channel: str
    number: int
    snapshot: str


@dataclass(frozen=True)
class InspectCode:
    """One code from all sides, the quickest first: `CodeInspected` with what it decodes to alone and in the grid
    `context` (h, w) at `place`, where one is given, and its nearest codes; then patches of `data` that chose it."""

    channel: str
    number: int
    snapshot: str
    code: int
    data: DataRef | None = None
    context: Codes | None = None
    place: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReadUsage:
    """How often a run chose each code at the newest step at or before `step`: `CodesCounted`."""

    channel: str
    number: int
    path: str
    step: int


@dataclass(frozen=True)
class ReadUsageHistory:
    """The same at up to `columns` steps, evenly over the run: `UsageHistory`."""

    channel: str
    number: int
    path: str
    columns: int = 256


@dataclass(frozen=True)
class ReadGrid:
    """The grid of a run, of the kind that is wanted, at the newest step at or before `step`: `GridDrawn`."""

    channel: str
    number: int
    path: str
    step: int
    kind: str = ""  # "samples" or "reconstructions"; empty: samples where there are any


@dataclass(frozen=True)
class ReadDataPage:
    """Samples `start` .. `start + count` of a data set that is open: `DataPage`. `where` filters by column values."""

    channel: str
    number: int
    data: DataRef
    start: int
    count: int
    where: Mapping[str, str] = field(default_factory=dict)


Request = (
    DrawPoints
    | DrawArithmetic
    | DrawWalk
    | ScoreSamples
    | DrawDecision
    | Reconstruct
    | DecodeCodes
    | ReadBook
    | InspectCode
    | ReadUsage
    | ReadUsageHistory
    | ReadGrid
    | ReadDataPage
)
TrainCommand = (
    StartRun
    | ResumeRun
    | SetRunning
    | StepOnce
    | SetKnob
    | EditCodes
    | UndoCodes
    | SetPace
    | SaveCheckpoint
    | RollBack
    | KeepWeights
    | EndRun
)
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
    | KeepDirection
    | ExportWalk
    | CancelJob
)
Command = TrainCommand | ExploreCommand | Request
