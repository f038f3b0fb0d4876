"""Where data in the plane is dense, and which of these modes a model reaches: mode collapse in one number.

A mode is a connected region in which a smoothed histogram of the data is above a share of its peak. A mode counts as
covered while at least a quarter of its fair share of the samples lies in it (compare the count of "registered modes" in
Metz et al. 2016, arXiv 1611.02163, section 3.3, which knows the true modes; here they are found from the data).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Extent = tuple[tuple[float, float], ...]

CELLS = 64  # of the histogram along each axis
BLUR = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
DENSE = 0.12  # of the peak
SMALL = 0.25  # of the median mode; a smaller region is a stray
FAIR = 0.25  # of its share of the samples covers a mode
MOST = 64  # more regions than this are no modes


@dataclass(frozen=True)
class Modes:
    """The modes of a data set of points in the plane.

    `labels` (CELLS, CELLS) names the mode of every cell, -1 where there is none, rows from low y to high y; `centres`
    is (M, 2), `radii` (M,) and `shares` (M,) the part of the data in each.
    """

    extent: Extent
    labels: NDArray[np.int64]
    centres: NDArray[np.float64]
    radii: NDArray[np.float64]
    shares: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shares)

    def covered(self, samples_ND: Floats) -> NDArray[np.bool_]:
        """Which modes the samples (N, 2) reach, (M,)."""
        counts = np.bincount(self._of(samples_ND) + 1, minlength=len(self) + 1)[1:]
        return np.asarray(counts >= np.maximum(FAIR * self.shares * len(samples_ND), 1.0))

    def _of(self, points_ND: Floats) -> NDArray[np.int64]:
        """The mode of every point, (N,); -1 outside."""
        cells, inside = _cells(points_ND, self.extent)
        found = np.full(len(points_ND), -1, np.int64)
        found[inside] = self.labels[cells[inside, 1], cells[inside, 0]]
        return found


def reached(reals_ND: Floats, samples_ND: Floats, extent: Extent) -> float:
    """The share (0..1) of the data that has a sample in its cell or in one beside it; points are (N, 2)."""
    cells, inside = _cells(samples_ND, extent)
    near = np.zeros((CELLS + 2, CELLS + 2), np.bool_)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            near[cells[inside, 1] + dy, cells[inside, 0] + dx] = True
    own, valid = _cells(reals_ND, extent)
    return float(near[own[valid, 1] + 1, own[valid, 0] + 1].mean()) if valid.any() else 0.0


def find_modes(reals_ND: Floats, extent: Extent) -> Modes:
    """The modes of points (N, 2). Empty where there is only one dense region, or far too many."""
    cells, inside = _cells(reals_ND, extent)
    counts = np.zeros((CELLS, CELLS))
    np.add.at(counts, (cells[inside, 1], cells[inside, 0]), 1.0)
    density = counts
    for axis in (0, 1):
        density = np.apply_along_axis(np.convolve, axis, density, BLUR, mode="same")
    labels = _regions(density > DENSE * max(density.max(), 1e-12))
    masses = np.bincount(labels.reshape(-1) + 1, weights=counts.reshape(-1), minlength=2)[1:]
    kept = np.flatnonzero(masses > SMALL * np.median(masses)) if len(masses) else np.empty(0, np.int64)
    if not 2 <= len(kept) <= MOST:
        kept = np.empty(0, np.int64)
    return _modes(labels, kept, reals_ND, extent)


def _modes(labels: NDArray[np.int64], kept: NDArray[np.int64], reals_ND: Floats, extent: Extent) -> Modes:
    """Name the kept regions 0 .. M - 1 and measure them."""
    names = np.full(labels.max() + 2, -1, np.int64)
    names[kept + 1] = np.arange(len(kept))
    modes = Modes(extent, names[labels + 1], np.zeros((len(kept), 2)), np.zeros(len(kept)), np.zeros(len(kept)))
    of = modes._of(reals_ND)
    for k in range(len(kept)):
        own = reals_ND[of == k]
        modes.centres[k] = own.mean(0)
        modes.radii[k] = 2.0 * float(np.sqrt(((own - own.mean(0)) ** 2).mean()))
        modes.shares[k] = len(own) / max(len(reals_ND), 1)
    return modes


def _cells(points_ND: Floats, extent: Extent) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The cell (x, y) of every point, (N, 2), and whether it is inside, (N,); what is not finite is outside."""
    low = np.array([a for a, _ in extent])
    size = np.array([b - a for a, b in extent])
    place = (points_ND - low) / size
    inside = np.isfinite(place).all(1) & (place >= 0).all(1) & (place < 1).all(1)
    return np.where(inside[:, None], place * CELLS, 0).astype(np.int64), np.asarray(inside)


def _regions(dense: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the connected regions (of eight neighbours) from 0; -1 elsewhere. Labels spread until nothing changes."""
    height, width = dense.shape
    padded = np.full((height + 2, width + 2), -1, np.int64)
    padded[1:-1, 1:-1] = np.where(dense, np.arange(height * width).reshape(height, width), -1)
    while True:
        spread = padded.copy()
        for dy in (0, 1, 2):
            for dx in (0, 1, 2):
                np.maximum(spread[1:-1, 1:-1], padded[dy : dy + height, dx : dx + width], out=spread[1:-1, 1:-1])
        spread[1:-1, 1:-1][~dense] = -1
        if np.array_equal(spread, padded):
            break
        padded = spread
    found, labels = np.unique(padded[1:-1, 1:-1], return_inverse=True)
    return labels.reshape(height, width).astype(np.int64) - int(found[0] == -1)
