"""Curves as text: each character is a braille cell of 2 x 4 dots, so a line of 60 characters shows 120 columns.

Every column reaches from the lowest to the highest value in it (`Series.window`), so that no spike is lost.
Braille patterns: Unicode, block U+2800, dots numbered 1-2-3-7 down the left and 4-5-6-8 down the right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.series import Series

_BLANK = 0x2800
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # [row in the cell, column in the cell]


def plot(series: Series, width: int, height: int) -> tuple[list[str], float, float]:
    """(lines of `width` characters, lowest value, highest value); blank where no value is finite."""
    columns, rows = 2 * width, 4 * height
    dots = np.zeros((rows, columns), bool)
    if not len(series):
        return _lines(dots), float("nan"), float("nan")
    first, last = float(series.steps[0]), float(series.steps[-1])
    window = series.window(first, last, columns)
    known = np.isfinite(window.lo)
    if not known.any():
        return _lines(dots), float("nan"), float("nan")
    low, high = float(window.lo[known].min()), float(window.hi[known].max())
    at = np.round((window.x[known] - first) / max(last - first, 1.0) * (columns - 1)).astype(np.int64)
    tops, bottoms = (_row(edge[known], low, high, rows) for edge in (window.hi, window.lo))
    before: tuple[int, int, int] | None = None
    for column, top, bottom in zip(at.tolist(), tops.tolist(), bottoms.tolist(), strict=True):
        dots[top : bottom + 1, column] = True
        if before is not None:
            _join(dots, before, (column, top, bottom))
        before = (column, top, bottom)
    return _lines(dots), low, high


def _row(values: NDArray[np.float64], low: float, high: float, rows: int) -> NDArray[np.int64]:
    """The row of dots of each value, the highest at the top; a flat curve lies in the middle."""
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return np.round((1.0 - share) * (rows - 1)).astype(np.int64)


def _join(dots: NDArray[np.bool_], before: tuple[int, int, int], now: tuple[int, int, int]) -> None:
    """Dots between two neighbours of a curve, where there is room between them."""
    gap = now[0] - before[0]
    for step in range(1, gap):
        middle = (before[1] + before[2]) / 2 + ((now[1] + now[2]) - (before[1] + before[2])) / 2 * step / gap
        dots[round(middle), before[0] + step] = True


def _lines(dots: NDArray[np.bool_]) -> list[str]:
    rows, columns = dots.shape
    cells = dots.reshape(rows // 4, 4, columns // 2, 2)
    labels = _BLANK + np.einsum("rdcs,ds->rc", cells, _DOTS)
    return ["".join(map(chr, line)) for line in labels]
