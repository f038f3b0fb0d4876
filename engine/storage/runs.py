"""The run folder: all that a training leaves behind, written by one, read by anybody, also while it grows.

    run.json        what the run is: family, preset, knobs, data, seed, versions (only a rename changes it)
    status.json     where it stands, replaced every few seconds
    preview.block   some samples of its data with what is known of them, so that it explores without its data set
    thumbnail.block the newest samples, few and small
    log/            the metric log (engine.storage.log)
    grids/          every sample grid (engine.storage.grids)
    snapshots/      weights at many steps (engine.storage.snapshots)
    checkpoints/    whole states of the training (engine.storage.checkpoint)
    .lock           held by the writer; the system frees it when the writer dies

A reader never locks. Loads no torch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from engine.storage import blocks, files, run_record
from engine.storage.errands import Errands
from engine.storage.grids import GridError, Grids, GridWriter, Samples, decode_samples, encode_samples
from engine.storage.log import LogReader, LogWriter, Mark
from engine.storage.run_record import RUN, STATUS, RunError, RunRecord, RunStatus, State
from engine.storage.snapshots import BUDGET, Snapshots, SnapshotWriter

PREVIEW, THUMBNAIL, LOCK, TRASH = "preview.block", "thumbnail.block", ".lock", ".trash"
HOME_VARIABLE = "LATENT_EXPLORER_HOME"
THUMBNAIL_PICTURES, THUMBNAIL_POINTS = 16, 300


@dataclass(frozen=True)
class RunInfo:
    """One row of the table of runs. A run that cannot be opened has a `problem` and little else."""

    path: Path
    name: str
    family: str = ""
    preset: str = ""
    data_title: str = ""
    step: int = 0
    state: State = "interrupted"
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    created: float = 0.0
    updated: float = 0.0
    thumbnail: Path | None = None
    problem: str = ""


@dataclass(frozen=True)
class Preview:
    """Samples of a run's data and what is known of each, as text. `rows` is empty or as long as `samples`."""

    samples: Samples
    rows: tuple[dict[str, str], ...] = ()


# ---- where runs are


def home_folder() -> Path:
    """Where runs and data sets are kept: LATENT_EXPLORER_HOME, or the user's data folder."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("latent-explorer", appauthor=False))


def new_run_path(name: str, folder: Path | None = None) -> Path:
    """A free folder name for a run called `name` in `folder` (the runs of the home)."""
    folder = home_folder() / "runs" if folder is None else folder
    slug = re.sub(r"[^\w]+", "-", name.lower()).strip("-_")[:60] or "run"
    # The number is always there: without it a name like "nul" would be a device on Windows.
    return next(path for number in itertools.count(1) if not os.path.lexists(path := folder / f"{slug}-{number}"))


# ---- reading


class Run:
    """A run that is read. Each look at `status` is a new one; so the run may grow."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path, self.record = path, record

    @property
    def checkpoints(self) -> Path:
        """The folder that `engine.storage.checkpoint` keeps."""
        return self.path / "checkpoints"

    def status(self) -> RunStatus:
        """Where the run stands now; what cannot be read is as if it had never been told. Raises StorageError."""
        return run_record.read_status(self.path)

    def log(self) -> LogReader:
        """A reader of the metric log; `poll` it."""
        return LogReader(self.path / "log")

    def grids(self) -> Grids:
        """A reader of the sample grids; `poll` it."""
        return Grids(self.path / "grids")

    def snapshots(self) -> Snapshots:
        """The snapshots."""
        return Snapshots(self.path / "snapshots")

    def preview(self) -> Preview | None:
        """The samples of the data that the run keeps, or None where there are none. Raises RunError, StorageError."""
        found = _read_samples(self.path / PREVIEW)
        if found is None:
            return None
        samples, facts = found
        rows = facts.get("rows")
        texts = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return Preview(samples, tuple({str(key): str(value) for key, value in row.items()} for row in texts))

    def thumbnail(self) -> Samples | None:
        """Some of the newest samples, before those some of the data's. Raises RunError, StorageError."""
        found = _read_samples(self.path / THUMBNAIL)
        if found is not None:
            return found[0]
        preview = self.preview()
        return None if preview is None else _few(preview.samples)


def open_run(path: Path) -> Run:
    """Open a run for reading, by its folder or its run.json. Raises RunError, StorageError."""
    path = path.parent if path.name == RUN else path
    return Run(path, run_record.read_record(path))


