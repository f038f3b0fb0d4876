"""Training on the command line: the same loop as in the window, with progress bars, time left and clean ends.

SIGINT and SIGTERM set a flag that the loop looks at between two steps; the run then ends with a checkpoint.
"""

from __future__ import annotations

import math
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine import train
from engine.commands.terminal import CommandError, say_json
from engine.data.dataset import Problem
from engine.device import choose_device, training_threads
from engine.family import Families
from engine.knobs import KnobValue
from engine.lane import sentence
from engine.live import LiveSnapshot
from engine.messages import Event, Notice
from engine.messages import Progress as CurvePoints
from engine.train import Opening, Plan, Training

MOST_PROBLEMS = 20  # files that could not be read, shown by name


@dataclass(frozen=True)
class Limits:
    """How far a training goes: to a step, for some minutes, or until it is told to stop."""

    steps: int | None
    minutes: float | None

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise CommandError(f"The number of steps is {self.steps}; choose 1 or more.")
        if self.minutes is not None and not 0.0 < self.minutes < math.inf:
            raise CommandError(f"{self.minutes:g} minutes of training are not possible; choose more than 0.")


class Stop:
    """The signal that asked for an end, or 0."""

    def __init__(self) -> None:
        self.signal = 0

    def set(self, number: int, frame: FrameType | None) -> None:
        self.signal = number


@contextmanager
def stopping() -> Iterator[Stop]:
    """Within, SIGINT and SIGTERM only set a flag; afterwards the handlers are as they were."""
    stop = Stop()
    before = {number: signal.signal(number, stop.set) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Headless:
    """Trains one run in this thread and shows how it goes."""

    def __init__(
        self, families: Families, home: Path, device: str | None, threads: int | None, *, quiet: bool = False
    ) -> None:
        """Raises DeviceError with one sentence."""
        self._families, self._home, self._quiet = families, home, quiet
        self._threads = training_threads(threads)
        torch.set_num_threads(self._threads)
        self._device = choose_device(device)
        self._console = Console(stderr=True, quiet=quiet)
        self._latest: dict[str, float] = {}
        self._notices: list[str] = []

    def start(self, plan: Plan, limits: Limits) -> int:
        """Start a run and train it; returns the exit status."""
        opening = train.start(plan, self._families, self._home, self._device, self._threads, self._hear, LiveSnapshot())
        return self._drive(opening, limits)

    def resume(self, path: Path, limits: Limits, values: Mapping[str, KnobValue]) -> int:
        """Go on with a run, with other `values` of its live knobs; returns the exit status."""
        opening = train.resume(
            path, self._families, self._home, self._device, self._threads, self._hear, LiveSnapshot()
        )
        return self._drive(opening, limits, values)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._notices.append(event.text)
            self._say(event.text)
        elif isinstance(event, CurvePoints):
            self._latest |= {name: float(columns[3][-1]) for name, columns in event.values.items()}

    def _drive(self, opening: Opening, limits: Limits, values: Mapping[str, KnobValue] | None = None) -> int:
        with stopping() as stop:
            training = self._open(opening, stop)
            if training is None:
                return 128 + stop.signal
            self._tell_unread(training.stepper.dataset.problems)
            reason = ""
            try:
                for name, value in (values or {}).items():
                    training.set_knob(name, value)
                self._train(training, stop, limits)
            except Exception as error:
                reason = sentence(error)
                if reason.startswith(type(error).__name__):
                    raise  # there is no sentence for it: a fault of the program, which needs its trace
            finally:
                training.close(reason)
        problem = training.saver.problem or training.writer.problem
        self._report(training, problem, reason)
        if reason:
            print(reason, file=sys.stderr)
        if reason or problem:
            return 1
        return 128 + stop.signal if stop.signal else 0

    def _open(self, opening: Opening, stop: Stop) -> Training | None:
        with self._bars() as bars:
            bar = bars.add_task("Opening the data", total=None)
            while not stop.signal:
                try:
                    progress = next(opening)
                except StopIteration as end:
                    training: Training = end.value
                    return training
                bars.update(bar, description=progress.doing, completed=progress.done, total=progress.total or None)
            opening.close()
            return None

    def _tell_unread(self, problems: Sequence[Problem]) -> None:
        """Each file that could not be read, with the reason; the run trains on the rest."""
        if not problems:
            return
        count = "One file" if len(problems) == 1 else f"{len(problems)} files"
        self._say(f"{count} could not be read and left out:")
        for problem in problems[:MOST_PROBLEMS]:
            self._say(f"  {problem.path}: {problem.reason}")
        if len(problems) > MOST_PROBLEMS:
            self._say(f"  and {len(problems) - MOST_PROBLEMS} more")

    def _say(self, text: str) -> None:
        """One line that can be copied as it is; nothing where only JSON is wanted."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _train(self, training: Training, stop: Stop, limits: Limits) -> None:
        self._say(f"Run: {training.path}")
        steps = limits.steps
        if steps is not None and training.step >= steps:
            self._say(f"The run is at step {training.step} already; choose more --steps.")
        until = math.inf if limits.minutes is None else time.monotonic() + 60.0 * limits.minutes
        with self._bars() as bars:
            bar = bars.add_task("Training", total=steps, completed=training.step)
            next_update = 0.0
            while not stop.signal and (steps is None or training.step < steps):
                now = time.monotonic()
                if now >= until:
                    break
                training.advance()
                if now >= next_update:
                    next_update = now + 0.25
                    bars.update(bar, completed=training.step, description=self._line(training))
            bars.update(bar, completed=training.step, description=self._line(training))

    def _line(self, training: Training) -> str:
        speed = training.state("running").images_per_s
        losses = "  ".join(
            f"{name} {value:.3f}" for name, value in self._latest.items() if name.startswith(("loss", "V("))
        )
        return f"step {training.step}  {speed:.0f} images/s  {losses}"

    def _bars(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=4,
            disable=self._quiet or not self._console.is_terminal,
        )

    def _report(self, training: Training, problem: str, reason: str) -> None:
        rate = training.stepper.images / max(training.seconds, 1e-9)
        facts = {
            "run": training.path,
            "step": training.step,
            "images": training.stepper.images,
            "seconds": round(training.seconds, 3),
            "images_per_s": round(rate, 2),
            "metrics": {name: round(value, 6) for name, value in self._latest.items()},
            "unread": {each.path: each.reason for each in training.stepper.dataset.problems},
            "notices": self._notices,
            "problem": problem,
            "reason": reason,
        }
        if self._quiet:
            say_json(facts)
            return
        self._say(
            f"Step {training.step}: {training.stepper.images} images in {training.seconds:.0f} s "
            f"({rate:.0f} images/s). Go on with: python -m engine resume {shlex.quote(training.path)}"
        )
