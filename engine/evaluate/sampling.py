"""Samples of a model with what a judge sees in each, made in short turns so that a hand on the window never waits.

What takes long here is a generator: it yields (done, total) after every few samples and returns its result, so that
progress, cancelling and running between two pictures are one mechanism. `finished` drives one to its end.

Legend: N samples, Z latent size, K values of a column.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.controls import GRID_SEED, Point
from engine.data.dataset import Dataset
from engine.evaluate.judge import Reading
from engine.family import LatentSpace
from engine.latent import draw_many

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Steps = tuple[int, int]
T = TypeVar("T")

AT_ONCE = 8  # samples in a turn: some 10 ms for a model of a million parameters at 32x32, on one thread
CLEAR = 8  # candidates for each exemplar of a slot; the clearest are taken (more no longer helps arithmetic)
MOST_SAMPLES = 8192  # a search ends here


class ExemplarError(ValueError):
    """A model shows too few samples of what is wanted; the message is one sentence."""


class Classifier(Protocol):
    """What a judge is to the measurements: it names the values it sees in pictures (N, C, H, W) in [-1, 1]."""

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]: ...

    def classify(self, x: Tensor) -> dict[str, Reading]: ...


@dataclass(frozen=True)
class Seen:
    """Latents and what a judge sees in their samples: labels, and how clearly it sees each value.

    `margins[column]` is (N, K): the logit of a value minus the largest logit of the others; positive where it is seen.
    """

    z_NZ: Floats
    labels: Mapping[str, Rows]
    margins: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.z_NZ)

    def rows(self, wanted: Mapping[str, int]) -> Rows:
        """The samples that have all wanted labels, in order."""
        fits = np.ones(len(self), np.bool_)
        for column, code in wanted.items():
            fits &= self.labels[column] == code
        return np.flatnonzero(fits)

    def clearest(self, rows: Rows, wanted: Mapping[str, int], count: int) -> Rows:
        """Of `rows`, the `count` in which the least clear of the wanted values is clearest."""
        clarity = np.min([self.margins[column][rows, code] for column, code in wanted.items()], axis=0)
        return rows[np.argsort(-clarity, kind="stable")[:count]]


def finished(job: Generator[Steps, None, T], on_steps: Callable[[Steps], None] | None = None) -> T:
    """Run a job to its end and return its result."""
    while True:
        try:
            steps = next(job)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if on_steps is not None:
            on_steps(steps)


def counted(job: Generator[Steps, None, T], before: int, total: int) -> Generator[Steps, None, T]:
    """The job, with its steps counted as a part of a longer one."""
    while True:
        try:
            done, _ = next(job)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield min(before + done, total), total


def decoded(snapshot: LatentSpace, z_NZ: Floats, labels: Mapping[str, Rows] | None = None) -> Tensor:
    """The samples of latents, on the snapshot's device; columns without labels are left open."""
    device = snapshot.first_layer().device
    z = torch.from_numpy(np.ascontiguousarray(z_NZ, np.float32)).to(device)
    given = {name: torch.from_numpy(values).to(device) for name, values in (labels or {}).items()}
    with torch.no_grad():
        return snapshot.decode(z, given or None)


def labels_like(data: Dataset, snapshot: LatentSpace, rows: Rows) -> dict[str, Rows]:
    """What a conditional model is told, so that its samples are as frequent as in the data: the labels of `rows`."""
    columns = data.table.columns
    return {name: columns[name].labels[rows].astype(np.int64) for name in snapshot.conditions if name in columns}


def shuffled_rows(data: Dataset, seed: int) -> Rows:
    """All rows of a data set in an order that depends on the seed alone."""
    return np.argsort(draw_many("uniform", len(data), seed, [0], [1])[0], kind="stable")


def looked(snapshot: LatentSpace, judge: Classifier, z_NZ: Floats) -> Seen:
    """Decode latents and let the judge look at the samples, all at once."""
    readings = judge.classify(decoded(snapshot, z_NZ))
    return Seen(
        z_NZ,
        {column: readings[column].labels_N for column in judge.columns},
        {column: _margins(readings[column].logits_NK) for column in judge.columns},
    )


def together(parts: Sequence[Seen]) -> Seen:
    """What was seen in turns, as one."""
    return Seen(
        np.concatenate([part.z_NZ for part in parts]),
        {column: np.concatenate([part.labels[column] for part in parts]) for column in parts[0].labels},
        {column: np.concatenate([part.margins[column] for part in parts]) for column in parts[0].margins},
    )


