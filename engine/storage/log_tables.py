"""The blocks of the metric log: small tables of values, marks, and a full segment rewritten in few large blocks.

A table is a block (`blocks`) whose note lists the metrics and whose body holds steps (int64), seconds (float64),
images (int64), each of n numbers, and then n float64 values per metric, little-endian. Marks are a JSON list.

Letters: n rows (points in time), m metrics.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.series import Floats, Ints
from engine.storage import blocks, files

VALUES, MARKS = 1, 2  # kinds of block
COMPACT = 1  # flag of a block in a segment that was rewritten
REWIND = "rewind"  # the kind of mark after which earlier points beyond its step do not count

BLOCK_BYTES = 4 << 20
MOST_METRICS = 4096


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step: "learning rate changed 2e-4 -> 1e-4", a checkpoint, a resume."""

    step: int
    seconds: float
    kind: str
    text: str


@dataclass(frozen=True)
class Table:
    """Values of m metrics at n steps. `steps`, `seconds`, `images` have shape (n,), `values` (m, n)."""

    names: tuple[str, ...]
    steps: Ints
    seconds: Floats
    images: Ints
    values: Floats

    def where(self, keep: NDArray[np.bool_] | slice) -> Table:
        return Table(self.names, self.steps[keep], self.seconds[keep], self.images[keep], self.values[:, keep])


Row = tuple[int, float, int, tuple[str, ...], tuple[float, ...]]
Entry = Table | Mark


# ---- tables and marks as blocks


def encode_table(table: Table, flags: int = 0) -> Iterator[bytes]:
    """The blocks that hold a table, none of them large."""
    note = json.dumps(table.names).encode()
    rows = max(BLOCK_BYTES // (8 * (3 + len(table.names))), 1)
    for begin in range(0, len(table.steps), rows):
        part = table.where(slice(begin, begin + rows))
        body = b"".join(
            np.ascontiguousarray(column, kind).tobytes()
            for column, kind in ((part.steps, "<i8"), (part.seconds, "<f8"), (part.images, "<i8"), (part.values, "<f8"))
        )
        yield blocks.encode(VALUES, note, body, flags)


def _encode_marks(marks: list[Mark], flags: int = 0) -> bytes:
    body = files.json_text([[int(mark.step), float(mark.seconds), mark.kind, mark.text] for mark in marks])
    return blocks.encode(MARKS, b"", body.encode(), flags)


def encode_waiting(waiting: list[Row | Mark]) -> bytes:
    """Blocks for rows and marks in their order; neighbours with the same metrics share a table."""
    parts: list[bytes] = []
    begin = 0
    for end in range(1, len(waiting) + 1):
        if end == len(waiting) or _sort(waiting[end]) != _sort(waiting[begin]):
            group = waiting[begin:end]
            rows = [item for item in group if not isinstance(item, Mark)]
            if rows:
                parts.extend(encode_table(_table(rows)))
            else:
                parts.append(_encode_marks([item for item in group if isinstance(item, Mark)]))
            begin = end
    return b"".join(parts)


def _sort(item: Row | Mark) -> tuple[str, ...] | None:
    return None if isinstance(item, Mark) else item[3]


def _table(rows: list[Row]) -> Table:
    steps, seconds, images, names, values = zip(*rows, strict=True)
    return Table(
        names[0],
        np.array(steps, np.int64),
        np.array(seconds, np.float64),
        np.array(images, np.int64),
        np.array(values, np.float64).T,
    )


def decode(block: blocks.Block, body: memoryview) -> list[Entry] | None:
    """What a whole block says, or None when it is not what a writer writes."""
    try:
        return [_decode_table(block, body)] if block.kind == VALUES else _decode_marks(block, body)
    except ValueError:  # FileFormatError among them: the caller counts the block as damaged
        return None


def _decode_table(block: blocks.Block, body: memoryview) -> Table:
    names = files.parse_json(block.note, "a block")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("a table names its metrics")
    columns = 3 + len(names)
    if not 0 < len(set(names)) == len(names) <= MOST_METRICS or len(body) % (8 * columns):
        raise ValueError("a table has one row per metric")
    n = len(body) // (8 * columns)
    return Table(
        tuple(names),
        np.frombuffer(body, "<i8", n).astype(np.int64, copy=False),
        np.frombuffer(body, "<f8", n, 8 * n).astype(np.float64, copy=False),
        np.frombuffer(body, "<i8", n, 16 * n).astype(np.int64, copy=False),
        np.frombuffer(body, "<f8", n * len(names), 24 * n).astype(np.float64, copy=False).reshape(len(names), n),
    )


def _decode_marks(block: blocks.Block, body: memoryview) -> list[Entry]:
    items = files.parse_json(bytes(body), "a block")
    if block.kind != MARKS or not isinstance(items, list):
        raise ValueError("not a block of marks")
    return [_decode_mark(item) for item in items]


def _decode_mark(item: object) -> Mark:
    if not isinstance(item, list) or len(item) != 4:
        raise ValueError("a mark has four parts")
    step, seconds, kind, text = item
    seconds = files.numbers(seconds)
    whole = isinstance(step, int) and not isinstance(step, bool) and abs(step) < 1 << 62
    if not (whole and isinstance(seconds, int | float) and isinstance(kind, str) and isinstance(text, str)):
        raise ValueError("a mark is a step, seconds, a kind and a text")
    return Mark(step, float(seconds), kind, text)


# ---- tables joined


def join(tables: list[Table]) -> Iterator[Table]:
    """The same values in one table per group of metrics that occur together; each metric keeps its order."""
    places: dict[str, list[int]] = {}
    for place, table in enumerate(tables):
        for name in table.names:
            places.setdefault(name, []).append(place)
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, where in places.items():
        groups.setdefault(tuple(where), []).append(name)
    for members, names in groups.items():
        parts = [tables[place] for place in members]
        yield Table(
            tuple(names),
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.seconds for part in parts]),
            np.concatenate([part.images for part in parts]),
            _join_values(parts, names),
        )


def _join_values(parts: list[Table], names: list[str]) -> Floats:
    values = np.empty((len(names), sum(len(part.steps) for part in parts)))
    begin = 0
    for part in parts:
        end = begin + len(part.steps)
        rows = None if part.names == tuple(names) else [part.names.index(name) for name in names]
        values[:, begin:end] = part.values if rows is None else part.values[rows]
        begin = end
    return values


def compact(path: Path) -> bool:
    """Rewrite a full segment in few large blocks. A damaged one is left as it is, as evidence. Raises StorageError."""
    data = files.read_bytes(path)
    found = blocks.scan(data, final=True)
    if found.damaged or not found.blocks or all(block.flags & COMPACT for block in found.blocks):
        return False
    view = memoryview(data)
    parts: list[bytes] = []
    tables: list[Table] = []
    marks: list[Mark] = []
    for block in found.blocks:
        entries = decode(block, block.body(view))
        if entries is None:
            return False
        for entry in entries:
            if isinstance(entry, Table):
                tables.append(entry)
                continue
            marks.append(entry)
            if entry.kind == REWIND:  # what lies before it and after it must stay so
                parts.extend(_encode_part(tables, marks))
                tables, marks = [], []
    parts.extend(_encode_part(tables, marks))
    files.write_bytes(path, b"".join(parts))
    return True


def _encode_part(tables: list[Table], marks: list[Mark]) -> Iterator[bytes]:
    for table in join(tables):
        yield from encode_table(table, COMPACT)
    if marks:
        yield _encode_marks(marks, COMPACT)
