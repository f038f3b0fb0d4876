"""The training loop: one loop for the window's train lane and for the command line.

A `Training` is a run that is being trained: the stepper, the run folder, and what is due when. Whoever drives it calls
`advance()` as long as it wants; every event of the run (curves, grids, new weights to explore) goes to `tell`.
Saving is safe at any moment: killing the process costs at most one checkpoint interval.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import engine
from engine.data.catalog import open_data
from engine.data.dataset import DataError, Dataset, LoadProgress
from engine.data.ref import DataRef
from engine.device import finish_work, memory_in_use, threads_for, use_threads
from engine.family import Families, FamilyError, Snapshot, Tensors, TrainsCodebook
from engine.knobs import KnobValue, configure, values_of
from engine.live import LiveModel, LiveSnapshot
from engine.messages import (
    CodesCounted,
    CodesEdited,
    EditCodes,
    Event,
    GridDrawn,
    LiveChanged,
    Marked,
    Notice,
    Progress,
    SnapshotSaved,
    TrainState,
)
from engine.nn.usage import perplexity
from engine.run_facts import sample_row
from engine.shows import POINT_COUNT, USAGE, grids_of, probe_of
from engine.stepper import StateError, Stepper, mix
from engine.storage import files, runs
from engine.storage.checkpoint import BackgroundSaver, Checkpoint, CheckpointError, latest_checkpoint, load_checkpoint
from engine.storage.run_record import RunError, RunRecord
from engine.storage.snapshots import keep_exactly

PREVIEW_COUNT = 64
MOST_UNDOS = 32
EARLY_GRID_S = 0.3  # between the grids of the first steps
FIRST_SAVE_S = 0.5  # a run that is killed or fails early has a checkpoint, too
BEGUN_S = 30.0  # a run that has trained for so long had a checkpoint
LONGEST_DATA_NAME = 80  # of its letters in the name of a run
SAVING_S = 8.0  # how long an ending run waits for its last checkpoint: quitting takes at most 10 s


@dataclass
class Cadence:
    """Says when something is due again: every `every` seconds, but stretched so that it costs at most `share` of the
    time. Costs are measured, not guessed."""

    every: float
    share: float = 1.0
    next_time: float = 0.0

    def due(self, now: float) -> bool:
        return now >= self.next_time

    def done(self, began: float, ended: float) -> None:
        self.next_time = max(began + self.every, ended + (ended - began) * (1.0 / self.share - 1.0))


@dataclass(frozen=True)
class Plan:
    """What a new run is to be."""

    family: str
    preset: str
    data: DataRef
    values: Mapping[str, KnobValue] = field(default_factory=dict)
    seed: int = 0
    name: str = ""
    folder: str | None = None

    def command(self, steps: int | None) -> str:
        """The command line that makes the same run."""
        parts = ["python", "-m", "engine", "train", f"{self.family}:{self.preset}", "--data", self.data.name]
        for flag in ("size", "channels", "fit", "count"):
            value = getattr(self.data, flag)
            parts += [] if value is None else [f"--{flag}", str(value)]
        parts += [] if self.data.split == "train" else ["--split", self.data.split]
        parts += [] if self.data.seed == 0 else ["--data-seed", str(self.data.seed)]
        parts += [] if steps is None else ["--steps", str(steps)]
        parts += [] if self.seed == 0 else ["--seed", str(self.seed)]
        for name, value in self.values.items():
            parts += [f"--{name.replace('_', '-')}", str(value)]
        return shlex.join(parts)


Opening = Generator[LoadProgress, None, "Training"]


def start(
    plan: Plan,
    families: Families,
    home: Path,
    device: torch.device,
    threads: int,
    tell: Callable[[Event], None],
    live: LiveSnapshot,
) -> Opening:
    """Load the data, build the model and make the run folder. Yields while the data loads; returns the training.

    Raises DataError, KnobError, UnknownNameError, RunError or ValueError, each with one sentence.
    """
    entry = families[plan.family]
    preset = entry.preset(plan.preset or entry.best)
    config: Any = configure(entry.config, preset.values, plan.values)
    dataset = yield from open_data(plan.data, home)
    size = entry.size_for(dataset.shape)
    if plan.data.size is None and size is not None:
        tell(Notice(f"{entry.title} takes pictures of {size}x{size}, so {dataset.title} is brought to that size."))
        dataset = yield from open_data(replace(plan.data, size=size), home)
    threads = _use_threads(dataset, threads)
    stepper = Stepper(entry, config, dataset, seed=plan.seed, device=device)
    data = replace(plan.data, size=None if dataset.is_points else dataset.shape[0])
    data_name = "".join(letter if letter.isprintable() else " " for letter in dataset.name)[:LONGEST_DATA_NAME]
    name = plan.name or f"{entry.name} {preset.name} {data_name}".strip()
    path = Path(plan.folder).expanduser().absolute() if plan.folder else runs.new_run_path(name, home / "runs")
    number = path.name.rpartition("-")[2]
    if not (plan.name or plan.folder) and number != "1":
        name = f"{name} {number}"  # as the folder is called, so that two runs can be told apart
    record = RunRecord(
        name=name,
        family=entry.name,
        preset=preset.name,
        knobs=values_of(config),
        data=data.as_plain(),
        data_title=dataset.title,
        data_fingerprint=dataset.fingerprint,
        shape=dataset.shape,
        conditions=dict(stepper.family.spec.conditions),
        seed=plan.seed,
        threads=threads,
        device=device.type,
        versions={"latent-explorer": engine.__version__, "torch": torch.__version__, "python": sys.version.split()[0]},
        created=time.time(),
        command=replace(plan, preset=preset.name).command(None),
    )
    writer = runs.create_run(path, record, _preview(dataset))
    return Training(stepper, writer, device, tell, live)


def resume(
    path: Path,
    families: Families,
    home: Path,
    device: torch.device,
    threads: int,
    tell: Callable[[Event], None],
    live: LiveSnapshot,
) -> Opening:
    """Go on with a run from its last checkpoint (or from its start where it has none yet).

    The same machine, torch build and thread count go on bit for bit; another count goes on and says so.
    """
    writer = runs.continue_run(path)
    try:
        record = writer.record
        entry = families[record.family]
        dataset = yield from open_data(DataRef.from_plain(record.data), home)
        if tuple(dataset.shape) != tuple(record.shape):
            raise DataError(
                f"The data now has the shape {dataset.shape}, not {record.shape}; open the data the run began with."
            )
        threads = _use_threads(dataset, threads)
        stepper = Stepper(entry, configure(entry.config, record.knobs), dataset, seed=record.seed, device=device)
        for sentence in _differences(record, dataset, device, threads):
            tell(Notice(sentence))
        seconds = 0.0
        found = latest_checkpoint(writer.checkpoints)
        if found is None and any(is_folder for _, is_folder in files.list_folder(writer.checkpoints)):
            # To begin again from the start would remove what the run has drawn and kept so far.
            raise CheckpointError(
                "No checkpoint of this run can be read, so it cannot go on; it can still be explored. Look whether its "
                "disk works, or start a new run."
            )
        if found is not None and found.newer_damaged:
            tell(Notice(f"The newest checkpoint is damaged; the run goes on from step {found.step}."))
        if found is not None:
            seconds = _load(stepper, load_checkpoint(found.path), found.step)
        told = runs.open_run(path).status()
        if found is None and told.seconds > BEGUN_S:
            raise CheckpointError(
                f"This run has trained {told.step} steps, but its checkpoints are not in its folder; bring the folder "
                "checkpoints back, or start a new run. It can still be explored."
            )
        if found is None and told.step > 0:
            tell(Notice("This run was ended before its first checkpoint, so it begins again at step 0."))
        writer.rewind(stepper.step_number)
        writer.mark(stepper.step_number, seconds, "resume", "resumed")
    except BaseException:
        writer.close()
        raise
    return Training(stepper, writer, device, tell, live, seconds=seconds)


def _load(stepper: Stepper, checkpoint: Checkpoint, step: int) -> float:
    """Bring the training to a checkpoint; gives its seconds. Raises CheckpointError where it does not fit."""
    try:
        if checkpoint.not_finite:
            raise StateError(f"{checkpoint.not_finite[0]} is not finite")
        stepper.load_state(checkpoint.weights, checkpoint.optimizer, checkpoint.state)
        return float(checkpoint.state["seconds"])
    except (StateError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint of step {step} does not fit this run ({error}); move it out of the run's folder "
            "checkpoints to go on from the one before. The run can still be explored."
        ) from error


def _use_threads(dataset: Dataset, threads: int) -> int:
    """Set the thread count that suits the data, in the thread that trains, and return it."""
    used = threads_for(dataset.is_points, threads)
    use_threads(used)
    return used


def _differences(record: RunRecord, dataset: Dataset, device: torch.device, threads: int) -> list[str]:
    """What is not as it was when the run began, a sentence each."""
    found = []
    if dataset.fingerprint != record.data_fingerprint:
        found.append("The data is not the same as when this run began; it goes on with what is there now.")
    if device.type != record.device:
        found.append(
            f"This run began on {record.device} and goes on on {device.type}: the results will be as good, but not the "
            "same to the last bit."
        )
    elif threads != record.threads:
        found.append(
            f"This run began with {record.threads} threads and goes on with {threads}: the results will be as good, "
            "but not the same to the last bit."
        )
    if record.versions.get("torch") != torch.__version__:
        found.append(
            f"This run began with torch {record.versions.get('torch')} and goes on with {torch.__version__}: the "
            "results will be as good, but not the same to the last bit."
        )
    return found


def _preview(dataset: Dataset) -> runs.Preview:
    """Some samples that a run keeps, so that it can be looked at where its data set is missing."""
    count = min(len(dataset), POINT_COUNT if dataset.is_points else PREVIEW_COUNT)
    samples = dataset.batch(np.arange(count, dtype=np.int64))
    return runs.Preview(samples, tuple(sample_row(dataset, i) for i in range(0 if dataset.is_points else count)))


class Training:
    """A run that is being trained. One thread at a time; `close` is safe to call twice."""

    def __init__(
        self,
        stepper: Stepper,
        writer: runs.RunWriter,
        device: torch.device,
        tell: Callable[[Event], None],
        live: LiveSnapshot,
        *,
        seconds: float = 0.0,
    ) -> None:
        self.stepper, self.writer, self.device, self.tell, self.live = stepper, writer, device, tell, live
        self.path = str(writer.path)
        self.seconds = seconds
        self.saver = BackgroundSaver(writer.checkpoints)
        self._told_problem = ""
        self._metrics_due = Cadence(0.05)
        self._state_due = Cadence(0.1)
        self._status_due = Cadence(5.0)
        self._live_due = Cadence(0.1, share=0.05)
        self._drawn_at = float("-inf")
        self._grid_due = Cadence(0.9, share=0.03)
        self._save_due = Cadence(120.0, share=0.02, next_time=time.monotonic() + FIRST_SAVE_S)
        self._speed: tuple[float, int, float] = (time.monotonic(), stepper.step_number, 0.0)
        self._latest: dict[str, float] = {}
        self._closed = False
        self._probe = probe_of(stepper.dataset, device)
        self._codes_due = Cadence(0.1, share=0.02)
        self._undos: list[tuple[tuple[int, ...], Tensors]] = []

    @property
    def step(self) -> int:
        return self.stepper.step_number

    def advance(self, only: str | None = None) -> None:
        """One training step, then whatever is due after it.

        Raises NotFiniteError where training cannot go on; nothing is lost and the caller may lower a knob and go on.
        """
        began = time.monotonic()
        self.stepper.step(only)
        stepped = time.monotonic()
        self.seconds += stepped - began
        self.look()
        self.seconds += time.monotonic() - stepped
        self.stepper.check_finite()

    def look(self, *, all_now: bool = False) -> None:
        """Do what is due: metrics, weights to explore, grid, snapshot, checkpoint, state."""
        now = time.monotonic()
        if all_now or self._metrics_due.due(now):
            self._read_metrics()
            self._metrics_due.done(now, now)
        if isinstance(self.stepper.family, TrainsCodebook) and (all_now or self._codes_due.due(now)):
            self._count_codes(self.stepper.family)
            self._codes_due.done(now, time.monotonic())
        early = self.step <= 64 and (self.step & (self.step - 1)) == 0  # whoever starts a run waits for these
        grid_now = all_now or self._grid_due.due(now) or (early and now >= self._drawn_at + EARLY_GRID_S)
        if grid_now or (self._live_due.due(now) and self.live.wanted()):
            snapshot = self.publish(drawn=grid_now)
            self._live_due.done(now, time.monotonic())
        if grid_now:
            keep = self.writer.snapshots.wants(self.step)  # where weights can be opened, their samples can be seen
            self.draw_grids(snapshot, wanted=keep or all_now)
            if keep:
                self._save_snapshot()
            self._grid_due.done(now, time.monotonic())
        if not all_now and self._save_due.due(now):
            self.save()
            self._save_due.done(now, time.monotonic())
        if all_now or self._status_due.due(now):
            self.writer.set_status(self.step, self.seconds, self.stepper.images, self._latest)
            self._status_due.done(now, now)
            self._tell_problems()
        if not all_now and self._state_due.due(now):  # who wants all now says itself what comes next
            self.tell(self.state("running"))
            self._state_due.done(now, now)

    def _read_metrics(self) -> None:
        values = self.stepper.read_metrics()
        if not values:
            return
        if isinstance(self.stepper.family, TrainsCodebook):
            values |= _spread(self.stepper.family.usage()[0])
        self._latest |= values
        at = (self.step, self.seconds, self.stepper.images)
        self.writer.log.add(*at, values)
        one = tuple(np.array([x], np.float64) for x in at)
        self.tell(Progress(self.path, {name: (*one, np.array([x])) for name, x in values.items()}))  # type: ignore[misc]

    def publish(self, *, drawn: bool = False) -> Snapshot:
        """Freeze the present (EMA) weights as the snapshot "live"; `drawn` where a grid comes of them."""
        copies = {name: tensor.detach().clone() for name, tensor in self.stepper.family.snapshot_tensors().items()}
        finish_work(self.device)
        snapshot = self.stepper.entry.open_snapshot(self.stepper.config, self.stepper.family.spec, copies)
        record = self.writer.record
        about = (record.family, record.name, DataRef.from_plain(record.data), self.stepper.config)
        self.live.put(LiveModel(snapshot, copies, self.step, self.path, *about), drawn=drawn)
        self.tell(LiveChanged(self.path, self.step))
        return snapshot

    def draw_grids(self, snapshot: Snapshot, *, wanted: bool = False) -> None:
        """Draw what the model can show, tell of it and keep it in the run; where its grids take much room already, only
        what is `wanted`."""
        for kind, samples in grids_of(snapshot, self._probe, self.device):
            self.writer.grids.append(self.step, samples, kind, wanted=wanted)
            self.tell(GridDrawn(self.path, self.step, samples, kind=kind))
        self._drawn_at = time.monotonic()
        if isinstance(self.stepper.family, TrainsCodebook):
            window_K = self.stepper.family.usage()[0].cpu().numpy().astype(np.float32)
            self.writer.grids.append(self.step, window_K[:, None], USAGE, wanted=wanted)

    def _count_codes(self, family: TrainsCodebook) -> None:
        """Tell how often each code was chosen."""
        counts_2K, held_2K = family.usage().cpu().numpy(), family.held_codes().cpu().numpy()
        self.tell(CodesCounted(self.path, self.step, counts_2K, frozen_K=held_2K[0], barred_K=held_2K[1]))

    def edit_codes(self, command: EditCodes) -> None:
        """Mend the codebook and mark it on the curves. Raises FamilyError with one sentence."""
        family = self._with_book()
        codes = sorted(set(command.codes)) if command.edit != "merge" else list(dict.fromkeys(command.codes))
        if not codes or min(codes) < 0 or max(codes) >= family.usage().shape[1]:
            raise FamilyError(f"The codes of this book are 0 to {family.usage().shape[1] - 1}; choose some of them.")
        before = {name: tensor.clone() for name, tensor in family.book_state().items()}
        rng = torch.Generator(self.device).manual_seed(mix(self.stepper.seed, 5, self.step, len(self._undos)))
        family.edit_codes(command.edit, torch.tensor(codes, device=self.device), rng)
        self._undos = [*self._undos, (tuple(codes), before)][-MOST_UNDOS:]
        self._tell_edit(command.edit, tuple(codes))

    def undo_codes(self) -> None:
        """Take the last edit of the codebook back: the codes that it named become what they were."""
        family = self._with_book()
        if not self._undos:
            raise FamilyError("There is no edit of the codebook to take back.")
        codes, before = self._undos.pop()
        family.restore_codes(torch.tensor(codes, device=self.device), before)
        self._tell_edit("undo", codes)

    def _with_book(self) -> TrainsCodebook:
        if not isinstance(self.stepper.family, TrainsCodebook):
            raise FamilyError("The model that trains has no codebook; train one that has, for example vqvae.")
        return self.stepper.family

    def _tell_edit(self, edit: str, codes: tuple[int, ...]) -> None:
        named = ", ".join(map(str, codes[:4])) + (f" and {len(codes) - 4} more" if len(codes) > 4 else "")
        self.mark("codes", f"{edit} {named}")
        self.tell(CodesEdited(self.path, self.step, edit, codes, len(self._undos)))
        self._count_codes(self._with_book())

    def _save_snapshot(self) -> None:
        tensors = {name: tensor.detach() for name, tensor in self.stepper.family.snapshot_tensors().items()}
        self.writer.snapshots.add(self.step, tensors, {"config": values_of(self.stepper.config)})
        kept = tuple(file.step for file in self.writer.snapshots.list())
        self.tell(SnapshotSaved(self.path, kept))

    def set_knob(self, name: str, value: KnobValue) -> None:
        """Change a live knob and mark it on the curves."""
        before = self.stepper.set_knob(name, value)
        self.mark("knob", f"{name} {before} → {value}")

    def mark(self, kind: str, text: str) -> None:
        self.writer.mark(self.step, self.seconds, kind, text)
        self.tell(Marked(self.path, self.step, text))

    def save(self) -> None:
        """Write a checkpoint in the background; a fault is told, and training goes on."""
        weights, optimizer, plain = self.stepper.state()
        self.saver.save(self.step, weights, optimizer, {**plain, "seconds": self.seconds})
        self.mark("checkpoint", "checkpoint")

    def _tell_problems(self) -> None:
        problem = self.saver.problem or self.writer.problem
        if problem != self._told_problem:
            self._told_problem = problem
            if problem:
                self.tell(Notice(problem))

    def state(self, phase: Any) -> TrainState:
        """Where the training stands, with the speed of the last second or so."""
        now = time.monotonic()
        since, at_step, speed = self._speed
        if now - since >= 1.0 or speed == 0.0:
            speed = (self.step - at_step) / max(now - since, 1e-9)
        if now - since >= 1.0:
            self._speed = (now, self.step, speed)
        return TrainState(
            path=self.path,
            phase=phase,
            step=self.step,
            images=self.stepper.images,
            seconds=self.seconds,
            steps_per_s=speed,
            images_per_s=speed * self.stepper.images_per_step,
            memory_bytes=memory_in_use(self.device),
        )

    def rest(self) -> None:
        """Training pauses here: show everything as it is now, and forget the speed."""
        self.look(all_now=True)
        self.tell(self.state("paused"))

    def wake(self) -> None:
        """Training goes on after a rest: the speed is measured anew."""
        self._speed = (time.monotonic(), self.step, 0.0)
        self.tell(self.state("running"))

    def abandon(self) -> None:
        """Let go of the run folder as it is; what came after the last checkpoint will not be missed."""
        self._closed = True
        try:
            self.saver.wait(SAVING_S)
        finally:
            self.writer.close()

    def close(self, reason: str = "") -> None:
        """Save everything and let go of the run folder. With a reason the run counts as failed, and its last
        checkpoint stays the one before."""
        if self._closed:
            return
        self._closed = True
        try:
            self.look(all_now=True)
            self._save_snapshot()
            if not reason:  # what has failed must not push out the last good checkpoint
                self.save()
            self.saver.wait(SAVING_S)
            self._tell_problems()
        finally:
            if reason:
                self.writer.fail(reason)
            else:
                self.writer.end()
            self.writer.close()
            self._tell_problems()
            self.tell(self.state("failed" if reason else "ended"))


def _spread(window_K: torch.Tensor) -> dict[str, float]:
    """How many codes share the work, by their counts: the perplexity (1 to K), and the part that was used (0 to 1)."""
    numbers = torch.stack((perplexity(window_K), (window_K > 0).double().mean()))
    return dict(zip(("codebook/perplexity", "codebook/used"), numbers.tolist(), strict=True))


def keep_weights(live: LiveSnapshot, path: str, step: int) -> None:
    """Keep in the run the exact weights behind a picture of the live run. Raises RunError where they are gone."""
    model = live.at(path, step)
    if model is None:
        raise RunError(
            f"The weights of step {step} are not in memory any more, so the command in the picture opens the nearest "
            "snapshot of the run; save the picture again while it is new."
        )
    folder = runs.open_run(Path(path)).snapshots().folder
    keep_exactly(folder, step, model.tensors, {"config": values_of(model.config)})
