"""Pictures that are drawn when first asked for and kept on disk afterwards.

Two files per data set: the pixels, and one CRC-32 per picture that is written after its pixels. A picture whose
checksum does not fit (never drawn, a torn write, a damaged disk) is drawn again, so that nothing in the files can make
a wrong picture appear. Two processes may use the same files: both would write identical bytes. Pixels are read through
a memory map but written with ordinary writes, which report a full disk instead of killing the process.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from engine.data.dataset import Indices

_log = logging.getLogger(__name__)

Pictures = NDArray[np.uint8]
Draw = Callable[[Indices], Pictures]

_LOCK_SECONDS = 10.0


class _Shelf(Protocol):
    def take(self, indices: Indices, into: Pictures) -> NDArray[np.bool_]:
        """Copy the pictures that are here to their places in `into`; say which were."""
        ...

    def put(self, indices: Indices, pictures: Pictures) -> None: ...


class _MemoryShelf:
    def __init__(self, count: int, shape: tuple[int, int, int]) -> None:
        self._pixels = np.zeros((count, *shape), np.uint8)  # the system gives a page when it is first written
        self._filled = np.zeros(count, np.bool_)

    def take(self, indices: Indices, into: Pictures) -> NDArray[np.bool_]:
        here = self._filled[indices]
        into[here] = self._pixels[indices[here]]
        return here

    def put(self, indices: Indices, pictures: Pictures) -> None:
        self._pixels[indices] = pictures
        self._filled[indices] = True


def _checksum(picture: Pictures) -> int:
    """CRC-32 of one picture; 0 means "not drawn", so a true 0 becomes 1."""
    return zlib.crc32(picture.data) or 1


def _resize(path: Path, size: int) -> bool:
    """Make the file `size` bytes long, all zero where it was not so already. Whether it was."""
    if path.exists() and path.stat().st_size == size:
        return True
    with path.open("wb") as file:
        file.truncate(size)
    return False


class _DiskShelf:
    """Raises OSError where the folder or the disk does not take what is written."""

    def __init__(self, folder: Path, name: str, count: int, shape: tuple[int, int, int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._pixels_path = folder / f"{name}.pixels"
        self._sums_path = folder / f"{name}.crc32"
        self._picture_bytes = int(np.prod(shape))
        with FileLock(folder / f"{name}.lock", timeout=_LOCK_SECONDS):
            _resize(self._sums_path, 4 * count)
            _resize(self._pixels_path, self._picture_bytes * count)
            self._probe()
        self._pixels = np.memmap(self._pixels_path, np.uint8, "r", shape=(count, *shape))
        self._sums = np.memmap(self._sums_path, "<u4", "r", shape=(count,))
        self._verified = np.zeros(count, np.bool_)
        self._lock = Lock()

    def _probe(self) -> None:
        for path in (self._pixels_path, self._sums_path):
            with path.open("r+b"):
                pass  # opening tells whether the files may be written

    def take(self, indices: Indices, into: Pictures) -> NDArray[np.bool_]:
        here = self._verified[indices]
        for place in np.flatnonzero(~here & (self._sums[indices] != 0)):
            index = indices[place]
            here[place] = _checksum(self._pixels[index]) == self._sums[index]
        self._verified[indices[here]] = True
        into[here] = self._pixels[indices[here]]
        return here

    def put(self, indices: Indices, pictures: Pictures) -> None:
        with self._lock:
            with self._pixels_path.open("r+b", buffering=0) as file:
                for index, picture in zip(indices.tolist(), pictures, strict=True):
                    file.seek(index * self._picture_bytes)
                    _write_all(file.write, np.ascontiguousarray(picture).data.cast("B"))
            with self._sums_path.open("r+b", buffering=0) as file:
                for index, picture in zip(indices.tolist(), pictures, strict=True):
                    file.seek(4 * index)
                    _write_all(file.write, memoryview(_checksum(picture).to_bytes(4, "little")))


def _write_all(write: Callable[[memoryview], int | None], data: memoryview) -> None:
    while data:
        written = write(data)
        if not written:
            raise OSError("The disk took no more data.")
        data = data[written:]


class PictureCache:
    """A source of `count` pictures of one shape, drawn on demand.

    Args:
        count: how many pictures there are.
        shape: (H, W, C).
        draw: makes the uint8 pictures (n, H, W, C) at some indices; called from any thread.
        folder: where the files lie; None, or a folder that cannot be written, keeps the pictures in memory.
        name: what the files are called. Whatever decides the pixels belongs into it.
    """

    def __init__(self, count: int, shape: tuple[int, int, int], draw: Draw, folder: Path | None, name: str) -> None:
        self._count = count
        self._shape = shape
        self._draw = draw
        self._shelves: tuple[_Shelf, ...] = (_first_shelf(folder, name, count, shape),)

    def __len__(self) -> int:
        return self._count

    def batch(self, indices: Indices) -> Pictures:
        """Pictures at `indices` in that order, (n, H, W, C) uint8. An index counts from 0; others raise IndexError."""
        indices = np.asarray(indices, np.int64)
        if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < self._count:
            raise IndexError(f"picture numbers run from 0 to {self._count - 1}")
        wanted, places = np.unique(indices, return_inverse=True)
        pictures = np.empty((len(wanted), *self._shape), np.uint8)
        missing = np.arange(len(wanted))
        for shelf in self._shelves:
            found = np.empty((len(missing), *self._shape), np.uint8)
            here = shelf.take(wanted[missing], found)
            pictures[missing[here]] = found[here]
            missing = missing[~here]
        if missing.size:
            drawn = self._draw(wanted[missing])
            pictures[missing] = drawn
            self._keep(wanted[missing], drawn)
        return pictures[places]

    def _keep(self, indices: Indices, pictures: Pictures) -> None:
        try:
            self._shelves[-1].put(indices, pictures)
        except OSError as error:
            _log.warning("Pictures are kept in memory from here on, because they could not be written: %s", error)
            memory = _MemoryShelf(self._count, self._shape)
            memory.put(indices, pictures)
            self._shelves = (*self._shelves, memory)


def _first_shelf(folder: Path | None, name: str, count: int, shape: tuple[int, int, int]) -> _Shelf:
    if folder is not None and count:
        try:
            return _DiskShelf(folder, name, count, shape)
        except (OSError, Timeout) as error:
            _log.warning("Pictures are kept in memory, because %s cannot be used: %s", folder, error)
    return _MemoryShelf(count, shape)
