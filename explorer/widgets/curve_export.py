"""Curves as a CSV file: one line per point, written beside its name first and moved there when it is whole.

Written in slices, so that ten million points do not stop the window.
"""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer.text import tr
from explorer.widgets.curve_view import Axis, Curve

SLICE = 20_000  # lines between two chances for the window to breathe
HEADER = ("run", "metric", "step", "seconds", "images", "value")


class CsvWriter(QObject):
    """Writes a file of curves while the event loop turns; `said` tells a person how far it is and how it ended."""

    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Iterator[float] | None = None
        self._file = Path()
        self._pace = QTimer(self)
        self._pace.timeout.connect(self._write_on)

    def write(self, file: Path, curves: Sequence[Curve], axis: Axis, x0: float, x1: float) -> None:
        """Begin; a file that is being written is finished first."""
        if self._work is not None:
            self.said.emit(tr("{file} is still being written; try again in a moment.", file=self._file.name))
            return
        self._file, self._work = file, write_csv(file, curves, axis, x0, x1)
        self._pace.start(0)

    @Slot()
    def _write_on(self) -> None:
        """One slice of the file."""
        try:
            share = next(self._work, None) if self._work is not None else None
        except OSError as error:
            why = error.strerror or str(error)
            self._end(tr("{file} could not be written ({why}); choose another folder.", file=self._file.name, why=why))
            return
        if share is None:
            self._end(tr("Saved {file}.", file=self._file))
        else:
            self.said.emit(tr("Writing {file}: {percent} %", file=self._file.name, percent=round(100 * share)))

    def _end(self, text: str) -> None:
        self._pace.stop()
        self._work = None
        self.said.emit(text)


def write_csv(file: Path, curves: Sequence[Curve], axis: Axis, x0: float, x1: float) -> Iterator[float]:
    """Write all points with x0 <= x <= x1, every one of them, none smoothed; yields the share that is done (0..1).

    A value that is not finite is written as nan, inf or -inf. Raises OSError where the file cannot be written; an
    unfinished file is removed, also when the generator is closed early."""
    spans = [_span(curve, axis, x0, x1) for curve in curves]
    total, done = max(sum(b - a for a, b in spans), 1), 0
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(HEADER)
            for curve, (begin, end) in zip(curves, spans, strict=True):
                for at in range(begin, end, SLICE):
                    writer.writerows(_rows(curve, slice(at, min(at + SLICE, end))))
                    done += min(at + SLICE, end) - at
                    yield done / total
        os.replace(part, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _span(curve: Curve, axis: Axis, x0: float, x1: float) -> tuple[int, int]:
    column = curve.series.x(axis)
    return int(np.searchsorted(column, x0, side="left")), int(np.searchsorted(column, x1, side="right"))


def _rows(curve: Curve, part: slice) -> Iterator[tuple[str, str, int, float, int, float]]:
    """Lines with the folder of the run and the whole name of the metric, by which `python -m engine` knows them."""
    run, _, metric = curve.key.rpartition("\n")
    series = curve.series
    columns = (series.steps[part], series.seconds[part], series.images[part], series.values[part])
    count = len(columns[0])
    return zip([run] * count, [metric] * count, *(column.tolist() for column in columns), strict=True)
