"""Looking at what is on disk: the grids of a run, the pages of a data set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.data.ref import DataRef
from engine.messages import DataOpened, DataPage, Event, GridDrawn, ReadDataPage, ReadGrid
from engine.run_facts import sample_row
from engine.storage.grids import Grids


def read_grid(grids: Grids, request: ReadGrid) -> Iterator[Event]:
    """The sample grid of a run at the newest step at or before the wanted one."""
    step, samples = grids.read(request.step)
    yield GridDrawn(request.path, step, samples, request.channel, request.number)


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
