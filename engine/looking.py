"""Looking at what is on disk: the grids of a run, the pages of a data set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.data.ref import DataRef
from engine.messages import (
    GRID_KINDS,
    CodesCounted,
    DataOpened,
    DataPage,
    Event,
    GridDrawn,
    ReadDataPage,
    ReadGrid,
    ReadUsage,
    ReadUsageHistory,
    UsageHistory,
)
from engine.run_facts import sample_row
from engine.storage.grids import GridError, Grids


def read_grid(grids: Grids, request: ReadGrid) -> Iterator[Event]:
    """The sample grid of a run at the newest step at or before the wanted one."""
    grids.poll()
    kind = request.kind or next(iter(grids.pictured()), GRID_KINDS[0])
    step, samples = grids.read(request.step, kind)
    yield GridDrawn(request.path, step, samples, request.channel, request.number, kind)


def read_usage(grids: Grids, request: ReadUsage) -> Iterator[Event]:
    """How often a run had chosen each code by a step; of the epoch the disk does not know."""
    step, window_K1 = grids.read(request.step, "usage")
    window_K = window_K1[:, 0].astype(np.int64)
    yield CodesCounted(
        request.path, step, np.stack((window_K, np.zeros_like(window_K))), request.channel, request.number
    )


def read_usage_history(grids: Grids, request: ReadUsageHistory) -> Iterator[Event | None]:
    """The windows at some steps, evenly over those that there are."""
    grids.poll()
    steps = np.array(grids.steps("usage"), np.int64)
    if not len(steps):
        raise GridError("This run has not counted its codes yet; train it a little first.")
    chosen = steps[np.unique(np.linspace(0, len(steps) - 1, request.columns).round().astype(np.int64))]
    counts = []
    for step in chosen:
        counts.append(grids.read(int(step), "usage")[1][:, 0].astype(np.float32))
        yield None
    yield UsageHistory(request.channel, request.number, request.path, chosen, np.stack(counts))


def data_page(dataset: Dataset, request: ReadDataPage) -> Iterator[Event]:
    """Samples start .. start + count of those that have the wanted column values."""
    matching = rows_where(dataset, dict(request.where))
    indices = matching[request.start : request.start + request.count]
    yield DataPage(
        channel=request.channel,
        number=request.number,
        data=request.data,
        start=request.start,
        total=len(matching),
        samples=dataset.batch(indices),
        rows=tuple(sample_row(dataset, int(index)) for index in indices),
    )


def rows_where(dataset: Dataset, where: dict[str, str]) -> NDArray[np.int64]:
    """The indices of the samples whose columns have these values; a value that no sample has gives none."""
    keep = np.ones(len(dataset), bool)
    for name, value in where.items():
        column = dataset.table.columns[name]
        keep &= column.labels == (column.names.index(value) if value in column.names else -2)
    return np.flatnonzero(keep).astype(np.int64)


def describe_data(ref: DataRef, dataset: Dataset) -> DataOpened:
    """What the window is told of a data set that is open."""
    columns = {}
    for name, column in dataset.table.columns.items():
        counts = np.bincount(column.labels[column.labels >= 0], minlength=len(column.names))
        columns[name] = tuple(zip(column.names, (int(count) for count in counts), strict=True))
    return DataOpened(
        data=ref,
        title=dataset.title,
        count=len(dataset),
        shape=tuple(dataset.shape),
        columns=columns,
        has_captions=dataset.table.captions is not None,
        problems=tuple((problem.path, problem.reason) for problem in dataset.problems),
        fingerprint=dataset.fingerprint,
    )
