"""The metric log of a run: every value of every metric, written by one, followed by anybody, hard to damage.

A log is a folder of numbered segments; a segment is a file of checked blocks (`blocks`), and a block is a small
table (`log_tables`): steps, seconds, images, and a row per metric. The segment in hand grows by a block per half
second; when it reaches 4 MB the next one begins and the full one is rewritten with the same values in a few large
blocks, so that ten million points open in well under two seconds. There is no other file: pyramids are derived.

A run that goes back to a checkpoint writes a "rewind" mark; readers then take back what lay beyond that step, while
the file keeps it. Readers lock nothing and need no notification: each poll looks again at (inode, offset), which works
over SSH mounts and NFS.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.series import Series
from engine.storage import blocks, files
from engine.storage.log_tables import (
    BLOCK_BYTES,
    MOST_METRICS,
    REWIND,
    Entry,
    Mark,
    Row,
    Table,
    compact,
    decode,
    encode_waiting,
    join,
)

FLUSH_SECONDS = 0.5
SYNC_SECONDS = 5.0
ROTATE_BYTES = 4 << 20
PART_BYTES = 32 << 20  # read at a time; several times the largest block that a writer makes
MOST_WAITING = 200_000  # rows kept in memory while the disk refuses
SLOWEST_RETRY = 30.0

__all__ = ["LogReader", "LogWriter", "Mark"]


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.blocks"


def segment_numbers(folder: Path) -> list[int]:
    """The numbers of the segments in a log folder, ascending. Raises StorageError."""
    names = [name for name, is_folder in files.list_folder(folder) if not is_folder and name.endswith(".blocks")]
    return sorted(int(name[:-7]) for name in names if name[:-7].isdecimal() and name.isascii())


# ---- writing


class LogWriter:
    """Writes a log from a thread of its own: `add` costs about a microsecond and neither waits for a disk nor fails.

    What went wrong is in `problem`, "" while all is well: rows wait in memory and are tried again, ever less often;
    beyond 200 000 waiting rows new ones are dropped and counted in `dropped`. A log has one writer (the run's lock).
    Raises StorageError only when it is made.
    """

    def __init__(self, folder: Path, *, flush_seconds: float = FLUSH_SECONDS, rotate_bytes: int = ROTATE_BYTES) -> None:
        files.make_folder(folder)
        self.folder = folder
        self.problem = ""
        self.dropped = 0
        self._flush_seconds, self._rotate_bytes = flush_seconds, rotate_bytes
        self._older = segment_numbers(folder)
        self._number = self._older[-1] if self._older else 0  # a writer never appends to what another one wrote
        self._segment: files.Appender | None = None
        self._segment_bytes = 0
        self._synced, self._retry_at, self._retry_after = time.monotonic(), 0.0, flush_seconds
        self._turn = threading.Condition()
        self._waiting: list[Row | Mark] = []
        self._asked = self._answered = 0
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="metric log", daemon=True)
        self._thread.start()

    def add(self, step: int, seconds: float, images: int, values: Mapping[str, float]) -> None:
        """Log `values` at a step, `seconds` of training and `images` seen. Steps of a metric must rise.

        Raises ValueError for more metrics in one call than readers accept, TypeError for a value that is no number.
        """
        if len(values) > MOST_METRICS:
            raise ValueError(f"at most {MOST_METRICS} metrics can be logged together")
        row = (step, seconds, images, tuple(values), tuple(map(float, values.values())))
        if row[3]:
            self._put(row)

    def mark(self, mark: Mark) -> None:
        """Log something that happened."""
        self._put(mark)

    def rewind(self, step: int) -> None:
        """The run goes on from an earlier `step`: what was logged beyond it does not count any more."""
        self._put(Mark(step, 0.0, REWIND, ""))

    def flush(self, timeout: float = 5.0) -> bool:
        """Ask for everything added so far to be on the disk (fsync) and wait; False if it is not, see `problem`."""
        with self._turn:
            self._asked += 1
            ticket = self._asked
            self._turn.notify_all()
            answered = self._turn.wait_for(lambda: self._answered >= ticket or not self._thread.is_alive(), timeout)
            return answered and not self.problem

    def close(self, timeout: float = 5.0) -> bool:
        """Flush and stop; False if not all is on the disk. A second call does nothing more."""
        well = self.flush(timeout) if self._thread.is_alive() else not self._waiting
        with self._turn:
            self._closing = True
            self._turn.notify_all()
        self._thread.join(timeout)
        return well and not self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """Whether nothing is written any more."""
        return not self._thread.is_alive()

    def _put(self, item: Row | Mark) -> None:
        with self._turn:
            if self._closing or len(self._waiting) >= MOST_WAITING:
                self.dropped += 1
            else:
                self._waiting.append(item)

    def _work(self) -> None:
        for number in self._older:
            self._try_to_compact(number)
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._closing or self._asked > self._answered, self._flush_seconds)
                ticket, closing = self._asked, self._closing
                asked = closing or ticket > self._answered
                batch, self._waiting = self._waiting, []
            written = self._try_to_write(batch, asked)
            with self._turn:
                if not written:
                    self._waiting = batch + self._waiting
                self._answered = ticket
                self._turn.notify_all()
            if closing:
                break
        self._leave_segment()

    def _try_to_write(self, batch: list[Row | Mark], asked: bool) -> bool:
        now = time.monotonic()
        if self.problem and not asked and now < self._retry_at:
            return False
        try:
            self._write(batch)
            if asked or now - self._synced >= SYNC_SECONDS:
                self._synced = now
                if self._segment is not None:
                    self._segment.sync()
        except files.StorageError as error:
            self.problem = f"Metrics wait in memory. {error}"
            self._retry_after = min(2 * self._retry_after, SLOWEST_RETRY)
            self._retry_at = now + self._retry_after
            self._leave_segment()  # its end may hold a part of a block
            return False
        self.problem, self._retry_after = "", self._flush_seconds
        return True

    def _write(self, batch: list[Row | Mark]) -> None:
        if not batch:
            return
        data = encode_waiting(batch)
        if self._segment is None:
            self._number += 1
            self._segment_bytes = 0
            self._segment = files.Appender(segment_path(self.folder, self._number))
            files.sync_folder(self.folder)
        self._segment.append(data)
        self._segment_bytes += len(data)
        if self._segment_bytes >= self._rotate_bytes:
            self._segment.sync()
            self._leave_segment()
            self._try_to_compact(self._number)

    def _leave_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                segment.close()
            except files.StorageError as error:
                self.problem = str(error)

    def _try_to_compact(self, number: int) -> None:
        try:
            compact(segment_path(self.folder, number))
        except (files.StorageError, files.FileFormatError) as error:
            self.problem = str(error)  # nothing is lost: the segment stays as it was


# ---- reading


@dataclass
class _Place:
    """How far a reader is in a segment."""

    number: int
    inode: int = 0
    offset: int = 0
    marks: int = 0
    rows: dict[str, int] | None = None

    def counts(self) -> dict[str, int]:
        if self.rows is None:
            self.rows = {}
        return self.rows


class LogReader:
    """Reads a log and follows it while it grows: `poll` takes in what is new. Belongs to one thread; locks nothing.

    `series` holds each metric, `marks` what happened. `damaged` counts the places that could not be read, `skipped`
    the points left out because their step did not rise (a value written twice after a disk fault, for example), and
    `rest` the bytes at the end that are not a whole block: one that is being written, or that never was finished.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.series: dict[str, Series] = {}
        self.marks: list[Mark] = []
        self.damaged = 0
        self.skipped = 0
        self.rest = 0
        self._place = _Place(0)

    def poll(self) -> bool:
        """Take in what was written since the last poll; False if that is nothing. Raises StorageError."""
        fresh: list[Entry] = []
        numbers = [number for number in segment_numbers(self.folder) if number >= self._place.number]
        for number in numbers:
            if number != self._place.number:
                self._place = _Place(number)
            fresh.extend(self._read_segment(final=number != numbers[-1]))
        if fresh:
            self._take_in(fresh)
        return bool(fresh)

    def _read_segment(self, final: bool) -> Iterator[Entry]:
        place = self._place
        path = segment_path(self.folder, place.number)
        skip_rows: dict[str, int] = {}
        skip_marks = 0
        while True:
            seen = files.look(path)
            if seen is None:
                return
            if place.inode != seen.st_ino or seen.st_size < place.offset:
                # It was rewritten with the same values in other blocks: begin again, leave out what was delivered.
                skip_rows, skip_marks = place.counts(), place.marks
                place.inode, place.offset, place.rows, place.marks = seen.st_ino, 0, None, 0
            data = files.read_part(path, place.offset, PART_BYTES)
            after = files.look(path)
            if after is None or after.st_ino != place.inode:
                continue
            whole = len(data) == PART_BYTES
            found = blocks.scan(data, final and not whole)
            self.damaged += found.damaged
            view = memoryview(data)
            for block in found.blocks:
                entries = decode(block, block.body(view))
                self.damaged += entries is None
                for entry in entries or ():
                    yield from _leave_out(entry, place, skip_rows, skip_marks)
            if whole and not found.resume:  # no block is that large: this is no place where one begins
                place.offset += PART_BYTES - blocks.HEAD - 2 * BLOCK_BYTES
            else:
                place.offset += len(data) if final and not whole else found.resume
            self.rest = len(data) - found.resume
            if not whole:
                return

    def _take_in(self, fresh: list[Entry]) -> None:
        tables: list[Table] = []
        marks: list[Mark] = []
        limit: float = math.inf  # the lowest step that a later entry goes back to
        for entry in reversed(fresh):
            if isinstance(entry, Mark):
                if entry.kind == REWIND:
                    limit = min(limit, entry.step)
                elif entry.step <= limit:
                    marks.append(entry)
            elif len(entry.steps):
                beyond = entry.steps > limit
                tables.append(entry.where(~beyond) if beyond.any() else entry)
        if limit < math.inf:
            self.marks = [mark for mark in self.marks if mark.step <= limit]
            for series in self.series.values():
                series.truncate(int(limit))
        if marks:
            self.marks = list(dict.fromkeys((*self.marks, *reversed(marks))))
        for table in join(tables[::-1]):
            self._extend(table)

    def _extend(self, table: Table) -> None:
        ordered: dict[tuple[float, ...], Table] = {}  # metrics that stood at the same point share their x columns
        for row, name in enumerate(table.names):
            series = self.series.setdefault(name, Series(name))
            last = (series.steps[-1], series.seconds[-1], series.images[-1]) if len(series) else ()
            if last not in ordered:
                ordered[last] = _in_order(table, series)
            part = ordered[last]
            self.skipped += len(table.steps) - len(part.steps)
            columns = (part.steps, part.seconds, part.images, part.values[row])
            if len(series) or series.truncations:
                series.extend(*columns)
            else:
                series = self.series[name] = Series.from_arrays(name, *columns)
            series.settle()


def _leave_out(entry: Entry, place: _Place, skip_rows: dict[str, int], skip_marks: int) -> Iterator[Entry]:
    """Count an entry as delivered, and deliver what of it was not delivered from the segment's former shape."""
    if isinstance(entry, Mark):
        place.marks += 1
        if place.marks > skip_marks:
            yield entry
        return
    counts, n = place.counts(), len(entry.steps)
    skips: dict[int, list[int]] = {}
    for row, name in enumerate(entry.names):
        before = counts.get(name, 0)
        counts[name] = before + n
        skips.setdefault(min(max(skip_rows.get(name, 0) - before, 0), n), []).append(row)
    for skip, rows in skips.items():
        if skip == 0 and len(rows) == len(entry.names):
            yield entry
        elif skip < n:
            names = tuple(entry.names[row] for row in rows)
            yield replace(entry, names=names, values=entry.values[rows]).where(slice(skip, None))


def _in_order(table: Table, series: Series) -> Table:
    """The rows whose steps rise beyond the series' last one; seconds and images are kept from falling."""
    floor = series.steps[-1] if len(series) else np.iinfo(np.int64).min
    highest_before = np.maximum.accumulate(np.concatenate(([floor], table.steps)))[:-1]
    rising = table.steps > highest_before
    if not rising.all():
        table = table.where(rising)
    seconds = np.where(np.isfinite(table.seconds), table.seconds, 0.0)
    return replace(
        table,
        seconds=np.maximum(np.maximum.accumulate(seconds), series.seconds[-1] if len(series) else 0.0),
        images=np.maximum(np.maximum.accumulate(table.images), series.images[-1] if len(series) else 0),
    )
