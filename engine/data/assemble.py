"""The last steps that every loader shares: choose samples, keep the pace, and make a `Dataset` with its fingerprint.

The fingerprint is a BLAKE2b hash (RFC 7693) of the final array and its table: the same samples give the same digest
on every machine, whatever file they came from.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Sequence

import numpy as np
import psutil

from engine.data.dataset import (
    ArraySource,
    DataError,
    Dataset,
    Indices,
    Loader,
    LoadProgress,
    Problem,
    Samples,
    Table,
)
from engine.data.ref import FEWEST_SAMPLES

YIELD_SECONDS = 0.005
HASH_BYTES = 2 << 20  # about 3 ms of hashing
MEMORY_SHARE = 0.7  # of the memory that is free, for one data set


class Pace:
    """Tells a loader when it has worked long enough to yield: at least every 10 ms, so it is asked for 5."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def due(self) -> bool:
        """True once per `YIELD_SECONDS`."""
        now = time.perf_counter()
        if now - self._last < YIELD_SECONDS:
            return False
        self._last = now
        return True


def check_memory(byte_count: int) -> None:
    """Refuse a data set that does not fit into memory.

    Raises DataError."""
    free = int(psutil.virtual_memory().available * MEMORY_SHARE)
    if byte_count > free:
        raise DataError(
            f"This data set would take {byte_count / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; "
            "choose a smaller picture size or fewer samples."
        )


def choose(total: int, count: int | None, seed: int) -> Indices:
    """The samples to keep: all `total`, or `count` of them chosen by `seed`, in their old order. Shape (n,)."""
    if count is None or count >= total:
        return np.arange(total, dtype=np.int64)
    chosen = np.random.default_rng(seed).choice(total, size=count, replace=False)
    return np.sort(chosen).astype(np.int64)


def too_few(count: int, where: str) -> str:
    """What to say when `where` holds fewer samples than a data set needs."""
    amount = "no sample" if count == 0 else "only one sample"
    return f"{where} holds {amount}; a data set needs at least {FEWEST_SAMPLES}."


def assemble(
    name: str,
    title: str,
    split: str,
    samples: Samples,
    table: Table,
    problems: Sequence[Problem] = (),
) -> Loader:
    """Make the data set of finished `samples`, (N, H, W, C) uint8 or (N, D) float32."""
    fingerprint = yield from _fingerprint(samples, table)
    shape = tuple(int(n) for n in samples.shape[1:])
    return Dataset(name, title, split, ArraySource(samples), shape, table, fingerprint, tuple(problems))


def _fingerprint(samples: Samples, table: Table) -> Generator[LoadProgress, None, str]:
    """16 hex digits that depend on shape, values, labels, attributes and captions, and on nothing else."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{samples.dtype.newbyteorder('<').str}{samples.shape}".encode())
    little_endian = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    row_bytes = max(1, samples.nbytes // max(1, len(samples)))
    rows = max(1, HASH_BYTES // row_bytes)
    for start in range(0, len(samples), rows):
        digest.update(np.ascontiguousarray(little_endian[start : start + rows]).data)
        yield LoadProgress("Checking the samples", min(start + rows, len(samples)), len(samples))
    for column_name in sorted(table.columns):
        column = table.columns[column_name]
        digest.update(json.dumps([column_name, column.names]).encode())
        digest.update(column.labels.astype("<i2").tobytes())
    if table.captions is not None:
        yield LoadProgress("Checking the captions", len(samples), len(samples))
        for start in range(0, len(table.captions), 10_000):
            digest.update(json.dumps(list(table.captions[start : start + 10_000])).encode())
            yield LoadProgress("Checking the captions", len(samples), len(samples))
    return digest.hexdigest()
