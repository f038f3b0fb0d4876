"""Own points as a data set: drawn by hand, or from a CSV or JSON file or a NumPy array, in one or two dimensions.

Points from a file may have any scale; they are moved and shrunk or enlarged as a whole, so that they lie within
[-2, 2] as the built-in sets do, unless they already do about that. Drawn points stay where they were drawn.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.assemble import Pace, assemble, choose, too_few
from engine.data.dataset import DataError, Loader, LoadProgress, Table
from engine.data.packed import opened
from engine.data.ref import FEWEST_SAMPLES, DataRef

MAX_FILE_BYTES = 256 << 20
REACH = 2.0  # where the outermost coordinate of rescaled points lies
KEEP_FROM, KEEP_TO = 0.5, 3.0  # an outermost coordinate in between is left as it is


def load_drawn_points(ref: DataRef) -> Loader:
    """The points in `ref.points`, where they were drawn.

    Raises DataError for rows of unequal length, or values that are not finite."""
    rows = ref.points or ()
    if len({len(row) for row in rows}) > 1:
        raise DataError("The drawn points do not all have the same number of coordinates.")
    points = _checked(np.array(rows, dtype=np.float64), "The drawing")
    return (yield from _load(points, ref.name, "Drawn points", ref))


def load_points_file(path: Path, ref: DataRef) -> Loader:
    """The points in a `.csv` file (one or two columns of numbers, or those headed x and y) or a `.json`
    list ([[x, y], ...] or [x, ...]).

    Raises DataError."""
    with opened(path) as stream:
        raw = stream.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise DataError(f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MB; save the points as .npy.")
    yield LoadProgress(f"Reading {path.name}", 0, 0)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise DataError(f"{path.name} is not text; points are read from CSV, JSON, NPY and NPZ files.") from fault
    points = (
        _parse_json(text, path.name)
        if text.lstrip().startswith(("[", "{"))
        else (yield from _parse_csv(text, path.name))
    )
    return (yield from load_points_array(points, path.name, ref))


def load_points_array(array: NDArray[Any], name: str, ref: DataRef) -> Loader:
    """Points (N,), (N, 1) or (N, 2) of any scale as a data set.

    Raises DataError for other shapes, or values that are not finite."""
    if array.dtype.kind not in "buif":
        raise DataError(f"{name} holds no numbers.")
    points = _rescaled(_checked(array.astype(np.float64), name))
    return (yield from _load(points, name, name, ref))


def _load(points: NDArray[np.float64], name: str, title: str, ref: DataRef) -> Loader:
    if ref.split != "train":
        raise DataError(f'{title} has no "{ref.split}" split; all its points are "train".')
    chosen = points[choose(len(points), ref.count, ref.seed)]
    return (yield from assemble(name, title, "train", chosen.astype(np.float32), Table()))


def _checked(points: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or (len(points) and points.shape[1] not in (1, 2)):
        shape = "x".join(str(n) for n in points.shape)
        raise DataError(f"{name} holds {shape} numbers; points have one or two coordinates each.")
    if len(points) < FEWEST_SAMPLES:
        raise DataError(too_few(len(points), name))
    if not np.isfinite(points).all():
        raise DataError(f"{name} holds coordinates that are not finite numbers; remove those rows.")
    return points


def _rescaled(points: NDArray[np.float64]) -> NDArray[np.float64]:
    if KEEP_FROM <= float(np.abs(points).max()) <= KEEP_TO:
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    half_width = float((high / 2 - low / 2).max())
    scale = REACH / half_width if half_width > 0 else 1.0
    return np.asarray((points - (low / 2 + high / 2)) * scale)


def _parse_json(text: str, name: str) -> NDArray[np.float64]:
    try:
        rows = json.loads(text)
        return np.array(rows, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, RecursionError) as fault:
        raise DataError(f"{name} is not a JSON list of points such as [[0.5, 1.0], [0.2, -0.3]].") from fault


def _parse_csv(text: str, name: str) -> Generator[LoadProgress, None, NDArray[np.float64]]:
    rows: list[list[float]] = []
    columns: list[int] = []
    heading: list[str] = []
    pace = Pace()
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))):
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns = _number_columns(row, heading, name)
                if not columns and heading:
                    break
                if not columns:
                    heading = row
                    continue
            rows.append(_numbers(row, columns, number, name))
            if pace.due():
                yield LoadProgress(f"Reading {name}", number, 0)
    except csv.Error as fault:
        raise DataError(f"{name} is not a CSV file that can be read: {fault}.") from fault
    if not rows:
        raise DataError(f"{name} has no column of numbers; points are one or two columns of numbers.")
    return np.array(rows, dtype=np.float64)


def _delimiter(text: str) -> str:
    """The sign between columns: the one of , ; tab that the first line has most of."""
    first = text.lstrip().split("\n", 1)[0]
    return max((",", ";", "\t"), key=first.count)


def _number_columns(row: Sequence[str], heading: Sequence[str], name: str) -> list[int]:
    """Which columns hold the coordinates: those headed x and y, else the one or two that hold numbers."""
    titles = [title.strip().lower() for title in heading[: len(row)]]
    titled = [titles.index(title) for title in ("x", "y") if title in titles]
    if titled:
        return titled
    found = [i for i, cell in enumerate(row) if _is_number(cell)]
    if len(found) > 2:
        raise DataError(f"{name} has {len(found)} columns of numbers; name the one or two that are points x and y.")
    return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(row: Sequence[str], columns: Sequence[int], number: int, name: str) -> list[float]:
    try:
        return [float(row[i]) for i in columns]
    except (ValueError, IndexError) as fault:
        raise DataError(f"Line {number + 1} of {name} does not hold numbers where the lines before do.") from fault
