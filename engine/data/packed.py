"""Read a file of raw numbers, gzipped or not, in small pieces: nothing is believed before it was measured."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.data.assemble import check_memory
from engine.data.dataset import DataError, LoadProgress

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 18  # about 3 ms to inflate

READ_FAULTS = (OSError, EOFError, zlib.error)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, inflated when it is gzipped. Reading faults in the block become a DataError."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            yield cast(BinaryIO, stream)  # a GzipFile reads like one
    except READ_FAULTS as fault:
        raise DataError(f"{path.name} cannot be read: {_reason(fault)}.") from fault


def _reason(fault: Exception) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return "it is cut off or damaged"


def read_array(
    stream: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike, name: str
) -> Generator[LoadProgress, None, NDArray[Any]]:
    """The next numbers of `stream` as an array of `shape`, read piece by piece.

    Memory is taken as it fills, so a header that promises too much costs nothing. Raises DataError.
    """
    kind = np.dtype(dtype)
    count = 1
    for length in shape:
        count *= length
    check_memory(count * kind.itemsize)
    flat = np.empty(count, dtype=kind)
    target = flat.view(np.uint8)
    done = 0
    while done < len(target):
        piece = stream.read(min(PIECE, len(target) - done))
        if not piece:
            raise DataError(f"{name} ends too early: it was cut off; get the file again.")
        target[done : done + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        done += len(piece)
        yield LoadProgress(f"Reading {name}", done, len(target))
    return flat.reshape(shape)