def list_runs(folder: Path | None = None) -> list[RunInfo]:
    """All runs in `folder` (the runs of the home), the one that changed last first. Broken ones are listed too.

    Raises StorageError only when the folder itself cannot be read.
    """
    folder = home_folder() / "runs" if folder is None else folder
    found = [
        _info(folder / name)
        for name, is_folder in files.list_folder(folder)
        if is_folder and not name.startswith(".") and not files.is_temporary(name)
    ]
    return sorted(found, key=lambda info: (-info.updated, info.name))


def _info(path: Path) -> RunInfo:
    try:
        record, status = run_record.read_record(path), run_record.read_status(path)
        thumbnail = path / THUMBNAIL
        return RunInfo(
            path=path,
            name=record.name,
            family=record.family,
            preset=record.preset,
            data_title=record.data_title,
            step=status.step,
            state=status.state,
            reason=status.reason,
            metrics=status.metrics,
            created=record.created,
            updated=max(status.updated, record.created),
            thumbnail=thumbnail if files.look(thumbnail) is not None else None,
        )
    except (RunError, files.StorageError) as error:
        return RunInfo(path, path.name, problem=str(error))


def _read_samples(path: Path) -> tuple[Samples, dict[str, Any]] | None:
    if files.look(path) is None:
        return None
    try:
        data = files.read_bytes(path, blocks.LARGEST)
        block = blocks.head_at(data, 0)
        if block is None:
            raise GridError("It has no head.")
        facts = files.parse_json(block.note, path)
        return decode_samples(block, bytes(block.body(data))), facts if isinstance(facts, dict) else {}
    except (GridError, files.FileFormatError) as error:
        raise RunError(f"The pictures in {path} are damaged; the rest of the run can be used.") from error


def _few(samples: Samples) -> Samples:
    return samples[: THUMBNAIL_PICTURES if samples.ndim == 4 else THUMBNAIL_POINTS]


# ---- writing


