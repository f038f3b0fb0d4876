"""Following run folders that somebody else writes: this process, another one, or another machine.

The folder is polled, with no locks and no file-system events, so that network mounts work. What is new comes out as
the same events that live training sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.claim import Claim
from engine.looking import read_usage
from engine.messages import (
    Event,
    GridDrawn,
    Marked,
    Notice,
    Progress,
    ReadUsage,
    RunFollowed,
    RunOpened,
    SnapshotSaved,
)
from engine.run_facts import describe_run
from engine.series import Series
from engine.storage import runs
from engine.storage.log import LogReader


class Followed:
    """One run that is looked at again and again."""

    def __init__(self, path: Path) -> None:
        self.run = runs.open_run(path)
        self.log: LogReader = self.run.log()
        self.pass_over()

    def pass_over(self) -> None:
        """Everything that is there now counts as seen."""
        self.log.poll()
        self._begin()

    def _begin(self) -> None:
        self.grids = self.run.grids()
        self.grids.poll()
        self._seen = {name: len(series) for name, series in self.log.series.items()}
        self._truncations = self._count_truncations()
        self._seen_marks = len(self.log.marks)
        self._grid_step = _last(self.grids.steps())
        self._snapshots = self._snapshot_steps()
        self._status = self.run.status().state

    def opened(self, *, training: bool, anew: bool = False) -> RunOpened:
        """Everything so far. The receiver gets series of its own."""
        return RunOpened(
            run=describe_run(self.run),
            training=training,
            series={name: _copy(series) for name, series in self.log.series.items()},
            marks=tuple((mark.step, mark.text) for mark in self.log.marks),
            grid_steps=self.grids.steps(),
            snapshot_steps=self._snapshots,
            anew=anew,
            grid_kinds=self.grids.pictured(),
        )

    def poll(self) -> Iterator[Event]:
        """What has come since the last call."""
        path = str(self.run.path)
        if self.log.poll():
            if self._count_truncations() != self._truncations:  # the run went back to a checkpoint
                self._begin()
                yield self.opened(training=False, anew=True)
                return
            yield from self._new_points(path)
        self.grids.poll()
        newest = _last(self.grids.steps())
        if newest is not None and newest != self._grid_step:
            self._grid_step = newest
            for kind in self.grids.pictured():
                step, samples = self.grids.read(newest, kind)
                yield GridDrawn(path, step, samples, kind=kind)
            if self.grids.steps("usage"):
                yield from read_usage(self.grids, ReadUsage("", 0, path, newest))
        kept = self._snapshot_steps()
        if kept != self._snapshots:
            self._snapshots = kept
            yield SnapshotSaved(path, kept)
        status = self.run.status().state
        if status != self._status:
            self._status = status
            yield self._where(path)

    def _new_points(self, path: str) -> Iterator[Event]:
        values = {}
        for name, series in self.log.series.items():
            seen = self._seen.get(name, 0)
            if len(series) > seen:
                part = slice(seen, len(series))
                values[name] = (
                    np.array(series.steps[part], np.float64),
                    np.array(series.seconds[part], np.float64),
                    np.array(series.images[part], np.float64),
                    np.array(series.values[part], np.float64),
                )
            self._seen[name] = len(series)
        if values:
            yield Progress(path, values)
            yield self._where(path, values)
        for mark in self.log.marks[self._seen_marks :]:
            yield Marked(path, mark.step, mark.text)
        self._seen_marks = len(self.log.marks)

    def _where(self, path: str, values: Mapping[str, tuple[NDArray[np.float64], ...]] | None = None) -> RunFollowed:
        """Where the run stands, its speed from the newest points; without any it does not move."""
        if values:
            steps, seconds, images, _ = max(values.values(), key=lambda columns: columns[0][-1])
            speed = float(steps[-1] - steps[0]) / max(float(seconds[-1] - seconds[0]), 1e-9)
            per_step = float(images[-1]) / max(float(steps[-1]), 1.0)
            place = int(steps[-1]), int(images[-1]), float(seconds[-1])
            return RunFollowed(path, self._status, *place, speed, speed * per_step)
        status = self.run.status()
        return RunFollowed(path, self._status, status.step, status.images, status.seconds, 0.0, 0.0)

    def _count_truncations(self) -> int:
        return sum(series.truncations for series in self.log.series.values())

    def _snapshot_steps(self) -> tuple[int, ...]:
        return tuple(file.step for file in self.run.snapshots().list())


class Follower:
    """The runs that are followed, by path. Nothing is told of the one that `claim` names: whoever trains it does."""

    def __init__(self, claim: Claim, tell: Callable[[Event], None]) -> None:
        self._claim, self._tell = claim, tell
        self._followed: dict[Path, Followed] = {}
        self._resting: set[Path] = set()  # claimed when they were looked at last
        self._problems: dict[Path, str] = {}

    @property
    def follows(self) -> bool:
        return bool(self._followed)

    def open(self, path: Path) -> None:
        """Read a run, tell of it, and follow it from now on. Raises RunError with one sentence."""
        with self._claim.unclaimed(path) as free:
            followed = Followed(path)
            self._followed[path] = followed
            self._tell(followed.opened(training=not free))

    def close(self, path: Path) -> None:
        self._followed.pop(path, None)
        self._resting.discard(path)
        self._problems.pop(path, None)

    def poll(self) -> None:
        """Tell what is new in all followed runs; one that has gone is followed no longer.

        One that cannot be read, because its network stalls for example, is tried again at each call; that is told once.
        """
        for path, followed in list(self._followed.items()):
            if not path.is_dir():
                self.close(path)
                continue
            try:
                with self._claim.unclaimed(path) as free:
                    self._look(path, followed, free=free)
                self._problems.pop(path, None)
            except (OSError, ValueError) as error:
                if self._problems.get(path) != str(error):
                    self._problems[path] = str(error)
                    self._tell(Notice(str(error)))

    def _look(self, path: Path, followed: Followed, *, free: bool) -> None:
        if not free:
            self._resting.add(path)
        elif path in self._resting:  # what came meanwhile was told by training
            followed.pass_over()
            self._resting.discard(path)
        else:
            for event in followed.poll():
                self._tell(event)


def _copy(series: Series) -> Series:
    return Series.from_arrays(
        series.name, series.steps.copy(), series.seconds.copy(), series.images.copy(), series.values.copy()
    )


def _last(steps: tuple[int, ...]) -> int | None:
    return steps[-1] if steps else None