def look(
    snapshot: LatentSpace, judge: Classifier, z_NZ: Floats, at_once: int = AT_ONCE
) -> Generator[Steps, None, Seen]:
    """The same as `looked`, `at_once` in each turn."""
    parts: list[Seen] = []
    for start in range(0, len(z_NZ), at_once):
        parts.append(looked(snapshot, judge, z_NZ[start : start + at_once]))
        yield min(start + at_once, len(z_NZ)), len(z_NZ)
    return together(parts)


def look_at_draws(
    snapshot: LatentSpace, judge: Classifier, count: int, seed: int = GRID_SEED, at_once: int = AT_ONCE
) -> Generator[Steps, None, Seen]:
    """The same for the draws at the places (0, 0), (1, 0) ... (count - 1, 0) of plane `seed`."""
    z_NZ = draw_many(snapshot.latent.prior, snapshot.latent.size, seed, np.arange(count), 0)
    return (yield from look(snapshot, judge, z_NZ, at_once))


def _margins(logits_NK: Floats) -> Floats:
    two = np.sort(logits_NK, axis=1)[:, -2:]
    best_N1, second_N1 = two[:, -1:], two[:, :1]
    margins: Floats = logits_NK - np.where(logits_NK == best_N1, second_N1, best_N1)
    return margins


def labels_of(judge: Classifier, wanted: Mapping[str, str]) -> dict[str, int]:
    """The labels of values by column. Raises ExemplarError for a column or value that the judge does not know."""
    labels = {}
    for column, value in wanted.items():
        if column not in judge.columns:
            raise ExemplarError(f"The judge does not know {column!r}; it knows {', '.join(judge.columns)}.")
        if value not in judge.columns[column]:
            values = ", ".join(judge.columns[column])
            raise ExemplarError(f"The judge knows no {value!r} for {column}; it knows {values}.")
        labels[column] = judge.columns[column].index(value)
    return labels


def find_exemplars(
    snapshot: LatentSpace,
    judge: Classifier,
    wanted: Mapping[str, Mapping[str, str]],
    count: int = 3,
    seed: int = GRID_SEED,
) -> Generator[Steps, None, dict[str, tuple[Point, ...]]]:
    """For each slot, the clearest `count` of the first samples that show its wanted values, as places of plane `seed`.

    The search ends when every slot has `CLEAR` candidates for each exemplar, or after `MOST_SAMPLES` samples. No
    sample is given to two slots.

    Raises:
        ExemplarError: a value is not known, or too few samples show it.
    """
    labels = {slot: labels_of(judge, values) for slot, values in wanted.items()}
    seen = yield from search(snapshot, judge, list(labels.values()), CLEAR * count, seed)
    points: dict[str, tuple[Point, ...]] = {}
    taken: set[int] = set()
    for slot, values in labels.items():
        free = np.array([row for row in seen.rows(values) if row not in taken], np.int64)
        if len(free) < count:
            what = ", ".join(f"{column.replace('_', ' ')} {value}" for column, value in wanted[slot].items())
            raise ExemplarError(
                f"Only {len(free)} of {len(seen)} samples show {what}, and {count} are needed; "
                "train the model longer or choose something more common."
            )
        chosen = seen.clearest(free, values, count)
        taken.update(int(row) for row in chosen)
        points[slot] = tuple(Point(seed=seed, x=float(row)) for row in chosen)
    return points


def search(
    snapshot: LatentSpace,
    judge: Classifier,
    wanted: Sequence[Mapping[str, int]],
    enough: int,
    seed: int = GRID_SEED,
    at_once: int = AT_ONCE,
) -> Generator[Steps, None, Seen]:
    """Look at the draws of plane `seed` in order until each of `wanted` was seen `enough` times, or `MOST_SAMPLES`."""
    parts: list[Seen] = []
    found = np.zeros(len(wanted), np.int64)
    total = 0
    while not parts or (total < MOST_SAMPLES and found.min(initial=enough) < enough):
        z_NZ = draw_many(snapshot.latent.prior, snapshot.latent.size, seed, np.arange(total, total + at_once), 0)
        parts.append(looked(snapshot, judge, z_NZ))
        found += [len(parts[-1].rows(labels)) for labels in wanted]
        total += at_once
        yield int(np.minimum(found, enough).sum()), enough * len(wanted)
    return together(parts)
