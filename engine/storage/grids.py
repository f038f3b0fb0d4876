"""Every sample grid of a run in one growing file, so that a scrubber can show any step at once.

A grid is a block (`blocks`): the note says its kind, its step and its shape, the body is a PNG of the pictures
stacked in one column (each pixel as it was) or raw float32 for points. Looking for a step reads heads only. When a
run goes back to an earlier step, the later grids stay in the file but do not count any more.

Shapes: pictures (N, H, W, C) uint8 with C = 1 or 3, points (N, D) float32.
"""

from __future__ import annotations

import bisect
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.messages.names import GRID_KINDS
from engine.storage import blocks, files
from engine.storage.errands import Errands

Samples = NDArray[np.uint8] | NDArray[np.float32]

PICTURES, POINTS, REWIND = 1, 2, 3  # kinds of block
FILE = "grids.blocks"
LARGEST_SIDE = 1 << 16
BUDGET = 1 << 30  # bytes of the file of a run
SPARSE = 500
LARGEST_PIXELS = 64 << 20
_HEAD_BYTES = 4096  # more than a head and its note
_SEARCH_BYTES = 1 << 20


class GridError(ValueError):
    """A grid cannot be read; the message is one sentence."""


def encode_samples(samples: Samples, facts: dict[str, object]) -> bytes:
    """One block that holds samples. Raises ValueError for arrays that are neither pictures nor points."""
    note = json.dumps({**facts, "shape": list(samples.shape)}).encode()
    if samples.dtype == np.uint8 and samples.ndim == 4 and samples.shape[3] in (1, 3) and samples.size:
        n, h, w, c = samples.shape
        column = samples.reshape(n * h, w) if c == 1 else samples.reshape(n * h, w, c)
        body = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(column)).save(body, "PNG", compress_level=1)
        return blocks.encode(PICTURES, note, body.getvalue())
    if samples.dtype == np.float32 and samples.ndim == 2:
        return blocks.encode(POINTS, note, np.ascontiguousarray(samples, "<f4").tobytes())
    raise ValueError(f"samples are uint8 (N, H, W, C) or float32 (N, D), not {samples.dtype} {samples.shape}")


def decode_samples(block: blocks.Block, body: bytes) -> Samples:
    """The samples of a block. Raises GridError when it is not what `encode_samples` makes."""
    facts = _note(block)
    shape = facts.get("shape")
    if not block.is_whole(body) or not isinstance(shape, list) or not all(_is_count(side) for side in shape):
        raise GridError("This sample grid is damaged; choose another step.")
    try:
        if block.kind == POINTS and len(shape) == 2:
            return np.frombuffer(body, "<f4").reshape(shape).astype(np.float32)
        if block.kind == PICTURES and len(shape) == 4:
            return _decode_pictures(body, *shape)
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for a broken PNG
        raise GridError("This sample grid is damaged; choose another step.") from error
    raise GridError("This sample grid is damaged; choose another step.")


def _decode_pictures(body: bytes, n: int, h: int, w: int, c: int) -> NDArray[np.uint8]:
    if n * h * w > LARGEST_PIXELS:
        raise ValueError("too large")
    with Image.open(io.BytesIO(body), formats=("PNG",)) as image:
        if image.size != (w, n * h) or image.mode != {1: "L", 3: "RGB"}.get(c):
            raise ValueError("not the shape that the note says")
        return np.array(image, np.uint8).reshape(n, h, w, c)


def _note(block: blocks.Block) -> dict[str, object]:
    try:
        facts = files.parse_json(block.note, "a grid")
    except files.FileFormatError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _is_count(side: object) -> bool:
    return isinstance(side, int) and not isinstance(side, bool) and 0 <= side <= LARGEST_SIDE


@dataclass(frozen=True)
class _Entry:
    step: int
    block: blocks.Block