class RunWriter:
    """A run that is written: by one process at a time, which holds its lock until `close`.

    Nothing here waits for the disk or raises while training goes on. What goes wrong is in `problem`, "" while all is
    well; what could not be written is tried again (metrics) or left out (grids, snapshots).
    """

    def __init__(self, run: Run, lock: filelock.BaseFileLock, budget: int = BUDGET) -> None:
        self.path, self.record, self.checkpoints = run.path, run.record, run.checkpoints
        self._lock = lock
        self._errands = Errands("run folder")
        self.log = LogWriter(run.path / "log")
        self.grids = GridWriter(run.path / "grids", self._errands)
        self.snapshots = SnapshotWriter(run.path / "snapshots", self._errands, budget)
        self._status = replace(run.status(), **run_record.this_process())
        self._shown: Samples | None = None
        self._left_open = ""

    @property
    def problem(self) -> str:
        """What is wrong with the disk, as one sentence, or ""."""
        return self.log.problem or self._errands.problem or self._left_open

    def set_status(self, step: int, seconds: float, images: int, metrics: Mapping[str, float]) -> None:
        """Tell readers where the run stands, and renew the thumbnail. Cheap; every few seconds is right."""
        values = {name: float(value) for name, value in metrics.items()}
        self._tell(
            replace(
                self._status,
                state="running",
                reason="",
                step=int(step),
                seconds=float(seconds),
                images=int(images),
                metrics=values,
            )
        )
        newest = self.grids.newest
        if newest is not None and newest is not self._shown:
            self._errands.do("thumbnail", lambda: self._show(newest))

    def mark(self, step: int, seconds: float, kind: str, text: str) -> None:
        """Note on the curves that something happened."""
        self.log.mark(Mark(step, seconds, kind, text))

    def rewind(self, step: int) -> None:
        """The run goes on from an earlier step: metrics, grids and snapshots beyond it do not count any more."""
        self.log.rewind(step)
        self.grids.rewind(step)
        self.snapshots.rewind(step)

    def end(self) -> None:
        """The training stopped as it should."""
        self._tell(replace(self._status, state="ended", reason=""), durable=True)

    def fail(self, reason: str) -> None:
        """The training cannot go on, for a reason given as one sentence."""
        self._tell(replace(self._status, state="failed", reason=reason), durable=True)

    def close(self, timeout: float = 5.0) -> bool:
        """Finish writing and let go of the lock; False if not everything is on the disk. Twice does no harm.

        While the disk does not answer, the lock stays, until a later call or the end of this process: nobody else
        may write meanwhile.
        """
        if not self._lock.is_locked:
            return not self.problem
        stopped = self._errands.close(timeout)
        if stopped:
            try:
                self.grids.close()
            except files.StorageError as error:
                self._left_open = str(error)
        written = self.log.close(timeout)
        if stopped and self.log.stopped:
            self._lock.release()
        return stopped and written and not self.problem

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was told so far is written; False if it is not, see `problem`."""
        return self._errands.wait(timeout) and self.log.flush(timeout) and not self.problem

    def _show(self, newest: Samples) -> None:
        files.write_bytes(self.path / THUMBNAIL, encode_samples(_few(newest), {}), durable=False)
        self._shown = newest

    def _tell(self, status: RunStatus, durable: bool = False) -> None:
        self._status = replace(status, updated=time.time())
        plain = dataclasses.asdict(self._status)
        self._errands.do("status", lambda: files.write_json(self.path / STATUS, plain, durable=durable), always=durable)


def create_run(path: Path, record: RunRecord, preview: Preview | None = None, *, budget: int = BUDGET) -> RunWriter:
    """Make a run folder, whole or not at all, and open it for writing; `budget` is the bytes that snapshots may take.

    Raises RunError when the folder holds something already, StorageError.
    """
    run_record.check_name(record.name)
    if os.path.lexists(path) and (not path.is_dir() or files.list_folder(path)):
        what = "is not empty:" if path.is_dir() else "is a file:"
        what = "holds a run: resume it, or" if files.look(path / RUN) else what
        raise RunError(f"{path} {what} choose another folder for the new run.")
    files.make_folder(path.parent)
    temporary = files.temporary_name(path)
    try:
        files.make_folder(temporary)
        run_record.write_record(temporary, record)
        status = replace(RunStatus("running", updated=time.time()), **run_record.this_process())
        files.write_json(temporary / STATUS, dataclasses.asdict(status))
        if preview is not None:
            rows: dict[str, object] = {"rows": [dict(row) for row in preview.rows]}
            files.write_bytes(temporary / PREVIEW, encode_samples(preview.samples, rows))
        if path.is_dir():
            files.remove_tree(path)  # it is empty; Windows renames onto nothing else
        files.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            files.remove_tree(temporary)
        raise
    return RunWriter(Run(path, record), _lock(path), budget)


def continue_run(path: Path, *, budget: int = BUDGET) -> RunWriter:
    """Open a run for writing and clear away what a killed writer left half-done.

    Raises RunError, also while another process writes it; StorageError.
    """
    run = open_run(path)
    lock = _lock(run.path)
    try:
        from engine.storage import checkpoint  # loads torch, which whoever continues a run needs anyway

        checkpoint.sweep(run.checkpoints)
        for folder in (run.path, run.path / "snapshots", run.path / "log"):
            files.sweep_temporaries(folder)
        return RunWriter(run, lock, budget)
    except BaseException:
        lock.release()
        raise


def _lock(path: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(path / LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        writer = run_record.read_status(path)
        who = f" (process {writer.pid} on {writer.host})" if writer.state == "running" else ""
        raise RunError(
            f"The run in {path} is being written by another process{who}: stop that one first, or open it to follow it."
        ) from error
    except NotImplementedError as error:
        raise RunError(f"{path} is on a disk without locks: put the run on another disk.") from error
    except OSError as error:
        raise files.StorageError(files.sentence(error, "locked", path), error.errno) from error
    return lock


# ---- the table of runs


def rename_run(path: Path, name: str) -> None:
    """Give a run another name to be shown; its folder keeps its own. Raises RunError, StorageError."""
    run_record.check_name(name)
    run_record.write_record(path, replace(run_record.read_record(path), name=name))


def delete_run(path: Path) -> Path:
    """Move a run to `.trash` beside it, where it stays until somebody empties that; returns its new place.

    Raises RunError while it is being written, StorageError.
    """
    if files.look(path) is None:
        raise RunError(f"{path} is not there any more: refresh the table of runs.")
    _lock(path).release()
    trash = path.parent / TRASH
    files.make_folder(trash)
    target = next(to for number in itertools.count(1) if not os.path.lexists(to := trash / f"{path.name}.{number}"))
    files.rename(path, target)
    return target
