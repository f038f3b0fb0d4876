"""Training on the command line: the same loop as in the window, with progress bars, time left and clean ends.

SIGINT and SIGTERM set a flag that the loop looks at between two steps; the run then ends with a checkpoint.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine import train
from engine.device import choose_device, training_threads
from engine.family import Families
from engine.live import LiveSnapshot
from engine.messages import Event, Notice
from engine.messages import Progress as CurvePoints
from engine.train import Opening, Plan, Training


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
        self._families, self._home, self._quiet = families, home, quiet
        self._threads = training_threads(threads)
        torch.set_num_threads(self._threads)
        self._device = choose_device(device)
        self._console = Console(stderr=True, quiet=quiet)
        self._latest: dict[str, float] = {}

    def start(self, plan: Plan, *, steps: int | None, until: float | None) -> int:
        """Start a run and train it; returns the exit status."""
        opening = train.start(plan, self._families, self._home, self._device, self._threads, self._hear, LiveSnapshot())
        return self._drive(opening, steps, until)

    def resume(self, path: Path, *, steps: int | None, until: float | None) -> int:
        """Go on with a run; returns the exit status."""
        opening = train.resume(
            path, self._families, self._home, self._device, self._threads, self._hear, LiveSnapshot()
        )
        return self._drive(opening, steps, until)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._console.print(event.text, highlight=False)
        elif isinstance(event, CurvePoints):
            self._latest |= {name: float(columns[3][-1]) for name, columns in event.values.items()}

    def _drive(self, opening: Opening, steps: int | None, until: float | None) -> int:
        with stopping() as stop:
            training = self._open(opening, stop)
            if training is None:
                return 128 + stop.signal
            reason = ""
            try:
                self._train(training, stop, steps, until)
            except ArithmeticError as error:
                reason = str(error)
            finally:
                training.close(reason)
        self._report(training)
        if reason:
            print(reason, file=sys.stderr)
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

    def _train(self, training: Training, stop: Stop, steps: int | None, until: float | None) -> None:
        self._console.print(f"Run: {training.path}", highlight=False)
        with self._bars() as bars:
            bar = bars.add_task("Training", total=steps, completed=training.step)
            next_update = 0.0
            while not stop.signal and (steps is None or training.step < steps):
                now = time.monotonic()
                if until is not None and now >= until:
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
        )

    def _report(self, training: Training) -> None:
        rate = training.stepper.images / max(training.seconds, 1e-9)
        facts = {
            "run": training.path,
            "step": training.step,
            "images": training.stepper.images,
            "seconds": round(training.seconds, 3),
            "images_per_s": round(rate, 2),
            "metrics": {name: round(value, 6) for name, value in self._latest.items()},
        }
        if self._quiet:
            print(json.dumps(facts))
            return
        self._console.print(
            f"Step {training.step}: {training.stepper.images} images in {training.seconds:.0f} s "
            f"({rate:.0f} images/s). Go on with: python -m engine resume {training.path}",
            highlight=False,
        )