class Grids:
    """Reads the grids of a run and follows them while they grow. Belongs to one thread; locks nothing."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.damaged = 0
        self._entries: dict[str, list[_Entry]] = {}  # by kind of grid, steps rising
        self._offset = 0
        self._inode = 0

    def poll(self) -> bool:
        """Take in the heads of what was written since the last poll; False if that is nothing. Raises StorageError."""
        seen = files.look(self.path)
        if seen is None:
            return False
        if seen.st_ino != self._inode or seen.st_size < self._offset:
            self._entries, self._offset, self._inode, self.damaged = {}, 0, seen.st_ino, 0
        before = self._offset
        while self._offset < seen.st_size:
            block = self._next_block(seen.st_size)
            if block is None:
                break
            self._take_in(block)
            self._offset = block.end
        return self._offset > before

    def kinds(self) -> tuple[str, ...]:
        """The kinds of grid there are, for example "samples"."""
        return tuple(sorted(kind for kind, entries in self._entries.items() if entries))

    def pictured(self) -> tuple[str, ...]:
        """The kinds of grid there are that a person looks at, the one that is shown first in front."""
        return tuple(kind for kind in GRID_KINDS if self._entries.get(kind))

    def steps(self, kind: str = "") -> tuple[int, ...]:
        """The steps that have a grid, rising; without a kind, of the one that is shown first."""
        return tuple(entry.step for entry in self._entries.get(kind or self._first(), ()))

    def _first(self) -> str:
        return next(iter(self.pictured()), GRID_KINDS[0])

    def read(self, step: int, kind: str = "") -> tuple[int, Samples]:
        """The newest grid at or before `step`, else the first one, with its step. Raises GridError, StorageError."""
        self.poll()
        entries = self._entries.get(kind or self._first())
        if not entries:
            raise GridError("This run has no sample grids yet.")
        entry = entries[max(bisect.bisect_right(entries, step, key=lambda entry: entry.step) - 1, 0)]
        body = files.read_part(self.path, entry.block.body_start, entry.block.body_size)
        return entry.step, decode_samples(entry.block, body)

    def _next_block(self, size: int) -> blocks.Block | None:
        """The block at the offset, or after damage the next one that begins in the file; None: wait for more."""
        block = blocks.head_at(files.read_part(self.path, self._offset, _HEAD_BYTES), 0, self._offset)
        if block is not None and block.end <= size and self._follows(block.end, size):
            return block
        at = self._offset + 1
        while at < size:
            data = files.read_part(self.path, at, _SEARCH_BYTES)
            found = data.find(blocks.MAGIC)
            if found < 0:
                at += max(len(data) - len(blocks.MAGIC) + 1, 1)
                continue
            at += found
            later = blocks.head_at(files.read_part(self.path, at, _HEAD_BYTES), 0, at)
            if later is not None and later.end <= size:
                self.damaged += 1
                return later
            at += 1
        return None

    def _follows(self, end: int, size: int) -> bool:
        """Whether the file goes on after a block as it should: a torn block may claim bytes of its follower."""
        return end == size or blocks.MAGIC.startswith(files.read_part(self.path, end, len(blocks.MAGIC)))

    def _take_in(self, block: blocks.Block) -> None:
        facts = _note(block)
        step, kind = facts.get("step"), facts.get("kind")
        if not isinstance(step, int) or isinstance(step, bool):
            self.damaged += 1
        elif block.kind == REWIND:
            for entries in self._entries.values():
                del entries[bisect.bisect_right(entries, step, key=lambda entry: entry.step) :]
        elif isinstance(kind, str):
            entries = self._entries.setdefault(kind, [])
            del entries[bisect.bisect_left(entries, step, key=lambda entry: entry.step) :]
            entries.append(_Entry(step, block))


class GridWriter:
    """Appends grids behind the training's back: `append` returns at once, faults are the errands' problem.

    Every grid is kept until the file has reached its budget; then they are kept farther and farther apart, `SPARSE` to
    each doubling of the steps or so, and the file hardly grows.
    """

    def __init__(self, folder: Path, errands: Errands) -> None:
        self.folder = folder
        self.newest: Samples | None = None  # for the run's thumbnail
        self._errands = errands
        self._file: files.Appender | None = None
        self._size = 0
        self._last_steps: dict[str, int] = {}

    def append(self, step: int, samples: Samples, kind: str = "samples", *, wanted: bool = False) -> bool:
        """Keep a grid, a `wanted` one in any case; `samples` must not change any more. False where it is not kept."""
        if kind in GRID_KINDS:
            self.newest = samples
        last = self._last_steps.get(kind, 0)
        far = step - last > last // SPARSE
        if self._size > BUDGET and not (wanted or far):
            return False
        self._last_steps[kind] = step
        return self._errands.do(
            "grids", lambda: self._write(encode_samples(samples, {"kind": kind, "step": int(step)}))
        )

    def rewind(self, step: int) -> None:
        """The run goes on from an earlier step: later grids do not count any more."""
        note = json.dumps({"step": int(step)}).encode()
        self._errands.do("grids", lambda: self._write(blocks.encode(REWIND, note, b"")), always=True)

    def close(self) -> None:
        """Close the file, after the errands are done. Raises StorageError."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, data: bytes) -> None:
        if self._file is None:
            files.make_folder(self.folder)
            self._file = files.Appender(self.folder / FILE)
            seen = files.look(self.folder / FILE)
            self._size = 0 if seen is None else seen.st_size
        self._file.append(data)
        self._size += len(data)
