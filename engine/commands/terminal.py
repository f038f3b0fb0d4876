"""What commands say: results on standard output, progress with the time left on standard error, and clean ends.

Programs read standard output (`--json`), so nothing but the result goes there.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.data.dataset import Dataset, Loader
from engine.messages import Event, JobProgress
from engine.storage import files

INTERRUPTED = 130  # 128 + SIGINT, as shells count
UNREAD = 141  # 128 + SIGPIPE
WIDE = 160  # columns of a table that goes to a file or another program
R = TypeVar("R")


class CommandError(ValueError):
    """A command cannot do what is asked; the message is one sentence that says what to do."""


def interruptible(run: Callable[[Sequence[str]], int]) -> Callable[[Sequence[str]], int]:
    """A command that ends cleanly with Ctrl+C (exit status 130) and where nobody reads its result any more (141)."""

    @functools.wraps(run)
    def guarded(words: Sequence[str]) -> int:
        try:
            return run(words)
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted.\n")
            return INTERRUPTED
        except BrokenPipeError:
            # Nobody reads any more, as in `... | head`; Python would complain again when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return UNREAD

    return guarded


def say(text: str) -> None:
    """A result, with a line end."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """What a person should know and a program that reads the result should not stumble over."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def say_json(value: object) -> None:
    """A result as strict JSON on one line; numbers that are not finite become "NaN", "Infinity" and "-Infinity"."""
    say(json.dumps(json.loads(files.json_text(value))))


def console() -> Console:
    """A console for tables on standard output, wide where no window limits it."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=WIDE, highlight=False)


class Bars:
    """Progress bars on standard error; nothing where `quiet`, or where nobody sees them. Use it in a `with`."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            refresh_per_second=4,
            disable=quiet or not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def measured(self, doing: str, job: Generator[tuple[int, int], None, R]) -> R:
        """Run a measurement, which yields (done, total), to its end and return its result."""
        task = self._progress.add_task(doing, total=None)
        with closing(job):
            while True:
                try:
                    done, total = next(job)
                except StopIteration as end:
                    self._progress.remove_task(task)
                    result: R = end.value
                    return result
                self._progress.update(task, completed=done, total=total)

    def events(self, job: Iterable[Event]) -> Iterable[Event]:
        """The events of a job; its progress goes to a bar instead."""
        tasks: dict[str, TaskID] = {}
        for event in job:
            if not isinstance(event, JobProgress):
                yield event
                continue
            if event.doing not in tasks:
                tasks[event.doing] = self._progress.add_task(event.doing, total=None)
            self._progress.update(tasks[event.doing], completed=event.done, total=event.total)

    def finished(self, job: Generator[Event, None, R]) -> R:
        """Run a job of the explore lane to its end and return its result; its progress goes to bars."""
        result: list[R] = []

        def driven() -> Iterator[Event]:
            result.append((yield from job))

        for _ in self.events(driven()):
            pass
        return result[0]

    def loaded(self, loader: Loader) -> Dataset:
        """Run a loader to its end and return the data set."""
        task = self._progress.add_task("Opening the data", total=None)
        while True:
            try:
                at = next(loader)
            except StopIteration as end:
                self._progress.remove_task(task)
                dataset: Dataset = end.value
                return dataset
            self._progress.update(task, description=at.doing, completed=at.done, total=at.total or None)
