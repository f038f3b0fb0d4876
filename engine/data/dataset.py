"""What a data set is here: numbered samples that can be read in any order, and one small table beside them.

A loader is a generator: it yields `LoadProgress` at least every 10 ms of work and returns a `Dataset`, so that
progress, cancelling and loading inside a lane are one mechanism. `finish` drives one to its end.

Shapes: N samples, H x W pixels, C channels (1 grey or 3 RGB); point sets have D coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Samples = NDArray[np.uint8] | NDArray[np.float32]


class DataError(ValueError):
    """The data cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Problem:
    """One file that could not be read, and why. The rest of the data set loads."""

    path: str
    reason: str


@dataclass(frozen=True)
class LoadProgress:
    """How far a loader is. `total` is 0 while it is not known."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True)
class Column:
    """A categorical fact about every sample: `names[labels[i]]`, or unknown where the code is -1."""

    labels: NDArray[np.int16]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.labels.ndim != 1:
            raise ValueError("the labels of a column are one-dimensional")
        if self.labels.size and not -1 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.names):
            raise ValueError(f"labels must lie in -1..{len(self.names) - 1}")

    def value(self, index: int) -> str | None:
        code = int(self.labels[index])
        return None if code < 0 else self.names[code]


@dataclass(frozen=True)
class Table:
    """Labels (the column named "label"), attributes (the other columns) and captions of a data set."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    captions: Sequence[str] | None = None


class Source(Protocol):
    """Where the samples come from: an array in memory, or pictures drawn on demand behind a disk cache."""

    def __len__(self) -> int: ...

    def batch(self, indices: Indices) -> Samples:
        """Samples at `indices`, shape (n, H, W, C) uint8 or (n, D) float32, in that order. Any thread."""
        ...


@dataclass(frozen=True)
class ArraySource:
    """Samples that are in memory."""

    samples: Samples

    def __len__(self) -> int:
        return len(self.samples)

    def batch(self, indices: Indices) -> Samples:
        return self.samples[indices]


@dataclass(frozen=True)
class Dataset:
    """A loaded data set.

    `shape` is (H, W, C) for pictures and (D,) for points. `fingerprint` is a short hex digest of what decides the
    samples, so that a run can tell whether it goes on with the data it began with.
    """

    name: str
    title: str
    split: str
    source: Source
    shape: tuple[int, ...]
    table: Table
    fingerprint: str
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    @property
    def is_points(self) -> bool:
        return len(self.shape) == 1

    def batch(self, indices: Indices) -> Samples:
        return self.source.batch(indices)


Loader = Generator[LoadProgress, None, Dataset]


def finish(loader: Loader, on_progress: Callable[[LoadProgress], None] | None = None) -> Dataset:
    """Run a loader to its end and return the data set. Whatever the loader raises comes out unchanged."""
    while True:
        try:
            progress = next(loader)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if on_progress is not None:
            on_progress(progress)
